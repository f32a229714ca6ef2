// Runs that begin as another one did (engine::Rewind). What they take over is read from the store, and staged
// there in commits of a bounded size, as rows of a run that is not there yet: its execution row comes with
// the last commit, together with what ends the run that has the id and with what the base keeps of it. Until
// then the staged rows have a wake far ahead, by which a crash's leftovers are found and removed like the
// rest of any run without a row.
//
// Not thread-safe: lives on the host's executor. Errors: UNAVAILABLE when the host drops its state meanwhile,
// or when it takes too long; RESOURCE_EXHAUSTED while too many are made. Nothing has come of it then.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "engine/entity.h"
#include "persistence/store.h"
#include "server/history/history.h"
#include "server/history/host/host_parts.h"
#include "server/history/resident_run.h"

namespace perdure::server {

class Rewinds {
 public:
  explicit Rewinds(const HostParts& parts) : parts_(parts) {}

  // REQUIRES: the request Rewinds.
  void Begin(const EntityRef& base, engine::RequestPtr request, Callback<engine::ReplyPtr> done);
  // What is under way comes to nothing.
  void Abandon() { ++generation_; }

 private:
  struct Job;
  using JobPtr = std::shared_ptr<Job>;
  // The base, and whoever has the id (null: nobody): both are in memory.
  using OnRuns = absl::AnyInvocable<void(const RunPtr& base, const RunPtr& current) &&>;

  absl::Status MayGoOn(const Job& job) const;
  void Fail(const JobPtr& job, const absl::Status& status);
  void WithRuns(const JobPtr& job, OnRuns then);
  engine::Context ContextOf(const ResidentRun& base, const ResidentRun* current) const;

  void Decide(const JobPtr& job, const RunPtr& base, const RunPtr& current);
  // Reads what is wanted next, or commits when nothing more is there.
  void GoOn(const JobPtr& job);
  void ReadFrom(const JobPtr& job, const RunPtr& run, const engine::Rewind::Place& place);
  void OnRows(const JobPtr& job, absl::StatusOr<std::vector<persistence::HistoryRow>> rows);
  void Stage(const JobPtr& job);
  void Commit(const JobPtr& job);
  void CommitOn(const JobPtr& job, const RunPtr& base, const RunPtr& current);
  void BeginRun(const JobPtr& job, const RunPtr& base, const RunPtr& current);

  static absl::Status ReadNewest(const Job& job, const ResidentRun* run, const engine::Context& context);
  static bool HasReadAll(const Job& job, const ResidentRun& base, const ResidentRun* current);

  const HostParts& parts_;
  uint64_t generation_ = 0;
  size_t under_way_ = 0;
};

}  // namespace perdure::server
