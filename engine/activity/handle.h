// One function a request kind, each in its own .cc: validates against the state, changes it through the step,
// and answers. An error with nothing touched changes nothing.
#pragma once

#include "absl/status/statusor.h"
#include "engine/activity/request.h"
#include "engine/activity/step.h"

namespace perdure::engine::activity {

absl::StatusOr<Reply> Handle(Step& step, const RequestCancel& request);
absl::StatusOr<Reply> Handle(Step& step, const Terminate& request);
absl::StatusOr<Reply> Handle(Step& step, const Delete& request);
absl::StatusOr<Reply> Handle(Step& step, const Pause& request);
absl::StatusOr<Reply> Handle(Step& step, const Unpause& request);
absl::StatusOr<Reply> Handle(Step& step, const Reset& request);
absl::StatusOr<Reply> Handle(Step& step, const UpdateOptions& request);
absl::StatusOr<Reply> Handle(Step& step, const StartTask& request);
absl::StatusOr<Reply> Handle(Step& step, const ReturnTask& request);
absl::StatusOr<Reply> Handle(Step& step, const Complete& request);
absl::StatusOr<Reply> Handle(Step& step, const Fail& request);
absl::StatusOr<Reply> Handle(Step& step, const Cancel& request);
absl::StatusOr<Reply> Handle(Step& step, const Heartbeat& request);
absl::StatusOr<Reply> Handle(Step& step, const FireTimers& request);

}  // namespace perdure::engine::activity
