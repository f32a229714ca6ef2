#include "engine/workflow/handle.h"

namespace perdure::engine::workflow {

absl::StatusOr<Reply> Handle(Transition& /*transition*/, const SettleMessages& /*request*/) {
  return Reply(Done{});  // nothing is owed yet
}

}  // namespace perdure::engine::workflow
