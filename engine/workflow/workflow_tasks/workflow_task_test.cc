// A workflow task's life: started, completed, failed, timed out, lost in a crash.

#include <catch2/catch.hpp>

#include "base/limits.h"
#include "engine/workflow/testing/test_run.h"

namespace perdure::engine::workflow::testing {
namespace {

namespace enums = temporal::api::enums::v1;

constexpr char kNotFound[] = "Workflow task not found.";

TEST_CASE("Start, one workflow task, done: five events") {
  TestRun run;
  REQUIRE(run.Start().ok());
  const WorkflowTaskReply task = run.PollWorkflowTask();
  CHECK(task.response.started_event_id() == 3);
  CHECK(task.response.previous_started_event_id() == 0);
  CHECK(task.response.attempt() == 1);
  CHECK(task.response.workflow_type().name() == "Greet");
  CHECK(task.response.workflow_execution().workflow_id() == "wf");
  CHECK(task.response.workflow_execution_task_queue().name() == "queue");
  CHECK(task.history_from == 1);
  CHECK(task.history_to == 2);
  REQUIRE(run.Complete({CompleteWorkflow()}).ok());
  CHECK(run.Events() == Names{"WorkflowExecutionStarted", "WorkflowTaskScheduled", "WorkflowTaskStarted",
                              "WorkflowTaskCompleted", "WorkflowExecutionCompleted"});
  CHECK_FALSE(run.state().IsOpen());
  CHECK(run.obligations().dispatches.empty());
  CHECK(run.obligations().next_timer == run.now() + run.settings().retention);
  CHECK(run.Event(5).workflow_execution_completed_event_attributes().workflow_task_completed_event_id() == 4);
}

TEST_CASE("A start is soft: nothing is written, and it becomes durable as the worker saw it") {
  TestRun run;
  REQUIRE(run.Start().ok());
  const WorkflowTaskReply task = run.PollWorkflowTask();
  CHECK(run.last_records().empty());
  CHECK(HasVolatile(run.state()));
  CHECK(run.Events().size() == 2);
  run.Sleep(absl::Seconds(1));
  REQUIRE(run.Complete().ok());
  REQUIRE(run.last_records().size() == 2);
  CHECK(run.last_records()[0].events == task.tail);
  CHECK_FALSE(HasVolatile(run.state()));
  CHECK(run.EventsFrom(3) == Names{"WorkflowTaskStarted", "WorkflowTaskCompleted"});
}

TEST_CASE("A reader hardens a soft start") {
  TestRun run;
  REQUIRE(run.Start().ok());
  const WorkflowTaskReply task = run.PollWorkflowTask();
  REQUIRE(run.Do(HardenWorkflowTaskStart{}).ok());
  REQUIRE(run.last_records().size() == 1);
  CHECK(run.last_records()[0].events == task.tail);
  REQUIRE(run.Do(HardenWorkflowTaskStart{}).ok());
  CHECK(run.last_records().empty());
  run.Crash();
  REQUIRE(run.Complete({CompleteWorkflow()}).ok());
}

TEST_CASE("A start that a crash undid cannot be completed; the task comes again") {
  TestRun run;
  REQUIRE(run.Start().ok());
  const WorkflowTaskReply lost = run.PollWorkflowTask();
  run.Crash();
  CHECK(run.CompleteWith(lost.token).status().message() == kNotFound);
  run.Sleep(absl::Seconds(1));
  run.PollWorkflowTask();
  CHECK(run.CompleteWith(lost.token).status().message() == kNotFound);
  REQUIRE(run.Complete({CompleteWorkflow()}).ok());
}

TEST_CASE("A repeated start by the same poll gets the same answer, another poll nothing") {
  TestRun run;
  REQUIRE(run.Start().ok());
  StartWorkflowTask start;
  start.scheduled_event_id = 2;
  start.request_id = "poll";
  start.identity = "worker";
  start.polled_queue = "queue";
  const auto first = std::get<WorkflowTaskReply>(*run.Do(start));
  const auto second = std::get<WorkflowTaskReply>(*run.Do(start));
  CHECK(second.token.SerializeAsString() == first.token.SerializeAsString());
  CHECK(second.tail == first.tail);
  start.request_id = "other";
  CHECK(run.Do(start).status().code() == absl::StatusCode::kNotFound);
  // Also when the start has become durable: then it is in the history.
  REQUIRE(run.Signal("go").ok());
  start.request_id = "poll";
  const auto third = std::get<WorkflowTaskReply>(*run.Do(start));
  CHECK(third.tail.empty());
  CHECK(third.history_to == 3);
}

TEST_CASE("A stale dispatch starts nothing") {
  TestRun run;
  REQUIRE(run.Start().ok());
  StartWorkflowTask start;
  start.request_id = "poll";
  start.polled_queue = "queue";
  start.scheduled_event_id = 7;
  CHECK(run.Do(start).status().message() == kNotFound);
  start.scheduled_event_id = 2;
  start.attempt = 2;
  CHECK(run.Do(start).status().message() == kNotFound);
  start.attempt = 1;
  start.polled_queue = "another";
  CHECK(run.Do(start).status().message() == kNotFound);
  start.polled_queue = "queue";
  CHECK(run.Do(start).ok());
}

TEST_CASE("A token is good once") {
  TestRun run;
  REQUIRE(run.Start().ok());
  const WorkflowTaskReply task = run.PollWorkflowTask();
  REQUIRE(run.Complete().ok());
  const absl::Status again = run.CompleteWith(task.token).status();
  CHECK(again.code() == absl::StatusCode::kNotFound);
  CHECK(again.message() == kNotFound);
}

TEST_CASE("An eager start is durable at once") {
  TestRun run;
  const auto reply = run.Start([](auto& request) { request.set_request_eager_execution(true); });
  REQUIRE(reply.ok());
  REQUIRE(reply->eager_task.has_value());
  CHECK(run.Events() == Names{"WorkflowExecutionStarted", "WorkflowTaskScheduled", "WorkflowTaskStarted"});
  CHECK(run.Event(1).workflow_execution_started_event_attributes().eager_execution_accepted());
  CHECK(reply->eager_task->history_to == 3);
  CHECK(reply->eager_task->tail.empty());
  CHECK(run.Event(3).workflow_task_started_event_attributes().history_size_bytes() == 0);
  run.Crash();
  REQUIRE(run.CompleteWith(reply->eager_task->token, {CompleteWorkflow()}).ok());
}

TEST_CASE(
    "API fact 6: repeated failures add no events, the success writes Scheduled (attempt n), Started, "
    "Completed") {
  TestRun run;
  REQUIRE(run.Start().ok());
  run.PollWorkflowTask();
  REQUIRE(run.FailTask().ok());
  CHECK(run.EventsFrom(4) == Names{"WorkflowTaskFailed"});
  REQUIRE(run.Transient().size() == 1);
  CHECK(run.Transient()[0].event_id() == 5);
  CHECK(run.Transient()[0].workflow_task_scheduled_event_attributes().attempt() == 2);

  CHECK(run.PollWorkflowTask().response.attempt() == 2);
  REQUIRE(run.Transient().size() == 2);
  CHECK(run.Transient()[1].event_id() == 6);
  CHECK(run.Transient()[1].workflow_task_started_event_attributes().identity().empty());
  REQUIRE(run.FailTask().ok());
  CHECK(run.EventsFrom(5).empty());
  CHECK(run.Transient()[0].workflow_task_scheduled_event_attributes().attempt() == 3);

  const WorkflowTaskReply third = run.PollWorkflowTask();
  CHECK(third.response.attempt() == 3);
  CHECK(third.response.started_event_id() == 6);
  CHECK(third.history_to == 4);
  const auto tail = ParseFramed(third.tail);
  REQUIRE(tail.size() == 2);
  CHECK(tail[1].workflow_task_started_event_attributes().identity() == "worker");
  REQUIRE(run.Complete({CompleteWorkflow()}).ok());
  CHECK(run.EventsFrom(5) == Names{"WorkflowTaskScheduled", "WorkflowTaskStarted", "WorkflowTaskCompleted",
                                   "WorkflowExecutionCompleted"});
  CHECK(run.Event(5).workflow_task_scheduled_event_attributes().attempt() == 3);
  CHECK(run.Event(5).SerializeAsString() == tail[0].SerializeAsString());
  CHECK(run.Event(6).SerializeAsString() == tail[1].SerializeAsString());
  CHECK(run.Transient().empty());
}

TEST_CASE("A transient start survives once it is hard, and is lost while soft") {
  TestRun run;
  REQUIRE(run.Start().ok());
  run.PollWorkflowTask();
  REQUIRE(run.FailTask().ok());
  run.PollWorkflowTask();
  run.Crash();
  CHECK(run.Complete().status().message() == kNotFound);
  run.Sleep(absl::Seconds(1));
  run.PollWorkflowTask();
  REQUIRE(run.Do(HardenWorkflowTaskStart{}).ok());
  run.Crash();
  REQUIRE(run.Complete({CompleteWorkflow()}).ok());
}

TEST_CASE("API fact 4: no delay after the third attempt, but the start-to-close timeout grows") {
  TestRun run;
  REQUIRE(run.Start().ok());
  absl::Duration timeout;
  for (int attempt = 1; attempt <= 12; ++attempt) {
    REQUIRE(run.PollWorkflowTask().response.attempt() == attempt);
    timeout = run.state().workflow_task.pending()->start_to_close_timeout;
    if (attempt <= 3) {
      CHECK(timeout == absl::Seconds(10));
    } else if (attempt == 4) {
      CHECK(timeout >= absl::Seconds(14));
      CHECK(timeout <= absl::Seconds(15));
    }
    REQUIRE(run.FailTask().ok());
  }
  CHECK(timeout >= absl::Seconds(10) + absl::Minutes(8));
  CHECK(timeout <= absl::Seconds(10) + absl::Minutes(10));
}

TEST_CASE("API fact 5: a signal before a transient task starts makes it an ordinary first attempt") {
  TestRun run;
  REQUIRE(run.Start().ok());
  run.PollWorkflowTask();
  REQUIRE(run.FailTask().ok());
  REQUIRE(run.Signal("go").ok());
  CHECK(run.EventsFrom(5) == Names{"WorkflowExecutionSignaled"});
  CHECK(run.Transient().empty());
  const WorkflowTaskReply task = run.PollWorkflowTask();
  CHECK(task.response.attempt() == 1);
  CHECK(task.response.started_event_id() == 7);
  CHECK(run.EventsFrom(6) == Names{"WorkflowTaskScheduled"});
  CHECK(run.Event(6).workflow_task_scheduled_event_attributes().attempt() == 1);
  REQUIRE(run.Complete({CompleteWorkflow()}).ok());
  CHECK(run.EventsFrom(7) ==
        Names{"WorkflowTaskStarted", "WorkflowTaskCompleted", "WorkflowExecutionCompleted"});
}

TEST_CASE("A signal while a transient task runs makes the task after its failure an ordinary one") {
  TestRun run;
  REQUIRE(run.Start().ok());
  run.PollWorkflowTask();
  REQUIRE(run.FailTask().ok());
  run.PollWorkflowTask();
  REQUIRE(run.Signal("go").ok());
  CHECK(run.Events().size() == 4);
  REQUIRE(run.FailTask().ok());
  CHECK(run.EventsFrom(5) == Names{"WorkflowExecutionSignaled", "WorkflowTaskScheduled"});
  CHECK(run.Event(6).workflow_task_scheduled_event_attributes().attempt() == 1);
}

TEST_CASE("A task that nobody answers times out and comes again; the late answer finds nothing") {
  TestRun run;
  REQUIRE(run.Start().ok());
  const WorkflowTaskReply first = run.PollWorkflowTask();
  run.Advance(absl::Seconds(9));
  CHECK(run.Events().size() == 2);
  run.Advance(absl::Seconds(1));
  CHECK(run.EventsFrom(3) == Names{"WorkflowTaskStarted", "WorkflowTaskTimedOut"});
  const auto& timed_out = run.Event(4).workflow_task_timed_out_event_attributes();
  CHECK(timed_out.timeout_type() == enums::TIMEOUT_TYPE_START_TO_CLOSE);
  CHECK(timed_out.started_event_id() == 3);
  CHECK(run.CompleteWith(first.token).status().message() == kNotFound);
  CHECK(run.PollWorkflowTask().response.attempt() == 2);
  // A transient one leaves no event.
  run.Advance(absl::Seconds(10));
  CHECK(run.Events().size() == 4);
  CHECK(run.PollWorkflowTask().response.attempt() == 3);
  REQUIRE(run.Complete({CompleteWorkflow()}).ok());
}

TEST_CASE("A worker's failure and identity stand in WorkflowTaskFailed") {
  TestRun run;
  REQUIRE(run.Start().ok());
  run.PollWorkflowTask();
  REQUIRE(run.FailTask([](auto& request) { request.mutable_failure()->set_message("nondeterminism"); }).ok());
  const auto& failed = run.Event(4).workflow_task_failed_event_attributes();
  CHECK(failed.failure().message() == "nondeterminism");
  CHECK(failed.identity() == "worker");
  CHECK(failed.scheduled_event_id() == 2);
  CHECK(failed.started_event_id() == 3);
  CHECK(run.FailTask().message() == kNotFound);
}

TEST_CASE("A task that is too large for gRPC ends its run") {
  TestRun run;
  REQUIRE(run.Start().ok());
  run.PollWorkflowTask();
  REQUIRE(run.FailTask([](auto& request) {
               request.set_cause(enums::WORKFLOW_TASK_FAILED_CAUSE_GRPC_MESSAGE_TOO_LARGE);
             })
              .ok());
  CHECK(run.EventsFrom(4) == Names{"WorkflowTaskFailed", "WorkflowExecutionTerminated"});
  CHECK(run.Event(5).workflow_execution_terminated_event_attributes().reason() == "GrpcMessageTooLarge");
}

TEST_CASE("The started event suggests to continue as new when the history is long") {
  TestRun run;
  REQUIRE(run.Start().ok());
  std::vector<Command> markers(limits::kHistoryCountSuggest, Marker("m"));
  run.PollWorkflowTask();
  REQUIRE(
      run.Complete(markers, [](auto& request) { request.set_force_create_new_workflow_task(true); }).ok());
  const auto tail = ParseFramed(run.PollWorkflowTask().tail);
  const auto& started = tail[0].workflow_task_started_event_attributes();
  CHECK(started.suggest_continue_as_new());
  REQUIRE(started.suggest_continue_as_new_reasons_size() == 1);
  CHECK(started.suggest_continue_as_new_reasons(0) ==
        enums::SUGGEST_CONTINUE_AS_NEW_REASON_TOO_MANY_HISTORY_EVENTS);
  CHECK(started.history_size_bytes() == run.state().history_size_bytes);
}

}  // namespace
}  // namespace perdure::engine::workflow::testing
