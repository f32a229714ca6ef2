// What steps of a workflow run say of it to whoever counts or logs it: a closed set, so that what is added
// must be counted or passed over by name. It is said where it is decided (Transition::Say); nobody infers it
// from states. What a step says stands only if its records do. Plain values; safe anywhere.
#pragma once

#include <variant>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/time/time.h"
#include "engine/activity_rules/activity_happening.h"
#include "engine/entity.h"
#include "engine/workflow/state.h"
#include "temporal/api/enums/v1/command_type.pb.h"
#include "temporal/api/enums/v1/workflow.pb.h"

namespace perdure::engine::workflow {

struct RunClosed {
  temporal::api::enums::v1::WorkflowExecutionStatus status =
      temporal::api::enums::v1::WORKFLOW_EXECUTION_STATUS_UNSPECIFIED;
  absl::Duration lasted;
};
struct WorkflowTaskCompleted {
  bool sticky = false;  // the worker wants the next task on a queue of its own
  absl::InlinedVector<temporal::api::enums::v1::CommandType, 4> commands;
};
struct WorkflowTaskFailed {
  bool completion_refused = false;  // false: the worker said that it failed
};
// Once a run as long as it is in memory.
struct CommandUnsupported {
  temporal::api::enums::v1::CommandType type = temporal::api::enums::v1::COMMAND_TYPE_UNSPECIFIED;
};
struct WorkflowTaskTimedOut {
  // SCHEDULE_TO_START, START_TO_CLOSE, or HEARTBEAT for a worker that was busy for too long.
  temporal::api::enums::v1::TimeoutType type = temporal::api::enums::v1::TIMEOUT_TYPE_UNSPECIFIED;
};
struct OfActivity {
  EventPtr scheduled;  // tells its type and queue
  ActivityHappening what;
};
struct OfUpdate {
  // kAborted: nobody has decided on it, nor will.
  enum class What { kAdmitted, kAccepted, kRejected, kCompleted, kAborted };
  What what = What::kAdmitted;
};
using Happening = std::variant<RunClosed, WorkflowTaskCompleted, WorkflowTaskFailed, CommandUnsupported,
                               WorkflowTaskTimedOut, OfActivity, OfUpdate>;

// A step's, as the observer of workflow runs gets them.
struct RunHappenings final : engine::Happenings {
  explicit RunHappenings(std::vector<Happening> list) : list(std::move(list)) {}
  const std::vector<Happening> list;  // in the order in which they were decided
};

}  // namespace perdure::engine::workflow
