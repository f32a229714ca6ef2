#include <utility>

#include "base/time.h"
#include "engine/values/cron_schedule.h"
#include "engine/values/failures.h"
#include "engine/values/payload.h"
#include "engine/workflow/messages/children.h"
#include "engine/workflow/messages/inbox.h"
#include "engine/workflow/run/links.h"
#include "engine/workflow/run/signal.h"
#include "engine/workflow/run/start.h"
#include "engine/workflow/timers/execution_timers.h"
#include "engine/workflow/updates/update_with_start.h"
#include "engine/workflow/updates/updates.h"
#include "engine/workflow/workflow_tasks/workflow_task.h"

namespace perdure::engine::workflow {
namespace {

namespace enums = temporal::api::enums::v1;
using temporal::api::history::v1::WorkflowExecutionStartedEventAttributes;

// Expiration is told in milliseconds.
absl::Time RoundToMillis(absl::Time time) {
  return absl::FromUnixMillis(absl::ToUnixMillis(time + absl::Microseconds(500)));
}

// Nil payloads set nothing.
void CopyMemo(const api::StartWorkflowExecutionRequest& request,
              WorkflowExecutionStartedEventAttributes& started) {
  MergePayloads(request.memo().fields(), *started.mutable_memo()->mutable_fields());
  if (started.memo().fields().empty()) started.clear_memo();
  MergePayloads(request.search_attributes().indexed_fields(),
                *started.mutable_search_attributes()->mutable_indexed_fields());
  if (started.search_attributes().indexed_fields().empty()) started.clear_search_attributes();
}

// What whoever starts a run anew tells it of the run before.
void CopyEarlierRun(const api::StartWorkflowExecutionRequest& request,
                    WorkflowExecutionStartedEventAttributes& started) {
  if (request.has_continued_failure()) {
    *started.mutable_continued_failure() = request.continued_failure();
    CutToLimit(*started.mutable_continued_failure());
  }
  if (request.has_last_completion_result()) {
    *started.mutable_last_completion_result() = request.last_completion_result();
  }
}

void CopyTimeouts(const api::StartWorkflowExecutionRequest& request, absl::Time now,
                  WorkflowExecutionStartedEventAttributes& started) {
  if (request.has_workflow_execution_timeout()) {
    *started.mutable_workflow_execution_timeout() = request.workflow_execution_timeout();
  }
  if (request.has_workflow_run_timeout()) {
    *started.mutable_workflow_run_timeout() = request.workflow_run_timeout();
  }
  *started.mutable_workflow_task_timeout() = request.workflow_task_timeout();
  *started.mutable_first_workflow_task_backoff() = request.workflow_start_delay();
  if (!request.cron_schedule().empty()) {
    const absl::Duration backoff =
        CronBackoff(request.cron_schedule(), {now, now}).value_or(absl::ZeroDuration());
    *started.mutable_first_workflow_task_backoff() = ToProto(backoff);
    started.set_initiator(enums::CONTINUE_AS_NEW_INITIATOR_CRON_SCHEDULE);
    started.set_cron_schedule(request.cron_schedule());
  }
  const absl::Duration execution_timeout = FromProto(request.workflow_execution_timeout());
  if (execution_timeout > absl::ZeroDuration()) {
    *started.mutable_workflow_execution_expiration_time() = ToProto(RoundToMillis(now + execution_timeout));
  }
}

// What the parent says of itself and of the first run of the family.
void CopyParent(const perdure::engine::ChildParent& parent,
                WorkflowExecutionStartedEventAttributes& started) {
  const auto text = [](const std::string& bytes) {
    return Uuid::FromBytes(bytes).value_or(Uuid{}).ToString();
  };
  started.set_parent_workflow_namespace(parent.run().namespace_());
  started.set_parent_workflow_namespace_id(text(parent.run().namespace_id()));
  started.mutable_parent_workflow_execution()->set_workflow_id(parent.run().id());
  started.mutable_parent_workflow_execution()->set_run_id(text(parent.run().run_id()));
  started.set_parent_initiated_event_id(parent.initiated_event_id());
  started.mutable_root_workflow_execution()->set_workflow_id(parent.root_id());
  started.mutable_root_workflow_execution()->set_run_id(text(parent.root_run_id()));
}

HistoryEvent NewStarted(const StartRequest& start, const Transition& transition) {
  const auto& request = start.request;
  const std::string run_id = start.run_id.ToString();
  HistoryEvent event = transition.NewEvent(enums::EVENT_TYPE_WORKFLOW_EXECUTION_STARTED);
  auto& started = *event.mutable_workflow_execution_started_event_attributes();
  *started.mutable_workflow_type() = request.workflow_type();
  started.mutable_task_queue()->set_name(request.task_queue().name());
  started.mutable_task_queue()->set_kind(enums::TASK_QUEUE_KIND_NORMAL);
  if (request.has_header()) *started.mutable_header() = request.header();
  if (request.has_input()) *started.mutable_input() = request.input();
  CopyEarlierRun(request, started);
  CopyTimeouts(request, transition.now(), started);
  started.set_identity(request.identity());
  if (request.has_retry_policy()) *started.mutable_retry_policy() = request.retry_policy();
  started.set_attempt(1);
  started.set_first_execution_run_id(run_id);
  started.set_original_execution_run_id(run_id);
  CopyMemo(request, started);
  started.set_workflow_id(request.workflow_id());
  if (request.has_priority()) *started.mutable_priority() = request.priority();
  started.set_eager_execution_accepted(IsEager(request));
  if (start.child != nullptr) CopyParent(start.child->parent(), started);
  if (request.has_user_metadata()) *event.mutable_user_metadata() = request.user_metadata();
  *event.mutable_links() = request.links();
  return event;
}

perdure::engine::Change NewRunCreated(const StartRequest& start, const State* before,
                                      const NamespaceSettings& settings) {
  perdure::engine::Change change;
  auto* created = change.mutable_run_created();
  created->set_namespace_id(std::string(settings.id.View()));
  created->set_workflow_id(start.request.workflow_id());
  created->set_run_id(std::string(start.run_id.View()));
  created->set_request_id(start.request.request_id());
  if (start.child != nullptr) {
    created->set_parent_original_run_id(start.child->parent().original_run_id());
    created->set_unreleased(true);
  }
  if (before != nullptr) HandInboxOn(*before, *created);
  return change;
}

StartDecision Refused(absl::Status why) {
  return {.state = std::nullopt, .records = {}, .current = std::nullopt, .reply = std::move(why)};
}

}  // namespace

StartDecision StartNewRun(const StartRequest& start, const State* before, const Context& context) {
  Transition transition(State(), context);
  transition.Change(NewRunCreated(start, before, context.settings));
  transition.Emit(NewStarted(start, transition));
  if (start.signal != nullptr) transition.Emit(SignaledBy(*start.signal, transition));
  if (!IsDelayed(transition.state(), context.now)) ScheduleWorkflowTask(transition);
  if (start.update != nullptr) {
    if (absl::Status admitted = AdmitUpdate(transition, start.update->request()); !admitted.ok()) {
      return Refused(OfUpdate(std::move(admitted)));
    }
  }
  StartReply reply = NewStartReply(transition.state(), context.settings, true);
  if (IsEager(start.request)) {
    const Starter starter{start.request.request_id(), start.request.identity(), {}};
    reply.eager_task = StartPendingTask(transition, starter, false);
    transition.HardenWorkflowTask();
    reply.eager_task = ReplyForRunningTask(transition.state(), false);
  }
  auto result = std::move(transition).Finish();
  StartDecision decision{.state = std::move(result.state),
                         .records = std::move(result.records),
                         .current = std::nullopt,
                         .reply = Reply(std::move(reply)),
                         .happenings = std::move(result.happenings)};
  return decision;
}

StartReply NewStartReply(const State& state, const NamespaceSettings& settings, bool started) {
  StartReply reply;
  const auto& event = state.facts->started->workflow_execution_started_event_attributes();
  reply.response.set_run_id(state.facts->run_id.ToString());
  reply.response.set_first_execution_run_id(event.first_execution_run_id());
  reply.response.set_started(started);
  reply.response.set_status(state.status);
  *reply.response.mutable_link() = LinkToStart(state, settings);
  return reply;
}

bool IsEager(const api::StartWorkflowExecutionRequest& request) {
  return request.request_eager_execution() && request.cron_schedule().empty() &&
         FromProto(request.workflow_start_delay()) == absl::ZeroDuration();
}

}  // namespace perdure::engine::workflow
