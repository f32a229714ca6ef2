// What holds for each field of a request by its type and name alone, whatever the method: no text is without
// a limit, and no duration or time has nanoseconds that are none. A handler's own checks come after these,
// and are mostly narrower.
//
// Immutable after construction; safe from any thread. Errors: INVALID_ARGUMENT.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
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
  struct OfType;
  struct Text {
    const google::protobuf::FieldDescriptor* field;
    size_t limit;
  };
  struct Inner {
    const google::protobuf::FieldDescriptor* field;
    const OfType* rules;
  };
  // Of one message type: what is to be looked at.
  struct OfType {
    const google::protobuf::Descriptor* type;
    // The type's own, found once: each message finds it anew at several times the cost of a look.
    const google::protobuf::Reflection* reflection;
    std::vector<Text> texts;
    std::vector<Inner> inner;  // messages that need a look
    size_t max_bytes = SIZE_MAX;
    bool needs_look = true;  // also while it is being walked, which a type within itself finds it in
  };
  using Key = std::pair<const google::protobuf::Descriptor*, bool>;

  const OfType* Add(const google::protobuf::Descriptor* type, bool texts_count);
  absl::Status CheckMessage(const google::protobuf::Message& message, const OfType& rules) const;

  // By type, and whether its texts count: they do not within a message that is bounded as a whole.
  absl::flat_hash_map<Key, std::unique_ptr<OfType>> types_;
  const OfType* whole_ = nullptr;
  // Of a request with fewer bytes than any limit: texts and sizes need no look.
  const OfType* small_ = nullptr;
  size_t least_limit_ = SIZE_MAX;
};

}  // namespace perdure::server
