// What commits write of a run, and what happens once they have landed or were refused.
//
// Not thread-safe: lives on the host's executor. Invariant: what is sealed of a run is all that was decided
// on it until then; when that has landed, what it owes is taken up before any call is answered.
#pragma once

#include <optional>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "server/history/batcher.h"
#include "server/history/host/host_parts.h"
#include "server/history/resident_run.h"

namespace perdure::server {

class HostCommits final : public Batcher::Host {
 public:
  explicit HostCommits(const HostParts& parts) : parts_(parts) {}

  // Until when the timers of a run wait, of which the store refused something; InfinitePast: they do not.
  absl::Time TimersNotBefore(const persistence::RunKey& run) const;
  void ForgetAll() { refusals_.clear(); }

  // --- Batcher::Host
  SealedWrite Seal(ResidentRun& run) override;
  void Landed(const RunPtr& run, SealedWrite& sealed) override;
  void Refused(const CommitGroupPtr& group, const std::string& why) override;
  void Lost(const persistence::CommitResult& result, uint64_t batch) override;

 private:
  // What was decided on the run since it was durable is gone.
  void LoseNewest(const RunPtr& run);
  void SealWakes(ResidentRun& run, const SealedWrite& sealed, persistence::RunWrite& write);
  // The snapshot that is to be written with the run, if any.
  std::optional<std::string> SnapshotOf(ResidentRun& run) const;

  const HostParts& parts_;
  // Runs of which the store refused something: how often in a row, and until when their timers wait.
  struct Refusals {
    int count = 0;
    absl::Time until;
  };
  absl::flat_hash_map<persistence::RunKey, Refusals> refusals_;
};

}  // namespace perdure::server
