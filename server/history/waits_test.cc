// Callers who wait for what becomes of an entity, over the life of a host. The entities are counters.
#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "server/history/testing/counter_kind.h"
#include "server/history/testing/test_node.h"

namespace perdure::server {
namespace {

using testing::Awaited;
using testing::kCounterKind;
using testing::TestNode;

TestNode::Options CountersWith(HistoryOptions history = {}) {
  TestNode::Options options;
  options.history = history;
  options.kinds = {testing::CounterLine()};
  return options;
}

class SlowCommits final : public persistence::MemoryFaults {
 public:
  CommitPlan OnCommit(const persistence::Batch&) override { return {CommitFault::kNone, {}, answer}; }
  absl::Duration answer;  // how long a commit that has landed takes to say so
};

// Counter "c".
class Waits {
 public:
  explicit Waits(TestNode::Options options = CountersWith()) : node(std::move(options)) { Start("c"); }

  void Start(const std::string& id) {
    Awaited<engine::ReplyPtr> reply;
    node.history().Start(node.namespace_id(), kCounterKind, std::make_unique<testing::StartCounter>(id),
                         reply.Answer());
    node.Run();
    REQUIRE(reply.Get().ok());
  }
  EntityRef Ref(const std::string& id = "c") const {
    return {node.namespace_id(), id, std::nullopt, kCounterKind};
  }
  void Do(engine::RequestPtr request) {
    Awaited<engine::ReplyPtr> reply;
    node.history().Execute(Ref(), std::move(request), reply.Answer());
    node.Run();
    REQUIRE(reply.Get().ok());
  }
  void AddTo(int64_t amount) { Do(std::make_unique<testing::Add>(amount)); }

  struct Waiting {
    Awaited<engine::ReplyPtr> reply;
    uint64_t id = 0;

    absl::StatusOr<int64_t> Value() const {
      if (!reply.Get().ok()) return reply.Get().status();
      if (*reply.Get() == nullptr) return absl::DeadlineExceededError("nothing came");
      return dynamic_cast<const testing::Count&>(**reply.Get()).value;
    }
  };
  Waiting Await(int64_t value, absl::Duration max_wait = absl::Minutes(1)) {
    Waiting waiting;
    waiting.id = node.history().Ask(Ref(), std::make_unique<testing::AwaitAtLeast>(value), max_wait,
                                    waiting.reply.Answer());
    node.Run();
    return waiting;
  }

  TestNode node;
};

TEST_CASE("a step answers whoever has waited for what it brought about") {
  Waits at;
  at.AddTo(2);
  CHECK(*at.Await(2).Value() == 2);  // that is there already
  const auto first = at.Await(5);
  const auto later = at.Await(10);
  CHECK_FALSE(first.reply.Came());
  at.AddTo(2);
  CHECK_FALSE(first.reply.Came());
  at.AddTo(2);
  CHECK(*first.Value() == 6);
  CHECK_FALSE(later.reply.Came());
  at.AddTo(4);
  CHECK(*later.Value() == 10);
}

TEST_CASE("who waits is told what is durable, and with the run that took the step") {
  SlowCommits faults;
  TestNode::Options options = CountersWith();
  options.faults = &faults;
  Waits at(std::move(options));
  const auto waiting = at.Await(1);
  faults.answer = absl::Seconds(1);
  Awaited<engine::ReplyPtr> added;
  at.node.history().Execute(at.Ref(), std::make_unique<testing::Add>(1), added.Answer());
  at.node.Run();
  CHECK_FALSE(added.Came());
  CHECK_FALSE(waiting.reply.Came());
  at.node.Advance(absl::Seconds(1));
  CHECK(*waiting.Value() == 1);
  CHECK(dynamic_cast<const testing::Count&>(**waiting.reply.Get()).run ==
        dynamic_cast<const testing::Count&>(**added.Get()).run);
}

TEST_CASE("who waits in vain gets an error of the entity, or nothing at the end of its time") {
  Waits at;
  const auto closed = at.Await(100);
  const auto brief = at.Await(100, absl::Seconds(5));
  const auto at_once = at.Await(100, absl::ZeroDuration());
  CHECK(absl::IsDeadlineExceeded(at_once.Value().status()));
  at.node.Advance(absl::Seconds(4));
  CHECK_FALSE(brief.reply.Came());
  at.node.Advance(absl::Seconds(1));
  CHECK(absl::IsDeadlineExceeded(brief.Value().status()));
  at.Do(std::make_unique<testing::Close>());
  CHECK(closed.Value().status().message() == "the counter is closed");
  at.node.Advance(absl::Minutes(2));  // the timers of those that were answered are gone
}

TEST_CASE("who gives up is withdrawn, also before its entity was found") {
  Waits at;
  const auto waiting = at.Await(1);
  at.node.history().CancelWait(waiting.id);
  at.node.Run();
  CHECK(absl::IsCancelled(waiting.Value().status()));
  at.AddTo(1);
  at.node.history().CancelWait(waiting.id);  // harmless
  at.node.Crash();
  at.node.Restart();
  Awaited<engine::ReplyPtr> early;
  at.node.history().CancelWait(at.node.history().Ask(at.Ref(), std::make_unique<testing::AwaitAtLeast>(9),
                                                     absl::Minutes(1), early.Answer()));
  at.node.Run();
  CHECK(absl::IsCancelled(early.Get().status()));
}

TEST_CASE("who waits does not keep an entity in memory, and is answered when it has come back") {
  HistoryOptions forgetful;
  forgetful.resident_bytes = 1;
  Waits at(CountersWith(forgetful));
  const auto waiting = at.Await(3);
  at.Start("another");
  CHECK(at.node.history().host(0).resident_runs() + at.node.history().host(1).resident_runs() == 0);
  at.AddTo(3);
  CHECK(*waiting.Value() == 3);
}

TEST_CASE("who waits is answered UNAVAILABLE when the lease is lost, and nothing when the node stops") {
  Waits at;
  const bool stops = GENERATE(false, true);
  const auto waiting = at.Await(1);
  if (stops) {
    at.node.history().Stop([] {});
    at.node.Run();
    CHECK(absl::IsDeadlineExceeded(waiting.Value().status()));
    return;
  }
  ++at.node.lease().number;
  Awaited<engine::ReplyPtr> added;
  at.node.history().Execute(at.Ref(), std::make_unique<testing::Add>(1), added.Answer());
  at.node.Run();
  CHECK(absl::IsUnavailable(waiting.Value().status()));
}

TEST_CASE("who waits is answered UNAVAILABLE when the store refuses what its entity would write") {
  Waits at;
  const auto waiting = at.Await(1);
  at.node.refusing().refuses = [](const persistence::RunWrite& write) { return !write.history.empty(); };
  Awaited<engine::ReplyPtr> added;
  at.node.history().Execute(at.Ref(), std::make_unique<testing::Add>(1), added.Answer());
  at.node.Run();
  CHECK_FALSE(added.Get().ok());
  CHECK(absl::IsUnavailable(waiting.Value().status()));
}

TEST_CASE("as many callers wait for one entity as the limit says") {
  Waits at;
  std::vector<Waits::Waiting> waiting;
  for (size_t i = 0; i < limits::kCallWaitersOfEntity; ++i) waiting.push_back(at.Await(1));
  CHECK_THAT(at.node.MetricsText(), Catch::Contains("perdure_call_waiters"));
  const auto one_more = at.Await(1);
  CHECK(absl::IsResourceExhausted(one_more.Value().status()));
  at.node.history().CancelWait(waiting.front().id);
  at.node.Run();
  const auto instead = at.Await(1);
  CHECK_FALSE(instead.reply.Came());
  at.AddTo(1);
  CHECK(*instead.Value() == 1);
  CHECK(*waiting.back().Value() == 1);
}

}  // namespace
}  // namespace perdure::server
