// Runs whose time has come: they leave memory, and the store (server/history/retention.h).
//
// Not thread-safe: lives on the host's executor.
#pragma once

#include <vector>

#include "absl/status/status.h"
#include "server/history/host/host_parts.h"
#include "server/history/retention.h"
#include "server/history/run_loader.h"

namespace perdure::server {

class Retirement {
 public:
  Retirement(const HostParts& parts, Gauge& removals) : parts_(parts), retention_(parts.batcher, removals) {}

  // The row of a run in memory says that it may go.
  void Retire(const RunPtr& run);
  // As RunLoader::Host.
  void RemoveStored(const persistence::StoredRun& stored, std::vector<RunLoader::Loaded> calls,
                    std::vector<RunLoader::Loaded> wakes);

  bool IsRemoving(const persistence::RunKey& run) const { return retention_.IsRemoving(run); }
  // REQUIRES, as the next: IsRemoving(run).
  void WhenGone(const persistence::RunKey& run, Retention::Gone gone) {
    retention_.WhenGone(run, std::move(gone));
  }
  // Another wake of the run was read: it goes as well.
  void Suspect(const persistence::RunKey& run, absl::Time at) { retention_.Suspect(run, at); }

  // Nothing more is removed, and who waits gets `status`.
  void Abandon(const absl::Status& status) { retention_.Abandon(status); }

 private:
  void Remove(const persistence::StoredRun& stored, KnownWakes wakes, std::vector<RunLoader::Loaded> waiting);

  const HostParts& parts_;
  Retention retention_;
};

}  // namespace perdure::server
