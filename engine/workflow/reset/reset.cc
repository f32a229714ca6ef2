#include "engine/workflow/reset/reset.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/status.h"
#include "engine/event_frames.h"
#include "engine/values/failures.h"
#include "engine/workflow/messages/inbox.h"
#include "engine/workflow/reset/prefix_copy.h"
#include "engine/workflow/reset/reapply.h"
#include "engine/workflow/run/close.h"
#include "engine/workflow/run/signal.h"
#include "engine/workflow/workflow_entity.h"
#include "engine/workflow/workflow_tasks/workflow_task.h"

namespace perdure::engine::workflow {
namespace {

namespace enums = temporal::api::enums::v1;

constexpr std::string_view kResetter = "history-resetter";

// The first change of the new run, which keeps the request id of its base's start: whoever repeats that start
// is answered by it.
perdure::engine::Change CreatedAs(const State& base, const Uuid& run_id, int64_t below_event_id) {
  perdure::engine::Change change;
  auto& created = *change.mutable_run_created();
  created.set_namespace_id(std::string(base.facts->namespace_id.View()));
  created.set_workflow_id(base.facts->workflow_id);
  created.set_run_id(std::string(run_id.View()));
  created.set_request_id(base.facts->request_id);
  if (base.facts->parent_original_run_id != Uuid{}) {
    created.set_parent_original_run_id(std::string(base.facts->parent_original_run_id.View()));
  }
  std::vector<EventOrigin> origins = base.facts->origins;
  origins.push_back({below_event_id, base.facts->run_id});
  for (const EventOrigin& origin : origins) {
    auto& one = *created.add_origins();
    one.set_below_event_id(std::min(origin.below_event_id, below_event_id));
    one.set_run_id(std::string(origin.run_id.View()));
    if (origin.below_event_id >= below_event_id) break;
  }
  return change;
}

Failure ResetFailure(const std::string& reason) {
  Failure failure;
  failure.set_message(reason);
  failure.mutable_reset_workflow_failure_info();
  return failure;
}

// The task at which the base's events end has failed.
void FailTaskAtPoint(Transition& transition, const Uuid& base_run_id, const std::string& reason) {
  const State& state = transition.state();
  const WorkflowTask& task = *state.workflow_task.pending();
  if (!task.IsRunning()) {
    HistoryEvent event = transition.NewEvent(enums::EVENT_TYPE_WORKFLOW_TASK_STARTED);
    auto& started = *event.mutable_workflow_task_started_event_attributes();
    started.set_scheduled_event_id(task.scheduled_event_id);
    started.set_identity(std::string(kHistoryService));
    started.set_request_id("emptyUuid");  // as the real server's are that no poll has made
    started.set_history_size_bytes(state.history_size_bytes);
    transition.Emit(std::move(event));
  }
  WorkflowTaskFailedEventAttributes why;
  why.set_cause(enums::WORKFLOW_TASK_FAILED_CAUSE_RESET_WORKFLOW);
  *why.mutable_failure() = ResetFailure(reason);
  why.set_identity(std::string(kHistoryService));
  why.set_base_run_id(base_run_id.ToString());
  why.set_new_run_id(state.facts->run_id.ToString());
  FailRunningTask(transition, std::move(why));
}

// Of an event that closes its run: where its history goes on. Nullopt: nowhere that counts.
std::optional<Rewind::Place> ContinuedAt(const HistoryEvent& event) {
  if (!event.has_workflow_execution_continued_as_new_event_attributes()) return std::nullopt;
  const auto next =
      Uuid::Parse(event.workflow_execution_continued_as_new_event_attributes().new_execution_run_id());
  return next.has_value() ? std::optional(Rewind::Place{*next, 1}) : std::nullopt;
}

bool Closes(const HistoryEvent& event) {
  switch (event.attributes_case()) {
    case HistoryEvent::kWorkflowExecutionCompletedEventAttributes:
    case HistoryEvent::kWorkflowExecutionFailedEventAttributes:
    case HistoryEvent::kWorkflowExecutionTimedOutEventAttributes:
    case HistoryEvent::kWorkflowExecutionCanceledEventAttributes:
    case HistoryEvent::kWorkflowExecutionTerminatedEventAttributes:
    case HistoryEvent::kWorkflowExecutionContinuedAsNewEventAttributes:
      return true;
    default:
      return false;
  }
}

void SignalAfterReset(Transition& transition,
                      const temporal::api::workflow::v1::PostResetOperation& operation,
                      const std::string& identity) {
  const auto& asked = operation.signal_workflow();
  HistoryEvent event = NewSignaled(transition);
  auto& signaled = *event.mutable_workflow_execution_signaled_event_attributes();
  signaled.set_signal_name(asked.signal_name());
  if (asked.has_input()) *signaled.mutable_input() = asked.input();
  signaled.set_identity(identity);
  if (asked.has_header()) *signaled.mutable_header() = asked.header();
  *event.mutable_links() = asked.links();
  transition.Emit(std::move(event));
}

// The request id of a start that made the run answers, too, as on the real server.
bool IsRepeated(const State& current, const std::string& request_id) {
  return current.facts->request_id == request_id || current.reset_request_id == request_id;
}

absl::Status NoTaskAt(const api::ResetWorkflowExecutionRequest& request, bool inside_a_record) {
  const int64_t finish = request.workflow_task_finish_event_id();
  if (inside_a_record) {
    return InvalidArgument(absl::StrCat("StateRebuilder unable to Rebuild mutable state to event ID: ",
                                        finish - 1, ", version: 0, this event must be at the boundary"));
  }
  return InvalidArgument(
      absl::StrCat("Can only reset workflow to event ID in range [WorkflowTaskScheduled +1, "
                   "WorkflowTaskStarted + 1]: ",
                   finish));
}

class Reset final : public Rewind {
 public:
  Reset(const State& base, const api::ResetWorkflowExecutionRequest& request, const Uuid& run_id)
      : request_(request),
        unwanted_(NotReappliedOf(request)),
        base_run_id_(base.facts->run_id),
        run_id_(run_id),
        copy_(CreatedAs(base, run_id, request.workflow_task_finish_event_id()),
              request.workflow_task_finish_event_id() - 1),
        place_(Place{base_run_id_, 1}) {}

  std::optional<Place> Wants() const override { return place_; }
  absl::Status Read(const Record& record, const Context& context) override;
  absl::Status Missing() override {
    if (!copy_.IsWhole()) return NotFound("the base of the reset is not there any more");
    place_.reset();
    return absl::OkStatus();
  }
  absl::Status Check() const override {
    return copy_.IsWhole() ? absl::OkStatus() : Unavailable("the base of the reset is not read");
  }
  std::vector<Record> TakeReady() override {
    taken_ = std::make_unique<WorkflowEntity>(state_);
    return std::exchange(ready_, {});
  }
  const Entity& entity() const override { return *taken_; }
  engine::Decision Leave(Entity& run, const Context& context) const override {
    const Leaving leaving{request_.reason(), run_id_, run.run_id() == base_run_id_,
                          request_.workflow_task_finish_event_id()};
    return static_cast<WorkflowEntity&>(run).LeaveToReset(leaving, context);
  }
  NextEntity Finish(const Entity* current, const Context& context) override;
  ReplyPtr Answer() const override { return std::make_unique<WorkflowReply>(Done{run_id_}); }

 private:
  absl::Status BeginAnew(const Context& context);
  absl::Status ReadOn(const Record& record, const Context& context);
  void Keep(Transition transition);

  const api::ResetWorkflowExecutionRequest request_;
  const NotReapplied unwanted_;
  const Uuid base_run_id_;
  const Uuid run_id_;
  PrefixCopy copy_;
  std::optional<Place> place_;
  State state_;
  std::vector<Record> ready_;
  std::vector<Happening> happenings_;
  std::unique_ptr<WorkflowEntity> taken_ = std::make_unique<WorkflowEntity>();
};

absl::Status Reset::Read(const Record& record, const Context& context) {
  if (!copy_.IsWhole()) {
    if (absl::Status taken = copy_.Take(record, state_, ready_); !taken.ok()) return taken;
    place_->next_event_id = copy_.next_event_id();
    if (!copy_.IsWhole()) return absl::OkStatus();
    if (absl::Status begun = BeginAnew(context); !begun.ok()) return begun;
  }
  return ReadOn(record, context);
}

absl::Status Reset::BeginAnew(const Context& context) {
  if (state_.workflow_task.pending() == nullptr) return NoTaskAt(request_, copy_.is_cut());
  Transition transition(std::move(state_), context);
  FailTaskAtPoint(transition, base_run_id_, request_.reason());
  Keep(std::move(transition));
  const bool sent = !state_.external_signals->empty() || !state_.external_cancels->empty();
  if (unwanted_.everything && !sent) place_.reset();
  return absl::OkStatus();
}

absl::Status Reset::ReadOn(const Record& record, const Context& context) {
  Transition transition(std::move(state_), context);
  std::string_view rest = record.events;
  int64_t id = record.first_event_id;
  for (int32_t i = 0; i < record.event_count && place_.has_value(); ++i, ++id) {
    const std::string_view frame = TakeFrame(rest);
    if (id < place_->next_event_id) continue;
    const EventPtr event = ParseFrame(frame);
    if (event == nullptr || event->event_id() != id || id != place_->next_event_id) {
      return absl::DataLossError(absl::StrCat("event ", place_->next_event_id, " cannot be read"));
    }
    Reapply(transition, *event, unwanted_);
    ++place_->next_event_id;
    if (Closes(*event)) place_ = unwanted_.everything ? std::nullopt : ContinuedAt(*event);
  }
  Keep(std::move(transition));
  return absl::OkStatus();
}

void Reset::Keep(Transition transition) {
  auto result = std::move(transition).Finish();
  state_ = std::move(result.state);
  std::move(result.records.begin(), result.records.end(), std::back_inserter(ready_));
  std::move(result.happenings.begin(), result.happenings.end(), std::back_inserter(happenings_));
}

NextEntity Reset::Finish(const Entity* current, const Context& context) {
  Transition transition(std::move(state_), context);
  perdure::engine::Change change;
  auto& rewound = *change.mutable_run_rewound();
  rewound.set_request_id(request_.request_id());
  if (current != nullptr) {
    for (const auto& [key, sender] : *StateOf(*current).inbox)
      *rewound.add_inbox() = NewReceived(key, sender);
  }
  transition.Change(std::move(change));
  for (const auto& operation : request_.post_reset_operations()) {
    if (operation.has_signal_workflow()) SignalAfterReset(transition, operation, request_.identity());
  }
  ScheduleWorkflowTask(transition);
  Keep(std::move(transition));
  return {std::make_unique<WorkflowEntity>(std::move(state_)), std::exchange(ready_, {}),
          std::make_unique<RunHappenings>(std::exchange(happenings_, {}))};
}

}  // namespace

const Uuid& OriginOf(const State& state, int64_t event_id) {
  if (event_id > 0) {
    for (const EventOrigin& origin : state.facts->origins) {
      if (event_id < origin.below_event_id) return origin.run_id;
    }
  }
  return state.facts->run_id;
}

void LeaveToReset(Transition& transition, const Leaving& leaving) {
  const bool ends = transition.state().IsOpen();
  if (!ends && !leaving.is_base) return;
  if (ends) ForceClose(transition, NewTerminated(transition, leaving.reason, kResetter));
  perdure::engine::Change change;
  auto& reset = *change.mutable_run_reset();
  if (leaving.is_base) reset.set_new_run_id(std::string(leaving.new_run_id.View()));
  reset.set_ended(ends);
  if (ends && leaving.is_base) reset.set_hands_on_below(leaving.below_event_id);
  transition.Change(std::move(change));
}

absl::StatusOr<Kind::RewindDecision> BeginReset(const State& base, const State* current,
                                                const api::ResetWorkflowExecutionRequest& request,
                                                const Uuid& run_id) {
  const int64_t finish = request.workflow_task_finish_event_id();
  if (finish <= 1 || finish >= base.next_event_id) {
    return InvalidArgument("Workflow task finish ID must be > 1 && <= workflow last event ID.");
  }
  if (base.close_event == nullptr && !base.IsOpen()) {
    return absl::DataLossError("the base of the reset has lost its end");
  }
  Kind::RewindDecision decision;
  if (current != nullptr && IsRepeated(*current, request.request_id())) {
    decision.repeated = std::make_unique<WorkflowReply>(Done{current->facts->run_id});
  } else {
    decision.rewind = std::make_unique<Reset>(base, request, run_id);
  }
  return decision;
}

}  // namespace perdure::engine::workflow
