#include "engine/activity/close.h"

#include <utility>

#include "base/check.h"
#include "base/time.h"

namespace perdure::engine::activity {

void Close(Step& step, ActivityControl::Status status, ActivityExecutionOutcome outcome) {
  PERDURE_CHECK(step.state().IsOpen() && status >= ActivityControl::COMPLETED, "an activity ends once");
  step.control().set_status(status);
  ActivityEnd& end = step.end();
  *end.mutable_close_time() = ToProto(step.now());
  *end.mutable_delete_after() = ToProto(step.now() + step.context().settings.retention);
  *end.mutable_outcome() = std::move(outcome);
}

void CloseCanceled(Step& step, const std::optional<temporal::api::common::v1::Payloads>& details) {
  ActivityExecutionOutcome outcome;
  outcome.mutable_failure()->set_message("Activity canceled");
  auto& info = *outcome.mutable_failure()->mutable_canceled_failure_info();
  if (details.has_value()) *info.mutable_details() = *details;
  info.set_identity(step.state().sections.control().cancel().identity());
  step.Say(ActivityCanceled{});
  Close(step, ActivityControl::CANCELED, std::move(outcome));
}

void CloseTerminated(Step& step, const std::string& reason, const std::string& identity) {
  ActivityExecutionOutcome outcome;
  outcome.mutable_failure()->set_message(reason);
  outcome.mutable_failure()->mutable_terminated_failure_info()->set_identity(identity);
  step.Say(ActivityTerminated{});
  Close(step, ActivityControl::TERMINATED, std::move(outcome));
}

}  // namespace perdure::engine::activity
