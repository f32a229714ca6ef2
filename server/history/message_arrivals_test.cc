#include "server/history/message_arrivals.h"

#include <catch2/catch.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "base/testing/manual_executor.h"
#include "base/time.h"
#include "server/metrics/testing/null_metrics.h"

namespace perdure::server {
namespace {

using perdure::engine::Delivery;
using perdure::engine::DeliveryAnswers;
using perdure::engine::MessageAnswer;

MessageAnswer Done() {
  MessageAnswer answer;
  answer.mutable_done();
  return answer;
}

// Entities that answer when they are told to.
class ArrivalsBench final : public MessageArrivals::Host {
 public:
  ArrivalsBench()
      : executor_(time_),
        clock_(executor_),
        arrivals_(executor_, clock_, *this, limits::kMessagesRemembered, metrics_.counter("", {})) {
    arrivals_.Begin();
    time_.Advance(absl::Seconds(1));
  }

  void Receive(const perdure::engine::Message& message, Callback<MessageAnswer> done) override {
    decided.push_back(message.id().number());
    waiting_.push_back(std::move(done));
  }

  // Signals with these numbers, the first copy with this attempt, each next one with one more.
  void Send(const std::vector<int64_t>& numbers, uint64_t attempt) {
    Delivery delivery;
    for (const int64_t number : numbers) {
      auto& copy = *delivery.add_copies();
      copy.mutable_message()->mutable_id()->set_origin("origin");
      copy.mutable_message()->mutable_id()->set_number(number);
      copy.mutable_message()->mutable_external_signal();
      copy.set_attempt(attempt++);
      *copy.mutable_sent() = ToProto(clock_.At(executor_.Monotonic()));
    }
    const size_t place = answers.size();
    answers.emplace_back();
    arrivals_.Deliver(std::move(delivery), [this, place](absl::StatusOr<DeliveryAnswers> answer) {
      answers[place] = std::move(answer);
    });
  }
  // The oldest decision that is open.
  void Answer(absl::StatusOr<MessageAnswer> answer) {
    Callback<MessageAnswer> done = std::move(waiting_.front());
    waiting_.erase(waiting_.begin());
    std::move(done)(std::move(answer));
  }
  MessageArrivals& arrivals() { return arrivals_; }

  std::vector<int64_t> decided;
  std::vector<std::optional<absl::StatusOr<DeliveryAnswers>>> answers;

 private:
  VirtualTime time_{1};
  ManualExecutor executor_;
  NullMetrics metrics_;
  ProcessMessageClock clock_;
  std::vector<Callback<MessageAnswer>> waiting_;
  MessageArrivals arrivals_;
};

TEST_CASE("messages of a delivery are decided in order, and answered together") {
  ArrivalsBench bench;
  bench.Send({3, 4}, 1);
  CHECK(bench.decided == std::vector<int64_t>{3, 4});
  bench.Answer(Done());
  CHECK_FALSE(bench.answers[0].has_value());
  bench.Answer(absl::UnavailableError("the commit failed"));
  REQUIRE(bench.answers[0].has_value());
  REQUIRE(bench.answers[0]->ok());
  CHECK((*bench.answers[0])->answers(0).has_done());
  CHECK((*bench.answers[0])->answers(1).answer_case() == MessageAnswer::ANSWER_NOT_SET);
}

TEST_CASE("what stands behind a copy that is not acted on is not acted on either") {
  ArrivalsBench bench;
  bench.Send({3}, 10);
  bench.Answer(Done());
  bench.Send({3, 4}, 1);  // late: of the first message another copy was seen since
  CHECK(bench.decided == std::vector<int64_t>{3});
  REQUIRE(bench.answers[1].has_value());
  CHECK(absl::IsUnavailable(bench.answers[1]->status()));
}

TEST_CASE("a delivery whose first message is being decided waits as a whole") {
  ArrivalsBench bench;
  bench.Send({3}, 1);
  bench.Send({3, 4}, 2);
  CHECK(bench.decided == std::vector<int64_t>{3});
  bench.Answer(absl::UnavailableError("not now"));
  CHECK(bench.decided == std::vector<int64_t>{3, 3, 4});
  bench.Answer(Done());
  bench.Answer(Done());
  REQUIRE(bench.answers[1].has_value());
  CHECK(bench.answers[1]->ok());
}

TEST_CASE("answers that come after the shards were lost are given on, and the guard begins anew") {
  ArrivalsBench bench;
  bench.Send({3}, 1);
  bench.Send({3}, 2);
  bench.arrivals().End();
  REQUIRE(bench.answers[1].has_value());
  CHECK(absl::IsUnavailable(bench.answers[1]->status()));
  bench.arrivals().Begin();
  bench.Answer(absl::UnavailableError("dropped"));
  REQUIRE(bench.answers[0].has_value());
  CHECK_FALSE(bench.answers[0]->ok());
}

}  // namespace
}  // namespace perdure::server
