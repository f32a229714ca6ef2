#include "engine/workflow/run/start.h"

#include "engine/workflow/queries/queries.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "base/text.h"
#include "engine/values/payload.h"
#include "engine/workflow/run/close.h"
#include "engine/workflow/run/links.h"
#include "engine/workflow/updates/update_with_start.h"
#include "engine/workflow/workflow_tasks/workflow_task.h"

namespace perdure::engine::workflow {
namespace {

namespace enums = temporal::api::enums::v1;

StartDecision Answer(absl::StatusOr<Reply> reply) {
  return {.state = std::nullopt, .records = {}, .current = std::nullopt, .reply = std::move(reply)};
}

absl::Status AlreadyStarted(const State& current, std::string_view before, std::string_view after) {
  const RunFacts& facts = *current.facts;
  const std::string run_id = facts.run_id.ToString();
  const auto& started = facts.started->workflow_execution_started_event_attributes();
  return WorkflowExecutionAlreadyStarted(
      absl::StrCat(std::string(before), " WorkflowId: ", Shown(facts.workflow_id), ", RunId: ", run_id, ".",
                   std::string(after)),
      facts.request_id, run_id, started.first_execution_run_id());
}

// A start that was made before: answered as it was then.
StartDecision AnswerRepeated(const State& current, const api::StartWorkflowExecutionRequest& request,
                             const Context& context) {
  const bool started_it = request.request_id() == current.facts->request_id;
  StartReply reply = NewStartReply(current, context.settings, started_it);
  if (!started_it) {
    *reply.response.mutable_link() = LinkToRequest(current, context.settings, request.request_id(),
                                                   enums::EVENT_TYPE_WORKFLOW_EXECUTION_OPTIONS_UPDATED);
  } else if (IsEager(request)) {
    const WorkflowTask* running = current.workflow_task.running();
    constexpr int64_t kFirstStarted = 3;
    if (running != nullptr && running->started_event_id == kFirstStarted && running->attempt == 1) {
      reply.eager_task = ReplyForRunningTask(current, false);
    }
  }
  return Answer(Reply(std::move(reply)));
}

StartDecision TerminateAndStart(const State& current, const StartRequest& request, const Context& context) {
  Transition transition(current, context);
  HistoryEvent event = NewTerminated(transition, "TerminateIfRunning WorkflowIdReusePolicy", kHistoryService);
  *event.mutable_workflow_execution_terminated_event_attributes()->mutable_details() =
      JsonStringPayloads(absl::StrCat("terminated by new runID: ", request.run_id.ToString()));
  ForceClose(transition, std::move(event));
  ReleaseQueries(transition);
  auto ended = std::move(transition).Finish();
  StartDecision decision = StartNewRun(request, &ended.state, context);
  if (!decision.reply.ok()) return decision;  // the update is refused, and nothing has happened
  decision.current = Decision{.state = std::move(ended.state),
                              .records = std::move(ended.records),
                              .reply = Reply(Done{}),
                              .answers = std::move(ended.answers),
                              .next = std::nullopt,
                              .happenings = std::move(ended.happenings)};
  return decision;
}

StartDecision UseExisting(const State& current, const api::StartWorkflowExecutionRequest& request,
                          const Context& context) {
  if (!request.has_on_conflict_options()) {
    return Answer(Reply(NewStartReply(current, context.settings, false)));
  }
  Decision attached = Decide(current, AttachStart{request}, context);
  StartDecision decision = Answer(attached.reply);
  decision.current = std::move(attached);
  return decision;
}

StartDecision SignalExisting(const State& current, const api::SignalWorkflowExecutionRequest& signal,
                             const Context& context) {
  Decision signaled = Decide(current, Signal{signal, /*with_start=*/true}, context);
  absl::StatusOr<Reply> reply = std::move(signaled.reply);
  if (reply.ok()) reply = Reply(NewStartReply(signaled.state, context.settings, false));
  StartDecision decision = Answer(std::move(reply));
  signaled.reply = Reply(Done{});
  decision.current = std::move(signaled);
  return decision;
}

// The workflow id's current run is open.
StartDecision ResolveConflict(const State& current, const StartRequest& request, const Context& context) {
  if (EndsOpenRun(request.request)) return TerminateAndStart(current, request, context);
  if (request.signal != nullptr) return SignalExisting(current, *request.signal, context);
  if (request.request.workflow_id_conflict_policy() == enums::WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING) {
    return UseExisting(current, request.request, context);
  }
  return Answer(AlreadyStarted(current, "Workflow execution is already running.", ""));
}

// The workflow id's current run is closed: null when its id may be used again.
absl::Status CheckReuse(const State& current, enums::WorkflowIdReusePolicy policy) {
  const bool succeeded = current.status == enums::WORKFLOW_EXECUTION_STATUS_COMPLETED ||
                         current.status == enums::WORKFLOW_EXECUTION_STATUS_CONTINUED_AS_NEW;
  switch (policy) {
    case enums::WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE_FAILED_ONLY:
      if (!succeeded) return absl::OkStatus();
      return AlreadyStarted(current, "Workflow execution already finished successfully.",
                            " Workflow Id reuse policy: allow duplicate workflow Id if last run failed.");
    case enums::WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE:
      return AlreadyStarted(current, "Workflow execution already finished.",
                            " Workflow Id reuse policy: reject duplicate workflow Id.");
    case enums::WORKFLOW_ID_REUSE_POLICY_UNSPECIFIED:
    case enums::WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE:
    case enums::WORKFLOW_ID_REUSE_POLICY_TERMINATE_IF_RUNNING:
    default:
      return absl::OkStatus();
  }
}

}  // namespace

bool EndsOpenRun(const api::StartWorkflowExecutionRequest& request) {
  // The first is the older way to say it.
  return request.workflow_id_reuse_policy() == enums::WORKFLOW_ID_REUSE_POLICY_TERMINATE_IF_RUNNING ||
         request.workflow_id_conflict_policy() == enums::WORKFLOW_ID_CONFLICT_POLICY_TERMINATE_EXISTING;
}

StartDecision DecideStart(const State* current, const StartRequest& start, const Context& context) {
  StartRequest request = start;
  if (absl::Status status = NormalizeStart(request); !status.ok()) return Answer(status);
  if (current == nullptr) return StartNewRun(request, nullptr, context);
  if (start.update != nullptr) {
    if (auto updated = UpdateCurrent(*current, request, context)) return *std::move(updated);
  }
  // A signal with start that is repeated is known by its signal, and once the run has closed by nothing.
  if (start.signal == nullptr && current->start_request_ids->contains(request.request.request_id())) {
    if (start.update != nullptr) return Answer(Unavailable("Workflow was not started: 3"));
    return AnswerRepeated(*current, request.request, context);
  }
  if (current->IsOpen()) return ResolveConflict(*current, request, context);
  const absl::Status reuse = CheckReuse(*current, request.request.workflow_id_reuse_policy());
  return reuse.ok() ? StartNewRun(request, current, context) : Answer(reuse);
}

}  // namespace perdure::engine::workflow
