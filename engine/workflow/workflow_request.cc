// What the host asks of a workflow's requests and replies without knowing them.
#include <algorithm>
#include <utility>

#include "base/check.h"
#include "engine/workflow/run/start.h"
#include "engine/workflow/workflow_entity.h"

namespace perdure::engine::workflow {
namespace {

template <typename... Visitors>
struct Overloads : Visitors... {
  using Visitors::operator()...;
};
template <typename... Visitors>
Overloads(Visitors...) -> Overloads<Visitors...>;

// From the event that completed it.
void FillOutcome(const std::string& page, UpdateReply& update) {
  temporal::api::history::v1::History history;
  PERDURE_CHECK(history.ParseFromString(page) && history.events_size() == 1,
                "the outcome of an update stands in one event");
  auto& completed =
      *history.mutable_events(0)->mutable_workflow_execution_update_completed_event_attributes();
  *update.response.mutable_outcome() = std::move(*completed.mutable_outcome());
}

}  // namespace

bool WorkflowRequest::IsAnswer() const {
  return std::visit(Overloads{
                        [](const ReturnActivityTask&) { return true; },
                        [](const CompleteWorkflowTask&) { return true; },
                        [](const FailWorkflowTask&) { return true; },
                        [](const CompleteActivity&) { return true; },
                        [](const FailActivity&) { return true; },
                        [](const CancelActivity&) { return true; },
                        [](const HeartbeatActivity&) { return true; },
                        [](const Terminate&) { return true; },  // an operator's way out of overload
                        [](const auto&) { return false; },
                    },
                    request_);
}

size_t WorkflowRequest::Bytes() const {
  return std::visit(Overloads{
                        [](const StartWorkflowTask&) { return size_t{0}; },
                        [](const StartQuery&) { return size_t{0}; },
                        [](const StartActivityTask&) { return size_t{0}; },
                        [](const ReturnActivityTask&) { return size_t{0}; },
                        [](const HardenWorkflowTaskStart&) { return size_t{0}; },
                        [](const ResetSticky&) { return size_t{0}; },
                        [](const FireTimers&) { return size_t{0}; },
                        [](const Delete&) { return size_t{0}; },
                        [](const ReceiveMessage& r) { return r.message.ByteSizeLong(); },
                        [](const SettleMessages&) { return size_t{0}; },
                        [](const auto& r) { return r.request.ByteSizeLong(); },
                    },
                    request_);
}

std::optional<DispatchName> WorkflowRequest::Dispatched() const {
  if (const auto* task = std::get_if<StartWorkflowTask>(&request_)) {
    return DispatchName{TaskKind::kWorkflow, task->scheduled_event_id, task->attempt};
  }
  if (const auto* activity = std::get_if<StartActivityTask>(&request_)) {
    return DispatchName{TaskKind::kActivity, activity->scheduled_event_id, activity->attempt};
  }
  if (const auto* back = std::get_if<ReturnActivityTask>(&request_)) {
    // A commit from before the start may have landed since, and the task been offered with it and refused as
    // already started: what comes back is offered once more.
    return DispatchName{TaskKind::kActivity, back->token.scheduled_event_id(), back->token.attempt()};
  }
  return std::nullopt;
}

bool WorkflowStartRequest::MayReplaceUnfoldable() const {
  if (request_.has_on_conflict_options()) return false;
  return (!signal_.has_value() && !update_.has_value()) || EndsOpenRun(request_);
}

size_t WorkflowStartRequest::Bytes() const {
  return request_.ByteSizeLong() + (signal_.has_value() ? signal_->ByteSizeLong() : 0) +
         (update_.has_value() ? update_->ByteSizeLong() : 0);
}

WorkflowTaskReply* WorkflowReply::Task() {
  if (auto* task = std::get_if<WorkflowTaskReply>(&reply)) return task;
  if (auto* query = std::get_if<QueryTaskReply>(&reply)) return &query->task;
  if (auto* completed = std::get_if<CompletedReply>(&reply)) {
    return completed->workflow_task ? &*completed->workflow_task : nullptr;
  }
  if (auto* start = std::get_if<StartReply>(&reply)) {
    return start->eager_task ? &*start->eager_task : nullptr;
  }
  return nullptr;
}

void WorkflowReply::SetRun(const Uuid& run_id) {
  if (auto* bare = std::get_if<Done>(&reply)) bare->run_id = run_id;
}

std::optional<EventRange> WorkflowReply::WantsEvents() {
  if (const auto* update = std::get_if<UpdateReply>(&reply); update != nullptr) {
    if (update->outcome_event_id == 0) return std::nullopt;
    EventRange outcome{update->outcome_event_id, update->outcome_event_id};
    outcome.recorded = true;
    return outcome;
  }
  const WorkflowTaskReply* const task = Task();
  if (task == nullptr) return std::nullopt;
  EventRange wanted{task->history_from, task->history_to};
  wanted.recorded = std::holds_alternative<QueryTaskReply>(reply);
  if (wanted.recorded && wanted.last < wanted.first) return std::nullopt;
  return wanted;
}

void WorkflowReply::SetEvents(std::string page, int64_t next_page_from) {
  if (auto* update = std::get_if<UpdateReply>(&reply)) return FillOutcome(page, *update);
  WorkflowTaskReply* const task = Task();
  task->history = std::move(page);
  task->next_page_from = next_page_from;
}

void WorkflowReply::OnHardened(const Entity& entity) {
  const WorkflowTask* const running = StateOf(entity).workflow_task.running();
  WorkflowTaskReply* const task = Task();
  if (task == nullptr) return;
  if (running != nullptr && running->IsAhead()) return;  // its events stand in no log until it succeeds
  task->history_to = std::max(task->history_to, task->token.started_event_id());
  task->tail.clear();
}

}  // namespace perdure::engine::workflow
