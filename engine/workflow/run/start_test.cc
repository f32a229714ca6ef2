// StartWorkflowExecution: what a new run looks like, and what a start does to a workflow id that is in use.

#include <catch2/catch.hpp>

#include "base/status.h"
#include "base/time.h"
#include "engine/workflow/testing/test_run.h"
#include "google/rpc/status.pb.h"
#include "temporal/api/errordetails/v1/message.pb.h"

namespace perdure::engine::workflow::testing {
namespace {

namespace enums = temporal::api::enums::v1;
using api::StartWorkflowExecutionRequest;

const auto& Started(const TestRun& run) { return run.Event(1).workflow_execution_started_event_attributes(); }

void CloseAtOnce(TestRun& run) {
  run.PollWorkflowTask();
  REQUIRE(run.Complete({CompleteWorkflow()}).ok());
}

StartReply ReplyOf(const StartDecision& decision) {
  REQUIRE(decision.reply.ok());
  return std::get<StartReply>(*decision.reply);
}

TEST_CASE("A minimal start: what is filled in, and what stays absent") {
  TestRun run;
  const auto reply = run.Start();
  REQUIRE(reply.ok());
  CHECK(run.Events() == Names{"WorkflowExecutionStarted", "WorkflowTaskScheduled"});
  const auto& started = Started(run);
  CHECK(started.workflow_type().name() == "Greet");
  CHECK(started.task_queue().kind() == enums::TASK_QUEUE_KIND_NORMAL);
  CHECK(FromProto(started.workflow_task_timeout()) == absl::Seconds(10));
  CHECK_FALSE(started.has_workflow_execution_timeout());
  CHECK_FALSE(started.has_workflow_run_timeout());
  CHECK_FALSE(started.has_workflow_execution_expiration_time());
  CHECK_FALSE(started.has_memo());
  CHECK_FALSE(started.has_search_attributes());
  CHECK(started.has_first_workflow_task_backoff());
  CHECK(started.attempt() == 1);
  CHECK(started.first_execution_run_id() == reply->response.run_id());
  CHECK(started.original_execution_run_id() == reply->response.run_id());
  CHECK(run.Event(1).task_id() < run.Event(2).task_id());
  CHECK(reply->response.started());
  CHECK(reply->response.status() == enums::WORKFLOW_EXECUTION_STATUS_RUNNING);
  CHECK(reply->response.first_execution_run_id() == reply->response.run_id());
  CHECK(reply->response.link().workflow_event().event_ref().event_id() == 1);
  CHECK(reply->response.link().workflow_event().namespace_() == "default");
}

TEST_CASE("What a start carries of an earlier run stands in the started event") {
  TestRun run;
  REQUIRE(run.Start([](auto& request) {
               request.mutable_continued_failure()->set_message("it broke");
               request.mutable_last_completion_result()->add_payloads()->set_data("result");
             })
              .ok());
  CHECK(Started(run).continued_failure().message() == "it broke");
  CHECK(Started(run).last_completion_result().payloads(0).data() == "result");
}

TEST_CASE("Timeouts are filled in and cut to each other") {
  struct Case {
    int execution, run, task;
    int want_run, want_task;
  };
  for (const Case& c : {Case{50, 0, 0, 50, 10}, Case{50, 200, 100, 50, 50}, Case{0, 50, 0, 50, 10},
                        Case{0, 0, 500, 0, 120}, Case{300, 200, 5, 200, 5}, Case{0, 3, 0, 3, 3}}) {
    TestRun run;
    REQUIRE(run.Start([&](StartWorkflowExecutionRequest& request) {
                 if (c.execution)
                   *request.mutable_workflow_execution_timeout() = ToProto(absl::Seconds(c.execution));
                 if (c.run) *request.mutable_workflow_run_timeout() = ToProto(absl::Seconds(c.run));
                 if (c.task) *request.mutable_workflow_task_timeout() = ToProto(absl::Seconds(c.task));
               })
                .ok());
    CHECK(FromProto(Started(run).workflow_run_timeout()) == absl::Seconds(c.want_run));
    CHECK(FromProto(Started(run).workflow_task_timeout()) == absl::Seconds(c.want_task));
    CHECK(Started(run).has_workflow_execution_expiration_time() == (c.execution != 0));
  }
}

TEST_CASE("Everything given is kept") {
  TestRun run;
  REQUIRE(run.Start([](StartWorkflowExecutionRequest& request) {
               request.mutable_input()->add_payloads()->set_data("\"hello\"");
               (*request.mutable_header()->mutable_fields())["h"].set_data("1");
               (*request.mutable_memo()->mutable_fields())["kept"].set_data("1");
               (*request.mutable_memo()->mutable_fields())["nil"].set_data("null");
               (*request.mutable_search_attributes()->mutable_indexed_fields())["Field"].set_data("\"x\"");
               request.mutable_user_metadata()->mutable_summary()->set_data("\"s\"");
               request.add_links()->mutable_batch_job()->set_job_id("job");
               request.mutable_priority()->set_priority_key(1);
             })
              .ok());
  const auto& started = Started(run);
  CHECK(started.input().payloads(0).data() == "\"hello\"");
  CHECK(started.header().fields().contains("h"));
  CHECK(started.memo().fields().size() == 1);
  CHECK(started.search_attributes().indexed_fields().contains("Field"));
  CHECK(started.priority().priority_key() == 1);
  CHECK(run.Event(1).user_metadata().summary().data() == "\"s\"");
  CHECK(run.Event(1).links(0).batch_job().job_id() == "job");
  CHECK(run.PendingWorkflowTask()->priority_key == 1);
}

TEST_CASE("What would be ignored silently is refused by name") {
  const std::vector<std::pair<std::string, With<StartWorkflowExecutionRequest>>> fields = {
      {"versioning_override", [](auto& request) { request.mutable_versioning_override(); }},
      {"completion_callbacks", [](auto& request) { request.add_completion_callbacks(); }},
      {"time_skipping_config", [](auto& request) { request.mutable_time_skipping_config(); }},
  };
  for (const auto& [name, with] : fields) {
    TestRun run;
    const absl::Status status = run.Start(with).status();
    CHECK(status.code() == absl::StatusCode::kUnimplemented);
    CHECK(status.message() == "StartWorkflowExecution: " + name + " is not supported by this server yet");
    CHECK(run.Events().empty());
  }
}

TEST_CASE("Bad timeouts and payloads over the limit start nothing") {
  TestRun run;
  CHECK(run.Start([](auto& request) { *request.mutable_workflow_run_timeout() = ToProto(-absl::Seconds(1)); })
            .status()
            .code() == absl::StatusCode::kInvalidArgument);
  const absl::Status input =
      run.Start([](auto& request) {
           request.mutable_input()->add_payloads()->set_data(std::string(2'200'000, 'x'));
         })
          .status();
  CHECK(input.code() == absl::StatusCode::kInvalidArgument);
  CHECK(input.message() == "Blob data size exceeds limit.");
  CHECK(run.Start([](auto& request) {
             (*request.mutable_memo()->mutable_fields())["m"].set_data(std::string(2'200'000, 'x'));
           })
            .status()
            .message() == "Memo size exceeds limit.");
  CHECK(run.Events().empty());
}

TEST_CASE("API fact 16: a start delay holds the first task back; a signal meanwhile schedules none") {
  TestRun run;
  const absl::Time began = run.now();
  REQUIRE(
      run.Start([](auto& request) { *request.mutable_workflow_start_delay() = ToProto(absl::Seconds(60)); })
          .ok());
  CHECK(run.Events() == Names{"WorkflowExecutionStarted"});
  CHECK(run.obligations().next_timer == began + absl::Seconds(60));
  REQUIRE(run.Signal("go").ok());
  CHECK(run.EventsFrom(2) == Names{"WorkflowExecutionSignaled"});
  run.Advance(absl::Seconds(59));
  CHECK(run.Events().size() == 2);
  run.Advance(absl::Seconds(1));
  CHECK(run.EventsFrom(3) == Names{"WorkflowTaskScheduled"});
  CHECK(FromProto(Started(run).first_workflow_task_backoff()) == absl::Seconds(60));
  CHECK_FALSE(run.obligations().next_timer.has_value());
}

TEST_CASE("A cancel request does not wait for the end of a start delay") {
  TestRun run;
  REQUIRE(
      run.Start([](auto& request) { *request.mutable_workflow_start_delay() = ToProto(absl::Seconds(60)); })
          .ok());
  REQUIRE(run.RequestCancel().ok());
  CHECK(run.EventsFrom(2) == Names{"WorkflowExecutionCancelRequested", "WorkflowTaskScheduled"});
  run.PollWorkflowTask();
  REQUIRE(run.Complete().ok());
  run.Advance(absl::Seconds(60));
  CHECK(run.EventsFrom(4) == Names{"WorkflowTaskStarted", "WorkflowTaskCompleted"});
}

TEST_CASE("A delayed start is not eager") {
  TestRun run;
  const auto reply = run.Start([](auto& request) {
    request.set_request_eager_execution(true);
    *request.mutable_workflow_start_delay() = ToProto(absl::Seconds(1));
  });
  REQUIRE(reply.ok());
  CHECK_FALSE(reply->eager_task.has_value());
  CHECK_FALSE(Started(run).eager_execution_accepted());
}

TEST_CASE("A repeated request id answers the same run, open or closed (API fact 11)") {
  TestRun run;
  const With<StartWorkflowExecutionRequest> same = [](auto& request) { request.set_request_id("same"); };
  const auto first = run.Start(same);
  REQUIRE(first.ok());
  for (const bool closed : {false, true}) {
    if (closed) CloseAtOnce(run);
    const StartDecision decision = run.StartAgain([&](auto& request) {
      same(request);
      request.set_workflow_id_reuse_policy(enums::WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE);
    });
    CHECK_FALSE(decision.state.has_value());
    CHECK_FALSE(decision.current.has_value());
    const StartReply reply = ReplyOf(decision);
    CHECK(reply.response.run_id() == first->response.run_id());
    CHECK(reply.response.started());
    CHECK(reply.response.status() ==
          (closed ? enums::WORKFLOW_EXECUTION_STATUS_COMPLETED : enums::WORKFLOW_EXECUTION_STATUS_RUNNING));
  }
}

TEST_CASE("A repeated eager start gets its task again while it runs") {
  TestRun run;
  const With<StartWorkflowExecutionRequest> eager = [](auto& request) {
    request.set_request_id("same");
    request.set_request_eager_execution(true);
  };
  const auto first = run.Start(eager);
  REQUIRE(first.ok());
  const StartReply again = ReplyOf(run.StartAgain(eager));
  REQUIRE(again.eager_task.has_value());
  CHECK(again.eager_task->token.SerializeAsString() == first->eager_task->token.SerializeAsString());
  REQUIRE(run.CompleteWith(first->eager_task->token).ok());
  CHECK_FALSE(ReplyOf(run.StartAgain(eager)).eager_task.has_value());
}

TEST_CASE("An open workflow id is refused, with the run that has it") {
  TestRun run;
  const auto first = run.Start([](auto& request) { request.set_request_id("first"); });
  REQUIRE(first.ok());
  for (const auto reuse :
       {enums::WORKFLOW_ID_REUSE_POLICY_UNSPECIFIED, enums::WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE}) {
    const StartDecision decision =
        run.StartAgain([&](auto& request) { request.set_workflow_id_reuse_policy(reuse); });
    const absl::Status status = decision.reply.status();
    CHECK(status.code() == absl::StatusCode::kAlreadyExists);
    CHECK(status.message() ==
          "Workflow execution is already running. WorkflowId: wf, RunId: " + first->response.run_id() + ".");
    google::rpc::Status trailer;
    REQUIRE(trailer.ParseFromString(StatusDetailsTrailer(status)));
    temporal::api::errordetails::v1::WorkflowExecutionAlreadyStartedFailure detail;
    REQUIRE(trailer.details(0).UnpackTo(&detail));
    CHECK(detail.start_request_id() == "first");
    CHECK(detail.run_id() == first->response.run_id());
    CHECK(detail.first_execution_run_id() == first->response.run_id());
  }
}

TEST_CASE("USE_EXISTING answers the open run and changes nothing") {
  TestRun run;
  const auto first = run.Start();
  REQUIRE(first.ok());
  const StartDecision decision = run.StartAgain([](auto& request) {
    request.set_workflow_id_conflict_policy(enums::WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING);
  });
  CHECK_FALSE(decision.current.has_value());
  const StartReply reply = ReplyOf(decision);
  CHECK(reply.response.run_id() == first->response.run_id());
  CHECK_FALSE(reply.response.started());
}

TEST_CASE("A start can attach itself to the run that it meets") {
  TestRun run;
  REQUIRE(run.Start().ok());
  const With<StartWorkflowExecutionRequest> attach = [](auto& request) {
    request.set_request_id("attached");
    request.set_workflow_id_conflict_policy(enums::WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING);
    request.mutable_on_conflict_options()->set_attach_request_id(true);
    request.mutable_on_conflict_options()->set_attach_links(true);
    request.add_links()->mutable_batch_job()->set_job_id("job");
  };
  for (const bool buffered : {false, true}) {
    if (buffered) run.PollWorkflowTask();
    const StartReply reply = ReplyOf(run.StartAgain([&](auto& request) {
      attach(request);
      if (buffered) request.set_request_id("buffered");
    }));
    CHECK_FALSE(reply.response.started());
    CHECK(reply.response.link().workflow_event().request_id_ref().request_id() ==
          (buffered ? "buffered" : "attached"));
  }
  CHECK(run.EventsFrom(3) == Names{"WorkflowExecutionOptionsUpdated", "WorkflowTaskStarted"});
  CHECK(run.Event(3).worker_may_ignore());
  CHECK(run.Event(3).links(0).batch_job().job_id() == "job");
  CHECK(run.state().start_request_ids->at("attached") == 3);
  CHECK(run.state().start_request_ids->at("buffered") == 0);
  REQUIRE(run.Complete().ok());
  CHECK(run.state().start_request_ids->at("buffered") == 6);
  // Repeated, it attaches nothing.
  const StartDecision again = run.StartAgain(attach);
  CHECK_FALSE(again.current.has_value());
  CHECK_FALSE(ReplyOf(again).response.started());
}

TEST_CASE("TERMINATE_EXISTING ends the open run, its running task first, and starts another") {
  for (const bool older_form : {false, true}) {
    TestRun run;
    REQUIRE(run.Start().ok());
    run.PollWorkflowTask();
    const StartDecision decision = run.StartAgain([&](auto& request) {
      if (older_form) {
        request.set_workflow_id_reuse_policy(enums::WORKFLOW_ID_REUSE_POLICY_TERMINATE_IF_RUNNING);
      } else {
        request.set_workflow_id_conflict_policy(enums::WORKFLOW_ID_CONFLICT_POLICY_TERMINATE_EXISTING);
      }
    });
    REQUIRE(decision.state.has_value());
    CHECK(decision.state->IsOpen());
    CHECK(run.EventsFrom(3) ==
          Names{"WorkflowTaskStarted", "WorkflowTaskFailed", "WorkflowExecutionTerminated"});
    CHECK(run.Event(4).workflow_task_failed_event_attributes().cause() ==
          enums::WORKFLOW_TASK_FAILED_CAUSE_FORCE_CLOSE_COMMAND);
    const auto& terminated = run.Event(5).workflow_execution_terminated_event_attributes();
    CHECK(terminated.reason() == "TerminateIfRunning WorkflowIdReusePolicy");
    CHECK(terminated.identity() == "history-service");
    CHECK(terminated.details().payloads(0).data() ==
          "\"terminated by new runID: " + decision.state->facts->run_id.ToString() + "\"");
    CHECK(ReplyOf(decision).response.run_id() == decision.state->facts->run_id.ToString());
  }
}

TEST_CASE("A closed workflow id is used again at once, or not, as the policy says") {
  TestRun completed;
  REQUIRE(completed.Start().ok());
  CloseAtOnce(completed);
  TestRun terminated;
  REQUIRE(terminated.Start().ok());
  REQUIRE(terminated.Terminate().ok());

  const auto with = [](enums::WorkflowIdReusePolicy policy) {
    return [=](StartWorkflowExecutionRequest& request) { request.set_workflow_id_reuse_policy(policy); };
  };
  CHECK(completed.StartAgain(with(enums::WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE)).state.has_value());
  const auto only_failed = enums::WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE_FAILED_ONLY;
  CHECK(terminated.StartAgain(with(only_failed)).state.has_value());
  const std::string run_id = completed.state().facts->run_id.ToString();
  CHECK(completed.StartAgain(with(only_failed)).reply.status().message() ==
        "Workflow execution already finished successfully. WorkflowId: wf, RunId: " + run_id +
            ". Workflow Id reuse policy: allow duplicate workflow Id if last run failed.");
  const auto reject = completed.StartAgain(with(enums::WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE));
  CHECK(reject.reply.status().code() == absl::StatusCode::kAlreadyExists);
  CHECK(reject.reply.status().message() ==
        "Workflow execution already finished. WorkflowId: wf, RunId: " + run_id +
            ". Workflow Id reuse policy: reject duplicate workflow Id.");
}

}  // namespace
}  // namespace perdure::engine::workflow::testing
