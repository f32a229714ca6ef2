// Who stays in memory, and which wakes stand in the store for those who do not.
//
// Not thread-safe: lives on the host's executor. Invariant: what a run that leaves memory has to do next
// stands in a stored row that is known for sure, or is read again in time.
#pragma once

#include <list>

#include "absl/functional/any_invocable.h"
#include "base/executor.h"
#include "server/history/host/host_parts.h"
#include "server/history/resident_run.h"
#include "server/history/wake_horizon.h"

namespace perdure::server {

class Departures final : public WakeHorizon::Host {
 public:
  explicit Departures(const HostParts& parts) : parts_(parts) {}

  // Lets runs go while memory is over its budget.
  void ShrinkMemory();
  // The commit of a run that was to leave has landed: it leaves, unless it has something to do. False: it
  // stays.
  bool LeaveIfDone(const RunPtr& run);
  // The run has changed: its stored wake is raised once it has been quiet for long enough, if that lags.
  void WatchQuiet(ResidentRun& run);
  void ForgetQuiet(ResidentRun& run);
  // No run is in memory any more.
  void ForgetAll() { quiet_.clear(); }
  void Stop();

  // --- WakeHorizon::Host
  bool OnWakeRead(const persistence::WakeRow& wake) override;
  void OnWakeDue(const persistence::RunKey& run, absl::AnyInvocable<void(bool) &&> done) override;

 private:
  bool MayLeave(const ResidentRun& run) const;
  void StartLeaving(const RunPtr& run);
  // Whether an untouched run that leaves as it came is loaded again in time for what is to be done next.
  bool ComesBack(const ResidentRun& run) const;
  // Whether a row stands for what is to be done next for the run, beyond what matching has.
  bool NextHasRow(const ResidentRun& run) const;
  void Leave(const RunPtr& run);
  void RaiseQuietWakes();
  void ArmQuietTimer(absl::Duration wait);

  const HostParts& parts_;
  // Runs whose stored wake lags, in order of their last use.
  std::list<ResidentRun*> quiet_;
  Executor::TimerId quiet_timer_ = Executor::kNoTimer;
};

}  // namespace perdure::server
