#include "absl/strings/str_cat.h"
#include "engine/activity/close.h"
#include "engine/activity/handle.h"
#include "engine/activity/names.h"

namespace perdure::engine::activity {

absl::StatusOr<Reply> Handle(Step& step, const Terminate& terminate) {
  const State& state = step.state();
  const api::TerminateActivityExecutionRequest& request = terminate.request;
  const std::string& before = state.sections.control().terminate_request_id();
  if (state.status() == ActivityControl::TERMINATED) {
    if (before == request.request_id()) return Done{};
    return FailedPrecondition(absl::StrCat("already terminated with request ID ", before));
  }
  if (!state.IsOpen()) return FailedPrecondition("invalid transition from " + NameOf(state.status()));
  step.control().set_terminate_request_id(request.request_id());
  CloseTerminated(step, request.reason(), request.identity());
  return Done{};
}

}  // namespace perdure::engine::activity
