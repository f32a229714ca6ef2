// One run as the store holds it, whole, and its description for people and programs. What was written by
// workflows (inputs, results, heartbeat details) is not described, only that it is there and how big it is.
//
// Thread safety: any thread that is not `loop`'s; it waits.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/executor.h"
#include "engine/workflow/state.h"
#include "nlohmann/json.hpp"
#include "persistence/store.h"
#include "server/cluster/namespace_registry.h"

namespace perdure::server {

struct StoredRunView {
  persistence::RunKey key;
  bool is_current = false;
  std::optional<persistence::ExecutionRow> row;
  std::optional<persistence::SnapshotRow> snapshot;
  // In order. Of those older than the snapshot, only the ones with events are in the store still.
  std::vector<persistence::HistoryRow> records;
  int64_t records_left_out = 0;
  absl::StatusOr<engine::workflow::State> state;  // DATA_LOSS when it cannot be folded
};

// NOT_FOUND when there is no such run. `session` lives on `loop`.
absl::StatusOr<StoredRunView> ReadStoredRun(persistence::Session& session, Executor& loop,
                                            const Namespace& name_space, const std::string& workflow_id,
                                            std::optional<Uuid> run_id);

nlohmann::ordered_json Describe(const StoredRunView& run, const Namespace& name_space,
                                const std::string& workflow_id);

// The same as indented text; an object within a list is a line.
std::string ToText(const nlohmann::ordered_json& description);

}  // namespace perdure::server
