// SignalWithStartWorkflowExecution: who gets the signal, and how often.

#include <catch2/catch.hpp>

#include "base/limits.h"
#include "base/time.h"
#include "engine/workflow/testing/test_run.h"

namespace perdure::engine::workflow::testing {
namespace {

namespace enums = temporal::api::enums::v1;
using api::StartWorkflowExecutionRequest;

StartReply AnswerOf(const StartDecision& decision) {
  REQUIRE(decision.reply.ok());
  return std::get<StartReply>(*decision.reply);
}

// Of the run that a decision begins.
Names EventsOf(const StartDecision& decision) {
  Names names;
  for (const Record& record : decision.records) {
    for (const HistoryEvent& event : ParseFramed(record.events)) names.push_back(TypeName(event));
  }
  return names;
}

void WithSameRequestId(StartWorkflowExecutionRequest& request) { request.set_request_id("same"); }

void DelayedByAMinute(StartWorkflowExecutionRequest& request) {
  *request.mutable_workflow_start_delay() = ToProto(absl::Minutes(1));
}

TEST_CASE("Nobody has the id: one record holds the start, the signal and the first task") {
  TestRun run;
  const StartReply reply = AnswerOf(run.SignalWithStart("go"));
  CHECK(reply.response.started());
  CHECK(reply.response.run_id() == run.state().facts->run_id.ToString());
  CHECK(run.last_records().size() == 1);
  CHECK(run.Events() ==
        Names{"WorkflowExecutionStarted", "WorkflowExecutionSignaled", "WorkflowTaskScheduled"});
  const auto& signaled = run.Event(2).workflow_execution_signaled_event_attributes();
  CHECK(signaled.signal_name() == "go");
  CHECK(signaled.request_id() == run.state().facts->request_id);
}

TEST_CASE("An open run gets the signal, whatever else the start says") {
  TestRun run;
  REQUIRE(run.Start().ok());
  run.PollWorkflowTask();
  REQUIRE(run.Complete().ok());
  const StartDecision decision = run.SignalWithStart("go", [](auto& request) {
    request.mutable_workflow_type()->set_name("Other");
    request.set_workflow_id_reuse_policy(enums::WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE);
  });
  CHECK_FALSE(decision.state.has_value());
  CHECK_FALSE(AnswerOf(decision).response.started());
  CHECK(AnswerOf(decision).response.run_id() == run.state().facts->run_id.ToString());
  CHECK(run.EventsFrom(5) == Names{"WorkflowExecutionSignaled", "WorkflowTaskScheduled"});
  CHECK(run.state().workflow_type == "Greet");
}

TEST_CASE("A repeated request id is one start and one signal, also behind a running task and after a crash") {
  TestRun run;
  CHECK(AnswerOf(run.SignalWithStart("go", WithSameRequestId)).response.started());
  CHECK_FALSE(AnswerOf(run.SignalWithStart("go", WithSameRequestId)).response.started());
  run.PollWorkflowTask();
  const With<StartWorkflowExecutionRequest> other = [](auto& request) { request.set_request_id("other"); };
  for (int i = 0; i < 2; ++i) {
    CHECK_FALSE(AnswerOf(run.SignalWithStart("go", WithSameRequestId)).response.started());
    CHECK_FALSE(AnswerOf(run.SignalWithStart("go", other)).response.started());
    run.Crash();
  }
  REQUIRE(run.Complete().ok());
  CHECK_FALSE(AnswerOf(run.SignalWithStart("go", other)).response.started());
  CHECK(run.EventsFrom(4) == Names{"WorkflowTaskStarted", "WorkflowTaskCompleted",
                                   "WorkflowExecutionSignaled", "WorkflowTaskScheduled"});
}

TEST_CASE("The request id of a start is none of a signal; one of a signal with start is both") {
  TestRun run;
  REQUIRE(run.Start(WithSameRequestId).ok());
  CHECK_FALSE(AnswerOf(run.SignalWithStart("go", WithSameRequestId)).response.started());
  CHECK(run.EventsFrom(3) == Names{"WorkflowExecutionSignaled"});

  TestRun other;
  REQUIRE(other.SignalWithStart("go", WithSameRequestId).reply.ok());
  const size_t events = other.Events().size();
  CHECK(AnswerOf(other.StartAgain(WithSameRequestId)).response.started());
  REQUIRE(other.Signal("go", [](auto& request) { request.set_request_id("same"); }).ok());
  CHECK(other.Events().size() == events);
}

TEST_CASE("A closed run is followed by another as the policy says, even under the same request id") {
  const auto begins = [](TestRun& run, enums::WorkflowIdReusePolicy policy) {
    const StartDecision decision = run.SignalWithStart("go", [policy](auto& request) {
      request.set_request_id("same");
      request.set_workflow_id_reuse_policy(policy);
    });
    CHECK_FALSE(decision.current.has_value());
    if (!decision.state.has_value()) {
      CHECK(absl::IsAlreadyExists(decision.reply.status()));
      return false;
    }
    CHECK(AnswerOf(decision).response.started());
    CHECK(EventsOf(decision) ==
          Names{"WorkflowExecutionStarted", "WorkflowExecutionSignaled", "WorkflowTaskScheduled"});
    return true;
  };
  for (const bool failed : {false, true}) {
    TestRun run;
    REQUIRE(run.SignalWithStart("go", WithSameRequestId).reply.ok());
    run.PollWorkflowTask();
    REQUIRE(run.Complete({failed ? FailWorkflow("broken") : CompleteWorkflow()}).ok());
    CHECK(begins(run, enums::WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE));
    CHECK(begins(run, enums::WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE_FAILED_ONLY) == failed);
    CHECK_FALSE(begins(run, enums::WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE));
  }
}

TEST_CASE("TERMINATE_EXISTING ends the open run, which gets no signal, and begins another, which does") {
  TestRun run;
  REQUIRE(run.Start().ok());
  const StartDecision decision = run.SignalWithStart("go", [](auto& request) {
    request.set_workflow_id_conflict_policy(enums::WORKFLOW_ID_CONFLICT_POLICY_TERMINATE_EXISTING);
  });
  CHECK(run.EventsFrom(3) == Names{"WorkflowExecutionTerminated"});
  REQUIRE(decision.state.has_value());
  CHECK(AnswerOf(decision).response.started());
  CHECK(AnswerOf(decision).response.run_id() == decision.state->facts->run_id.ToString());
  CHECK(EventsOf(decision) ==
        Names{"WorkflowExecutionStarted", "WorkflowExecutionSignaled", "WorkflowTaskScheduled"});
}

TEST_CASE(
    "A start delay holds the signal back; the next signal with start ends it, a repeated one does not") {
  TestRun run;
  const With<StartWorkflowExecutionRequest> delayed = [](auto& request) {
    WithSameRequestId(request);
    DelayedByAMinute(request);
  };
  REQUIRE(run.SignalWithStart("go", delayed).reply.ok());
  REQUIRE(run.SignalWithStart("go", delayed).reply.ok());
  REQUIRE(run.Signal("plain").ok());
  CHECK(run.EventsFrom(2) == Names{"WorkflowExecutionSignaled", "WorkflowExecutionSignaled"});
  CHECK(run.obligations().next_timer.has_value());
  REQUIRE(run.SignalWithStart("go", DelayedByAMinute).reply.ok());
  CHECK(run.EventsFrom(4) == Names{"WorkflowExecutionSignaled", "WorkflowTaskScheduled"});
  CHECK(run.PendingWorkflowTask().has_value());
}

TEST_CASE("A start delay that nobody ends delivers the signal when it is over") {
  TestRun run;
  REQUIRE(run.SignalWithStart("go", DelayedByAMinute).reply.ok());
  run.Advance(absl::Minutes(1));
  CHECK(run.EventsFrom(2) == Names{"WorkflowExecutionSignaled", "WorkflowTaskScheduled"});
}

TEST_CASE("What is refused starts nothing, ends nothing and signals nobody") {
  TestRun run;
  const With<StartWorkflowExecutionRequest> large = [](auto& request) {
    request.mutable_input()->add_payloads()->set_data(std::string(limits::kBlobSize + 1, 'x'));
    request.set_workflow_id_conflict_policy(enums::WORKFLOW_ID_CONFLICT_POLICY_TERMINATE_EXISTING);
  };
  const With<StartWorkflowExecutionRequest> unsupported = [](auto& request) {
    request.mutable_versioning_override()->set_auto_upgrade(true);
  };
  for (int i = 0; i < 2; ++i) {
    CHECK(run.SignalWithStart("go", large).reply.status().message() == "Blob data size exceeds limit.");
    CHECK(run.SignalWithStart("go", unsupported).reply.status().message() ==
          "SignalWithStartWorkflowExecution: versioning_override is not supported by this server yet");
    CHECK(run.Events().size() == static_cast<size_t>(2 * i));
    if (i == 0) REQUIRE(run.Start().ok());
  }
}

}  // namespace
}  // namespace perdure::engine::workflow::testing
