// What the fixtures of all kinds of entities do with steps: replies and the clock. Uses Catch2's REQUIRE:
// only inside a test case.
#pragma once

#include <algorithm>
#include <catch2/catch.hpp>
#include <optional>
#include <utility>
#include <variant>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace perdure::engine::testing {

// The one of a kind's replies that is expected, or the error.
template <typename T, typename Reply>
absl::StatusOr<T> As(absl::StatusOr<Reply> reply) {
  if (!reply.ok()) return reply.status();
  REQUIRE(std::holds_alternative<T>(*reply));
  return std::get<T>(*std::move(reply));
}

// Moves the clock to `end`, and lets each timer fire at its time: `next()` says when one is due (nullopt:
// none is any more), and `fire()` fires what is due. Fails the test when firing leaves it due for ever.
template <typename Next, typename Fire>
void FireUntil(absl::Time end, absl::Time& now, const Next& next, const Fire& fire) {
  constexpr int kStepsAtOneTime = 100;
  int steps = 0;
  for (std::optional<absl::Time> at = next(); at.has_value() && *at <= end; at = next()) {
    steps = *at > now ? 0 : steps + 1;
    REQUIRE(steps < kStepsAtOneTime);
    now = std::max(now, *at);
    fire();
  }
  now = end;
}

}  // namespace perdure::engine::testing
