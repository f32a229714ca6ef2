#include "engine/workflow/testing/each_event.h"

#include <catch2/catch.hpp>
#include <string>
#include <utility>

#include "engine/event_frames.h"
#include "engine/workflow/testing/test_run.h"
#include "google/protobuf/util/message_differencer.h"
#include "perdure/record.pb.h"

namespace perdure::engine::workflow::testing {
namespace {

using google::protobuf::util::MessageDifferencer;
using perdure::engine::Change;

// Each of the first events is checked, of later ones a sample, and of the longest logs nothing more: a check
// folds the log from its beginning.
constexpr int64_t kAllChecked = 100;
constexpr int64_t kSampled = 97;
constexpr int64_t kNoneChecked = 2000;

bool IsChecked(int64_t event_id) {
  return event_id <= kAllChecked || (event_id <= kNoneChecked && event_id % kSampled == 0);
}

std::vector<std::pair<std::string, int64_t>> TimersOf(const State& state) {
  std::vector<std::pair<std::string, int64_t>> timers;
  for (const auto& [timer_id, timer] : *state.timers) timers.emplace_back(timer_id, timer.started_event_id);
  return timers;
}

std::vector<std::pair<int64_t, int64_t>> ActivitiesOf(const State& state) {
  std::vector<std::pair<int64_t, int64_t>> activities;
  for (const auto& [scheduled_event_id, activity] : *state.activities) {
    activities.emplace_back(scheduled_event_id, activity->cancel_requested_event_id);
  }
  return activities;
}

std::vector<std::pair<int64_t, Uuid>> ChildrenOf(const State& state) {
  std::vector<std::pair<int64_t, Uuid>> children;
  for (const auto& [id, child] : *state.children) children.emplace_back(id, child.run_id);
  return children;
}

std::vector<std::pair<int64_t, Uuid>> ExternalsOf(
    const absl::btree_map<int64_t, PendingExternal>& externals) {
  std::vector<std::pair<int64_t, Uuid>> out;
  for (const auto& [id, external] : externals) out.emplace_back(id, external.request_id);
  return out;
}

// Failed attempts of workflow tasks set the one that is left out, mostly without an event.
temporal::api::common::v1::SearchAttributes AttributesByEvents(const State& state) {
  temporal::api::common::v1::SearchAttributes attributes = *state.search_attributes;
  attributes.mutable_indexed_fields()->erase("TemporalReportedProblems");
  return attributes;
}

// A task whose schedule is an event of the log.
void RequireSameTask(const State& compacted, const State& whole) {
  const std::optional<WorkflowTask> expected = whole.workflow_task.Durable();
  if (!expected.has_value() || expected->IsAhead()) return;
  const WorkflowTask* task = compacted.workflow_task.pending();
  REQUIRE(task != nullptr);
  REQUIRE(task->scheduled_event_id == expected->scheduled_event_id);
  REQUIRE(task->attempt == expected->attempt);
  REQUIRE(task->started_event_id == expected->started_event_id);
  REQUIRE(task->start_nonce == expected->start_nonce);
  REQUIRE(task->original_scheduled_time == expected->original_scheduled_time);
}

// Whether a history that holds the events at the change's place holds the change, too.
bool BelongsToEvents(const Change& change) {
  const auto& pending = change.workflow_task_pending();
  const bool heartbeats = change.has_workflow_task_pending() && !pending.transient() && !pending.none();
  return heartbeats || change.has_run_created() || change.has_run_closed() || change.has_message_minted() ||
         change.has_run_rewound();
}

Record NewRecord(const State& state) {
  Record record;
  record.first_event_id = state.next_event_id;
  record.sequence = state.last_sequence + 1;
  return record;
}

}  // namespace

void RequireSameByEvents(const State& compacted, const State& whole) {
  REQUIRE(compacted.next_event_id == whole.next_event_id);
  REQUIRE(compacted.status == whole.status);
  REQUIRE(compacted.close_time == whole.close_time);
  REQUIRE(compacted.delete_after == whole.delete_after);
  REQUIRE(compacted.history_size_bytes == whole.history_size_bytes);
  REQUIRE(compacted.run_expires_at == whole.run_expires_at);
  REQUIRE(compacted.execution_expires_at == whole.execution_expires_at);
  REQUIRE(compacted.first_task_not_before == whole.first_task_not_before);
  REQUIRE(compacted.previous_started_event_id == whole.previous_started_event_id);
  REQUIRE(compacted.last_completed_event_id == whole.last_completed_event_id);
  REQUIRE(compacted.cancel_requested_event_id == whole.cancel_requested_event_id);
  REQUIRE(MessageDifferencer::Equals(*compacted.memo, *whole.memo));
  REQUIRE(MessageDifferencer::Equals(AttributesByEvents(compacted), AttributesByEvents(whole)));
  REQUIRE(MessageDifferencer::Equals(*compacted.auto_reset_points, *whole.auto_reset_points));
  // What was buffered last is not known to events yet, or never will be.
  if (!whole.IsOpen() || !whole.buffered->empty()) return;
  RequireSameTask(compacted, whole);
  REQUIRE(compacted.signal_count == whole.signal_count);
  REQUIRE(TimersOf(compacted) == TimersOf(whole));
  REQUIRE(ActivitiesOf(compacted) == ActivitiesOf(whole));
  REQUIRE(compacted.activity_ids->size() == whole.activity_ids->size());
  REQUIRE(ChildrenOf(compacted) == ChildrenOf(whole));
  REQUIRE(ExternalsOf(*compacted.external_signals) == ExternalsOf(*whole.external_signals));
  REQUIRE(ExternalsOf(*compacted.external_cancels) == ExternalsOf(*whole.external_cancels));
}

void EachEvent::Add(const std::vector<Record>& records, const State& whole) {
  if (fresh_.next_event_id > kNoneChecked) return;
  for (const Record& record : records) {
    log_.push_back(record);
    if (record.event_count == 0) continue;
    compacted_.push_back(record);
    AddRecord(record);
  }
  const int64_t last = whole.next_event_id - 1;
  if (records.empty() || last < 1 || !IsChecked(last)) return;
  const absl::StatusOr<State> all = FoldUntil(log_, last);
  REQUIRE(all.ok());
  RequireSameByEvents(*all, whole);
  REQUIRE(absl::IsOutOfRange(FoldUntil(log_, last + 1).status()));
}

void EachEvent::AddRecord(const Record& record) {
  perdure::engine::Changes changes;
  REQUIRE(changes.ParseFromString(record.changes));
  const auto take = [&](const Change& change, perdure::engine::Changes& into) {
    if (change.at_event_id() == fresh_.next_event_id && BelongsToEvents(change)) *into.add_changes() = change;
  };
  for (const HistoryEvent& event : ParseFramed(record.events)) {
    Record single = NewRecord(fresh_);
    perdure::engine::Changes of_run;
    if (event.event_id() == record.first_event_id) {
      for (const Change& change : changes.changes()) take(change, of_run);
    }
    single.event_count = 1;
    single.changes = of_run.SerializeAsString();
    AppendFramed(event, single.events);
    REQUIRE(Apply(fresh_, single) == absl::OkStatus());
    Record more = NewRecord(fresh_);
    perdure::engine::Changes of_event;
    for (const Change& change : changes.changes()) take(change, of_event);
    more.changes = of_event.SerializeAsString();
    if (!of_event.changes().empty()) REQUIRE(Apply(fresh_, more) == absl::OkStatus());
    if (IsChecked(event.event_id())) Check(event.event_id(), fresh_);
  }
}

void EachEvent::Check(int64_t event_id, const State& fresh) const {
  const absl::StatusOr<State> whole = FoldUntil(log_, event_id);
  const absl::StatusOr<State> compacted = FoldUntil(compacted_, event_id);
  INFO("event " << event_id << ": " << whole.status() << ", " << compacted.status());
  REQUIRE(whole.ok());
  REQUIRE(compacted.ok());
  REQUIRE(whole->next_event_id == event_id + 1);
  const std::string expected = EncodeSnapshot(*whole);
  REQUIRE(EncodeSnapshot(*compacted) == expected);
  REQUIRE(DecodeSnapshot(expected).ok());
  // A fresh run has other records, and knows of no buffer that made the next attempt a first one.
  State same = fresh;
  same.last_sequence = whole->last_sequence;
  same.workflow_task_attempt = whole->workflow_task_attempt;
  REQUIRE(EncodeSnapshot(same) == expected);
}

}  // namespace perdure::engine::workflow::testing
