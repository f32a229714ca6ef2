// Apply: stored records that are damaged, missing or out of order.

#include <catch2/catch.hpp>

#include "base/event_loop.h"
#include "engine/event_frames.h"
#include "engine/workflow/testing/test_run.h"
#include "google/protobuf/stubs/logging.h"
#include "perdure/record.pb.h"

namespace perdure::engine::workflow::testing {
namespace {

namespace enums = temporal::api::enums::v1;
using perdure::engine::Change;
using perdure::engine::Changes;

// The records of a run in which much happens.
std::vector<Record> BusyRecords() {
  TestRun run;
  std::vector<Record> records;
  const auto take = [&](const absl::Status& status) {
    REQUIRE(status.ok());
    records.insert(records.end(), run.last_records().begin(), run.last_records().end());
  };
  take(run.Start().status());
  run.PollWorkflowTask();
  take(run.Complete({StartTimer("t", absl::Seconds(5)), ScheduleActivity("a"), Marker("m")},
                    [](auto& request) {
                      request.mutable_sticky_attributes()->mutable_worker_task_queue()->set_name("sticky");
                      request.set_force_create_new_workflow_task(true);
                    })
           .status());
  run.PollWorkflowTask();
  take(run.Signal("go"));
  take(run.RequestCancel());
  run.Sleep(absl::Seconds(6));
  take(run.FireTimers());
  take(run.FailTask());
  run.PollWorkflowTask();
  take(run.FailTask());
  run.PollWorkflowTask();
  take(run.Complete({CancelActivity(6)}).status());
  take(run.Terminate());
  return records;
}

Record WithChange(const Change& change, const State& state) {
  Changes changes;
  *changes.add_changes() = change;
  changes.mutable_changes(0)->set_at_event_id(state.next_event_id);
  Record record;
  record.first_event_id = state.next_event_id;
  record.changes = changes.SerializeAsString();
  record.sequence = state.last_sequence + 1;
  return record;
}

Record WithEvent(HistoryEvent event, const State& state) {
  event.set_event_id(state.next_event_id);
  Record record;
  record.first_event_id = state.next_event_id;
  record.event_count = 1;
  AppendFramed(event, record.events);
  record.sequence = state.last_sequence + 1;
  return record;
}

bool IsRefused(const State& state, const Record& record) {
  State copy = state;
  return Apply(copy, record).code() == absl::StatusCode::kDataLoss;
}

TEST_CASE("A record that is missing, repeated or cut short is noticed") {
  const std::vector<Record> records = BusyRecords();
  State state;
  CHECK(IsRefused(state, records[1]));
  REQUIRE(Apply(state, records[0]).ok());
  CHECK(IsRefused(state, records[0]));
  CHECK(IsRefused(state, records[2]));
  Record cut = records[1];
  cut.events.resize(cut.events.size() - 1);
  CHECK(IsRefused(state, cut));
  cut = records[1];
  --cut.event_count;
  CHECK(IsRefused(state, cut));
  cut.event_count = -1;
  CHECK(IsRefused(state, cut));
  CHECK_FALSE(IsRefused(state, records[1]));
}

TEST_CASE("The error names the record and the run") {
  const std::vector<Record> records = BusyRecords();
  State state;
  REQUIRE(Apply(state, records[0]).ok());
  State copy = state;
  const absl::Status status = Apply(copy, records[0]);
  CHECK(status.message() ==
        "record 1 of run " + state.facts->run_id.ToString() + ": begins at event 1, expected was 3");
}

TEST_CASE("Events and changes that cannot follow are refused") {
  const std::vector<Record> records = BusyRecords();
  State state;
  REQUIRE(Apply(state, records[0]).ok());

  HistoryEvent event;
  CHECK(IsRefused(state, WithEvent(event, state)));
  event.set_event_type(enums::EVENT_TYPE_NEXUS_OPERATION_SCHEDULED);
  event.mutable_nexus_operation_scheduled_event_attributes();
  CHECK(IsRefused(state, WithEvent(event, state)));
  event.set_event_type(enums::EVENT_TYPE_WORKFLOW_TASK_COMPLETED);
  CHECK(IsRefused(state, WithEvent(event, state)));
  event.mutable_workflow_task_completed_event_attributes();
  CHECK(IsRefused(state, WithEvent(event, state)));
  event.set_event_type(enums::EVENT_TYPE_WORKFLOW_TASK_SCHEDULED);
  event.mutable_workflow_task_scheduled_event_attributes()->set_attempt(1);
  CHECK(IsRefused(state, WithEvent(event, state)));

  Change change;
  CHECK(IsRefused(state, WithChange(change, state)));
  change.mutable_run_closed();
  CHECK(IsRefused(state, WithChange(change, state)));
  change.mutable_run_created();
  CHECK(IsRefused(state, WithChange(change, state)));
  change.mutable_activity_heartbeat()->set_scheduled_event_id(5);
  CHECK(IsRefused(state, WithChange(change, state)));
  change.mutable_buffered_event_dropped();
  CHECK(IsRefused(state, WithChange(change, state)));
  change.mutable_request_seen();
  CHECK(IsRefused(state, WithChange(change, state)));
  change.mutable_workflow_task_pending()->set_transient(true);
  CHECK(IsRefused(state, WithChange(change, state)));
  // A cancel request that only leaves its id is fine.
  change.mutable_request_seen()->set_kind(perdure::engine::RequestSeen::CANCEL);
  CHECK_FALSE(IsRefused(state, WithChange(change, state)));
}

TEST_CASE("A closed run takes nothing more") {
  State state;
  for (const Record& record : BusyRecords()) REQUIRE(Apply(state, record).ok());
  HistoryEvent event;
  event.set_event_type(enums::EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED);
  event.mutable_workflow_execution_signaled_event_attributes();
  CHECK(IsRefused(state, WithEvent(event, state)));
  Change change;
  change.mutable_sticky_task_queue();
  CHECK(IsRefused(state, WithChange(change, state)));
}

TEST_CASE("Any damage gives an error, or a state that a snapshot can hold") {
  const std::vector<Record> records = BusyRecords();
  const std::unique_ptr<Random> random = NewSeededRandom(7);
  const google::protobuf::LogSilencer silencer;
  int folded = 0;
  for (int round = 0; round < 3000; ++round) {
    std::vector<Record> damaged = records;
    Record& victim = damaged[random->Below(damaged.size())];
    std::string& bytes = random->Below(2) == 0 || victim.changes.empty() ? victim.events : victim.changes;
    if (!bytes.empty()) bytes[random->Below(bytes.size())] = static_cast<char>(random->Below(256));
    State state;
    bool ok = true;
    for (const Record& record : damaged) {
      ok = Apply(state, record).ok();
      if (!ok) break;
    }
    if (!ok) continue;
    ++folded;
    const std::string snapshot = EncodeSnapshot(state);
    const auto decoded = DecodeSnapshot(snapshot);
    REQUIRE(decoded.ok());
    REQUIRE(EncodeSnapshot(*decoded) == snapshot);
  }
  CHECK(folded > 0);
  CHECK(folded < 3000);
}

}  // namespace
}  // namespace perdure::engine::workflow::testing
