// How deep messages are nested: what comes from clients is bounded, so that all clients can parse every
// answer that carries it, with protobuf's own limit of 100 levels; what was stored is read with a limit far
// above everything that can have been accepted.
//
// The root of a message is level 0, a message in it level 1. An entry of a map counts as a message, and so
// does an unknown group. A chain is a message that holds one of its own type in a field: a failure with its
// causes.
//
// Pure functions; safe anywhere. All recursion here ends at limits::kReadNesting.
#pragma once

#include <string_view>

#include "absl/functional/function_ref.h"
#include "google/protobuf/io/zero_copy_stream.h"
#include "google/protobuf/message.h"

namespace perdure {

// Calls its argument with a stream over the whole of some bytes, as often as it is called itself, and answers
// what that did.
using BytesSource =
    absl::FunctionRef<bool(absl::FunctionRef<bool(google::protobuf::io::ZeroCopyInputStream&)>)>;

// False when the bytes are no such message, or one that is nested deeper than `levels`.
bool ParseWithin(int levels, BytesSource source, google::protobuf::MessageLite& message);

// Parses bytes that this program has stored. False when they are damaged.
bool ParseStored(std::string_view bytes, google::protobuf::MessageLite& message);

enum class RequestForm { kFine, kUnparsable, kTooDeep };
// Parses a client's request. A chain of more than limits::kChain messages is cut, and the last one that stays
// says in its text how many went. What is then nested deeper than limits::kRequestNesting is kTooDeep; what
// is nested deeper than limits::kReadNesting to begin with is not parsed.
RequestForm ParseRequest(BytesSource source, google::protobuf::Message& request);

}  // namespace perdure
