// Callbacks that turn an answer into bytes where a call is served, and bytes into an answer where it was
// made. `Answer` is HistoryAnswer or MatchingAnswer (call.proto): an error, or one value.
//
// Safe anywhere; a callback is as thread-safe as the one that it was made of.
#pragma once

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "base/nesting.h"
#include "base/status.h"
#include "server/calls/call_values.h"

namespace perdure::server {

// Answers with the bytes of an error, or of what `write` made of the value.
template <typename Answer, typename T, typename Write>
Callback<T> AnswerBy(Callback<std::string> done, Write write) {
  return [done = std::move(done), write = std::move(write)](absl::StatusOr<T> value) mutable {
    Answer answer;
    if (value.ok()) {
      write(*std::move(value), answer);
    } else {
      *answer.mutable_error() = ToWire(value.status());
    }
    std::move(done)(answer.SerializeAsString());
  };
}

// What the far side says can be read, or the outcome is unknown.
inline absl::Status UnreadableAnswer() {
  return Unavailable("the answer of another part of the server cannot be read");
}

// Reads the bytes of an answer; `take` makes the value of one that is no error.
template <typename Answer, typename T, typename Take>
Callback<std::string> ReadBy(Callback<T> done, Take take) {
  return [done = std::move(done), take = std::move(take)](absl::StatusOr<std::string> bytes) mutable {
    if (!bytes.ok()) return std::move(done)(bytes.status());
    Answer answer;
    if (!ParseStored(*bytes, answer)) return std::move(done)(UnreadableAnswer());
    if (answer.has_error()) return std::move(done)(FromWire(answer.error()));
    std::move(done)(take(answer));
  };
}

}  // namespace perdure::server
