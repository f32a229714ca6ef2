#include "server/cluster/lease.h"

#include <algorithm>
#include <utility>

#include "base/log_fields.h"
#include "base/text.h"
#include "spdlog/spdlog.h"

namespace perdure::server {
namespace {

// A renewal that failed is repeated this many times faster than the regular ones.
constexpr int kRetriesPerRenewal = 4;

}  // namespace

LeaseKeeper::LeaseKeeper(Executor& executor, persistence::Session& session, Uuid node, Options options,
                         Metrics& metrics)
    : executor_(executor),
      session_(session),
      node_(node),
      options_(options),
      age_(metrics.gauge("perdure_lease_age_seconds", {})) {}

LeaseKeeper::~LeaseKeeper() = default;

void LeaseKeeper::Start(absl::AnyInvocable<void() &&> held) {
  on_first_held_ = std::move(held);
  Renew();
}

void LeaseKeeper::GiveUp(absl::AnyInvocable<void() &&> done) {
  given_up_ = true;
  held_until_.store(0, std::memory_order_release);
  executor_.Cancel(timer_);
  session_.RenewLease(node_, absl::ZeroDuration(),
                      [done = std::move(done)](const absl::StatusOr<bool>&) mutable { std::move(done)(); });
}

void LeaseKeeper::Renew() {
  const absl::Duration sent = executor_.Monotonic();
  session_.RenewLease(node_, options_.duration,
                      [this, sent](const absl::StatusOr<bool>& answer) { OnRenewed(sent, answer); });
}

void LeaseKeeper::OnRenewed(absl::Duration sent, const absl::StatusOr<bool>& answer) {
  if (given_up_) return;
  {
    const std::lock_guard lock(mutex_);
    store_status_ = answer.status();
  }
  const bool held = answer.ok() && *answer;
  if (held) {
    renewed_at_ = absl::ToInt64Nanoseconds(sent);
    waits_for_other_ = false;
    held_until_.store(absl::ToInt64Nanoseconds(sent + options_.duration - options_.margin),
                      std::memory_order_release);
    if (on_first_held_) std::exchange(on_first_held_, nullptr)();
  } else {
    // The database says that another node has it: what this node remembers may be old from now on.
    if (answer.ok()) held_until_.store(0, std::memory_order_release);
    if (!answer.ok()) {
      spdlog::debug("{}", WithFields("the lease could not be renewed",
                                     {{"error", StdView(answer.status().message())}}));
    } else if (!std::exchange(waits_for_other_, true)) {
      spdlog::warn("another node holds the lease; waiting for its end");
    }
  }
  ReportAge();
  const absl::Duration interval = options_.duration / 3;
  // A renewal's interval counts from when it was sent: a store that answers late must not stretch it.
  const absl::Duration passed = executor_.Monotonic() - sent;
  const absl::Duration wait =
      held ? std::max(absl::ZeroDuration(), interval - passed) : interval / kRetriesPerRenewal;
  timer_ = executor_.RunAfter(wait, [this] { Renew(); });
}

absl::Status LeaseKeeper::StoreStatus() const {
  const std::lock_guard lock(mutex_);
  return store_status_;
}

void LeaseKeeper::ReportAge() {
  age_.Set(absl::ToDoubleSeconds(executor_.Monotonic() - absl::Nanoseconds(renewed_at_.load())));
}

}  // namespace perdure::server
