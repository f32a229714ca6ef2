#include "server/cluster/lease.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/log_fields.h"
#include "base/text.h"
#include "spdlog/spdlog.h"

namespace perdure::server {
namespace {

// A renewal that failed is repeated this many times faster than the regular ones.
constexpr int kRetriesPerRenewal = 4;
// What goes on is said again after so long.
constexpr absl::Duration kBetweenLines = absl::Minutes(1);
// An executor that runs so late was stopped, or starved of CPU.
constexpr absl::Duration kVeryLate = absl::Seconds(1);

std::string InShort(absl::Duration time) {
  return absl::FormatDuration(absl::Trunc(time, absl::Milliseconds(1)));
}

std::string Started(const LeaseKeeper::Other& other) {
  return absl::FormatTime(absl::RFC3339_sec, other.started, absl::UTCTimeZone());
}

}  // namespace

LeaseKeeper::LeaseKeeper(Executor& executor, persistence::Session& session, persistence::NodeRow node,
                         Options options, Metrics& metrics)
    : executor_(executor),
      session_(session),
      node_(std::move(node)),
      options_(options),
      age_(metrics.gauge("perdure_lease_age_seconds", {})),
      metrics_(metrics) {}

LeaseKeeper::~LeaseKeeper() = default;

uint64_t LeaseKeeper::Hold(absl::Duration monotonic) const {
  // In this order: who sees the end of a new hold sees its number.
  const int64_t until = held_until_.load(std::memory_order_acquire);
  return absl::ToInt64Nanoseconds(monotonic) < until ? hold_.load(std::memory_order_acquire) : 0;
}

std::optional<persistence::Tenure> LeaseKeeper::Tenure() const {
  if (options_.exclusive) return std::nullopt;
  const MutexLock lock(mutex_);
  return tenure_;
}

void LeaseKeeper::Start(absl::AnyInvocable<void() &&> held, absl::AnyInvocable<void(const Other&) &&> lost) {
  on_first_held_ = std::move(held);
  on_lost_ = std::move(lost);
  due_ = executor_.Monotonic();
  Renew();
}

void LeaseKeeper::GiveUp(absl::AnyInvocable<void() &&> done) {
  ended_ = true;
  EndHold();
  executor_.Cancel(timer_);
  session_.EndLease(node_.incarnation,
                    [done = std::move(done)](const absl::StatusOr<bool>&) mutable { std::move(done)(); });
}

void LeaseKeeper::EndHold() {
  held_until_.store(0, std::memory_order_release);
  executor_.Cancel(std::exchange(lapse_timer_, Executor::kNoTimer));
}

void LeaseKeeper::Renew() {
  sent_ = executor_.Monotonic();
  late_ = std::max(late_, sent_ - due_);
  asking_ = true;
  session_.RenewLease(node_, options_.duration,
                      [this, sent = sent_](const absl::StatusOr<persistence::LeaseAnswer>& answer) {
                        OnRenewed(sent, answer);
                      });
}

void LeaseKeeper::OnRenewed(absl::Duration sent, const absl::StatusOr<persistence::LeaseAnswer>& answer) {
  if (ended_) return;
  asking_ = false;
  due_ = executor_.Monotonic();
  {
    const MutexLock lock(mutex_);
    store_status_ = answer.status();
  }
  if (answer.ok() && !KeepWriters(answer->first_writer)) return;
  const bool held = answer.ok() && (answer->tenure.has_value() || options_.exclusive);
  if (held) {
    OnHeld(sent, options_.exclusive ? persistence::Tenure{} : *answer->tenure);
  } else if (answer.ok()) {
    OnNotHeld(*answer);
  } else {
    OnFailed(answer.status());
  }
  ReportAge();
  if (ended_) return;
  const absl::Duration interval = options_.duration / 3;
  // A renewal's interval counts from when it was sent: a store that answers late must not stretch it.
  const absl::Duration now = executor_.Monotonic();
  const absl::Duration wait =
      held ? std::max(absl::ZeroDuration(), interval - (now - sent)) : interval / kRetriesPerRenewal;
  due_ = now + wait;
  timer_ = executor_.RunAfter(wait, [this] { Renew(); });
}

bool LeaseKeeper::KeepWriters(uint32_t first_writer) {
  if (node_.first_writer == 0) {
    node_.first_writer = first_writer;
    first_writer_ = first_writer;
  }
  if (node_.first_writer == first_writer) return true;
  EndHold();
  NoteLapse(/*taken=*/true);
  spdlog::error("the store has not heard from this node for so long that another one writes by its numbers");
  OnLost({});
  return false;
}

void LeaseKeeper::OnLost(const Other& other) {
  ended_ = true;
  if (on_lost_) std::exchange(on_lost_, nullptr)(other);
}

void LeaseKeeper::OnHeld(absl::Duration sent, const persistence::Tenure& tenure) {
  const absl::Duration now = executor_.Monotonic();
  if (!lapsed_ && absl::ToInt64Nanoseconds(now) >= held_until_.load()) NoteLapse(/*taken=*/false);
  bool anew = lapsed_;
  {
    const MutexLock lock(mutex_);
    // The database may have seen a gap that this side did not: a clock stood still, or was set.
    anew = anew || tenure_ != tenure;
    tenure_ = tenure;
  }
  if (anew) {
    const uint64_t number = hold_.fetch_add(1, std::memory_order_release) + 1;
    if (number > 1) spdlog::warn("the lease on the shards is held again; each is taken up anew");
  }
  const absl::Duration until =
      options_.exclusive ? absl::InfiniteDuration() : sent + options_.duration - options_.margin;
  renewed_at_ = absl::ToInt64Nanoseconds(sent);
  held_until_.store(absl::ToInt64Nanoseconds(until), std::memory_order_release);
  lapsed_ = false;
  late_ = absl::ZeroDuration();
  executor_.Cancel(std::exchange(lapse_timer_, Executor::kNoTimer));
  if (!options_.exclusive) lapse_timer_ = executor_.RunAfter(until - now, [this] { OnLapse(); });
  const bool store_is_back = std::exchange(waits_, false);
  if (store_is_back && !anew) spdlog::info("the lease is renewed again");
  said_at_ = -absl::InfiniteDuration();
  if (on_first_held_) std::exchange(on_first_held_, nullptr)();
  if ((anew || store_is_back) && news_) news_();
}

bool LeaseKeeper::SayAgain() {
  waits_ = true;
  const absl::Duration now = executor_.Monotonic();
  if (now - said_at_ < kBetweenLines) return false;
  said_at_ = now;
  return true;
}

void LeaseKeeper::OnNotHeld(const persistence::LeaseAnswer& answer) {
  // The database says that another node has it: what this node remembers may be old from now on.
  EndHold();
  NoteLapse(/*taken=*/true);
  if (answer.lost) {
    const Other other = answer.owner.value_or(Other{});  // it may be gone already
    spdlog::error("{}", WithFields("another process of this node's name has taken its place",
                                   {{"name", node_.name},
                                    {"address", node_.address},
                                    {"other_address", other.node.address},
                                    {"other_started", Started(other)}}));
    return OnLost(other);
  }
  if (!SayAgain()) return;
  const std::string_view what =
      answer.waits
          ? "processes of this node's name have taken its place from each other: waiting for the other's end"
          : "another node holds the lease; waiting for its end";
  if (!answer.owner) return spdlog::warn("{}", what);
  spdlog::warn("{}", WithFields(what, {{"other_name", answer.owner->node.name},
                                       {"other_address", answer.owner->node.address},
                                       {"other_started", Started(*answer.owner)}}));
}

void LeaseKeeper::OnFailed(const absl::Status& status) {
  if (!SayAgain()) return;
  // A store that does not answer is said in one place for all parts.
  const auto level = absl::IsUnavailable(status) ? spdlog::level::debug : spdlog::level::err;
  spdlog::log(level, "{}",
              WithFields("the lease could not be renewed", {{"error", StdView(status.message())}}));
}

void LeaseKeeper::OnLapse() {
  lapse_timer_ = Executor::kNoTimer;
  NoteLapse(/*taken=*/false);
  if (!asking_) return;
  const MutexLock lock(mutex_);
  store_status_ = absl::UnavailableError("the store has not answered since before the lease lapsed");
}

void LeaseKeeper::NoteLapse(bool taken) {
  if (std::exchange(lapsed_, true)) return;
  const absl::Duration now = executor_.Monotonic();
  if (!asking_) late_ = std::max(late_, now - due_);
  if (!taken) late_ = std::max(late_, now - absl::Nanoseconds(held_until_.load()));
  const absl::Status store = StoreStatus();
  std::string why = absl::StrCat("the store did not answer for ", InShort(now - sent_));
  std::string_view cause = "store_slow";
  if (late_ >= kVeryLate) {
    cause = "process";
    why =
        absl::StrCat("this process did not run for ", InShort(late_), ": it was stopped, or starved of CPU");
  } else if (taken) {
    cause = "other_node";
    why = "another node took it";
  } else if (!store.ok()) {
    cause = "store_error";
    why = std::string(store.message());
  }
  metrics_.counter("perdure_lease_lapses", {{"cause", cause}}).Add();
  spdlog::warn("{}", WithFields("the lease on the shards lapsed",
                                {{"why", why},
                                 {"renewed_ago", InShort(now - absl::Nanoseconds(renewed_at_.load()))}}));
}

uint32_t LeaseKeeper::FirstWriter() const {
  const uint32_t first_writer = first_writer_;
  PERDURE_CHECK(first_writer > 0, "no lease was ever held");
  return first_writer;
}

absl::Status LeaseKeeper::StoreStatus() const {
  const MutexLock lock(mutex_);
  return store_status_;
}

void LeaseKeeper::ReportAge() {
  age_.Set(absl::ToDoubleSeconds(executor_.Monotonic() - absl::Nanoseconds(renewed_at_.load())));
}

}  // namespace perdure::server
