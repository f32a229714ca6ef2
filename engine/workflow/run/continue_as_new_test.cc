// ContinueAsNewWorkflowExecution: the run that follows.

#include <catch2/catch.hpp>

#include "base/limits.h"
#include "base/time.h"
#include "engine/workflow/testing/test_run.h"

namespace perdure::engine::workflow::testing {
namespace {

namespace enums = temporal::api::enums::v1;

const auto& Started(const TestRun& run) { return run.Event(1).workflow_execution_started_event_attributes(); }

const auto& Closed(const TestRun& run) {
  return run.history().back().workflow_execution_continued_as_new_event_attributes();
}

// Starts a run, and completes its first task a minute later with the command alone.
void Continue(TestRun& run, const Command& command,
              const With<api::StartWorkflowExecutionRequest>& start = {}) {
  REQUIRE(run.Start(start).ok());
  run.Sleep(absl::Minutes(1));
  run.PollWorkflowTask();
  REQUIRE(run.Complete({command}).ok());
}

TEST_CASE("A run that continues as new is closed, and followed by one that is like it") {
  TestRun run;
  Continue(run, ContinueAsNew());
  CHECK(run.EventsFrom(4) == Names{"WorkflowTaskCompleted", "WorkflowExecutionContinuedAsNew"});
  CHECK(run.state().status == enums::WORKFLOW_EXECUTION_STATUS_CONTINUED_AS_NEW);
  CHECK(Closed(run).workflow_type().name() == "Greet");
  CHECK(Closed(run).initiator() == enums::CONTINUE_AS_NEW_INITIATOR_UNSPECIFIED);
  const std::string first = run.state().facts->run_id.ToString();
  const std::string first_request = run.state().facts->request_id;
  const std::string second = Closed(run).new_execution_run_id();

  run.GoOn();
  CHECK(run.Events() == Names{"WorkflowExecutionStarted", "WorkflowTaskScheduled"});
  CHECK(run.state().facts->run_id.ToString() == second);
  CHECK(run.state().facts->workflow_id == "wf");
  CHECK(run.state().facts->request_id != first_request);
  CHECK(Started(run).continued_execution_run_id() == first);
  CHECK(Started(run).first_execution_run_id() == first);
  CHECK(Started(run).original_execution_run_id() == second);
  CHECK(Started(run).initiator() == enums::CONTINUE_AS_NEW_INITIATOR_WORKFLOW);
  CHECK(Started(run).attempt() == 1);
  CHECK(Started(run).identity().empty());
  CHECK_FALSE(Started(run).has_first_workflow_task_backoff());
  CHECK(run.PendingWorkflowTask().has_value());
  run.PollWorkflowTask();
  REQUIRE(run.Complete({CompleteWorkflow()}).ok());
  CHECK_FALSE(run.next().has_value());
}

TEST_CASE("What the command says goes into both events, and the rest is not taken over") {
  TestRun run;
  const Command command = ContinueAsNew([](auto& wanted) {
    wanted.mutable_workflow_type()->set_name("Other");
    wanted.mutable_task_queue()->set_name("other");
    wanted.mutable_input()->add_payloads()->set_data("next");
    *wanted.mutable_backoff_start_interval() = ToProto(absl::Seconds(90));
    wanted.mutable_last_completion_result()->add_payloads()->set_data("result");
    wanted.mutable_failure()->set_message("it broke");
    wanted.set_cron_schedule("@hourly");
    wanted.mutable_retry_policy()->set_maximum_attempts(5);
  });
  Continue(run, command, [](auto& request) {
    (*request.mutable_memo()->mutable_fields())["note"].set_data("\"a memo\"");
    request.mutable_input()->add_payloads()->set_data("first");
    request.mutable_priority()->set_priority_key(2);
    request.add_links()->mutable_workflow_event()->set_workflow_id("linked");
  });
  CHECK(Closed(run).task_queue().kind() == enums::TASK_QUEUE_KIND_NORMAL);
  CHECK(Closed(run).failure().message() == "it broke");
  run.GoOn();
  CHECK(run.Events() == Names{"WorkflowExecutionStarted"});
  CHECK(Started(run).workflow_type().name() == "Other");
  CHECK(Started(run).input().payloads(0).data() == "next");
  CHECK(Started(run).last_completion_result().payloads(0).data() == "result");
  CHECK(Started(run).continued_failure().message() == "it broke");
  CHECK(Started(run).cron_schedule() == "@hourly");
  CHECK(FromProto(Started(run).retry_policy().initial_interval()) == absl::Seconds(1));
  CHECK(FromProto(Started(run).first_workflow_task_backoff()) == absl::Seconds(90));
  CHECK_FALSE(Started(run).has_memo());
  CHECK(run.state().memo->fields().empty());
  CHECK(Started(run).priority().priority_key() == 2);
  CHECK(run.Event(1).links(0).workflow_event().workflow_id() == "linked");

  run.Advance(absl::Seconds(89));
  CHECK_FALSE(run.PendingWorkflowTask().has_value());
  run.Advance(absl::Seconds(1));
  CHECK(run.PendingWorkflowTask().value().task_queue == "other");
}

TEST_CASE("The end of the execution stands over the chain; a run timeout is counted anew and cut to it") {
  TestRun run;
  const absl::Time end = run.now() + absl::Minutes(10);
  const Command command = ContinueAsNew([](auto& wanted) {
    *wanted.mutable_workflow_run_timeout() = ToProto(absl::Hours(1));
    *wanted.mutable_workflow_task_timeout() = ToProto(absl::Hours(1));
  });
  Continue(run, command,
           [](auto& request) { *request.mutable_workflow_execution_timeout() = ToProto(absl::Minutes(10)); });
  run.GoOn();
  CHECK(FromProto(Started(run).workflow_run_timeout()) == absl::Minutes(10));
  CHECK(FromProto(Started(run).workflow_task_timeout()) == limits::kMaxWorkflowTaskTimeout);
  CHECK(FromProto(Started(run).workflow_execution_expiration_time()) == end);
  CHECK(run.obligations().next_timer == end);
  run.Advance(absl::Minutes(10));
  CHECK(run.state().status == enums::WORKFLOW_EXECUTION_STATUS_TIMED_OUT);
  CHECK_FALSE(run.next().has_value());
}

TEST_CASE("Between the first tasks of two runs lies a second") {
  TestRun run;
  REQUIRE(run.Start().ok());
  run.Sleep(absl::Milliseconds(300));
  run.PollWorkflowTask();
  REQUIRE(run.Complete({ContinueAsNew()}).ok());
  run.GoOn();
  CHECK(FromProto(Started(run).first_workflow_task_backoff()) == absl::Milliseconds(700));
  CHECK(run.Events() == Names{"WorkflowExecutionStarted"});
  run.Advance(absl::Milliseconds(700));
  run.PollWorkflowTask();
  const Command half = ContinueAsNew(
      [](auto& wanted) { *wanted.mutable_backoff_start_interval() = ToProto(absl::Milliseconds(500)); });
  REQUIRE(run.Complete({half}).ok());
  run.GoOn();
  CHECK(FromProto(Started(run).first_workflow_task_backoff()) == absl::Seconds(1));
}

TEST_CASE("A signal waits for the end of the backoff, a cancel request does not") {
  TestRun run;
  Continue(run, ContinueAsNew([](auto& wanted) {
             *wanted.mutable_backoff_start_interval() = ToProto(absl::Hours(1));
           }));
  run.GoOn();
  REQUIRE(run.Signal("go").ok());
  CHECK_FALSE(run.PendingWorkflowTask().has_value());
  REQUIRE(run.RequestCancel().ok());
  CHECK(run.Events() == Names{"WorkflowExecutionStarted", "WorkflowExecutionSignaled",
                              "WorkflowExecutionCancelRequested", "WorkflowTaskScheduled"});
}

TEST_CASE("A run does not continue over events that no worker has seen") {
  TestRun run;
  REQUIRE(run.Start().ok());
  run.PollWorkflowTask();
  REQUIRE(run.Signal("go").ok());
  const auto reply = run.Complete({ContinueAsNew()});
  CHECK(reply.status().message() == "UnhandledCommand");
  CHECK(run.state().IsOpen());
  CHECK_FALSE(run.next().has_value());
  run.PollWorkflowTask();
  REQUIRE(run.Complete({ContinueAsNew()}).ok());
  run.GoOn();
  CHECK(run.state().signal_count == 0);
}

TEST_CASE("What is pending ends with its run") {
  TestRun run;
  REQUIRE(run.Start().ok());
  run.PollWorkflowTask();
  REQUIRE(run.Complete({StartTimer("t1", absl::Hours(1)), ScheduleActivity("a1")},
                       [](auto& request) { request.set_force_create_new_workflow_task(true); })
              .ok());
  run.PollWorkflowTask();
  REQUIRE(run.RequestCancel().ok());
  CHECK_FALSE(run.Complete({ContinueAsNew()}).ok());
  run.PollWorkflowTask();
  REQUIRE(run.Complete({ContinueAsNew()}).ok());
  CHECK(run.obligations().dispatches.empty());
  run.GoOn();
  CHECK(run.state().timers->empty());
  CHECK(run.state().activities->empty());
  CHECK_FALSE(run.state().CancelRequested());
}

TEST_CASE("Points to reset to are handed on, with the time until which their run is kept") {
  TestRun run;
  run.settings().retention = absl::Hours(24);
  Continue(run, ContinueAsNew());
  const absl::Time kept_until = run.now() + absl::Hours(24);
  CHECK(FromProto(run.state().auto_reset_points->points(0).expire_time()) == kept_until);
  const std::string first = run.state().facts->run_id.ToString();
  run.GoOn();
  REQUIRE(run.state().auto_reset_points->points_size() == 1);
  CHECK(run.state().auto_reset_points->points(0).run_id() == first);
  CHECK(FromProto(Started(run).prev_auto_reset_points().points(0).expire_time()) == kept_until);

  // They are forgotten by the first run that begins after that.
  run.Sleep(absl::Hours(25));
  run.PollWorkflowTask();
  REQUIRE(run.Complete({ContinueAsNew()}, [](auto& request) { request.set_binary_checksum("two"); }).ok());
  run.GoOn();
  REQUIRE(run.state().auto_reset_points->points_size() == 1);
  CHECK(run.state().auto_reset_points->points(0).binary_checksum() == "two");
}

TEST_CASE("Attributes that are wrong fail the task, and nothing follows") {
  struct Case {
    Command command;
    std::string message;
  };
  using Attributes = temporal::api::command::v1::ContinueAsNewWorkflowExecutionCommandAttributes;
  const std::string names = "WorkflowType=Greet TaskQueue=name:\"queue\"  kind:TASK_QUEUE_KIND_NORMAL";
  const std::vector<Case> cases = {
      {ContinueAsNew(
           [](Attributes& wanted) { *wanted.mutable_workflow_run_timeout() = ToProto(absl::Seconds(-1)); }),
       "BadContinueAsNewAttributes: Invalid WorkflowRunTimeout on ContinueAsNewWorkflowExecutionCommand: "
       "negative duration. " +
           names},
      {ContinueAsNew(
           [](Attributes& wanted) { *wanted.mutable_backoff_start_interval() = ToProto(absl::Seconds(-1)); }),
       "BadContinueAsNewAttributes: Invalid BackoffStartInterval on ContinueAsNewWorkflowExecutionCommand: "
       "negative duration. " +
           names},
      {ContinueAsNew([](Attributes& wanted) { wanted.mutable_retry_policy()->set_maximum_attempts(-1); }),
       "BadContinueAsNewAttributes: invalid WorkflowRetryPolicy on ContinueAsNewWorkflowExecutionCommand: "
       "MaximumAttempts cannot be negative on retry policy.. " +
           names},
      {ContinueAsNew([](Attributes& wanted) { wanted.mutable_task_queue()->set_name("/_sys/x"); }),
       "BadContinueAsNewAttributes: error validating ContinueAsNewWorkflowExecutionCommand TaskQueue: task "
       "queue name cannot start with reserved prefix /_sys/. WorkflowType=Greet TaskQueue=name:\"/_sys/x\"  "
       "kind:TASK_QUEUE_KIND_NORMAL"},
      {ContinueAsNew([](Attributes& wanted) {
         (*wanted.mutable_search_attributes()->mutable_indexed_fields())["Unknown"].set_data("1");
       }),
       "BadSearchAttributes: Namespace default has no mapping defined for search attribute Unknown"},
  };
  for (const Case& c : cases) {
    TestRun run;
    REQUIRE(run.Start().ok());
    run.PollWorkflowTask();
    CHECK(run.Complete({c.command}).status().message() == c.message);
    CHECK(run.EventsFrom(4) == Names{"WorkflowTaskFailed"});
    CHECK_FALSE(run.next().has_value());
  }
}

TEST_CASE("Input over the limit ends the run") {
  TestRun run;
  REQUIRE(run.Start().ok());
  run.PollWorkflowTask();
  const Command command = ContinueAsNew([](auto& wanted) {
    wanted.mutable_input()->add_payloads()->set_data(std::string(limits::kBlobSize + 1, 'x'));
  });
  CHECK_FALSE(run.Complete({command}).ok());
  CHECK(run.state().status == enums::WORKFLOW_EXECUTION_STATUS_TERMINATED);
  CHECK_FALSE(run.next().has_value());
}

TEST_CASE("A chain is named by its first run when it is canceled or terminated") {
  TestRun run;
  Continue(run, ContinueAsNew());
  const std::string first = run.state().facts->run_id.ToString();
  run.GoOn();
  const std::string second = run.state().facts->run_id.ToString();
  CHECK_FALSE(run.RequestCancel([&](auto& request) { request.set_first_execution_run_id(second); }).ok());
  CHECK(run.RequestCancel([&](auto& request) { request.set_first_execution_run_id(first); }).ok());
  CHECK_FALSE(run.Terminate([&](auto& request) { request.set_first_execution_run_id(second); }).ok());
  CHECK(run.Terminate([&](auto& request) { request.set_first_execution_run_id(first); }).ok());
  CHECK_FALSE(run.next().has_value());
}

}  // namespace
}  // namespace perdure::engine::workflow::testing
