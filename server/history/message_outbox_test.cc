#include "server/history/message_outbox.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "base/testing/manual_executor.h"
#include "base/time.h"
#include "server/metrics/testing/null_metrics.h"

namespace perdure::server {
namespace {

using engine::MessageKey;
using engine::OwedMessage;
using perdure::engine::Delivery;
using perdure::engine::DeliveryAnswers;
using perdure::engine::Message;
using perdure::engine::MessageAnswer;
using persistence::RunKey;

Uuid IdOf(uint8_t number) {
  Uuid id;
  id.bytes[0] = number;
  return id;
}

RunKey RunOf(uint8_t number) {
  RunKey run;
  run.run_id = IdOf(number);
  return run;
}

OwedMessage Owe(int64_t number, const std::string& target, bool ordered = false) {
  OwedMessage owed;
  owed.key = {Message::kExternalSignal, IdOf(1), number};
  owed.target = {IdOf(9), 1, target};
  owed.ordered = ordered;
  return owed;
}

MessageAnswer Done() {
  MessageAnswer answer;
  answer.mutable_done();
  return answer;
}
MessageAnswer Refused() {
  MessageAnswer answer;
  answer.mutable_refused()->set_cause(MessageAnswer::Refused::NOT_FOUND);
  return answer;
}
MessageAnswer Later(absl::Duration delay) {
  MessageAnswer answer;
  *answer.mutable_later()->mutable_delay() = ToProto(delay);
  return answer;
}

// An outbox whose copies go nowhere, until the test answers them.
class OutboxBench final : public MessageOutbox::Host, public MessageTransport {
 public:
  OutboxBench() : executor_(time_), clock_(executor_), outbox_(executor_, clock_, *this, {metrics_, "1"}) {
    outbox_.Begin({.id = 1, .term = 2, .epoch = 3}, *this);
  }

  struct Sent {
    Delivery delivery;
    Callback<DeliveryAnswers> done;
    std::vector<int64_t> Numbers() const {
      std::vector<int64_t> numbers;
      for (const auto& copy : delivery.copies()) numbers.push_back(copy.message().id().number());
      return numbers;
    }
  };
  struct Settling {
    RunKey run;
    std::vector<engine::MessageOutcome> outcomes;
    absl::AnyInvocable<void(const absl::Status&) &&> done;
  };

  std::optional<Message> BodyOf(const RunKey& run, const MessageKey& key) override {
    if (gone.contains({run, key.number})) return std::nullopt;
    Message message;
    message.mutable_id()->set_origin(std::string(key.origin.View()));
    message.mutable_id()->set_number(key.number);
    message.mutable_target()->set_id("target");
    message.mutable_external_signal()->set_request_id(std::string(body_bytes, 'x'));
    return message;
  }
  void Settle(const RunKey& run, std::vector<engine::MessageOutcome> outcomes,
              absl::AnyInvocable<void(const absl::Status&) &&> done) override {
    settling.push_back({run, std::move(outcomes), std::move(done)});
  }
  void Deliver(Delivery delivery, Callback<DeliveryAnswers> done) override {
    if (delivery.copies(0).message().has_settled()) {
      for (const auto& id : delivery.copies(0).message().settled().ids()) said_settled.push_back(id.number());
      return;
    }
    sent.push_back({std::move(delivery), std::move(done)});
  }

  void Take(const std::vector<OwedMessage>& owed, uint8_t run = 1) {
    outbox_.Take(RunOf(run), IdOf(9), owed);
  }
  // Answers the delivery with one answer a copy, as the transport does: in a task of its own.
  void Answer(size_t place, std::vector<MessageAnswer> answers) {
    DeliveryAnswers reply;
    for (MessageAnswer& answer : answers) *reply.add_answers() = std::move(answer);
    std::move(sent[place].done)(std::move(reply));
    time_.RunUntilIdle();
  }
  void Fail(size_t place) {
    std::move(sent[place].done)(absl::UnavailableError("nobody there"));
    time_.RunUntilIdle();
  }
  // The step that settled them is durable, and `owed` is left.
  void Land(size_t place, const std::vector<OwedMessage>& owed, uint8_t run = 1) {
    Take(owed, run);
    std::move(settling[place].done)(absl::OkStatus());
    time_.RunUntilIdle();
  }
  uint64_t AttemptOf(size_t place) const { return sent[place].delivery.copies(0).attempt(); }

  VirtualTime& time() { return time_; }
  MessageOutbox& outbox() { return outbox_; }

  std::vector<Sent> sent;
  std::vector<Settling> settling;
  std::vector<int64_t> said_settled;
  std::set<std::pair<RunKey, int64_t>> gone;  // from the newest state
  size_t body_bytes = 1;

 private:
  VirtualTime time_{1};
  ManualExecutor executor_;
  NullMetrics metrics_;
  ProcessMessageClock clock_;
  MessageOutbox outbox_;
};

TEST_CASE("what a durable state owes is sent once, and settled once it is answered") {
  OutboxBench bench;
  bench.Take({Owe(5, "a")});
  bench.Take({Owe(5, "a")});
  REQUIRE(bench.sent.size() == 1);
  const auto& copy = bench.sent[0].delivery.copies(0);
  CHECK(copy.writer() == 1);
  CHECK(copy.term() == 2);
  CHECK(copy.epoch() == 3);
  CHECK(copy.message().id().number() == 5);
  CHECK(bench.outbox().IsBusy(RunOf(1)));

  bench.Answer(0, {Done()});
  REQUIRE(bench.settling.size() == 1);
  CHECK(bench.settling[0].outcomes.size() == 1);
  CHECK(bench.settling[0].outcomes[0].key.number == 5);
  CHECK(bench.outbox().IsBusy(RunOf(1)));
  bench.Land(0, {});
  CHECK_FALSE(bench.outbox().IsBusy(RunOf(1)));
  CHECK_FALSE(bench.outbox().NextAttempt(RunOf(1)).has_value());
  CHECK(bench.said_settled == std::vector<int64_t>{5});
  bench.time().Advance(absl::Minutes(10));
  CHECK(bench.sent.size() == 1);
}

TEST_CASE("Settled is said of what was done, not of what was refused or withdrawn") {
  OutboxBench bench;
  bench.Take({Owe(5, "a"), Owe(6, "b"), Owe(7, "c")});
  bench.Answer(0, {Done()});
  bench.Answer(1, {Refused()});
  CHECK(bench.said_settled.empty());
  bench.Take({});
  CHECK(bench.said_settled == std::vector<int64_t>{5});
}

TEST_CASE("without an answer a message is sent again and again, each time later, under a higher attempt") {
  OutboxBench bench;
  bench.Take({Owe(5, "a")});
  std::vector<absl::Duration> waits;
  for (size_t attempt = 0; attempt < 20; ++attempt) {
    REQUIRE(bench.sent.size() == attempt + 1);
    if (attempt > 0) CHECK(bench.AttemptOf(attempt) > bench.AttemptOf(attempt - 1));
    bench.Fail(attempt);
    const absl::Duration failed_at = bench.time().monotonic();
    REQUIRE(bench.outbox().NextAttempt(RunOf(1)).has_value());
    CHECK_FALSE(bench.outbox().IsBusy(RunOf(1)));
    while (bench.sent.size() == attempt + 1) REQUIRE(bench.time().RunNextTimer());
    waits.push_back(bench.time().monotonic() - failed_at);
  }
  CHECK(waits.front() < 2 * limits::kMessageBackoff);
  CHECK(std::is_sorted(waits.begin(), waits.begin() + 10));
  CHECK(waits.back() > 0.8 * limits::kLongestMessageBackoff);
  CHECK(waits.back() < 1.2 * limits::kLongestMessageBackoff);
}

TEST_CASE("a delivery that is not answered in time is sent again, and its late Done is taken") {
  OutboxBench bench;
  bench.Take({Owe(5, "a")});
  bench.time().Advance(limits::kMessageAnswer + 2 * limits::kMessageBackoff);
  REQUIRE(bench.sent.size() == 2);
  bench.Answer(0, {Done()});
  REQUIRE(bench.settling.size() == 1);
  bench.Answer(1, {Refused()});
  CHECK(bench.settling.size() == 1);
  bench.Land(0, {});
  CHECK(bench.settling.size() == 1);
}

TEST_CASE("Refused is taken of the last attempt only") {
  OutboxBench bench;
  bench.Take({Owe(5, "a")});
  bench.time().Advance(limits::kMessageAnswer + 2 * limits::kMessageBackoff);
  REQUIRE(bench.sent.size() == 2);
  bench.Answer(0, {Refused()});
  CHECK(bench.settling.empty());
  bench.Answer(1, {Refused()});
  REQUIRE(bench.settling.size() == 1);
  CHECK(bench.settling[0].outcomes[0].answer.has_refused());
}

TEST_CASE("answers to what is not owed any more are dropped") {
  OutboxBench bench;
  bench.Take({Owe(5, "a")});
  bench.Take({});
  CHECK_FALSE(bench.outbox().IsBusy(RunOf(1)));
  bench.Answer(0, {Done()});
  CHECK(bench.settling.empty());
}

TEST_CASE("what the newest state owes no more is not sent") {
  OutboxBench bench;
  bench.gone.insert({RunOf(1), 5});
  bench.Take({Owe(5, "a"), Owe(6, "b")});
  REQUIRE(bench.sent.size() == 1);
  CHECK(bench.sent[0].Numbers() == std::vector<int64_t>{6});
}

TEST_CASE("Later waits as long as it says, and is no failure") {
  OutboxBench bench;
  bench.Take({Owe(5, "a")});
  bench.Answer(0, {Later(absl::Seconds(3))});
  bench.time().Advance(absl::Milliseconds(2900));
  CHECK(bench.sent.size() == 1);
  bench.time().Advance(absl::Milliseconds(200));
  REQUIRE(bench.sent.size() == 2);
  bench.Fail(1);
  bench.time().Advance(2 * limits::kMessageBackoff);
  CHECK(bench.sent.size() == 3);  // the first failure's wait
}

TEST_CASE("a message is not sent before its time") {
  OutboxBench bench;
  OwedMessage ask = Owe(5, "a");
  ask.not_before = bench.time().wall() + absl::Seconds(10);
  bench.Take({ask});
  CHECK(bench.sent.empty());
  CHECK_FALSE(bench.outbox().IsBusy(RunOf(1)));
  CHECK(bench.outbox().NextAttempt(RunOf(1)) == ask.not_before);
  bench.time().Advance(absl::Seconds(10));
  CHECK(bench.sent.size() == 1);
}

TEST_CASE("a message that is owed anew at a later time is sent then") {
  OutboxBench bench;
  bench.Take({Owe(5, "a")});
  bench.Answer(0, {Done()});
  OwedMessage again = Owe(5, "a");
  again.not_before = bench.time().wall() + absl::Seconds(20);
  bench.Land(0, {again});
  bench.time().Advance(absl::Seconds(19));
  CHECK(bench.sent.size() == 1);
  bench.time().Advance(absl::Seconds(1));
  CHECK(bench.sent.size() == 2);
}

TEST_CASE("what a settling step does not settle is sent again after a while") {
  OutboxBench bench;
  bench.Take({Owe(5, "a")});
  bench.Answer(0, {Done()});
  REQUIRE(bench.settling.size() == 1);
  std::move(bench.settling[0].done)(absl::UnavailableError("the namespace is gone"));
  CHECK(bench.sent.size() == 1);
  bench.time().Advance(limits::kMessageAnswer);
  CHECK(bench.sent.size() == 2);
}

TEST_CASE("outcomes that come while a step is on its way are recorded together") {
  OutboxBench bench;
  std::vector<OwedMessage> owed;
  for (int64_t number = 1; number <= 40; ++number) owed.push_back(Owe(number, "t" + std::to_string(number)));
  bench.Take(owed);
  REQUIRE(bench.sent.size() == 40);
  for (size_t i = 0; i < 40; ++i) bench.Answer(i, {Done()});
  REQUIRE(bench.settling.size() == 1);
  bench.Land(0, {owed.begin() + 1, owed.end()});
  REQUIRE(bench.settling.size() == 2);
  CHECK(bench.settling[1].outcomes.size() == 39);
  bench.Land(1, {});
  CHECK_FALSE(bench.outbox().IsBusy(RunOf(1)));
}

TEST_CASE("messages that keep their order go together, one delivery at a time") {
  OutboxBench bench;
  bench.Take({Owe(5, "a", true), Owe(6, "a", true), Owe(7, "b", true)});
  REQUIRE(bench.sent.size() == 2);
  CHECK(bench.sent[0].Numbers() == std::vector<int64_t>{5, 6});
  CHECK(bench.sent[1].Numbers() == std::vector<int64_t>{7});
  bench.Take({Owe(5, "a", true), Owe(6, "a", true), Owe(7, "b", true), Owe(8, "a", true)});
  CHECK(bench.sent.size() == 2);

  // What stands behind a Later is not sent before it.
  bench.Answer(0, {Done(), Later(absl::Seconds(1))});
  CHECK(bench.sent.size() == 2);
  bench.time().Advance(absl::Seconds(1));
  REQUIRE(bench.sent.size() == 3);
  CHECK(bench.sent[2].Numbers() == std::vector<int64_t>{6, 8});
}

TEST_CASE("signals and cancels of one sender to one target keep their order among each other") {
  OutboxBench bench;
  OwedMessage cancel = Owe(5, "a", true);
  cancel.key.type = Message::kExternalCancel;
  bench.Take({Owe(4, "a", true), Owe(6, "a", true), cancel});
  REQUIRE(bench.sent.size() == 1);
  CHECK(bench.sent[0].Numbers() == std::vector<int64_t>{4, 5, 6});
}

TEST_CASE("a delivery is bounded in messages and bytes") {
  OutboxBench bench;
  std::vector<OwedMessage> owed;
  for (int64_t number = 1; number <= 200; ++number) owed.push_back(Owe(number, "a", true));
  bench.Take(owed);
  REQUIRE(bench.sent.size() == 1);
  CHECK(bench.sent[0].Numbers().size() == limits::kDeliveryMessages);

  OutboxBench large;
  large.body_bytes = limits::kDeliveryBytes / 2;
  large.Take({Owe(1, "a", true), Owe(2, "a", true), Owe(3, "a", true)});
  REQUIRE(large.sent.size() == 1);
  CHECK(large.sent[0].Numbers() == std::vector<int64_t>{1});
}

TEST_CASE("a sender has so many messages under way, and the rest follows as they are answered") {
  OutboxBench bench;
  std::vector<OwedMessage> owed;
  for (int64_t number = 1; number <= 100; ++number) owed.push_back(Owe(number, "t" + std::to_string(number)));
  bench.Take(owed);
  CHECK(bench.sent.size() == limits::kMessagesOfSender);
  bench.Answer(0, {Done()});
  CHECK(bench.sent.size() == limits::kMessagesOfSender + 1);
  bench.Take({Owe(1, "elsewhere")}, 2);
  CHECK(bench.sent.size() == limits::kMessagesOfSender + 2);
}

TEST_CASE("a target has so many messages under way") {
  OutboxBench bench;
  for (uint8_t run = 1; run <= 10; ++run) {
    std::vector<OwedMessage> owed;
    for (int64_t number = 1; number <= 50; ++number) owed.push_back(Owe(number, "hot"));
    bench.Take(owed, run);
  }
  CHECK(bench.sent.size() == limits::kMessagesToTarget);
}

TEST_CASE("a run that comes back into memory goes on waiting as it had") {
  OutboxBench bench;
  bench.Take({Owe(5, "a")});
  for (size_t attempt = 0; attempt < 8; ++attempt) {
    bench.Fail(attempt);
    while (bench.sent.size() == attempt + 1) REQUIRE(bench.time().RunNextTimer());
  }
  bench.Fail(8);
  const std::optional<absl::Time> next = bench.outbox().NextAttempt(RunOf(1));
  REQUIRE(next.has_value());
  bench.outbox().Forget(RunOf(1));
  CHECK_FALSE(bench.outbox().NextAttempt(RunOf(1)).has_value());
  bench.Take({Owe(5, "a")});
  CHECK(bench.sent.size() == 9);
  CHECK(bench.outbox().NextAttempt(RunOf(1)) == next);
  while (bench.sent.size() == 9) REQUIRE(bench.time().RunNextTimer());
  CHECK(bench.AttemptOf(9) > bench.AttemptOf(8));
  bench.Fail(9);
  CHECK(bench.outbox().NextAttempt(RunOf(1)) > bench.time().wall() + 100 * limits::kMessageBackoff);
}

TEST_CASE("after a takeover everything is sent at once, and answers from before it are dropped") {
  OutboxBench bench;
  bench.Take({Owe(5, "a"), Owe(6, "b")});
  bench.Fail(0);
  bench.outbox().ForgetAll();
  bench.outbox().Begin({.id = 1, .term = 2, .epoch = 4}, bench);
  bench.Take({Owe(5, "a"), Owe(6, "b")});
  REQUIRE(bench.sent.size() == 4);
  CHECK(bench.sent[3].delivery.copies(0).epoch() == 4);
  bench.Answer(1, {Done()});
  CHECK(bench.settling.empty());
  bench.time().Advance(absl::Minutes(1));
  bench.Answer(3, {Done()});
  CHECK(bench.settling.size() == 1);
}

TEST_CASE("a run that is dropped while its message is under way leaves nothing behind") {
  OutboxBench bench;
  bench.Take({Owe(5, "a"), Owe(6, "a", true)});
  bench.outbox().Forget(RunOf(1));
  bench.Answer(0, {Done()});
  bench.Answer(1, {Done()});
  CHECK(bench.settling.empty());
  bench.Take({Owe(5, "a"), Owe(6, "a", true)});
  CHECK(bench.sent.size() == 4);
}

}  // namespace
}  // namespace perdure::server
