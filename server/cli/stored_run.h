// One run of an entity as the store holds it, whole, and its description for people and programs. What was
// written by workers and clients (inputs, results, heartbeat details) is not described, only that it is there
// and how big it is. What is of one kind alone is told by its line in the registry.
//
// Thread safety: any thread that is not `loop`'s; it waits.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/executor.h"
#include "engine/entity.h"
#include "nlohmann/json.hpp"
#include "persistence/store.h"
#include "server/cluster/namespace_registry.h"
#include "server/history/entity_kinds.h"

namespace perdure::server {

struct StoredRunView {
  persistence::RunKey key;
  bool is_current = false;
  std::optional<persistence::ExecutionRow> row;
  std::optional<persistence::SnapshotRow> snapshot;
  // In order. Of those older than the snapshot, only the ones with events are in the store still.
  std::vector<persistence::HistoryRow> records;
  int64_t records_left_out = 0;
  absl::StatusOr<std::unique_ptr<engine::Entity>> entity;  // DATA_LOSS when it cannot be folded
};

// An entity as a command names it. The line outlives it.
struct StoredRunName {
  const EntityKind& line;
  const Namespace& name_space;
  std::string id;
  std::optional<Uuid> run_id;  // nullopt: the current run
};

// NOT_FOUND when there is no such run. `session` lives on `loop`.
absl::StatusOr<StoredRunView> ReadStoredRun(persistence::Session& session, Executor& loop,
                                            const StoredRunName& name);

// REQUIRES: the line has an inspector.
nlohmann::ordered_json Describe(const StoredRunView& run, const StoredRunName& name);

// The same as indented text; an object within a list is a line.
std::string ToText(const nlohmann::ordered_json& description);

}  // namespace perdure::server
