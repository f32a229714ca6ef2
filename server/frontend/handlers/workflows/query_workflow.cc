#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>
#include <variant>

#include "absl/functional/any_invocable.h"
#include "base/limits.h"
#include "base/mutex.h"
#include "base/status.h"
#include "server/frontend/call_errors.h"
#include "server/frontend/handlers/handlers.h"
#include "server/frontend/tasks.h"
#include "server/frontend/validate.h"

namespace perdure::server {
namespace {

namespace enums = temporal::api::enums::v1;
namespace workflow = engine::workflow;

absl::Status Validate(const api::QueryWorkflowRequest& request) {
  absl::Status valid = ValidateExecution(request.has_execution() ? &request.execution() : nullptr);
  if (!valid.ok()) return valid;
  if (!request.has_query()) return InvalidArgument("WorkflowQuery is not set on request.");
  if (request.query().query_type().empty()) return InvalidArgument("QueryType is not set on request.");
  return ValidateBlobSize(request.query().query_args().ByteSizeLong());
}

absl::Status TimedOut() {
  return absl::DeadlineExceededError("query timed out before a worker could process it");
}

// One query, step by step: its run says whether it is answered, waits for a workflow task or goes to a worker
// by itself; then it is asked on the sticky queue, and where nobody answers there on the run's own. Kept
// alive by the callback of the step under way.
class OpenQuery : public std::enable_shared_from_this<OpenQuery> {
 public:
  OpenQuery(Frontend& frontend, CallPtr call, NamespacePtr name_space, api::QueryWorkflowRequest request)
      : frontend_(frontend),
        name_space_(std::move(name_space)),
        request_(std::move(request)),
        run_(RunOf(name_space_->id, request_.execution())) {
    const absl::Duration wait = std::min(call->TimeLeft().value_or(limits::kQueryTime), limits::kQueryTime);
    deadline_ = frontend_.executor.Monotonic() + wait;
    ticket_ = frontend_.parked.Park(std::move(call));
  }

  void AskRun() {
    const int step = BeginStep();
    workflow::Query query{
        .request = request_, .id = frontend_.ids.Mint().ToString(), .time_left = TimeLeft()};
    const uint64_t id =
        frontend_.history.Ask(run_, std::move(query), TimeLeft(),
                              [self = shared_from_this()](absl::StatusOr<WorkflowHistory::Answer> answer) {
                                if (!answer.ok()) return self->Fail(answer.status());
                                if (*answer == nullptr) return self->Fail(TimedOut());
                                self->OnRun(**answer);
                              });
    WhenGone(step, [&history = frontend_.history, id] { history.CancelWait(id); });
  }

 private:
  // The answer to a step may come, and the next step begin, before its own id is known.
  int BeginStep() {
    const MutexLock lock(mutex_);
    return ++step_;
  }
  void WhenGone(int step, absl::AnyInvocable<void() &&> call_off) {
    const MutexLock lock(mutex_);
    if (step == step_) frontend_.parked.WhenGone(ticket_, std::move(call_off));
  }

  absl::Duration TimeLeft() const {
    return std::max(deadline_ - frontend_.executor.Monotonic(), absl::ZeroDuration());
  }

  void OnRun(workflow::Reply& reply) {
    if (const auto* answered = std::get_if<workflow::QueryReply>(&reply)) {
      return Answer(answered->response);
    }
    dispatch_ = std::move(std::get<workflow::QueryDispatch>(reply));
    run_.run_id = dispatch_.run_id;
    AskWorker(!dispatch_.sticky_queue.empty());
  }

  void AskWorker(bool sticky) {
    const absl::Duration wait = sticky ? std::min(TimeLeft(), dispatch_.sticky_timeout) : TimeLeft();
    if (wait <= absl::ZeroDuration()) return Fail(TimedOut());
    const int step = BeginStep();
    const uint64_t id =
        frontend_.matching.Query({.run = run_,
                                  .task_queue = sticky ? dispatch_.sticky_queue : dispatch_.task_queue,
                                  .sticky = sticky,
                                  .query = request_.query(),
                                  .priority_key = dispatch_.priority_key,
                                  .wait = wait},
                                 [self = shared_from_this(), sticky](absl::StatusOr<QueryAnswer> answer) {
                                   const bool nobody = absl::IsDeadlineExceeded(answer.status()) ||
                                                       (answer.ok() && !answer->answer.has_value());
                                   if (sticky && nobody) return self->LeaveStickyQueue();
                                   if (!answer.ok()) return self->Fail(answer.status());
                                   if (!answer->answer.has_value()) return self->Fail(TimedOut());
                                   self->OnWorker(*answer->answer);
                                 });
    WhenGone(step, [&matching = frontend_.matching, id] { matching.CancelQuery(id); });
  }

  // The worker with the run's cache is gone, or does not answer: no task of the run is kept for it either.
  void LeaveStickyQueue() {
    if (!dispatch_.open) return AskWorker(false);
    frontend_.history.Execute(run_, workflow::ResetSticky{.rides = true},
                              [self = shared_from_this()](const absl::StatusOr<workflow::Reply>& reset) {
                                // A run that has closed meanwhile can be queried all the same.
                                if (!reset.ok() && !absl::IsNotFound(reset.status())) {
                                  return self->Fail(reset.status());
                                }
                                self->AskWorker(false);
                              });
  }

  void OnWorker(api::RespondQueryTaskCompletedRequest& answer) {
    switch (answer.completed_type()) {
      case enums::QUERY_RESULT_TYPE_ANSWERED: {
        api::QueryWorkflowResponse response;
        if (answer.has_query_result())
          *response.mutable_query_result() = std::move(*answer.mutable_query_result());
        return Answer(response);
      }
      case enums::QUERY_RESULT_TYPE_FAILED:
        return Fail(QueryFailed(answer.error_message(), answer.has_failure() ? &answer.failure() : nullptr));
      default:
        return Fail(OfCaller(absl::InternalError("unknown query completed type")));
    }
  }

  void Answer(const api::QueryWorkflowResponse& response) {
    if (const CallPtr call = frontend_.parked.Take(ticket_)) call->Reply(response);
  }

  void Fail(absl::Status status) {
    if (const CallPtr call = frontend_.parked.Take(ticket_)) call->Fail(std::move(status));
  }

  Frontend& frontend_;
  const NamespacePtr name_space_;
  const api::QueryWorkflowRequest request_;
  RunRef run_;
  absl::Duration deadline_;  // monotonic
  uint64_t ticket_ = 0;
  workflow::QueryDispatch dispatch_;

  Mutex mutex_;
  int step_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace

void QueryWorkflow(Frontend& frontend, CallPtr call, NamespacePtr name_space,
                   api::QueryWorkflowRequest request) {
  const absl::Status valid = Validate(request);
  if (!valid.ok()) return call->Fail(valid);
  std::make_shared<OpenQuery>(frontend, std::move(call), std::move(name_space), std::move(request))->AskRun();
}

}  // namespace perdure::server
