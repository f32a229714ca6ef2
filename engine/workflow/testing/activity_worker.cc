#include "engine/workflow/testing/activity_worker.h"

#include <catch2/catch.hpp>

namespace perdure::engine::workflow::testing {

std::vector<Dispatch> ActivityWorker::Waiting() const {
  std::vector<Dispatch> waiting;
  for (const Dispatch& dispatch : run_.obligations().dispatches) {
    if (dispatch.kind == TaskKind::kActivity && dispatch.scheduled_time <= run_.now())
      waiting.push_back(dispatch);
  }
  return waiting;
}

ActivityTaskReply ActivityWorker::Poll() {
  const std::vector<Dispatch> waiting = Waiting();
  REQUIRE_FALSE(waiting.empty());
  StartActivityTask start;
  start.scheduled_event_id = waiting.front().scheduled_event_id;
  start.attempt = waiting.front().attempt;
  start.request_id = "activity-poll-" + std::to_string(++polls_);
  start.identity = "activity worker";
  const absl::StatusOr<Reply> reply = run_.Do(start);
  REQUIRE(reply.ok());
  return std::get<ActivityTaskReply>(*reply);
}

absl::Status ActivityWorker::Complete(const TaskToken& token,
                                      const With<api::RespondActivityTaskCompletedRequest>& with) {
  workflow::CompleteActivity request{token, {}};
  request.request.set_identity("activity worker");
  if (with) with(request.request);
  return run_.Do(request).status();
}

absl::StatusOr<api::RespondActivityTaskFailedResponse> ActivityWorker::Fail(
    const TaskToken& token, const With<api::RespondActivityTaskFailedRequest>& with) {
  workflow::FailActivity request{token, {}};
  request.request.set_identity("activity worker");
  request.request.mutable_failure()->set_message("broken");
  request.request.mutable_failure()->mutable_application_failure_info()->set_type("Broken");
  if (with) with(request.request);
  const absl::StatusOr<Reply> reply = run_.Do(request);
  if (!reply.ok()) return reply.status();
  return std::get<ActivityFailedReply>(*reply).response;
}

absl::Status ActivityWorker::Cancel(const TaskToken& token,
                                    const With<api::RespondActivityTaskCanceledRequest>& with) {
  workflow::CancelActivity request{token, {}};
  request.request.set_identity("activity worker");
  if (with) with(request.request);
  return run_.Do(request).status();
}

absl::StatusOr<api::RecordActivityTaskHeartbeatResponse> ActivityWorker::Heartbeat(
    const TaskToken& token, const With<api::RecordActivityTaskHeartbeatRequest>& with) {
  workflow::HeartbeatActivity request{token, {}};
  request.request.set_identity("activity worker");
  if (with) with(request.request);
  const absl::StatusOr<Reply> reply = run_.Do(request);
  if (!reply.ok()) return reply.status();
  return std::get<HeartbeatReply>(*reply).response;
}

TaskToken ById(const std::string& activity_id) {
  TaskToken token;
  token.set_activity_id(activity_id);
  return token;
}

Payloads PayloadsOf(const std::string& data) {
  Payloads payloads;
  payloads.add_payloads()->set_data(data);
  return payloads;
}

void StartWith(TestRun& run, const std::vector<Command>& commands,
               const With<api::StartWorkflowExecutionRequest>& with) {
  REQUIRE(run.Start(with).ok());
  run.PollWorkflowTask();
  REQUIRE(run.Complete(commands).ok());
}

}  // namespace perdure::engine::workflow::testing
