// DescribeWorkflowExecution.

#include <catch2/catch.hpp>

#include "base/time.h"
#include "engine/workflow/testing/test_run.h"

namespace perdure::engine::workflow::testing {
namespace {

namespace enums = temporal::api::enums::v1;

TEST_CASE("A new run") {
  TestRun run;
  const auto reply = run.Start([](auto& request) { request.set_request_id("first"); });
  REQUIRE(reply.ok());
  const auto described = Describe(run.state(), run.now());
  const auto& info = described.workflow_execution_info();
  CHECK(info.execution().workflow_id() == "wf");
  CHECK(info.execution().run_id() == reply->response.run_id());
  CHECK(info.root_execution().run_id() == reply->response.run_id());
  CHECK(info.first_run_id() == reply->response.run_id());
  CHECK(info.status() == enums::WORKFLOW_EXECUTION_STATUS_RUNNING);
  CHECK(info.history_length() == 2);
  CHECK(info.history_size_bytes() > 0);
  CHECK(info.has_memo());
  CHECK(info.search_attributes().indexed_fields().empty());
  CHECK(info.has_auto_reset_points());
  CHECK(info.task_queue() == "queue");
  CHECK(FromProto(info.execution_time()) == run.now());
  CHECK_FALSE(info.has_close_time());
  CHECK(described.execution_config().task_queue().kind() == enums::TASK_QUEUE_KIND_NORMAL);
  CHECK(FromProto(described.execution_config().default_workflow_task_timeout()) == absl::Seconds(10));
  CHECK_FALSE(described.execution_config().has_workflow_run_timeout());
  CHECK(described.pending_workflow_task().state() == enums::PENDING_WORKFLOW_TASK_STATE_SCHEDULED);
  CHECK(described.pending_workflow_task().attempt() == 1);
  const auto& extended = described.workflow_extended_info();
  CHECK(extended.has_run_expiration_time());
  CHECK(extended.run_expiration_time().seconds() < 0);
  CHECK_FALSE(extended.has_execution_expiration_time());
  CHECK(extended.request_id_infos().at("first").event_id() == 1);
  CHECK(extended.request_id_infos().at("first").event_type() == enums::EVENT_TYPE_WORKFLOW_EXECUTION_STARTED);
}

TEST_CASE("A running transient task does not count into the history") {
  TestRun run;
  REQUIRE(run.Start().ok());
  run.PollWorkflowTask();
  REQUIRE(run.FailTask().ok());
  run.PollWorkflowTask();
  const auto described = Describe(run.state(), run.now());
  CHECK(described.workflow_execution_info().history_length() == 4);
  CHECK(described.pending_workflow_task().state() == enums::PENDING_WORKFLOW_TASK_STATE_STARTED);
  CHECK(described.pending_workflow_task().attempt() == 2);
  CHECK(described.pending_workflow_task().has_started_time());
}

TEST_CASE("The first task that a build completes leaves a reset point and the build's name") {
  TestRun run;
  REQUIRE(run.Start().ok());
  for (const char* checksum : {"", "", "checksum"}) {
    run.PollWorkflowTask();
    const auto complete = run.Complete({}, [&](auto& request) {
      request.mutable_worker_version_stamp()->set_build_id("one");
      request.set_binary_checksum(checksum);
      request.set_force_create_new_workflow_task(true);
    });
    REQUIRE(complete.ok());
  }
  const auto info = Describe(run.state(), run.now()).workflow_execution_info();
  REQUIRE(info.auto_reset_points().points_size() == 2);
  CHECK(info.auto_reset_points().points(0).first_workflow_task_completed_id() == 4);
  CHECK(info.auto_reset_points().points(0).resettable());
  CHECK(info.auto_reset_points().points(0).run_id() == info.execution().run_id());
  CHECK(info.auto_reset_points().points(1).first_workflow_task_completed_id() == 10);
  const auto& fields = info.search_attributes().indexed_fields();
  CHECK(fields.at("BuildIds").data() == R"(["unversioned","unversioned:one"])");
  CHECK(fields.at("BinaryChecksums").data() == R"(["checksum"])");
  CHECK(info.most_recent_worker_version_stamp().build_id() == "one");
}

TEST_CASE("The deployment of the last worker is shown, of one that has no version, too") {
  TestRun run;
  REQUIRE(run.Start().ok());
  run.PollWorkflowTask();
  const auto named = [](auto& request) {
    request.mutable_deployment_options()->set_deployment_name("deployment");
    request.set_force_create_new_workflow_task(true);
  };
  REQUIRE(run.Complete({}, named).ok());
  auto info = Describe(run.state(), run.now()).workflow_execution_info();
  CHECK(info.worker_deployment_name() == "deployment");
  CHECK(info.search_attributes().indexed_fields().at("TemporalWorkerDeployment").data() == R"("deployment")");
  run.PollWorkflowTask();
  REQUIRE(run.Complete().ok());
  info = Describe(run.state(), run.now()).workflow_execution_info();
  CHECK(info.worker_deployment_name().empty());
  CHECK_FALSE(info.search_attributes().indexed_fields().contains("TemporalWorkerDeployment"));
}

TEST_CASE("A closed run") {
  TestRun run;
  REQUIRE(run.Start([](auto& request) {
               *request.mutable_workflow_execution_timeout() = ToProto(absl::Minutes(1));
             })
              .ok());
  REQUIRE(run.RequestCancel().ok());
  run.Sleep(absl::Seconds(7));
  run.PollWorkflowTask();
  REQUIRE(run.Complete({CancelWorkflow()}).ok());
  const auto described = Describe(run.state(), run.now());
  CHECK(described.workflow_execution_info().status() == enums::WORKFLOW_EXECUTION_STATUS_CANCELED);
  CHECK(FromProto(described.workflow_execution_info().close_time()) == run.now());
  CHECK(FromProto(described.workflow_execution_info().execution_duration()) == absl::Seconds(7));
  CHECK_FALSE(described.has_pending_workflow_task());
  CHECK(described.workflow_extended_info().cancel_requested());
  CHECK(described.workflow_extended_info().has_execution_expiration_time());
}

TEST_CASE("A buffered cancel is requested, a buffered attachment is buffered") {
  TestRun run;
  REQUIRE(run.Start().ok());
  run.PollWorkflowTask();
  REQUIRE(run.RequestCancel().ok());
  run.StartAgain([](auto& request) {
    request.set_request_id("attached");
    request.set_workflow_id_conflict_policy(enums::WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING);
    request.mutable_on_conflict_options()->set_attach_request_id(true);
  });
  const auto described = Describe(run.state(), run.now());
  CHECK(described.workflow_extended_info().cancel_requested());
  const auto& attached = described.workflow_extended_info().request_id_infos().at("attached");
  CHECK(attached.buffered());
  CHECK(attached.event_type() == enums::EVENT_TYPE_WORKFLOW_EXECUTION_OPTIONS_UPDATED);
}

}  // namespace
}  // namespace perdure::engine::workflow::testing
