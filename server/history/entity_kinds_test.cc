// A kind that lives in a test: nothing in history knows it, and all of history serves it.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "base/time.h"
#include "server/history/testing/counter_kind.h"
#include "server/history/testing/test_node.h"

namespace perdure::server {
namespace {

using perdure::engine::MessageAnswer;
using testing::Awaited;
using testing::kCounterKind;
using testing::TestNode;

TestNode::Options WithCounters() {
  TestNode::Options options;
  options.kinds = {testing::CounterLine()};
  return options;
}

EntityRef Counter(const TestNode& node, const std::string& id) {
  return {node.namespace_id(), id, std::nullopt, kCounterKind};
}

absl::StatusOr<int64_t> ValueIn(const Awaited<engine::ReplyPtr>& reply) {
  if (!reply.Get().ok()) return reply.Get().status();
  return dynamic_cast<const testing::Count&>(**reply.Get()).value;
}

absl::StatusOr<int64_t> Start(TestNode& node, const std::string& id) {
  Awaited<engine::ReplyPtr> reply;
  node.history().Start(node.namespace_id(), kCounterKind, std::make_unique<testing::StartCounter>(id),
                       reply.Answer());
  node.Run();
  return ValueIn(reply);
}

absl::StatusOr<int64_t> Ask(TestNode& node, const std::string& id, engine::RequestPtr request) {
  Awaited<engine::ReplyPtr> reply;
  node.history().Execute(Counter(node, id), std::move(request), reply.Answer());
  node.Run();
  return ValueIn(reply);
}

absl::StatusOr<int64_t> Look(TestNode& node, const EntityRef& counter) {
  Awaited<engine::ReplyPtr> reply;
  node.history().Read(counter, std::make_unique<testing::Look>(), reply.Answer());
  node.Run();
  return ValueIn(reply);
}

perdure::engine::MessageCopy AmountFor(const TestNode& node, const std::string& id, int64_t number) {
  perdure::engine::MessageCopy copy;
  auto& message = *copy.mutable_message();
  message.mutable_id()->set_origin(std::string(16, 'o'));
  message.mutable_id()->set_number(number);
  message.mutable_target()->set_namespace_id(std::string(node.namespace_id().View()));
  message.mutable_target()->set_kind(kCounterKind);
  message.mutable_target()->set_id(id);
  message.mutable_target()->set_current(true);
  message.mutable_external_signal()->set_request_id("5");
  return copy;
}

// Each copy is a later one than those before.
absl::StatusOr<MessageAnswer> Deliver(TestNode& node, perdure::engine::MessageCopy copy) {
  static uint64_t attempts = 0;
  node.Advance(absl::Milliseconds(1));
  copy.set_attempt(++attempts);
  *copy.mutable_sent() = ToProto(node.time().wall());
  perdure::engine::Delivery delivery;
  *delivery.add_copies() = std::move(copy);
  Awaited<perdure::engine::DeliveryAnswers> answers;
  node.history().Deliver(std::move(delivery), answers.Answer());
  node.Run();
  if (!answers.Get().ok()) return answers.Get().status();
  return answers.Get()->answers(0);
}

// Loses everything.
class Nowhere final : public MessageCarrier {
 public:
  void Carry(History&, perdure::engine::Delivery, Callback<perdure::engine::DeliveryAnswers>) override {}
};

TEST_CASE("an id of one kind is no id of another") {
  TestNode node(WithCounters());
  REQUIRE(node.Start("same").ok());
  CHECK(Look(node, Counter(node, "same")).status().message() == "no counter same");
  REQUIRE(Start(node, "same").ok());
  REQUIRE(Ask(node, "same", std::make_unique<testing::Add>(3)).ok());
  CHECK(*Look(node, Counter(node, "same")) == 3);
  CHECK(node.Describe("same").ok());
  CHECK(absl::IsAlreadyExists(Start(node, "same").status()));
}

TEST_CASE("another kind's entities outlive a crash, and a small memory") {
  TestNode::Options options = WithCounters();
  options.history.resident_bytes = 1;
  TestNode node(options);
  for (int i = 0; i < 10; ++i) REQUIRE(Start(node, "counter-" + std::to_string(i)).ok());
  for (int round = 0; round < 30; ++round) {
    for (int i = 0; i < 10; ++i) {
      REQUIRE(Ask(node, "counter-" + std::to_string(i), std::make_unique<testing::Add>(i)).ok());
    }
  }
  node.Crash();
  node.Restart();
  for (int i = 0; i < 10; ++i) CHECK(*Look(node, Counter(node, "counter-" + std::to_string(i))) == 30 * i);
}

TEST_CASE("what the first step of a run says is told as that of any other") {
  std::vector<std::string> told;
  TestNode::Options options;
  options.kinds = {testing::CounterLine(&told)};
  TestNode node(options);
  REQUIRE(Start(node, "c").ok());
  CHECK(told == std::vector<std::string>{"c begun"});
  REQUIRE(Ask(node, "c", std::make_unique<testing::RollOver>()).ok());
  CHECK(told == std::vector<std::string>{"c begun", "c closed", "c begun"});
}

TEST_CASE("the next run takes the id in the commit that ends the one before") {
  TestNode node(WithCounters());
  REQUIRE(Start(node, "c").ok());
  Awaited<engine::ReplyPtr> before;
  node.history().Execute(Counter(node, "c"), std::make_unique<testing::Add>(7), before.Answer());
  node.Run();
  const Uuid first = dynamic_cast<const testing::Count&>(**before.Get()).run;
  REQUIRE(Ask(node, "c", std::make_unique<testing::RollOver>()).ok());
  REQUIRE(Ask(node, "c", std::make_unique<testing::Add>(1)).ok());
  const auto check = [&] {
    CHECK(*Look(node, Counter(node, "c")) == 8);
    CHECK(*Look(node, {node.namespace_id(), "c", first, kCounterKind}) == 7);
  };
  check();
  node.Crash();
  node.Restart();
  check();
}

TEST_CASE("a next run that the store refuses leaves the one before as it was") {
  TestNode node(WithCounters());
  REQUIRE(Start(node, "c").ok());
  node.refusing().refuses = [](const persistence::RunWrite& write) {
    return write.execution && write.execution->current;
  };
  CHECK(absl::IsInvalidArgument(Ask(node, "c", std::make_unique<testing::RollOver>()).status()));
  node.refusing().refuses = nullptr;
  CHECK(*Ask(node, "c", std::make_unique<testing::Add>(2)) == 2);
}

TEST_CASE("a message is applied once, however often it comes") {
  TestNode node(WithCounters());
  REQUIRE(Start(node, "c").ok());
  for (int copy = 0; copy < 3; ++copy) CHECK(Deliver(node, AmountFor(node, "c", 1))->has_done());
  CHECK(*Look(node, Counter(node, "c")) == 5);
  node.Crash();
  node.Restart();
  CHECK(Deliver(node, AmountFor(node, "c", 1))->has_done());
  CHECK(Deliver(node, AmountFor(node, "c", 2))->has_done());
  CHECK(*Look(node, Counter(node, "c")) == 10);
}

TEST_CASE("a message to nobody is refused, and leaves nothing") {
  TestNode node(WithCounters());
  CHECK(Deliver(node, AmountFor(node, "c", 1))->refused().cause() == MessageAnswer::Refused::NOT_FOUND);
  CHECK(!Look(node, Counter(node, "c")).ok());
}

TEST_CASE("a message starts a run, and knows it again") {
  TestNode node(WithCounters());
  perdure::engine::MessageCopy copy = AmountFor(node, "c", 1);
  copy.mutable_message()->mutable_child_start()->set_run_id(std::string(16, 'r'));
  CHECK(Deliver(node, copy)->has_done());
  REQUIRE(Ask(node, "c", std::make_unique<testing::Add>(1)).ok());
  CHECK(Deliver(node, copy)->has_done());
  CHECK(*Look(node, Counter(node, "c")) == 1);
  copy.mutable_message()->mutable_child_start()->set_run_id(std::string(16, 's'));
  CHECK(Deliver(node, copy)->refused().cause() == MessageAnswer::Refused::ALREADY_STARTED);
}

TEST_CASE("a message that names no entity of this server is not answered") {
  TestNode node(WithCounters());
  perdure::engine::MessageCopy copy = AmountFor(node, "c", 1);
  copy.mutable_message()->mutable_target()->set_kind(17);
  CHECK(!Deliver(node, copy).ok());
  copy = AmountFor(node, "c", 1);
  copy.mutable_message()->mutable_target()->set_namespace_id("short");
  CHECK(!Deliver(node, copy).ok());
  copy = AmountFor(node, "c", 1);
  copy.mutable_message()->mutable_target()->set_namespace_id(std::string(16, 'x'));
  CHECK(Deliver(node, copy)->refused().cause() == MessageAnswer::Refused::NAMESPACE_NOT_FOUND);
}

TEST_CASE("what one entity owes another arrives once, wherever the process dies") {
  for (int steps = 0; steps < 40; ++steps) {
    TestNode node(WithCounters());
    REQUIRE(Start(node, "giver").ok());
    REQUIRE(Start(node, "taker").ok());
    REQUIRE(Ask(node, "giver", std::make_unique<testing::Add>(9)).ok());
    Awaited<engine::ReplyPtr> given;
    node.history().Execute(Counter(node, "giver"), std::make_unique<testing::Give>("taker", 4),
                           given.Answer());
    for (int i = 0; i < steps && node.time().RunOne(); ++i) {
    }
    node.Crash();
    node.Restart();
    node.Advance(absl::Minutes(1));
    CAPTURE(steps);
    const int64_t taken = *Look(node, Counter(node, "taker"));
    CHECK(taken + *Look(node, Counter(node, "giver")) == 9);
    CHECK((taken == 4 || (taken == 0 && !given.Came())));
  }
}

TEST_CASE("what is owed to nobody is refused, and the sender notes it") {
  TestNode node(WithCounters());
  REQUIRE(Start(node, "giver").ok());
  REQUIRE(Ask(node, "giver", std::make_unique<testing::Give>("nobody", 4)).ok());
  node.Advance(absl::Minutes(1));
  CHECK(*Look(node, Counter(node, "giver")) == 0);
}

TEST_CASE("a closed entity goes by retention, one that owes something only after that") {
  TestNode node(WithCounters());
  for (const char* id : {"free", "owing", "taker"}) REQUIRE(Start(node, id).ok());
  // What the taker would write is refused, so that it answers nothing.
  node.refusing().refuses = [](const persistence::RunWrite& write) {
    return !write.history.empty() && write.history.front().changes.starts_with("got");
  };
  REQUIRE(Ask(node, "owing", std::make_unique<testing::Give>("taker", 4)).ok());
  for (const char* id : {"free", "owing"}) REQUIRE(Ask(node, id, std::make_unique<testing::Close>()).ok());
  node.Advance(absl::Hours(24 * 4));
  CHECK(!Look(node, Counter(node, "free")).ok());
  CHECK(Look(node, Counter(node, "owing")).ok());
  node.refusing().refuses = nullptr;
  node.Crash();
  node.Restart();
  node.Advance(absl::Hours(1));
  CHECK(*Look(node, Counter(node, "taker")) == 4);
  CHECK(!Look(node, Counter(node, "owing")).ok());
}

}  // namespace
}  // namespace perdure::server
