// What holds for each field of a request by its type and name alone, whatever the method: no text is without
// a limit, and no duration or time has nanoseconds that are none. A handler's own checks come after these,
// and are mostly narrower.
//
// Immutable after construction; safe from any thread. Errors: INVALID_ARGUMENT.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace perdure::server {

class FieldRules {
 public:
  // The rules of one request type. Costs a walk over the types in it: made once.
  explicit FieldRules(const google::protobuf::Descriptor* request);

  absl::Status Check(const google::protobuf::Message& request) const;

  // The limit of a string field, in bytes. SIZE_MAX: something else limits it.
  static size_t LimitOf(const google::protobuf::FieldDescriptor* field);
  // Messages whose size is limited as a whole, by their handlers or the engine: failures, payloads, and the
  // heartbeats of workers.
  static bool IsBoundedWhole(const google::protobuf::Descriptor* type);

 private:
  struct Text {
    const google::protobuf::FieldDescriptor* field;
    size_t limit;
  };
  // Of one message type: what is to be looked at.
  struct OfType {
    std::vector<Text> texts;
    std::vector<const google::protobuf::FieldDescriptor*> inner;  // messages that need a look
    size_t max_bytes = SIZE_MAX;
  };

  // Whether a message of this type needs a look. A type that is being walked already is taken to need one.
  bool Add(const google::protobuf::Descriptor* type, bool texts_count);
  absl::Status CheckMessage(const google::protobuf::Message& message, bool texts_count) const;

  // By type, and whether its texts count: they do not within a message that is bounded as a whole.
  absl::flat_hash_map<std::pair<const google::protobuf::Descriptor*, bool>, OfType> types_;
  const bool texts_count_;
};

}  // namespace perdure::server
