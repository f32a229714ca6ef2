// The node's lease on the cluster's shards: while it is held no other node takes them over, so that the owner
// may answer from memory without asking the database (DESIGN, section 5).
//
// The lease stands in the database, on the database's clock. This side counts on its own monotonic clock,
// from before the renewal was sent and less a margin, so that it always believes the lease to end before the
// database does.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "base/executor.h"
#include "base/ids.h"
#include "persistence/store.h"
#include "server/metrics/metrics.h"

namespace perdure::server {

// Thread safety: any thread. The executors of a node share one monotonic clock.
class Lease {
 public:
  virtual ~Lease() = default;
  virtual bool Held(absl::Duration monotonic) const = 0;
};

// Renews the lease at a third of its duration. Lives on one executor: everything but Held, StoreStatus and
// ReportAge is called there. It is destroyed after that executor has stopped, or on it.
class LeaseKeeper final : public Lease {
 public:
  struct Options {
    absl::Duration duration = absl::Seconds(6);
    absl::Duration margin = absl::Milliseconds(500);  // for clocks that do not run at one speed
  };

  // `session` and `metrics` outlive the keeper. `node` names this process.
  LeaseKeeper(Executor& executor, persistence::Session& session, Uuid node, Options options,
              Metrics& metrics);
  ~LeaseKeeper() override;
  LeaseKeeper(const LeaseKeeper&) = delete;
  LeaseKeeper& operator=(const LeaseKeeper&) = delete;

  // Asks for the lease, and goes on until GiveUp. `held` is called when it is held for the first time.
  void Start(absl::AnyInvocable<void() &&> held);
  // Answers nothing from memory any more and gives the lease back, so that another node need not wait for its
  // end.
  void GiveUp(absl::AnyInvocable<void() &&> done);

  // Whether the store answered the last renewal, and why not. Any thread.
  absl::Status StoreStatus() const;
  // Brings the metric of the lease's age up to date. Any thread.
  void ReportAge();

  bool Held(absl::Duration monotonic) const override {
    return absl::ToInt64Nanoseconds(monotonic) < held_until_.load(std::memory_order_acquire);
  }

 private:
  void Renew();
  void OnRenewed(absl::Duration sent, const absl::StatusOr<bool>& answer);

  Executor& executor_;
  persistence::Session& session_;
  const Uuid node_;
  const Options options_;
  Gauge& age_;
  std::atomic<int64_t> held_until_ = 0;  // nanoseconds of the monotonic clock
  std::atomic<int64_t> renewed_at_ = 0;  // as held_until_
  bool given_up_ = false;
  bool waits_for_other_ = false;  // said once in the log
  absl::AnyInvocable<void() &&> on_first_held_;
  Executor::TimerId timer_ = Executor::kNoTimer;

  mutable std::mutex mutex_;
  absl::Status store_status_;  // guarded by mutex_
};

}  // namespace perdure::server
