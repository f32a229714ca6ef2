// Snapshots. That they hold the whole durable state is checked after every step of every test here (TestRun).

#include <catch2/catch.hpp>

#include "base/event_loop.h"
#include "base/time.h"
#include "engine/workflow/testing/activity_worker.h"
#include "google/protobuf/stubs/logging.h"
#include "perdure/snapshot.pb.h"

namespace perdure::engine::workflow::testing {
namespace {

// A run that has something of everything.
void FillRun(TestRun& run, ActivityWorker& worker) {
  StartWith(run,
            {ScheduleActivity("waiting", [](auto& a) { a.mutable_task_queue()->set_name("nobody"); }),
             ScheduleActivity("retried"), ScheduleActivity("heartbeating"), ScheduleActivity("ended"),
             StartTimer("t1", absl::Seconds(1)), StartTimer("t2", absl::Seconds(60))},
            [](auto& start) {
              (*start.mutable_memo()->mutable_fields())["b"].set_data("1");
              (*start.mutable_memo()->mutable_fields())["a"].set_data("2");
              (*start.mutable_header()->mutable_fields())["h"].set_data("3");
              *start.mutable_workflow_run_timeout() = ToProto(absl::Hours(1));
            });
  worker.Poll();
  const TaskToken retried = worker.Poll().token;
  const TaskToken heartbeating = worker.Poll().token;
  const TaskToken ended = worker.Poll().token;
  REQUIRE(worker.Fail(retried).ok());
  REQUIRE(worker.Heartbeat(heartbeating, [](auto& r) { *r.mutable_details() = PayloadsOf("half"); }).ok());
  for (const char* name : {"z", "a", "m"}) REQUIRE(run.Signal(name).ok());
  run.PollWorkflowTask();
  run.Advance(absl::Seconds(1));
  REQUIRE(worker.Complete(ended).ok());
  REQUIRE(run.RequestCancel().ok());
}

TEST_CASE("A snapshot gives the state back, and equal states are equal bytes") {
  TestRun run;
  ActivityWorker worker(run);
  FillRun(run, worker);
  REQUIRE(run.state().buffered->size() >= 4);
  const std::string bytes = EncodeSnapshot(run.state());
  const absl::StatusOr<State> decoded = DecodeSnapshot(bytes);
  REQUIRE(decoded.ok());
  REQUIRE(EncodeSnapshot(*decoded) == bytes);
  REQUIRE(ObligationsOf(*decoded).dispatches == run.obligations().dispatches);
  REQUIRE(ObligationsOf(*decoded).next_timer == run.obligations().next_timer);
  REQUIRE(ApproximateBytes(*decoded) == ApproximateBytes(run.state()));
  REQUIRE(decoded->signal_request_ids->size() == run.state().signal_request_ids->size());
}

TEST_CASE("A snapshot leaves out what a crash would lose") {
  TestRun run;
  REQUIRE(run.Start().ok());
  const std::string before = EncodeSnapshot(run.state());
  run.PollWorkflowTask();
  REQUIRE(HasVolatile(run.state()));
  REQUIRE(EncodeSnapshot(run.state()) == before);
}

TEST_CASE("A run restored from a snapshot goes on") {
  TestRun run;
  ActivityWorker worker(run);
  FillRun(run, worker);
  REQUIRE(run.Complete().ok());
  run.Advance(absl::Seconds(100));
  run.PollWorkflowTask();
  REQUIRE(run.Complete({CompleteWorkflow()}).ok());
  REQUIRE(DecodeSnapshot(EncodeSnapshot(run.state()))->close_event != nullptr);
}

TEST_CASE("Damaged snapshots are DATA_LOSS") {
  TestRun run;
  ActivityWorker worker(run);
  FillRun(run, worker);
  perdure::engine::Snapshot good;
  REQUIRE(good.ParseFromString(EncodeSnapshot(run.state())));
  const auto damaged = [&](const std::function<void(perdure::engine::Snapshot&)>& damage) {
    perdure::engine::Snapshot bad = good;
    damage(bad);
    return DecodeSnapshot(bad.SerializeAsString()).status().code() == absl::StatusCode::kDataLoss;
  };
  REQUIRE(DecodeSnapshot("").status().code() == absl::StatusCode::kDataLoss);
  REQUIRE(DecodeSnapshot("garbage").status().code() == absl::StatusCode::kDataLoss);
  REQUIRE(damaged([](auto& s) { s.set_run_id("short"); }));
  REQUIRE(damaged([](auto& s) { s.clear_namespace_id(); }));
  REQUIRE(damaged([](auto& s) { s.clear_started(); }));
  REQUIRE(damaged([](auto& s) { s.clear_status(); }));
  REQUIRE(damaged(
      [](auto& s) { s.set_status(static_cast<temporal::api::enums::v1::WorkflowExecutionStatus>(99)); }));
  REQUIRE(damaged([](auto& s) { *s.mutable_close_event() = s.started(); }));
  REQUIRE(damaged([](auto& s) { s.set_next_event_id(0); }));
  REQUIRE(damaged([](auto& s) { s.set_last_sequence(-1); }));
  REQUIRE(damaged([](auto& s) { s.mutable_workflow_task()->set_attempt(0); }));
  REQUIRE(damaged([](auto& s) { s.mutable_workflow_task()->clear_started(); }));
  REQUIRE(damaged([](auto& s) { s.mutable_workflow_task()->set_started_event_id(0); }));
  REQUIRE(damaged([](auto& s) { s.set_workflow_task_attempt(0); }));
  REQUIRE(damaged([](auto& s) { *s.add_activities() = s.activities(0); }));
  REQUIRE(damaged([](auto& s) { s.mutable_activities(0)->mutable_scheduled()->set_event_id(1'000'000); }));
  REQUIRE(damaged([](auto& s) { s.mutable_activities(0)->mutable_scheduled()->clear_attributes(); }));
  REQUIRE(damaged([](auto& s) { s.mutable_activities(0)->set_attempt(0); }));
  REQUIRE(damaged([](auto& s) { *s.add_timers() = s.timers(0); }));
  REQUIRE(damaged([](auto& s) { s.mutable_timers(0)->set_started_event_id(-1); }));
  REQUIRE(damaged([](auto& s) { s.mutable_buffered(0)->set_event_id(3); }));
  REQUIRE(damaged([](auto& s) { s.set_signal_count(-1); }));
  REQUIRE(damaged([](auto& s) { *s.add_start_request_ids() = s.start_request_ids(0); }));
}

TEST_CASE("A snapshot with any bytes changed or cut off decodes to a state or to DATA_LOSS") {
  TestRun run;
  ActivityWorker worker(run);
  FillRun(run, worker);
  const std::string good = EncodeSnapshot(run.state());
  const std::unique_ptr<Random> random = NewSeededRandom(7);
  const google::protobuf::LogSilencer silence;
  size_t refused = 0;
  for (int i = 0; i < 2000; ++i) {
    std::string bytes = good;
    for (uint64_t n = 1 + random->Below(4); n > 0; --n) {
      bytes[random->Below(bytes.size())] = static_cast<char>(random->Next());
    }
    if (random->Below(4) == 0) bytes.resize(random->Below(bytes.size()));
    const absl::StatusOr<State> decoded = DecodeSnapshot(bytes);
    if (!decoded.ok()) {
      ++refused;
      REQUIRE(decoded.status().code() == absl::StatusCode::kDataLoss);
      continue;
    }
    ObligationsOf(*decoded);
    ApproximateBytes(*decoded);
    const std::string encoded = EncodeSnapshot(*decoded);
    const absl::StatusOr<State> again = DecodeSnapshot(encoded);
    REQUIRE(again.ok());
    REQUIRE(EncodeSnapshot(*again) == encoded);
  }
  REQUIRE(refused > 200);
  REQUIRE(refused < 2000);
}

TEST_CASE("The estimate of a run's memory follows its payloads") {
  TestRun small;
  StartWith(small, {ScheduleActivity("a1")});
  TestRun large;
  StartWith(large, {ScheduleActivity(
                       "a1", [](auto& a) { *a.mutable_input() = PayloadsOf(std::string(100'000, 'x')); })});
  const size_t difference = ApproximateBytes(large.state()) - ApproximateBytes(small.state());
  REQUIRE(difference >= 100'000);
  REQUIRE(difference < 101'000);
}

}  // namespace
}  // namespace perdure::engine::workflow::testing
