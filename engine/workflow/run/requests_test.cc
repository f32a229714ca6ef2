// Signals, cancels and terminates.

#include <catch2/catch.hpp>

#include "base/limits.h"
#include "engine/workflow/testing/activity_worker.h"
#include "engine/workflow/testing/test_run.h"

namespace perdure::engine::workflow::testing {
namespace {

namespace enums = temporal::api::enums::v1;

void StartIdle(TestRun& run) {
  REQUIRE(run.Start().ok());
  run.PollWorkflowTask();
  REQUIRE(run.Complete().ok());
}

TEST_CASE("A signal to an idle run schedules a task; the next one does not schedule another") {
  TestRun run;
  StartIdle(run);
  REQUIRE(run.Signal("one").ok());
  REQUIRE(run.Signal("two").ok());
  CHECK(run.EventsFrom(5) ==
        Names{"WorkflowExecutionSignaled", "WorkflowTaskScheduled", "WorkflowExecutionSignaled"});
}

TEST_CASE("A signal keeps its input, header, links, identity and request id") {
  TestRun run;
  StartIdle(run);
  REQUIRE(run.Signal("go",
                     [](auto& request) {
                       request.mutable_input()->add_payloads()->set_data("\"a\"");
                       (*request.mutable_header()->mutable_fields())["trace"].set_data("\"t\"");
                       request.add_links()->mutable_batch_job()->set_job_id("job");
                       request.set_request_id("request");
                     })
              .ok());
  const auto& signaled = run.Event(5).workflow_execution_signaled_event_attributes();
  CHECK(signaled.signal_name() == "go");
  CHECK(signaled.input().payloads(0).data() == "\"a\"");
  CHECK(signaled.header().fields().contains("trace"));
  CHECK(signaled.identity() == "client");
  CHECK(signaled.request_id() == "request");
  CHECK(run.Event(5).links(0).batch_job().job_id() == "job");
}

TEST_CASE(
    "A repeated request id signals once: in the history, in the buffer, after a crash, on a closed run") {
  TestRun run;
  StartIdle(run);
  const auto same = [](auto& request) { request.set_request_id("same"); };
  const auto other = [](auto& request) { request.set_request_id("other"); };
  REQUIRE(run.Signal("go", same).ok());
  REQUIRE(run.Signal("go", same).ok());
  CHECK(run.last_records().empty());
  run.PollWorkflowTask();
  REQUIRE(run.Signal("go", other).ok());
  REQUIRE(run.Signal("go", other).ok());
  CHECK(run.last_records().empty());
  run.Crash();
  REQUIRE(run.Signal("go", other).ok());
  CHECK(run.state().signal_count == 2);
  REQUIRE(run.Complete().ok());
  CHECK(run.state().signal_count == 2);
  run.PollWorkflowTask();
  REQUIRE(run.Complete({CompleteWorkflow()}).ok());
  CHECK(run.Signal("go", same).ok());
}

TEST_CASE("API fact 12: a closed run takes no signal and no terminate; a cancel is fulfilled") {
  TestRun run;
  StartIdle(run);
  REQUIRE(run.Terminate().ok());
  for (const absl::Status& status : {run.Signal("go"), run.Terminate()}) {
    CHECK(status.code() == absl::StatusCode::kNotFound);
    CHECK(status.message() == "workflow execution already completed");
  }
  CHECK(run.RequestCancel().ok());
  CHECK(run.last_records().empty());
}

TEST_CASE("A signal over the payload limit, or one too many, is refused") {
  TestRun run;
  StartIdle(run);
  CHECK(run.Signal("go",
                   [](auto& request) {
                     request.mutable_input()->add_payloads()->set_data(
                         std::string(limits::kBlobSize + 1, 'x'));
                   })
            .message() == "Blob data size exceeds limit.");
  CHECK(run.last_records().empty());
}

TEST_CASE("API fact 12: cancel twice is one event") {
  TestRun run;
  StartIdle(run);
  REQUIRE(run.RequestCancel([](auto& request) { request.set_reason("enough"); }).ok());
  REQUIRE(run.RequestCancel().ok());
  CHECK(run.EventsFrom(5) == Names{"WorkflowExecutionCancelRequested", "WorkflowTaskScheduled"});
  const auto& requested = run.Event(5).workflow_execution_cancel_requested_event_attributes();
  CHECK(requested.cause() == "enough");
  CHECK(requested.identity() == "client");
  run.PollWorkflowTask();
  REQUIRE(run.Complete({CancelWorkflow()}).ok());
  CHECK(run.Events().back() == "WorkflowExecutionCanceled");
}

TEST_CASE("Cancel twice while a task runs is one event, too") {
  TestRun run;
  REQUIRE(run.Start().ok());
  run.PollWorkflowTask();
  REQUIRE(run.RequestCancel().ok());
  REQUIRE(run.RequestCancel().ok());
  CHECK(run.state().buffered->size() == 1);
  REQUIRE(run.Complete().ok());
  CHECK(run.state().cancel_requested_event_id == 5);
}

TEST_CASE("A terminate while a task runs fails it first and writes what was buffered") {
  TestRun run;
  REQUIRE(run.Start().ok());
  run.PollWorkflowTask();
  REQUIRE(run.Signal("go").ok());
  REQUIRE(run.Terminate([](auto& request) {
               request.set_reason("enough");
               request.mutable_details()->add_payloads()->set_data("1");
             })
              .ok());
  CHECK(run.EventsFrom(4) ==
        Names{"WorkflowTaskFailed", "WorkflowExecutionSignaled", "WorkflowExecutionTerminated"});
  const auto& failed = run.Event(4).workflow_task_failed_event_attributes();
  CHECK(failed.cause() == enums::WORKFLOW_TASK_FAILED_CAUSE_FORCE_CLOSE_COMMAND);
  CHECK(failed.identity() == "history-service");
  const auto& terminated = run.Event(6).workflow_execution_terminated_event_attributes();
  CHECK(terminated.reason() == "enough");
  CHECK(terminated.identity() == "client");
  CHECK(terminated.details().payloads_size() == 1);
}

TEST_CASE("A terminate before any task runs is one event") {
  TestRun run;
  REQUIRE(run.Start().ok());
  REQUIRE(run.Terminate().ok());
  CHECK(run.EventsFrom(3) == Names{"WorkflowExecutionTerminated"});
  CHECK(run.obligations().dispatches.empty());
}

TEST_CASE("A request that names another chain's first run finds none") {
  TestRun run;
  const auto reply = run.Start();
  REQUIRE(reply.ok());
  const auto other = [](auto& request) { request.set_first_execution_run_id("other"); };
  CHECK(run.Terminate(other).message() == "workflow execution not found");
  CHECK(run.RequestCancel(other).message() == "workflow execution not found");
  CHECK(run.Terminate([&](auto& request) { request.set_first_execution_run_id(reply->response.run_id()); })
            .ok());
}

TEST_CASE("Too much that arrives takes the task from a slow worker") {
  TestRun run;
  REQUIRE(run.Start().ok());
  run.PollWorkflowTask();
  for (size_t i = 0; i < limits::kBufferedEvents; ++i) REQUIRE(run.Signal("go").ok());
  CHECK(run.Events().size() == 3);
  REQUIRE(run.Signal("go").ok());
  CHECK(run.Event(4).workflow_task_failed_event_attributes().cause() ==
        enums::WORKFLOW_TASK_FAILED_CAUSE_FORCE_CLOSE_COMMAND);
  CHECK(run.Events().back() == "WorkflowTaskScheduled");
  CHECK(run.Events().size() == 4 + limits::kBufferedEvents + 1 + 1);
  CHECK(run.Complete().status().code() == absl::StatusCode::kNotFound);
}

TEST_CASE("API fact 19: a history over its limit ends the run, and the caller is told why") {
  TestRun run;
  REQUIRE(run.Start().ok());
  const std::vector<Command> markers(10'000, Marker("m"));
  absl::Status status;
  while (status.ok()) {
    run.PollWorkflowTask();
    status = run.Complete(markers, [](auto& request) { request.set_force_create_new_workflow_task(true); })
                 .status();
  }
  CHECK(status.code() == absl::StatusCode::kInvalidArgument);
  CHECK(status.message() == "Workflow history count exceeds limit.");
  CHECK_FALSE(run.state().IsOpen());
  CHECK(run.Events().size() <= limits::kHistoryCount);
  const auto& terminated = run.history().back().workflow_execution_terminated_event_attributes();
  CHECK(terminated.reason() == "Workflow history count exceeds limit.");
  CHECK(terminated.identity() == "history-service");
}

TEST_CASE("One completion that leads over the limit is undone, however short the history was") {
  TestRun run;
  REQUIRE(run.Start().ok());
  run.PollWorkflowTask();
  std::vector<Command> timers;
  for (int i = 0; i < 150'000; ++i) timers.push_back(StartTimer(std::to_string(i), absl::Hours(1)));
  const absl::Status status = run.Complete(timers).status();
  CHECK(status.code() == absl::StatusCode::kInvalidArgument);
  CHECK(status.message() == "Workflow history count exceeds limit.");
  CHECK(run.state().timers->empty());
  CHECK(run.EventsFrom(3) ==
        Names{"WorkflowTaskStarted", "WorkflowTaskFailed", "WorkflowExecutionTerminated"});
}

TEST_CASE("By id an activity may be failed with any failure, and with none") {
  for (const auto type : {enums::TIMEOUT_TYPE_SCHEDULE_TO_START, enums::TIMEOUT_TYPE_SCHEDULE_TO_CLOSE}) {
    TestRun run;
    ActivityWorker worker(run);
    StartWith(run, {ScheduleActivity("a1")});
    worker.Poll();
    REQUIRE(worker
                .Fail(ById("a1"),
                      [&](auto& request) {
                        request.mutable_failure()->clear_application_failure_info();
                        request.mutable_failure()->mutable_timeout_failure_info()->set_timeout_type(type);
                      })
                .ok());
    CHECK(run.EventsFrom(6) == Names{"ActivityTaskStarted", "ActivityTaskFailed", "WorkflowTaskScheduled"});
    CHECK(run.Event(7).activity_task_failed_event_attributes().retry_state() == enums::RETRY_STATE_TIMEOUT);
  }
  for (const bool failure : {false, true}) {
    TestRun run;
    ActivityWorker worker(run);
    StartWith(run, {ScheduleActivity("a1")});
    worker.Poll();
    REQUIRE(worker
                .Fail(ById("a1"),
                      [&](auto& request) {
                        request.clear_failure();
                        if (failure) request.mutable_failure()->set_message("broken");
                      })
                .ok());
    CHECK(run.EventsFrom(6).empty());
    CHECK(run.state().activities->begin()->second->attempt == 2);
  }
}

}  // namespace
}  // namespace perdure::engine::workflow::testing
