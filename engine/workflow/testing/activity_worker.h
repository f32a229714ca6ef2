// A worker of activities for tests: polls what waits, answers with the token or by id. As TestRun, it uses
// Catch2's REQUIRE.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "engine/workflow/testing/test_run.h"

namespace perdure::engine::workflow::testing {

using perdure::server::TaskToken;
using temporal::api::common::v1::Payloads;

class ActivityWorker {
 public:
  explicit ActivityWorker(TestRun& run) : run_(run) {}

  // The dispatches of activities whose time has come.
  std::vector<Dispatch> Waiting() const;
  // Starts the first of them, or fails the test when there is none.
  ActivityTaskReply Poll();

  absl::Status Complete(const TaskToken& token,
                        const With<api::RespondActivityTaskCompletedRequest>& with = {});
  absl::StatusOr<api::RespondActivityTaskFailedResponse> Fail(
      const TaskToken& token, const With<api::RespondActivityTaskFailedRequest>& with = {});
  absl::Status Cancel(const TaskToken& token, const With<api::RespondActivityTaskCanceledRequest>& with = {});
  // The answer to the poll did not reach this worker.
  absl::Status Return(const TaskToken& token) { return run_.Do(ReturnActivityTask{token}).status(); }
  absl::StatusOr<api::RecordActivityTaskHeartbeatResponse> Heartbeat(
      const TaskToken& token, const With<api::RecordActivityTaskHeartbeatRequest>& with = {});

 private:
  TestRun& run_;
  int polls_ = 0;
};

// The token of the forms that name the activity by its id.
TaskToken ById(const std::string& activity_id);

// One payload with these bytes.
Payloads PayloadsOf(const std::string& data);

// Starts the run and completes its first workflow task with these commands: their first event has id 5.
void StartWith(TestRun& run, const std::vector<Command>& commands,
               const With<api::StartWorkflowExecutionRequest>& with = {});

}  // namespace perdure::engine::workflow::testing
