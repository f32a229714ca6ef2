// Looks at what the store holds, behind the server's back: no run comes into memory by it, and the seed's
// random numbers stay as they are. Not thread-safe: the simulation is one thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/testing/manual_executor.h"
#include "engine/entity.h"
#include "engine/workflow/state.h"
#include "persistence/memory/memory_store.h"
#include "server/history/entity_kinds.h"
#include "temporal/api/history/v1/message.pb.h"
#include "tests/simulation/faults.h"

namespace perdure::simulation {

// What the simulation's servers are started with: workflows, activities on their own, and counters.
server::EntityKinds SimulatedKinds();

class Auditor {
 public:
  using EntityPtr = std::shared_ptr<const engine::Entity>;

  // Both outlive the auditor.
  Auditor(persistence::MemoryStore& store, StoreFaults& faults, const Uuid& namespace_id);

  // Commits vanished: what was known of entities is believed no more.
  void Forget() {
    folded_.clear();
    outcomes_.clear();
  }
  // Reads all that is stored: what follows speaks of that.
  void Refresh();

  // The wake table's promise, reckoned without the server's WakeTimes: of each entity, open or closed, a row
  // stands at the time of the earliest thing that its durable state owes, or before it; for a message that
  // was tried in vain, at its next attempt, which is never further than the longest backoff from `now`.
  // `writers` own all shards between them. Answers what is broken, or nothing.
  std::vector<std::string> CheckWakes(const std::vector<uint32_t>& writers, absl::Time now);
  // Of the runs of one workflow id at most one is open, and a chain has no gap: a run that names the next one
  // is stored with it, and only the run that a chain began with follows on none. Holds until retention
  // removes runs. Answers as CheckWakes.
  std::vector<std::string> CheckChains();
  // No child that was started before `then` waits for its parent still.
  std::vector<std::string> CheckReleased(absl::Time then);
  // What was broken by commits since the last call (StoreFaults::TakeBroken).
  std::vector<std::string> CheckCommits() { return faults_.TakeBroken(); }
  // What the end of an activity on its own was, it is for ever. Compares with what the last call saw.
  std::vector<std::string> CheckOutcomes();

  // What is left to do, "" when all entities are closed and owe each other nothing (but at `now` what waits
  // for their retention).
  std::string Unsettled(absl::Time now) const;
  // What is stored at all, "" when it is nothing.
  std::string Left();

  // Entities of that kind, as they are folded.
  std::vector<EntityPtr> Entities(KindNumber kind) const;
  // A workflow run as it is stored now; null when there is none.
  const engine::workflow::State* FindWorkflow(const std::string& id, const Uuid& run_id);
  temporal::api::history::v1::History HistoryOf(const engine::Entity& entity);
  // How many workflow runs with such ids the store has, and how many of them are closed.
  struct Runs {
    size_t all = 0;
    size_t closed = 0;
  };
  Runs CountRuns(std::string_view id_prefix) const;

 private:
  // What was read of an entity until now.
  struct Folded {
    EntityPtr entity;
    int64_t sequence = 0;
  };

  std::vector<persistence::VisibilityRow> Rows(KindNumber kind);
  std::vector<persistence::WakeRow> Wakes(uint32_t writer);
  std::map<persistence::RunKey, EntityPtr> Load(const std::vector<persistence::RunKey>& keys);
  EntityPtr Fold(const persistence::StoredRun& stored);
  template <typename T, typename Ask>
  T Read(Ask ask);

  persistence::MemoryStore& store_;
  StoreFaults& faults_;
  const Uuid namespace_id_;
  const server::EntityKinds kinds_ = SimulatedKinds();
  VirtualTime time_;
  ManualExecutor executor_;
  const std::unique_ptr<persistence::Session> session_;
  std::map<persistence::RunKey, EntityPtr> all_;  // as of Refresh
  std::map<persistence::RunKey, Folded> folded_;
  std::map<persistence::RunKey, std::string> outcomes_;  // of activities that have ended
};

}  // namespace perdure::simulation
