#include "server/history/copy_guard.h"

#include <catch2/catch.hpp>
#include <string>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "base/time.h"
#include "server/metrics/testing/null_metrics.h"

namespace perdure::server {
namespace {

using perdure::engine::MessageCopy;
using Verdict = CopyGuard::Verdict;

const absl::Time kBegin = absl::FromUnixSeconds(1'000'000);
const absl::Time kNow = kBegin + absl::Minutes(5);

struct CopyOf {
  int64_t number = 5;
  uint64_t attempt = 1;
  uint64_t epoch = 1;
  uint64_t term = 0;
  absl::Time sent = kNow;
  std::string origin = std::string(16, 'o');
};

MessageCopy Signal(const CopyOf& what) {
  MessageCopy copy;
  copy.mutable_message()->mutable_id()->set_origin(what.origin);
  copy.mutable_message()->mutable_id()->set_number(what.number);
  copy.mutable_message()->mutable_external_signal();
  copy.set_term(what.term);
  copy.set_epoch(what.epoch);
  copy.set_attempt(what.attempt);
  *copy.mutable_sent() = ToProto(what.sent);
  return copy;
}

class GuardBench {
 public:
  explicit GuardBench(size_t most = 100) : guard_(most, metrics_.counter("", {})) { guard_.Begin(kBegin); }

  CopyGuard& guard() { return guard_; }
  // What is said at once; of who waits, what was said later stands in `told`.
  Verdict Admit(const MessageCopy& copy, absl::Time now = kNow) {
    return guard_.Admit(copy, now, [this](Verdict then) { told.push_back(then); });
  }
  // A copy that is acted on and answered at once.
  void Decide(const MessageCopy& copy, absl::Time now = kNow) {
    REQUIRE(Admit(copy, now) == Verdict::kAct);
    guard_.Finish(copy, now);
  }
  std::vector<Verdict> told;

 private:
  NullMetrics metrics_;
  CopyGuard guard_;
};

TEST_CASE("a copy that is older than one that was seen is not acted on, nor is the same one again") {
  GuardBench bench;
  bench.Decide(Signal({.attempt = 7}));
  CHECK(bench.Admit(Signal({.attempt = 6})) == Verdict::kStale);
  CHECK(bench.Admit(Signal({.attempt = 7})) == Verdict::kStale);
  CHECK(bench.Admit(Signal({.number = 6, .attempt = 6})) == Verdict::kAct);
  CHECK(bench.Admit(Signal({.attempt = 8})) == Verdict::kAct);
}

TEST_CASE("a later epoch or ownership outdoes any attempt") {
  GuardBench bench;
  bench.Decide(Signal({.attempt = 50, .epoch = 1}));
  bench.Decide(Signal({.attempt = 2, .epoch = 2}));
  CHECK(bench.Admit(Signal({.attempt = 51, .epoch = 1})) == Verdict::kStale);
  bench.Decide(Signal({.attempt = 1, .epoch = 1, .term = 3}));
  CHECK(bench.Admit(Signal({.attempt = 99, .epoch = 9, .term = 2})) == Verdict::kStale);
}

TEST_CASE("copies that are old, or were sent before the shards were taken over, are not acted on") {
  GuardBench bench;
  CHECK(bench.Admit(Signal({.sent = kNow - limits::kMessageAge - absl::Seconds(1)})) == Verdict::kStale);
  CHECK(bench.Admit(Signal({.sent = kNow + limits::kMessageAge + absl::Seconds(1)})) == Verdict::kStale);
  bench.guard().Begin(kNow);
  CHECK(bench.Admit(Signal({.sent = kNow}), kNow + absl::Seconds(1)) == Verdict::kStale);
  CHECK(bench.Admit(Signal({.sent = kNow + absl::Nanoseconds(1)}), kNow + absl::Seconds(1)) == Verdict::kAct);
}

TEST_CASE("nothing is acted on before the shards are taken, or after they were given up") {
  NullMetrics metrics;
  CopyGuard guard(10, metrics.counter("", {}));
  CHECK(guard.Admit(Signal({}), kNow, nullptr) == Verdict::kStale);
  guard.Begin(kBegin);
  CHECK(guard.Admit(Signal({}), kNow, nullptr) == Verdict::kAct);
  guard.End();
  CHECK(guard.Admit(Signal({.number = 9}), kNow, nullptr) == Verdict::kStale);
}

TEST_CASE("a copy of what is being decided waits for that decision, and gives way to a later one") {
  GuardBench bench;
  const MessageCopy first = Signal({.attempt = 1});
  CHECK(bench.Admit(first) == Verdict::kAct);
  CHECK(bench.Admit(Signal({.attempt = 2})) == Verdict::kWait);
  CHECK(bench.told.empty());
  CHECK(bench.Admit(Signal({.attempt = 3})) == Verdict::kWait);
  CHECK(bench.told == std::vector<Verdict>{Verdict::kStale});
  bench.guard().Finish(first, kNow);
  CHECK(bench.told == std::vector<Verdict>{Verdict::kStale, Verdict::kAct});
  CHECK(bench.Admit(Signal({.attempt = 4})) == Verdict::kWait);  // for the third, which acts
}

TEST_CASE("who waits when the shards are lost is told so") {
  GuardBench bench;
  CHECK(bench.Admit(Signal({.attempt = 1})) == Verdict::kAct);
  CHECK(bench.Admit(Signal({.attempt = 2})) == Verdict::kWait);
  bench.guard().Begin(kNow);
  CHECK(bench.told == std::vector<Verdict>{Verdict::kStale});
}

TEST_CASE("all that a parent sends to one child counts as one message") {
  GuardBench bench;
  MessageCopy closed = Signal({.attempt = 9});
  closed.mutable_message()->mutable_parent_closed();
  bench.Decide(closed);
  MessageCopy start = Signal({.attempt = 3});
  start.mutable_message()->mutable_child_start();
  CHECK(bench.Admit(start) == Verdict::kStale);
  MessageCopy release = Signal({.attempt = 4});
  release.mutable_message()->mutable_child_release();
  CHECK(bench.Admit(release) == Verdict::kStale);
  CHECK(bench.Admit(Signal({.attempt = 5})) == Verdict::kAct);  // a signal is another message
}

TEST_CASE("what changes nothing may come again and again") {
  GuardBench bench;
  MessageCopy ask = Signal({.attempt = 1});
  ask.mutable_message()->mutable_child_ask();
  bench.Decide(ask);
  bench.Decide(ask);
}

TEST_CASE("what is forgotten for want of room keeps its old copies out all the same") {
  GuardBench bench(10);
  const absl::Time sent = kNow - absl::Seconds(20);
  bench.Decide(Signal({.number = 1, .attempt = 2, .sent = sent}));
  for (int64_t number = 2; number < 40; ++number) {
    const absl::Time now = kNow + number * absl::Milliseconds(1);
    bench.Decide(Signal({.number = number, .attempt = 2, .sent = now}), now);
  }
  CHECK(bench.Admit(Signal({.number = 1, .attempt = 1, .sent = sent - absl::Seconds(1)})) == Verdict::kStale);
}

TEST_CASE("a message is forgotten after a while, when no copy of it can be young enough") {
  GuardBench bench;
  bench.Decide(Signal({.attempt = 7}));
  const absl::Time later = kNow + limits::kMessageMemory + absl::Seconds(1);
  CHECK(bench.Admit(Signal({.attempt = 6}), later) == Verdict::kStale);
  // Nobody sends a lower number later; if somebody did, nothing would be remembered of the higher one.
  CHECK(bench.Admit(Signal({.attempt = 6, .sent = later}), later) == Verdict::kAct);
}

}  // namespace
}  // namespace perdure::server
