#include "engine/workflow/handle.h"

namespace perdure::engine::workflow {

absl::StatusOr<Reply> Handle(Transition& /*transition*/, const ReceiveMessage& /*request*/) {
  perdure::engine::MessageAnswer answer;
  answer.mutable_refused()->set_cause(perdure::engine::MessageAnswer::Refused::NOT_FOUND);
  return Reply(std::move(answer));
}

}  // namespace perdure::engine::workflow
