#include "engine/activity/salvage.h"

#include <utility>

#include "base/time.h"

namespace perdure::engine::activity {
namespace {

namespace enums = temporal::api::enums::v1;

// Stands for the first record when that cannot be read.
std::shared_ptr<const ActivityCreated> MadeUp(const UnfoldableActivity& remains) {
  ActivityCreated created;
  created.set_namespace_id(std::string(remains.namespace_id.View()));
  created.set_activity_id(remains.activity_id);
  created.set_run_id(std::string(remains.run_id.View()));
  created.set_activity_type(remains.activity_type);
  *created.mutable_schedule_time() = ToProto(remains.start_time);
  created.mutable_options()->mutable_task_queue()->set_name(remains.task_queue);
  return std::make_shared<const ActivityCreated>(std::move(created));
}

// Open ones are taken for paused, which wait for nobody.
ActivityControl::Status StatusOf(enums::ActivityExecutionStatus status) {
  switch (status) {
    case enums::ACTIVITY_EXECUTION_STATUS_COMPLETED:
      return ActivityControl::COMPLETED;
    case enums::ACTIVITY_EXECUTION_STATUS_FAILED:
      return ActivityControl::FAILED;
    case enums::ACTIVITY_EXECUTION_STATUS_CANCELED:
      return ActivityControl::CANCELED;
    case enums::ACTIVITY_EXECUTION_STATUS_TERMINATED:
      return ActivityControl::TERMINATED;
    case enums::ACTIVITY_EXECUTION_STATUS_TIMED_OUT:
      return ActivityControl::TIMED_OUT;
    default:
      return ActivityControl::PAUSED;
  }
}

}  // namespace

State Salvage(UnfoldableActivity remains) {
  State state;
  if (remains.folded.has_value()) {
    state = *std::move(remains.folded);
  } else {
    state.created = MadeUp(remains);
    state.sections.mutable_attempt()->set_number(1);
    state.sections.mutable_attempt()->set_offer(1);
    state.last_step_time = remains.start_time;
  }
  state.last_sequence = remains.last_sequence;
  state.sections.mutable_control()->set_status(StatusOf(remains.status));
  state.sections.clear_end();
  if (!state.IsOpen()) {
    const absl::Time closed = remains.close_time.value_or(remains.start_time);
    *state.sections.mutable_end()->mutable_close_time() = ToProto(closed);
    *state.sections.mutable_end()->mutable_delete_after() = ToProto(absl::InfiniteFuture());
    return state;
  }
  // Without timeouts nothing becomes due.
  ActivityOptions& options = *state.sections.mutable_options();
  options.Clear();
  options.mutable_task_queue()->set_name(remains.task_queue);
  return state;
}

}  // namespace perdure::engine::activity
