// The wire form of what counters are asked and answer: a word, and what it needs behind spaces.
// Immutable; any thread. Contract as engine/call_wire.h.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "engine/call_wire.h"

namespace perdure::server::testing {

class CounterWire final : public engine::CallWire {
 public:
  std::string EncodeRequest(const engine::Request& request) const override;
  absl::StatusOr<engine::RequestPtr> DecodeRequest(std::string_view bytes) const override;
  std::string EncodeStart(const engine::StartRequest& start) const override;
  absl::StatusOr<std::unique_ptr<engine::StartRequest>> DecodeStart(std::string_view bytes) const override;
  std::string EncodeReply(const engine::Reply& reply) const override;
  absl::StatusOr<engine::ReplyPtr> DecodeReply(std::string_view bytes) const override;
};

}  // namespace perdure::server::testing
