#include "base/time.h"
#include "engine/activity/close.h"
#include "engine/activity/handle.h"

namespace perdure::engine::activity {

absl::StatusOr<Reply> Handle(Step& step, const Delete&) {
  if (step.state().sections.end().deleted()) return Done{};
  if (step.state().IsOpen()) CloseTerminated(step, "Delete activity execution", {});
  if (FromProto(step.state().sections.end().delete_after()) > step.now()) {
    *step.end().mutable_delete_after() = ToProto(step.now());
  }
  step.end().set_deleted(true);
  return Done{};
}

}  // namespace perdure::engine::activity
