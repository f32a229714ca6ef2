// Reads runs from the store, many with one query: while one is in flight, what is wanted gathers for the next
// one. Clients' calls go first; runs that are only due wait behind them.
//
// Not thread-safe: lives on one executor, and is destroyed on it or after its end.
#pragma once

#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "persistence/store.h"
#include "server/history/resident_run.h"

namespace perdure::server {

class RunLoader {
 public:
  enum class Urgency { kCall, kWake };
  // Null when the run does not exist.
  using Loaded = absl::AnyInvocable<void(absl::StatusOr<RunPtr>) &&>;
  using Found = absl::AnyInvocable<void(absl::StatusOr<std::optional<Uuid>>) &&>;
  // Makes a resident run of a stored one, and puts it into memory.
  using Admit = absl::AnyInvocable<absl::StatusOr<RunPtr>(persistence::StoredRun)>;

  RunLoader(persistence::Session& session, Admit admit) : session_(session), admit_(std::move(admit)) {}

  // REQUIRES: the run is not in memory.
  void Load(const persistence::RunKey& key, Urgency urgency, Loaded done);
  // The current run of a workflow id, as stored.
  void LookUp(const persistence::WorkflowKey& key, Found done);
  bool LooksUp(const persistence::WorkflowKey& key) const;

  // Answers everything with `status`; reads in flight are forgotten.
  void Abandon(const absl::Status& status);

 private:
  struct Wanted {
    std::vector<Loaded> waiting;
    bool in_flight = false;
  };

  void LoadMore();
  void OnLoaded(const std::vector<persistence::RunKey>& keys,
                absl::StatusOr<std::vector<persistence::StoredRun>> runs);
  void LookUpMore();
  void OnFound(const std::vector<persistence::WorkflowKey>& keys,
               absl::StatusOr<std::vector<std::optional<Uuid>>> found);

  persistence::Session& session_;
  Admit admit_;
  uint64_t generation_ = 0;

  absl::flat_hash_map<persistence::RunKey, Wanted> runs_;
  std::deque<persistence::RunKey> called_;  // may hold keys that were loaded meanwhile
  std::deque<persistence::RunKey> woken_;
  bool loading_ = false;

  absl::flat_hash_map<persistence::WorkflowKey, std::vector<Found>> lookups_;
  std::vector<persistence::WorkflowKey> next_lookups_;
  bool looking_up_ = false;
};

}  // namespace perdure::server
