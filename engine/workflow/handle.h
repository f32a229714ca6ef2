// One function a request kind, each in its own .cc: validates against the state, emits events and changes
// through the transition, and answers. An error with nothing emitted changes nothing.
#pragma once

#include "absl/status/statusor.h"
#include "engine/workflow/request.h"
#include "engine/workflow/transition.h"

namespace perdure::engine::workflow {

absl::StatusOr<Reply> Handle(Transition& transition, const Signal& request);
absl::StatusOr<Reply> Handle(Transition& transition, const RequestCancel& request);
absl::StatusOr<Reply> Handle(Transition& transition, const Terminate& request);
absl::StatusOr<Reply> Handle(Transition& transition, const Delete& request);
absl::StatusOr<Reply> Handle(Transition& transition, const AttachStart& request);
absl::StatusOr<Reply> Handle(Transition& transition, const Update& request);
absl::StatusOr<Reply> Handle(Transition& transition, const PollUpdate& request);
absl::StatusOr<Reply> Handle(Transition& transition, const HardenWorkflowTaskStart& request);
absl::StatusOr<Reply> Handle(Transition& transition, const Query& request);
absl::StatusOr<Reply> Handle(Transition& transition, const StartWorkflowTask& request);
absl::StatusOr<Reply> Handle(Transition& transition, const StartQuery& request);
absl::StatusOr<Reply> Handle(Transition& transition, const StartActivityTask& request);
absl::StatusOr<Reply> Handle(Transition& transition, const ReturnActivityTask& request);
absl::StatusOr<Reply> Handle(Transition& transition, const CompleteWorkflowTask& request);
absl::StatusOr<Reply> Handle(Transition& transition, const FailWorkflowTask& request);
absl::StatusOr<Reply> Handle(Transition& transition, const CompleteActivity& request);
absl::StatusOr<Reply> Handle(Transition& transition, const FailActivity& request);
absl::StatusOr<Reply> Handle(Transition& transition, const CancelActivity& request);
absl::StatusOr<Reply> Handle(Transition& transition, const HeartbeatActivity& request);
absl::StatusOr<Reply> Handle(Transition& transition, const ResetSticky& request);
absl::StatusOr<Reply> Handle(Transition& transition, const FireTimers& request);
absl::StatusOr<Reply> Handle(Transition& transition, const ReceiveMessage& request);
absl::StatusOr<Reply> Handle(Transition& transition, const SettleMessages& request);

}  // namespace perdure::engine::workflow
