#include "tests/simulation/auditor.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "base/check.h"
#include "base/limits.h"
#include "base/time.h"
#include "engine/activity/activity_entity.h"
#include "engine/workflow/kind.h"
#include "engine/workflow/workflow_entity.h"
#include "server/activities/activity_line.h"
#include "server/history/testing/counter_kind.h"
#include "server/workflows/workflow_line.h"

namespace perdure::simulation {
namespace {

namespace workflow = engine::workflow;
using persistence::RunKey;

constexpr size_t kAll = 1'000'000;
// A message waits for its next attempt by the clock of its sender's executor.
constexpr absl::Duration kClockSlack = absl::Minutes(2);

engine::Record RecordOf(const persistence::HistoryRow& row) {
  return {row.first_event_id, row.event_count, row.events, row.changes, row.sequence};
}

bool WaitsForRetention(const engine::OwedMessage& message, absl::Time now) {
  return message.not_before > now;
}

// Calls `visit` for what an open activity of a workflow waits for.
template <typename Visit>
void VisitActivity(const workflow::Activity& activity, Visit visit) {
  const auto& scheduled = activity.scheduled->activity_task_scheduled_event_attributes();
  const auto visit_timeout = [&visit](absl::Time since, const google::protobuf::Duration& timeout) {
    const absl::Duration length = FromProto(timeout);
    if (length > absl::ZeroDuration()) visit(since + length);
  };
  visit_timeout(FromProto(activity.scheduled->event_time()), scheduled.schedule_to_close_timeout());
  if (!activity.started_time.has_value()) return visit(activity.scheduled_time);
  visit_timeout(*activity.started_time, scheduled.start_to_close_timeout());
  visit_timeout(
      std::max(*activity.started_time, activity.last_heartbeat_time.value_or(*activity.started_time)),
      scheduled.heartbeat_timeout());
}

// Calls `visit` for the times at which the entity has something to do, read from its state: not by the list
// from which the server reckons its next timer.
template <typename Visit>
void VisitTimes(const engine::Entity& entity, Visit visit) {
  if (!entity.IsOpen() || entity.kind().number() != workflow::kWorkflowKind) return;
  const workflow::State& state = workflow::StateOf(entity);
  for (const auto& [id, timer] : *state.timers) visit(timer.fires_at);
  for (const auto& [id, activity] : *state.activities) VisitActivity(*activity, visit);
  if (state.run_expires_at.has_value()) visit(*state.run_expires_at);
  if (state.execution_expires_at.has_value()) visit(*state.execution_expires_at);
}

// The earliest time from which on the durable part of the entity owes something; a message that was tried is
// owed again at `next_attempt`.
std::optional<absl::Time> FirstOwed(const engine::Entity& entity, absl::Time next_attempt) {
  absl::Time first = absl::InfiniteFuture();
  const auto visit = [&first](absl::Time at) { first = std::min(first, at); };
  const engine::Obligations owed = entity.DurablyOwed();
  for (const engine::Dispatch& dispatch : owed.dispatches) visit(dispatch.scheduled_time);
  if (owed.next_timer.has_value()) visit(*owed.next_timer);
  for (const engine::OwedMessage& message : owed.messages) {
    visit(std::max({message.not_before, entity.EarliestNow(), next_attempt}));
  }
  VisitTimes(entity, visit);
  return first == absl::InfiniteFuture() ? std::nullopt : std::optional(first);
}

}  // namespace

server::EntityKinds SimulatedKinds() {
  return server::EntityKinds(
      {server::WorkflowLine(), server::ActivityLine(), server::testing::CounterLine()});
}

Auditor::Auditor(persistence::MemoryStore& store, StoreFaults& faults, const Uuid& namespace_id)
    : store_(store),
      faults_(faults),
      namespace_id_(namespace_id),
      time_(1),
      executor_(time_),
      session_(store.OpenSession(executor_)) {}

template <typename T, typename Ask>
T Auditor::Read(Ask ask) {
  std::optional<T> read;
  faults_.SetQuiet(true);
  ask([&read](absl::StatusOr<T> answer) {
    PERDURE_CHECK(answer.ok(), "the auditor's reads do not fail");
    read = *std::move(answer);
  });
  time_.RunUntilIdle();
  faults_.SetQuiet(false);
  PERDURE_CHECK(read.has_value(), "the auditor's reads are answered at once");
  return *std::move(read);
}

std::vector<persistence::VisibilityRow> Auditor::Rows(KindNumber kind) {
  persistence::VisibilityQuery query;
  query.namespace_id = namespace_id_;
  query.page_size = kAll;
  query.kind = kind;
  return Read<persistence::VisibilityPage>(
             [&](auto done) { session_->ListExecutions(query, std::move(done)); })
      .rows;
}

std::vector<persistence::WakeRow> Auditor::Wakes(uint32_t writer) {
  persistence::WakeQuery query;
  query.writer_id = writer;
  query.limit = kAll;
  return Read<std::vector<persistence::WakeRow>>(
      [&](auto done) { session_->ReadWakes(query, std::move(done)); });
}

// The log of an entity only grows, so that what was folded before is folded on.
Auditor::EntityPtr Auditor::Fold(const persistence::StoredRun& stored) {
  Folded& folded = folded_[stored.key];
  const int64_t last =
      stored.rows.empty() ? stored.snapshot ? stored.snapshot->sequence : 0 : stored.rows.back().sequence;
  if (folded.entity != nullptr && folded.sequence == last) return folded.entity;
  const engine::Kind& kind = *kinds_.Find(stored.key.kind);
  std::unique_ptr<engine::Entity> entity;
  const bool goes_on = folded.entity != nullptr && folded.sequence < last &&
                       (!stored.snapshot || stored.snapshot->sequence <= folded.sequence);
  int64_t after = 0;
  if (goes_on) {
    entity = folded.entity->Clone();
    after = folded.sequence;
  } else if (stored.snapshot) {
    auto decoded = kind.Decode(stored.snapshot->state);
    PERDURE_CHECK(decoded.ok(), "a stored snapshot can be read");
    entity = *std::move(decoded);
  } else {
    entity = kind.New();
  }
  for (const persistence::HistoryRow& row : stored.rows) {
    if (row.sequence <= after) continue;
    PERDURE_CHECK(entity->Apply(RecordOf(row)).ok(), "a stored entity can be folded");
  }
  folded = {std::move(entity), last};
  return folded.entity;
}

std::map<RunKey, Auditor::EntityPtr> Auditor::Load(const std::vector<RunKey>& keys) {
  persistence::LoadQuery query;
  query.keys = keys;
  std::map<RunKey, EntityPtr> loaded;
  for (const persistence::StoredRun& stored : Read<std::vector<persistence::StoredRun>>(
           [&](auto done) { session_->LoadRuns(query, std::move(done)); })) {
    if (stored.found == persistence::StoredRun::Found::kRun) loaded[stored.key] = Fold(stored);
  }
  return loaded;
}

void Auditor::Refresh() {
  std::vector<RunKey> keys;
  for (const server::EntityKind& line : kinds_.lines()) {
    for (const persistence::VisibilityRow& row : Rows(line.kind->number())) keys.push_back(row.key);
  }
  all_ = Load(keys);
}

std::vector<Auditor::EntityPtr> Auditor::Entities(KindNumber kind) const {
  std::vector<EntityPtr> entities;
  for (const auto& [key, entity] : all_) {
    if (key.kind == kind) entities.push_back(entity);
  }
  return entities;
}

const workflow::State* Auditor::FindWorkflow(const std::string& id, const Uuid& run_id) {
  const RunKey key{ShardOf(namespace_id_, id), run_id, workflow::kWorkflowKind};
  const auto loaded = Load({key});
  return loaded.empty() ? nullptr : &workflow::StateOf(*loaded.begin()->second);
}

temporal::api::history::v1::History Auditor::HistoryOf(const engine::Entity& entity) {
  persistence::HistoryQuery query;
  query.key = {ShardOf(entity.namespace_id(), entity.id()), entity.run_id(), entity.kind().number()};
  query.to_event_id = std::numeric_limits<int64_t>::max();
  query.max_bytes = std::numeric_limits<int32_t>::max();
  std::string events;
  for (const persistence::HistoryRow& row : Read<std::vector<persistence::HistoryRow>>(
           [&](auto done) { session_->ReadHistory(query, std::move(done)); })) {
    events += row.events;
  }
  temporal::api::history::v1::History history;
  PERDURE_CHECK(history.ParseFromString(events), "stored events are framed");
  return history;
}

std::string Auditor::Left() { return store_.Contents(); }

Auditor::Runs Auditor::CountRuns(std::string_view id_prefix) const {
  Runs runs;
  for (const EntityPtr& entity : Entities(workflow::kWorkflowKind)) {
    if (!entity->id().starts_with(id_prefix)) continue;
    ++runs.all;
    if (!entity->IsOpen()) ++runs.closed;
  }
  return runs;
}

std::string Auditor::Unsettled(absl::Time now) const {
  std::string left;
  for (const auto& [key, entity] : all_) {
    if (entity->IsOpen()) {
      const engine::Obligations owed = entity->DurablyOwed();
      left += fmt::format(" {} is open: row {}, {} tasks wait, next timer {};", entity->id(),
                          entity->log().last_sequence, owed.dispatches.size(),
                          owed.next_timer ? absl::FormatTime(*owed.next_timer) : "none");
    }
    for (const engine::OwedMessage& message : entity->DurablyOwed().messages) {
      if (!entity->IsOpen() && WaitsForRetention(message, now)) continue;
      left += fmt::format(" {} owes {} message {} of type {};", entity->id(), message.target.id,
                          message.key.number, static_cast<int>(message.key.type));
    }
  }
  return left;
}

std::vector<std::string> Auditor::CheckChains() {
  std::map<std::string, const workflow::State*> runs;  // by run id
  std::map<std::string, int> open;                     // by workflow id
  const std::vector<EntityPtr> entities = Entities(workflow::kWorkflowKind);
  for (const EntityPtr& entity : entities) {
    open[entity->id()] += entity->IsOpen() ? 1 : 0;
    runs.emplace(entity->run_id().ToString(), &workflow::StateOf(*entity));
  }
  std::vector<std::string> broken;
  for (const auto& [id, count] : open) {
    if (count > 1) broken.push_back(fmt::format("{} has {} open runs", id, count));
  }
  for (const auto& [run_id, state] : runs) {
    const auto& started = state->facts->started->workflow_execution_started_event_attributes();
    const std::string& before = started.continued_execution_run_id();
    const bool begins = run_id == started.first_execution_run_id();
    if (begins != before.empty() || (!begins && !runs.contains(before))) {
      broken.push_back(fmt::format("run {} of {} follows on no run", run_id, state->facts->workflow_id));
    }
    if (state->close_event == nullptr) continue;
    const std::string& next = workflow::NextRunIdOf(*state->close_event);
    if (next.empty() || runs.contains(next)) continue;
    broken.push_back(fmt::format("run {} of {} is followed by none", run_id, state->facts->workflow_id));
  }
  return broken;
}

std::vector<std::string> Auditor::CheckReleased(absl::Time then) {
  std::vector<std::string> broken;
  for (const EntityPtr& entity : Entities(workflow::kWorkflowKind)) {
    if (!entity->IsOpen() || !workflow::StateOf(*entity).unreleased || entity->start_time() >= then) continue;
    broken.push_back(fmt::format("{} is a child that nobody released since {}", entity->id(),
                                 absl::FormatTime(entity->start_time())));
  }
  return broken;
}

std::vector<std::string> Auditor::CheckOutcomes() {
  std::vector<std::string> broken;
  for (const EntityPtr& entity : Entities(engine::activity::kActivityKind)) {
    const auto outcome = engine::activity::OutcomeOf(engine::activity::StateOf(*entity));
    const RunKey key{ShardOf(namespace_id_, entity->id()), entity->run_id(), entity->kind().number()};
    const std::string now = outcome ? outcome->SerializeAsString() : std::string();
    const auto before = outcomes_.find(key);
    if (before != outcomes_.end() && before->second != now) {
      broken.push_back(fmt::format("{} had ended, and its end is another one now", entity->id()));
    }
    if (outcome) outcomes_[key] = now;
  }
  return broken;
}

std::vector<std::string> Auditor::CheckWakes(const std::vector<uint32_t>& writers, absl::Time now) {
  std::map<RunKey, absl::Time> first;
  for (const uint32_t writer : writers) {
    for (const persistence::WakeRow& wake : Wakes(writer)) first.emplace(wake.run, wake.at);
  }
  const absl::Time next_attempt = now + limits::kLongestMessageBackoff + kClockSlack;
  std::vector<std::string> broken;
  for (const auto& [key, entity] : all_) {
    const std::optional<absl::Time> owed = FirstOwed(*entity, next_attempt);
    const auto wake = first.find(key);
    if (!owed || (wake != first.end() && wake->second <= *owed)) continue;
    broken.push_back(fmt::format("{} owes something at {}, and its first wake is {}", entity->id(),
                                 absl::FormatTime(*owed),
                                 wake == first.end() ? "nowhere" : absl::FormatTime(wake->second)));
  }
  return broken;
}

}  // namespace perdure::simulation
