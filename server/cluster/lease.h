// The node's lease on the cluster's shards: while it is held no other node takes them over, so that the owner
// may answer from memory without asking the database (DESIGN, section 5).
//
// The lease stands in the database, on the database's clock (persistence/node_lease.h). This side counts on
// its own monotonic clock, from before the renewal was sent and less a margin, so that it always believes the
// lease to end before the database does. A gap, however short and whether this side or the database saw it,
// begins another hold: somebody may have owned the shards in between, so that whoever remembers something
// from an earlier hold fences before it answers.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "base/executor.h"
#include "base/ids.h"
#include "base/mutex.h"
#include "persistence/store.h"
#include "server/metrics/metrics.h"

namespace perdure::server {

// Thread safety: any thread. The executors of a node share one monotonic clock.
class Lease {
 public:
  virtual ~Lease() = default;
  // The number of the time through which the lease has been held without a gap; 0 when it is not held.
  virtual uint64_t Hold(absl::Duration monotonic) const = 0;
  // For whom the store fences (Session::ActFor). Nullopt where nobody else can open the store.
  virtual std::optional<persistence::Tenure> Tenure() const = 0;

  bool Held(absl::Duration monotonic) const { return Hold(monotonic) != 0; }
};

// Renews the lease at a third of its duration. Lives on one executor: everything but Lease's methods,
// StoreStatus and ReportAge is called there. It is destroyed after that executor has stopped, or on it.
class LeaseKeeper final : public Lease {
 public:
  struct Options {
    absl::Duration duration = absl::Seconds(6);
    absl::Duration margin = absl::Milliseconds(500);  // for clocks that do not run at one speed
    // Nobody else can open the store: the lease is held from its first renewal on, however late the next ones
    // are. They go on, because they tell whether the store answers.
    bool exclusive = false;
  };
  using Other = persistence::LeaseAnswer::Other;

  // `session` and `metrics` outlive the keeper. `node` names this process.
  LeaseKeeper(Executor& executor, persistence::Session& session, persistence::NodeRow node, Options options,
              Metrics& metrics);
  ~LeaseKeeper() override;
  LeaseKeeper(const LeaseKeeper&) = delete;
  LeaseKeeper& operator=(const LeaseKeeper&) = delete;

  // Asks for the lease, and goes on until GiveUp. `held` is called when it is held for the first time; `lost`
  // when a younger process of the node's name has taken its place, or another node was given its writers, for
  // ever: nothing is asked after that.
  void Start(absl::AnyInvocable<void() &&> held, absl::AnyInvocable<void(const Other&) &&> lost);
  // `news` is called when a hold begins, and when the store answers again after an error: what was refused
  // for the want of either may be tried at once.
  void Watch(std::function<void()> news) { news_ = std::move(news); }
  // Answers nothing from memory any more and gives the lease back, so that another node need not wait for its
  // end.
  void GiveUp(absl::AnyInvocable<void() &&> done);

  // The first of this node's writers (persistence::LeaseAnswer). REQUIRES: it was held once. Any thread.
  uint32_t FirstWriter() const;
  // Whether the store answered the last renewal, and why not. Any thread.
  absl::Status StoreStatus() const;
  // Brings the metric of the lease's age up to date. Any thread.
  void ReportAge();

  uint64_t Hold(absl::Duration monotonic) const override;
  std::optional<persistence::Tenure> Tenure() const override;

 private:
  void Renew();
  void OnRenewed(absl::Duration sent, const absl::StatusOr<persistence::LeaseAnswer>& answer);
  void OnHeld(absl::Duration sent, const persistence::Tenure& tenure);
  void OnNotHeld(const persistence::LeaseAnswer& answer);
  // False where they are another's now: nothing is asked any more.
  bool KeepWriters(uint32_t first_writer);
  void OnLost(const Other& other);
  void OnFailed(const absl::Status& status);
  void OnLapse();
  // Says once for each gap that the lease lapsed, and why. `taken`: by another node, as the database says.
  void NoteLapse(bool taken);
  // Whether a line about what goes on is due.
  bool SayAgain();
  void EndHold();

  Executor& executor_;
  persistence::Session& session_;
  persistence::NodeRow node_;
  const Options options_;
  Gauge& age_;
  Metrics& metrics_;
  std::atomic<uint64_t> hold_ = 0;       // the last one's number
  std::atomic<int64_t> held_until_ = 0;  // nanoseconds of the monotonic clock
  std::atomic<int64_t> renewed_at_ = 0;  // as held_until_
  std::atomic<uint32_t> first_writer_ = 0;
  bool ended_ = false;  // given up, or lost
  bool lapsed_ = true;  // the last hold's end was noted, or there was none
  absl::AnyInvocable<void() &&> on_first_held_;
  absl::AnyInvocable<void(const Other&) &&> on_lost_;
  std::function<void()> news_;
  Executor::TimerId timer_ = Executor::kNoTimer;
  Executor::TimerId lapse_timer_ = Executor::kNoTimer;

  // What the line about a lapse tells.
  absl::Duration due_;   // when the renewal under way, or the next one, was to be sent
  absl::Duration sent_;  // when the last one was
  bool asking_ = false;  // it has not been answered
  absl::Duration late_;  // how late this executor ran, at most, since the last renewal that held

  bool waits_ = false;  // the last answer was none, or another's lease
  absl::Duration said_at_ = -absl::InfiniteDuration();

  mutable Mutex mutex_;
  absl::Status store_status_ ABSL_GUARDED_BY(mutex_);
  std::optional<persistence::Tenure> tenure_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace perdure::server
