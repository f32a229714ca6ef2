// Finds runs, in memory or in the store, and takes them into memory.
//
// Not thread-safe: lives on the host's executor. Invariant: a run comes into memory with what it owes taken
// up (HostDuties). Errors: UNAVAILABLE where the host may not answer; DATA_LOSS of a run that cannot be
// folded.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "base/status.h"
#include "engine/entity.h"
#include "server/history/commit_group.h"
#include "server/history/history.h"
#include "server/history/host/host_parts.h"
#include "server/history/run_loader.h"

namespace perdure::server {

// Of a run that is lost (ResidentRun::lost).
inline absl::Status LostRun() { return Unavailable("the store refused what this run had written"); }

using WithRunCallback = absl::AnyInvocable<void(absl::StatusOr<RunPtr>) &&>;

class Residents final : public RunLoader::Host {
 public:
  explicit Residents(const HostParts& parts) : parts_(parts) {}

  // In memory, or null.
  RunPtr Find(const EntityRef& ref) const;
  // NOT_FOUND as clients know it when there is no such run.
  void WithRun(const EntityRef& ref, WithRunCallback then);
  // Null when there is no such run.
  void FindRun(const EntityRef& ref, WithRunCallback then);
  // Null when the id has no run.
  void WithCurrentRun(const persistence::EntityKey& key, WithRunCallback then);
  // Null when the store has no such run; one that is being removed is waited for.
  void Load(const persistence::RunKey& key, RunLoader::Urgency urgency, RunLoader::Loaded done);
  // A run that no record tells of yet; it holds its id once the cache is told so.
  RunPtr AdmitNew(std::unique_ptr<engine::Entity> entity);

  absl::StatusOr<const engine::Kind*> KindOf(KindNumber number) const;
  // What clients are told of a run that is not there.
  absl::Status NoSuchRun(const EntityRef& ref) const;

  // A commit has landed: one load may go on although memory has no room, for calls and for wakes.
  void OnLanded() { call_turn_ = wake_turn_ = true; }

  // --- RunLoader::Host
  absl::StatusOr<RunPtr> Admit(persistence::StoredRun stored) override;
  bool MayLoad(RunLoader::Urgency urgency) override;
  void RemoveStored(const persistence::StoredRun& stored, std::vector<RunLoader::Loaded> calls,
                    std::vector<RunLoader::Loaded> wakes) override;

 private:
  // The run was deleted: `gone` is called once it is gone for everybody.
  static void WhenGone(const ResidentRun& run, DurableCallback gone);
  // The run as it is stored, outside of memory; takes the rows.
  absl::StatusOr<RunPtr> FoldStored(persistence::StoredRun& stored);
  // Puts it among those in memory; it holds its id unless a newer one does.
  void Insert(const RunPtr& run, bool stored_as_current);

  const HostParts& parts_;
  // A commit has landed since the last load for which memory had no room: for calls, for wakes.
  bool call_turn_ = false;
  bool wake_turn_ = false;
};

}  // namespace perdure::server
