#include "server/frontend/execution_rows.h"

#include <string>

#include <fmt/format.h>

#include "base/nesting.h"
#include "base/text.h"
#include "base/time.h"
#include "server/frontend/namespaces.h"
#include "server/visibility/listed_kind.h"

namespace perdure::server {

using temporal::api::workflow::v1::WorkflowExecutionInfo;

namespace {

void NameRun(const NamedRun& run, temporal::api::common::v1::WorkflowExecution& execution) {
  execution.set_workflow_id(run.id);
  execution.set_run_id(run.run_id.ToString());
}

}  // namespace

WorkflowExecutionInfo ExecutionInfoOf(const persistence::VisibilityRow& stored) {
  const persistence::ExecutionRow& row = stored.row;
  WorkflowExecutionInfo info;
  ParseStored(row.extra, info);  // written by us; what cannot be read is left out
  info.mutable_execution()->set_workflow_id(row.id);
  info.mutable_execution()->set_run_id(stored.key.run_id.ToString());
  info.mutable_type()->set_name(row.type);
  info.set_task_queue(row.queue);
  info.set_status(static_cast<temporal::api::enums::v1::WorkflowExecutionStatus>(row.status));
  *info.mutable_start_time() = ToProto(row.start_time);
  *info.mutable_execution_time() = ToProto(row.execution_time);
  ParseStored(row.memo, *info.mutable_memo());
  ParseStored(row.search_attributes, *info.mutable_search_attributes());
  if (row.parent) NameRun(*row.parent, *info.mutable_parent_execution());
  *info.mutable_root_execution() = info.execution();
  if (row.root) NameRun(*row.root, *info.mutable_root_execution());
  // These are shown of closed runs only.
  if (row.close_time) {
    *info.mutable_close_time() = ToProto(*row.close_time);
    info.set_history_length(row.history_length);
    info.set_history_size_bytes(row.history_size_bytes);
    info.set_state_transition_count(row.state_transition_count);
    *info.mutable_execution_duration() = ToProto(*row.close_time - row.execution_time);
  }
  return info;
}

temporal::api::common::v1::Payload StatusPayload(const ListedKind& kind, int32_t status) {
  temporal::api::common::v1::Payload payload;
  (*payload.mutable_metadata())["encoding"] = "json/plain";
  (*payload.mutable_metadata())["type"] = "Keyword";
  payload.set_data(fmt::format("\"{}\"", StatusName(kind, status)));
  return payload;
}

persistence::ListCursor CursorOf(const ListPageToken& token) {
  persistence::ListCursor cursor;
  if (token.close_time_micros() != 0) cursor.close_time = absl::FromUnixMicros(token.close_time_micros());
  cursor.start_time = absl::FromUnixMicros(token.start_time_micros());
  cursor.run_id = Uuid::FromBytes(token.run_id()).value_or(Uuid{});
  return cursor;
}

void SetCursor(const persistence::VisibilityRow& last, ListPageToken& token) {
  token.set_close_time_micros(last.row.close_time ? absl::ToUnixMicros(*last.row.close_time) : 0);
  token.set_start_time_micros(absl::ToUnixMicros(last.row.start_time));
  token.set_run_id(std::string(last.key.run_id.View()));
}

}  // namespace perdure::server
