#include <catch2/catch.hpp>

#include "base/time.h"
#include "engine/workflow/activities/activity.h"
#include "engine/workflow/testing/activity_worker.h"

namespace perdure::engine::workflow::testing {
namespace {

namespace enums = temporal::api::enums::v1;
using temporal::api::workflow::v1::PendingActivityInfo;

std::vector<PendingActivityInfo> Pending(const TestRun& run) {
  api::DescribeWorkflowExecutionResponse response;
  DescribeActivities(run.state(), run.now(), response);
  return {response.pending_activities().begin(), response.pending_activities().end()};
}

TEST_CASE("A pending activity before, during and between its attempts") {
  TestRun run;
  ActivityWorker worker(run);
  StartWith(run, {ScheduleActivity("a1", [](auto& a) {
              a.mutable_retry_policy()->set_maximum_attempts(7);
              a.mutable_retry_policy()->add_non_retryable_error_types("Fatal");
              a.mutable_priority()->set_priority_key(2);
            })});
  const absl::Time scheduled = run.now();
  PendingActivityInfo info = Pending(run).at(0);
  REQUIRE(info.activity_id() == "a1");
  REQUIRE(info.activity_type().name() == "Act");
  REQUIRE(info.state() == enums::PENDING_ACTIVITY_STATE_SCHEDULED);
  REQUIRE(info.attempt() == 1);
  REQUIRE(info.maximum_attempts() == 7);
  REQUIRE(FromProto(info.scheduled_time()) == scheduled);
  REQUIRE(info.last_worker_identity().empty());
  REQUIRE_FALSE(info.has_last_started_time());
  REQUIRE_FALSE(info.has_next_attempt_schedule_time());
  REQUIRE_FALSE(info.has_expiration_time());
  REQUIRE(info.priority().priority_key() == 2);
  REQUIRE(info.activity_options().task_queue().name() == "queue");
  REQUIRE(info.activity_options().task_queue().normal_name() == "queue");
  REQUIRE(info.activity_options().task_queue().kind() == enums::TASK_QUEUE_KIND_UNSPECIFIED);
  REQUIRE(info.activity_options().has_heartbeat_timeout());
  REQUIRE(info.activity_options().retry_policy().non_retryable_error_types().empty());

  run.Sleep(absl::Seconds(1));
  const TaskToken token = worker.Poll().token;
  REQUIRE(worker.Heartbeat(token, [](auto& r) { *r.mutable_details() = PayloadsOf("half"); }).ok());
  info = Pending(run).at(0);
  REQUIRE(info.state() == enums::PENDING_ACTIVITY_STATE_STARTED);
  REQUIRE(info.last_worker_identity() == "activity worker");
  REQUIRE(FromProto(info.last_started_time()) == run.now());
  REQUIRE(FromProto(info.last_heartbeat_time()) == run.now());
  REQUIRE(info.heartbeat_details().payloads(0).data() == "half");

  const absl::Time failed = run.now();
  REQUIRE(worker.Fail(token).ok());
  info = Pending(run).at(0);
  REQUIRE(info.state() == enums::PENDING_ACTIVITY_STATE_SCHEDULED);
  REQUIRE(info.attempt() == 2);
  REQUIRE(info.last_failure().message() == "broken");
  REQUIRE(info.last_worker_identity() == "activity worker");
  REQUIRE_FALSE(info.has_last_started_time());
  REQUIRE(FromProto(info.last_attempt_complete_time()) == failed);
  REQUIRE(FromProto(info.next_attempt_schedule_time()) == failed + absl::Seconds(1));
  REQUIRE(FromProto(info.scheduled_time()) == failed + absl::Seconds(1));
  REQUIRE(FromProto(info.current_retry_interval()) == absl::Seconds(1));

  run.Sleep(absl::Seconds(1));  // the next attempt waits for a worker
  info = Pending(run).at(0);
  REQUIRE_FALSE(info.has_next_attempt_schedule_time());
  REQUIRE_FALSE(info.has_current_retry_interval());
}

TEST_CASE("A pending activity whose attempt timed out, and one whose cancellation was requested") {
  TestRun run;
  ActivityWorker worker(run);
  StartWith(run, {ScheduleActivity("a1"), ScheduleActivity("a2", [](auto& a) {
                    *a.mutable_schedule_to_close_timeout() = ToProto(absl::Seconds(60));
                    *a.mutable_start_to_close_timeout() = ToProto(absl::Seconds(60));
                  })});
  const absl::Time scheduled = run.now();
  worker.Poll();
  worker.Poll();
  run.Advance(absl::Seconds(10));
  REQUIRE(run.Signal("go").ok());
  run.PollWorkflowTask();
  REQUIRE(run.Complete({CancelActivity(6)}).ok());
  const std::vector<PendingActivityInfo> infos = Pending(run);
  REQUIRE(infos.size() == 2);
  REQUIRE_FALSE(infos[0].has_last_attempt_complete_time());
  REQUIRE(infos[0].has_next_attempt_schedule_time());
  REQUIRE(infos[0].last_failure().timeout_failure_info().timeout_type() ==
          enums::TIMEOUT_TYPE_START_TO_CLOSE);
  REQUIRE(infos[1].state() == enums::PENDING_ACTIVITY_STATE_CANCEL_REQUESTED);
  REQUIRE(FromProto(infos[1].expiration_time()) == scheduled + absl::Seconds(60));
}

TEST_CASE("Activities that were pending when the run closed are still shown") {
  TestRun run;
  StartWith(run, {ScheduleActivity("a1"), CompleteWorkflow()});
  REQUIRE(Pending(run).size() == 1);
}

}  // namespace
}  // namespace perdure::engine::workflow::testing
