#include "server/frontend/update_wait.h"

#include <memory>
#include <utility>
#include <variant>

#include "base/check.h"
#include "base/limits.h"

namespace perdure::server {
namespace {

namespace workflow = engine::workflow;
using temporal::api::enums::v1::UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE_ADMITTED;

// Kept alive by the callback of the question under way.
class UpdateCall : public std::enable_shared_from_this<UpdateCall> {
 public:
  UpdateCall(Frontend& frontend, CallPtr call, RunRef run, workflow::Request request, UpdateAnswer answer,
             UpdateFailure fail)
      : frontend_(frontend),
        call_(std::move(call)),
        run_(std::move(run)),
        request_(std::move(request)),
        answer_(std::move(answer)),
        fail_(std::move(fail)) {}

  // Unlike other long polls it is not answered just before its client gives up: clients ask again at once
  // when they are told of a stage that is not the one they want.
  void Ask() {
    Frontend& frontend = frontend_;  // the answer may take the last hold on this before the call returns
    const uint64_t ticket = frontend.parked.Park(std::move(call_));
    const uint64_t id = frontend.history.Ask(
        run_, request_, limits::kHistoryLongPoll,
        [self = shared_from_this(), ticket](absl::StatusOr<WorkflowHistory::Answer> reply) {
          self->call_ = self->frontend_.parked.Take(ticket);
          if (self->call_ != nullptr) self->On(std::move(reply));  // else the client is gone
        });
    frontend.parked.WhenGone(ticket, [&history = frontend.history, id] { history.CancelWait(id); });
  }

 private:
  void On(absl::StatusOr<WorkflowHistory::Answer> reply) {
    if (!reply.ok()) return Fail(reply.status());
    if (*reply != nullptr) {
      const auto* const status = std::get_if<workflow::UpdateReply>(reply->get());
      PERDURE_CHECK(status != nullptr, "who asks for an update is told of one");
      return answer_(std::move(call_), *status);
    }
    if (told_) return Fail(absl::UnavailableError("the server is stopping"));
    told_ = true;
    WantWhatIsReached();
    Ask();
  }

  void Fail(absl::Status status) {
    if (fail_ != nullptr) return fail_(std::move(call_), std::move(status));
    call_->Fail(std::move(status));
  }

  void WantWhatIsReached() {
    if (auto* update = std::get_if<workflow::Update>(&request_)) {
      update->request.mutable_wait_policy()->set_lifecycle_stage(
          UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE_ADMITTED);
    } else if (auto* poll = std::get_if<workflow::PollUpdate>(&request_)) {
      poll->request.mutable_wait_policy()->set_lifecycle_stage(
          UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE_ADMITTED);
    }
  }

  Frontend& frontend_;
  CallPtr call_;
  const RunRef run_;
  workflow::Request request_;
  UpdateAnswer answer_;
  UpdateFailure fail_;
  bool told_ = false;  // how far it has come is asked for
};

}  // namespace

void WaitForUpdate(Frontend& frontend, CallPtr call, RunRef run, workflow::Request request,
                   UpdateAnswer answer, UpdateFailure fail) {
  std::make_shared<UpdateCall>(frontend, std::move(call), std::move(run), std::move(request),
                               std::move(answer), std::move(fail))
      ->Ask();
}

}  // namespace perdure::server
