// The wire form of what a worker answers of a task: its token and the request that came with it, in every
// kind's messages of calls. Pure functions; safe anywhere.
#pragma once

#include <utility>

namespace perdure::engine {

template <typename Answer, typename Wire>
void WriteTaskAnswer(const Answer& answer, Wire& wire) {
  *wire.mutable_token() = answer.token;
  *wire.mutable_request() = answer.request;
}

template <typename Answer, typename Wire>
Answer ReadTaskAnswer(Wire* wire) {
  return {std::move(*wire->mutable_token()), std::move(*wire->mutable_request())};
}

}  // namespace perdure::engine
