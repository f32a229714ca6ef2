#include "base/nesting.h"
#include "base/time.h"
#include "server/frontend/list_pages.h"

namespace perdure::server {
namespace {

using temporal::api::activity::v1::ActivityExecutionListInfo;

ActivityExecutionListInfo ListInfoOf(const persistence::VisibilityRow& stored) {
  const persistence::ExecutionRow& row = stored.row;
  ActivityExecutionListInfo info;
  info.set_activity_id(row.id);
  info.set_run_id(stored.key.run_id.ToString());
  info.mutable_activity_type()->set_name(row.type);
  info.set_task_queue(row.queue);
  info.set_status(static_cast<temporal::api::enums::v1::ActivityExecutionStatus>(row.status));
  *info.mutable_schedule_time() = ToProto(row.start_time);
  *info.mutable_execution_time() = ToProto(row.execution_time);
  ParseStored(row.search_attributes, *info.mutable_search_attributes());
  // These are shown of closed ones only.
  if (row.close_time) {
    *info.mutable_close_time() = ToProto(*row.close_time);
    info.set_state_transition_count(row.state_transition_count);
    info.set_state_size_bytes(row.history_size_bytes);
    *info.mutable_execution_duration() = ToProto(*row.close_time - row.start_time);
  }
  return info;
}

}  // namespace

void ListActivityExecutions(Frontend& frontend, CallPtr call, NamespacePtr name_space,
                            api::ListActivityExecutionsRequest request) {
  AnswerListPage<api::ListActivityExecutionsResponse>(frontend, std::move(call), *name_space, request,
                                                      ListedActivities(), ListInfoOf);
}

}  // namespace perdure::server
