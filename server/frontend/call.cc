#include "server/frontend/call.h"

#include "base/check.h"
#include "base/limits.h"
#include "base/status.h"
#include "base/text.h"
#include "server/frontend/call_errors.h"

namespace perdure::server {

void DropCall::operator()(Call* call) const {
  bool answered = false;
  {
    const MutexLock lock(call->mutex_);
    answered = call->answered_;
  }
  if (!answered) call->Fail(Unavailable("The server is shutting down."));
  call->Unref();
}

CallHold::CallHold(Call& call) : call_(call) { call_.Ref(); }

CallHold::~CallHold() { call_.Unref(); }

void Call::OnCancelled(absl::AnyInvocable<void() &&> on_cancel) {
  {
    const MutexLock lock(mutex_);
    if (answered_) return;
    if (!cancelled_) {
      on_cancel_ = std::move(on_cancel);
      return;
    }
  }
  std::move(on_cancel)();
}

void Call::Fail(absl::Status status) {
  if (status.message().size() > limits::kErrorText) {
    absl::Status cut(status.code(), AbslView(Beginning(StdView(status.message()), limits::kErrorText)));
    status.ForEachPayload(
        [&](absl::string_view type, const absl::Cord& detail) { cut.SetPayload(type, detail); });
    status = std::move(cut);
  }
  Answer(std::move(status));
}

bool Call::ClientIsGone() {
  const MutexLock lock(mutex_);
  return cancelled_;
}

void Call::Cancel() {
  absl::AnyInvocable<void() &&> on_cancel;
  {
    const MutexLock lock(mutex_);
    cancelled_ = true;
    on_cancel = std::exchange(on_cancel_, nullptr);
  }
  if (on_cancel) std::move(on_cancel)();
}

void Call::Answer(absl::StatusOr<ReplyBytes> answer) {
  absl::AnyInvocable<void() &&> dropped;
  {
    const MutexLock lock(mutex_);
    PERDURE_CHECK(!answered_, "a call was answered twice");
    answered_ = true;
    dropped = std::exchange(on_cancel_, nullptr);
  }
  observer_.OnAnswered(method_, namespace_, answer.status(), Monotonic() - began_);
  if (answer.ok() && !actions_.empty()) observer_.OnActions(method_, namespace_, actions_);
  if (!answer.ok()) {
    absl::Status status = answer.status();
    EraseMark(status);
    answer = std::move(status);
  }
  Send(std::move(answer));
}

}  // namespace perdure::server
