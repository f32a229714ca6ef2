// Does what runs owe the world, or sees that it is done: their dispatches and timers (obligations_keeper.h)
// and their messages (message_outbox.h). Compares what a durable state owes with what was done before, so
// that recovery is the same path.
//
// Not thread-safe: lives on the host's executor.
#pragma once

#include <optional>

#include "engine/entity.h"
#include "server/history/host/host_parts.h"
#include "server/history/message_outbox.h"
#include "server/history/obligations_keeper.h"
#include "server/history/resident_run.h"

namespace perdure::server {

class HostDuties {
 public:
  // `ring` is called with runs that have something to do.
  HostDuties(const HostParts& parts, OwnerId owner, Alarms::Ring ring, MessageMetrics messages);

  void Begin(TaskSink& sink) { keeper_.Begin(sink); }
  // The shards are taken.
  void BeginSending(const persistence::FencedWriter& fenced);

  // What the run's durable state owes from now on.
  void TakeUp(ResidentRun& run, engine::Obligations obligations);
  // What is owed is sealed with the rest of the run's state.
  static void OnSealed(ResidentRun& run) { run.owes.stale = false; }
  // That has landed.
  void OnLanded(ResidentRun& run, engine::Obligations sealed);
  // Timers of the run wait until `until`, whatever they want, or no longer (InfinitePast).
  static void HoldTimers(ResidentRun& run, absl::Time until) { run.owes.timers_not_before = until; }
  // What is volatile has changed: takes it up, now or when the commit under way has landed.
  void Refresh(ResidentRun& run);
  // The run leaves memory: nothing is done for it here any more.
  void PutDown(ResidentRun& run);
  void ForgetAll();
  // When something is to be done next for the run, its messages included.
  std::optional<absl::Time> NextOf(const ResidentRun& run) const;
  // A message of the run's is under way: it must stay in memory.
  bool IsBusy(const ResidentRun& run) const;

  ObligationsKeeper& keeper() { return keeper_; }

 private:
  const HostParts& parts_;
  ObligationsKeeper keeper_;
  MessageOutbox outbox_;
};

}  // namespace perdure::server
