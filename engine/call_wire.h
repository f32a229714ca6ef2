// The wire form of what is asked of one kind's entities and of what they answer, where it passes between
// nodes or, in a mode of every build, between the parts of one process. A kind's implementation stands in its
// folder and in its line of the registry of kinds.
//
// Immutable and safe from any thread. What was encoded decodes to an equal value; bytes that no such kind
// encoded are INVALID_ARGUMENT.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "engine/entity.h"

namespace perdure::engine {

class CallWire {
 public:
  virtual ~CallWire() = default;

  // Of a request that is decided or read. REQUIRES: it is one of this kind, and no start.
  virtual std::string EncodeRequest(const Request& request) const = 0;
  virtual absl::StatusOr<RequestPtr> DecodeRequest(std::string_view bytes) const = 0;

  // REQUIRES: a start of this kind. StartRequest::run_id is not part of it: whoever takes the start mints it.
  virtual std::string EncodeStart(const StartRequest& start) const = 0;
  virtual absl::StatusOr<std::unique_ptr<StartRequest>> DecodeStart(std::string_view bytes) const = 0;

  // REQUIRES: a reply of this kind, in which what the host fills in is filled in.
  virtual std::string EncodeReply(const Reply& reply) const = 0;
  virtual absl::StatusOr<ReplyPtr> DecodeReply(std::string_view bytes) const = 0;
};

}  // namespace perdure::engine
