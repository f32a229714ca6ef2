#include "server/history/execution_row.h"

#include <utility>

namespace perdure::server {

persistence::ExecutionRow MakeExecutionRow(const engine::Entity& entity, bool current) {
  engine::EntityRow told = entity.Row();
  persistence::ExecutionRow row;
  row.namespace_id = entity.namespace_id();
  row.id = entity.id();
  row.current = current;
  row.status = told.status;
  row.type = std::move(told.type);
  row.queue = std::move(told.queue);
  row.start_time = told.start_time;
  row.execution_time = told.execution_time;
  row.close_time = told.close_time;
  row.delete_at = told.delete_at;
  row.history_length = told.history_length;
  row.history_size_bytes = told.history_size_bytes;
  row.state_transition_count = told.state_transition_count;
  row.memo = std::move(told.memo);
  row.search_attributes = std::move(told.search_attributes);
  row.extra = std::move(told.extra);
  row.parent = std::move(told.parent);
  row.root = std::move(told.root);
  row.entries = std::move(told.search_entries);
  if (entity.IsDeleted()) {
    row.namespace_id = Uuid{};
    row.current = false;
  }
  return row;
}

}  // namespace perdure::server
