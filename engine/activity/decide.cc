#include <utility>
#include <variant>

#include "engine/activity/activity.h"
#include "engine/activity/handle.h"

namespace perdure::engine::activity {

Outcome Decide(State state, const Request& request, const Context& context) {
  Step step(std::move(state), context);
  absl::StatusOr<Reply> reply = std::visit([&](const auto& kind) { return Handle(step, kind); }, request);
  Step::Result result = std::move(step).Finish();
  return {std::move(result.state), std::move(result.records), std::move(reply), std::move(result.happenings)};
}

}  // namespace perdure::engine::activity
