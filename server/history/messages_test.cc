// Entities that owe each other something, over hosts, stores and whatever lies between them. The entities are
// counters of a kind that lives in the tests: what one gives, another gets, or it comes back.
#include <catch2/catch.hpp>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "server/history/testing/counter_kind.h"
#include "server/history/testing/test_node.h"

namespace perdure::server {
namespace {

using perdure::engine::Delivery;
using perdure::engine::DeliveryAnswers;
using testing::Awaited;
using testing::kCounterKind;
using testing::TestNode;

// What lies between sender and receiver: everything passes as bytes.
class Wire final : public MessageCarrier {
 public:
  enum class Fate { kPasses, kIsLost, kAnswerIsLost, kComesTwice };

  void Carry(History& to, Delivery delivery, Callback<DeliveryAnswers> done) override {
    const Fate fate = fates.empty() ? Fate::kPasses : fates.front();
    if (!fates.empty()) fates.pop_front();
    if (fate == Fate::kIsLost) return;
    Delivery copy;
    REQUIRE(copy.ParseFromString(delivery.SerializeAsString()));
    if (fate == Fate::kComesTwice) to.Deliver(copy, [](const absl::StatusOr<DeliveryAnswers>&) {});
    if (keeps) kept.push_back(copy);
    ++deliveries;
    to.Deliver(std::move(copy),
               [fate, done = std::move(done)](absl::StatusOr<DeliveryAnswers> answers) mutable {
                 if (fate != Fate::kAnswerIsLost) std::move(done)(std::move(answers));
               });
  }

  std::deque<Fate> fates;  // of the next deliveries; those behind them pass
  bool keeps = false;
  std::vector<Delivery> kept;
  int deliveries = 0;
};

class MessagesBench {
 public:
  explicit MessagesBench(HistoryOptions history = {}) : node_(Options(wire, history)) {
    node_.Advance(absl::Milliseconds(1));  // what is sent in the moment of a takeover is taken for older
  }

  TestNode& node() { return node_; }
  void Start(const std::string& id) {
    Awaited<engine::ReplyPtr> reply;
    node_.history().Start(node_.namespace_id(), kCounterKind, std::make_unique<testing::StartCounter>(id),
                          reply.Answer());
    node_.Run();
    REQUIRE(reply.Get().ok());
  }
  void Ask(const std::string& id, engine::RequestPtr request) {
    Awaited<engine::ReplyPtr> reply;
    node_.history().Execute(Ref(id), std::move(request), reply.Answer());
    node_.Run();
    REQUIRE(reply.Get().ok());
  }
  void Give(const std::string& from, const std::string& to, int64_t amount) {
    Ask(from, std::make_unique<testing::Give>(to, amount));
  }
  int64_t ValueOf(const std::string& id) {
    Awaited<engine::ReplyPtr> reply;
    node_.history().Read(Ref(id), std::make_unique<testing::Look>(), reply.Answer());
    node_.Run();
    REQUIRE(reply.Get().ok());
    return dynamic_cast<const testing::Count&>(**reply.Get()).value;
  }
  void Restart() {
    node_.Crash();
    node_.Restart();
    node_.Advance(absl::Milliseconds(100));
  }

  Wire wire;

 private:
  static TestNode::Options Options(Wire& wire, const HistoryOptions& history) {
    TestNode::Options options;
    options.kinds = {testing::CounterLine()};
    options.carrier = &wire;
    options.history = history;
    return options;
  }
  EntityRef Ref(const std::string& id) const {
    return {node_.namespace_id(), id, std::nullopt, kCounterKind};
  }

  TestNode node_;
};

TEST_CASE("what one entity owes another reaches it, and is owed no more") {
  MessagesBench bench;
  bench.Start("a");
  bench.Start("b");
  bench.Give("a", "b", 3);
  bench.Give("a", "b", 4);
  CHECK(bench.ValueOf("a") == -7);
  CHECK(bench.ValueOf("b") == 7);
  const int deliveries = bench.wire.deliveries;
  bench.Restart();
  bench.node().Advance(absl::Hours(1));
  CHECK(bench.wire.deliveries == deliveries);
}

TEST_CASE("what is refused comes back") {
  MessagesBench bench;
  bench.Start("a");
  bench.Give("a", "nobody", 3);
  CHECK(bench.ValueOf("a") == 0);
}

TEST_CASE("copies and answers that are lost, or come twice, change nothing") {
  using Fate = Wire::Fate;
  MessagesBench bench;
  bench.Start("a");
  bench.Start("b");
  bench.wire.fates = {Fate::kIsLost, Fate::kAnswerIsLost, Fate::kComesTwice, Fate::kIsLost};
  for (int amount = 1; amount <= 4; ++amount) bench.Give("a", "b", amount);
  bench.node().Advance(absl::Minutes(5));
  CHECK(bench.ValueOf("a") == -10);
  CHECK(bench.ValueOf("b") == 10);
}

TEST_CASE("what a sender owes when its process dies is sent by the next one") {
  MessagesBench bench;
  bench.Start("a");
  bench.Start("b");
  bench.wire.fates = {Wire::Fate::kIsLost, Wire::Fate::kAnswerIsLost};
  bench.Give("a", "b", 3);
  bench.Give("a", "b", 4);
  bench.Restart();
  CHECK(bench.ValueOf("b") == 7);
  CHECK(bench.ValueOf("a") == -7);
}

TEST_CASE("a closed entity sends what it owes, and goes by retention then") {
  MessagesBench bench;
  bench.Start("a");
  bench.Start("b");
  bench.wire.fates = {Wire::Fate::kIsLost};
  bench.Give("a", "b", 3);
  bench.Ask("a", std::make_unique<testing::Close>());
  bench.Restart();
  CHECK(bench.ValueOf("b") == 3);
  bench.node().Advance(absl::Hours(24 * 40));
  Awaited<engine::ReplyPtr> reply;
  bench.node().history().Read({bench.node().namespace_id(), "a", std::nullopt, kCounterKind},
                              std::make_unique<testing::Look>(), reply.Answer());
  bench.node().Run();
  CHECK(absl::IsNotFound(reply.Get().status()));
}

TEST_CASE("a copy that is late does nothing after its message was refused") {
  MessagesBench bench;
  bench.Start("a");
  bench.wire.keeps = true;
  bench.Give("a", "b", 3);  // nobody is there yet
  CHECK(bench.ValueOf("a") == 0);
  bench.Start("b");
  REQUIRE(!bench.wire.kept.empty());
  Awaited<DeliveryAnswers> late;
  bench.node().history().Deliver(bench.wire.kept.front(), late.Answer());
  bench.node().Run();
  CHECK(absl::IsUnavailable(late.Get().status()));
  bench.Restart();
  Awaited<DeliveryAnswers> later;
  bench.node().history().Deliver(bench.wire.kept.front(), later.Answer());
  bench.node().Run();
  CHECK(absl::IsUnavailable(later.Get().status()));
  CHECK(bench.ValueOf("b") == 0);
}

TEST_CASE("senders that leave memory while their receiver is away come back by their wakes") {
  HistoryOptions history;
  history.resident_bytes = 1;
  MessagesBench bench(history);
  bench.Start("b");
  bench.wire.fates = std::deque<Wire::Fate>(100, Wire::Fate::kIsLost);
  for (int i = 0; i < 20; ++i) {
    const std::string id = "a" + std::to_string(i);
    bench.Start(id);
    bench.Give(id, "b", 1);
  }
  bench.node().Advance(absl::Minutes(10));
  CHECK(bench.ValueOf("b") == 20);
}

}  // namespace
}  // namespace perdure::server
