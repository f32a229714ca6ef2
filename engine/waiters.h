// How a step answers callers who wait for its entity (entity.h). Pure; safe anywhere.
#pragma once

#include <utility>

#include "absl/status/statusor.h"
#include "engine/entity.h"

namespace perdure::engine {

// Adds to the decision an answer for each of Context::waiters that the entity, as the step left it, has one
// for. `awaited(request)` is its answer to a request; null: none yet.
template <typename Awaited>
void AnswerWaiters(const Context& context, Decision& decision, Awaited awaited) {
  for (const Waiter& waiter : context.waiters) {
    absl::StatusOr<ReplyPtr> answer = awaited(*waiter.request);
    if (!answer.ok() || *answer != nullptr) decision.answers.push_back({waiter.token, std::move(answer)});
  }
}

}  // namespace perdure::engine
