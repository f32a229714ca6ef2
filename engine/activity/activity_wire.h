// Wire forms of what is asked of activities on their own and of what they answer (activity_call.proto), and
// the CallWire made of them. Pure functions and immutable values; safe from any thread. Errors as class
// CallWire.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "engine/activity/request.h"
#include "engine/call_wire.h"
#include "perdure/activity_call.pb.h"

namespace perdure::engine::activity {

calls::ActivityRequest ToWire(const Request& request);
absl::StatusOr<Request> FromWire(calls::ActivityRequest wire);

calls::ActivityReply ToWire(const Reply& reply);
absl::StatusOr<Reply> FromWire(calls::ActivityReply wire);

class ActivityCallWire final : public CallWire {
 public:
  std::string EncodeRequest(const engine::Request& request) const override;
  absl::StatusOr<RequestPtr> DecodeRequest(std::string_view bytes) const override;
  std::string EncodeStart(const engine::StartRequest& start) const override;
  absl::StatusOr<std::unique_ptr<engine::StartRequest>> DecodeStart(std::string_view bytes) const override;
  std::string EncodeReply(const engine::Reply& reply) const override;
  absl::StatusOr<ReplyPtr> DecodeReply(std::string_view bytes) const override;
};

}  // namespace perdure::engine::activity
