// Runs that cannot be folded: they can be terminated, and their ids started again. Both work on a husk, a run
// that no other call finds in memory: all that its commit leaves behind is in the store. A termination leaves
// a snapshot of a closed run there, which folds like any other from then on.
//
// Not thread-safe: lives on the host's executor. Errors: UNAVAILABLE while another call works on the run.
#pragma once

#include <cstdint>
#include <memory>

#include "absl/container/flat_hash_set.h"
#include "persistence/store.h"
#include "server/history/history.h"
#include "server/history/host/host_parts.h"
#include "server/history/host/residents.h"

namespace perdure::server {

class Salvage {
 public:
  explicit Salvage(const HostParts& parts) : parts_(parts) {}

  // Of a run that cannot be folded, a request that EndsUnfoldable.
  void End(const EntityRef& ref, engine::RequestPtr request, Callback<engine::ReplyPtr> done);
  // A start meets a current run that cannot be folded.
  void StartOver(const persistence::EntityKey& key, std::unique_ptr<engine::StartRequest> request,
                 Callback<engine::ReplyPtr> done);
  // What is under way comes to nothing.
  void Abandon();

 private:
  // Answers a husk with what is known of the run, and keeps other calls from the run until Finish.
  void Begin(const Uuid& namespace_id, const persistence::RunKey& key, WithRunCallback then);
  void BeginCurrent(const persistence::EntityKey& key, WithRunCallback then);
  absl::StatusOr<RunPtr> MakeHusk(const persistence::StoredRun& stored, const persistence::ExecutionRow& row);
  // What was decided on the husk is committed; a husk on which nothing was decided is forgotten.
  void Finish(const RunPtr& husk);

  const HostParts& parts_;
  // Runs on whose husk a call works; an abandoned one's callbacks know themselves by the generation.
  absl::flat_hash_set<persistence::RunKey> salvaging_;
  uint64_t generation_ = 0;
};

}  // namespace perdure::server
