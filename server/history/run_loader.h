// Reads runs from the store, many with one query: while as many as may be are in flight, what is wanted
// gathers for the next one. Clients' calls do not wait for runs that are only due.
//
// Not thread-safe: lives on one executor, and is destroyed on it or after its end.
#pragma once

#include <algorithm>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "base/executor.h"
#include "base/limits.h"
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

  // `load_keys`: of one query at the most.
  RunLoader(Executor& executor, persistence::Session& session, Admit admit,
            size_t load_keys = limits::kLoadKeys)
      : executor_(executor),
        session_(session),
        admit_(std::move(admit)),
        load_keys_(load_keys),
        called_{{}, load_keys, 1},
        woken_{{}, std::max<size_t>(1, load_keys / 2), 2} {}

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
    bool alone = false;  // a query of several keys, its own among them, could not be understood
  };
  // Keys that wait for a query, and how many queries there may be. A key may be in both queues, or be loaded
  // already.
  struct Queue {
    std::deque<persistence::RunKey> keys;
    const size_t keys_a_query;
    const size_t most_queries;
    size_t queries = 0;
    bool posted = false;  // LoadMore is
  };

  void LoadSoon(Queue& queue);
  void LoadMore(Queue& queue);
  std::vector<persistence::RunKey> NextKeys(Queue& queue);
  bool ReadApart(Queue& queue, const std::vector<persistence::RunKey>& keys, const absl::Status& status);
  void OnLoaded(const std::vector<persistence::RunKey>& keys,
                absl::StatusOr<std::vector<persistence::StoredRun>> runs);
  void LookUpMore();
  void OnFound(const std::vector<persistence::WorkflowKey>& keys,
               absl::StatusOr<std::vector<std::optional<Uuid>>> found);

  Executor& executor_;
  persistence::Session& session_;
  Admit admit_;
  uint64_t generation_ = 0;

  absl::flat_hash_map<persistence::RunKey, Wanted> runs_;
  const size_t load_keys_;
  Queue called_;
  // Two queries: the database reads one while this executor folds the other.
  Queue woken_;

  absl::flat_hash_map<persistence::WorkflowKey, std::vector<Found>> lookups_;
  std::vector<persistence::WorkflowKey> next_lookups_;
  bool looking_up_ = false;
};

}  // namespace perdure::server
