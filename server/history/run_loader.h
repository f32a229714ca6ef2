// Reads runs from the store, many with one query: while as many as may be are in flight, what is wanted
// gathers for the next one. Clients' calls do not wait for runs that are only due. A query is bounded in
// bytes: what did not fit is asked for again, before anything else, with fewer keys. No query is sent while
// the host has no room for what it would bring.
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

  class Host {
   public:
    virtual ~Host() = default;
    // Makes a resident run of a stored one, and puts it into memory.
    virtual absl::StatusOr<RunPtr> Admit(persistence::StoredRun stored) = 0;
    // Whether there is memory for what one more query brings. A false is followed by a Resume.
    virtual bool MayLoad(Urgency urgency) = 0;
    // A run whose wake came is to be removed, or is not there (`stored.found`): begins to remove what is
    // there. The host answers `calls` once it is gone, and `wakes` no later than that.
    virtual void RemoveStored(const persistence::StoredRun& stored, std::vector<Loaded> calls,
                              std::vector<Loaded> wakes) = 0;
  };

  // `max_bytes` and `load_keys`: of one query at the most.
  RunLoader(Executor& executor, persistence::Session& session, Host& host, size_t max_bytes,
            size_t load_keys = limits::kLoadKeys)
      : executor_(executor),
        session_(session),
        host_(host),
        max_bytes_(max_bytes),
        load_keys_(load_keys),
        called_{Urgency::kCall, load_keys, 1},
        woken_{Urgency::kWake, std::max<size_t>(1, load_keys / 2), 2} {}

  // REQUIRES: the run is not in memory, and is not being removed.
  void Load(const persistence::RunKey& key, Urgency urgency, Loaded done);
  // The current run of an id, as stored.
  void LookUp(const persistence::EntityKey& key, Found done);
  bool LooksUp(const persistence::EntityKey& key) const;
  // The host may have room again.
  void Resume();

  // Answers everything with `status`; reads in flight are forgotten.
  void Abandon(const absl::Status& status);

 private:
  struct Wanted {
    std::vector<Loaded> calls;
    std::vector<Loaded> wakes;
    bool in_flight = false;
    bool alone = false;  // a query of several keys, its own among them, could not be understood
  };
  // Keys that wait for a query, and how many queries there may be. A key may be in both queues, or be loaded
  // already.
  struct Queue {
    const Urgency urgency;
    const size_t most_keys;
    const size_t most_queries;
    std::deque<persistence::RunKey> keys = {};
    size_t keys_a_query = most_keys;  // fewer while the bytes of a query do not suffice for more
    size_t queries = 0;
    bool posted = false;  // LoadMore is
  };

  void LoadSoon(Queue& queue);
  void LoadMore(Queue& queue);
  std::vector<persistence::RunKey> NextKeys(Queue& queue);
  bool ReadApart(Queue& queue, const std::vector<persistence::RunKey>& keys, const absl::Status& status);
  void OnLoaded(Queue& queue, const std::vector<persistence::RunKey>& keys,
                absl::StatusOr<std::vector<persistence::StoredRun>> runs);
  void AnswerLoad(const Queue& queue, persistence::StoredRun stored, Wanted wanted);
  static void Answer(Wanted& wanted, const absl::StatusOr<RunPtr>& run);
  void AskAgain(Queue& queue, const std::vector<persistence::RunKey>& later, size_t asked);
  void LookUpSoon();
  void LookUpMore();
  void OnFound(const std::vector<persistence::EntityKey>& keys,
               absl::StatusOr<std::vector<std::optional<Uuid>>> found);

  Executor& executor_;
  persistence::Session& session_;
  Host& host_;
  const size_t max_bytes_;
  uint64_t generation_ = 0;

  absl::flat_hash_map<persistence::RunKey, Wanted> runs_;
  const size_t load_keys_;
  Queue called_;
  // Two queries: the database reads one while this executor folds the other.
  Queue woken_;

  absl::flat_hash_map<persistence::EntityKey, std::vector<Found>> lookups_;
  std::vector<persistence::EntityKey> next_lookups_;
  bool looking_up_ = false;
  bool lookup_posted_ = false;  // LookUpMore is
};

}  // namespace perdure::server
