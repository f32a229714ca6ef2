// The CallWire of activities on their own.
#include <memory>
#include <utility>

#include "base/check.h"
#include "base/nesting.h"
#include "engine/activity/activity_entity.h"
#include "engine/activity/activity_wire.h"

namespace perdure::engine::activity {

std::string ActivityCallWire::EncodeRequest(const engine::Request& request) const {
  if (const auto* decided = dynamic_cast<const ActivityRequest*>(&request)) {
    return ToWire(decided->request()).SerializeAsString();
  }
  calls::ActivityRequest wire;
  if (const auto* describe = dynamic_cast<const DescribeRequest*>(&request)) {
    *wire.mutable_describe() = describe->request();
  } else if (const auto* change = dynamic_cast<const AwaitChange*>(&request)) {
    *wire.mutable_await_change()->mutable_describe() = change->describe();
    wire.mutable_await_change()->set_seen(change->seen());
  } else {
    PERDURE_CHECK(dynamic_cast<const AwaitOutcome*>(&request) != nullptr, "no request of an activity");
    wire.mutable_await_outcome();
  }
  return wire.SerializeAsString();
}

absl::StatusOr<RequestPtr> ActivityCallWire::DecodeRequest(std::string_view bytes) const {
  calls::ActivityRequest wire;
  if (!ParseStored(bytes, wire)) return absl::InvalidArgumentError("an activity's request cannot be read");
  if (wire.has_describe()) return std::make_unique<DescribeRequest>(wire.describe());
  if (wire.has_await_outcome()) return std::make_unique<AwaitOutcome>();
  if (wire.has_await_change()) {
    return std::make_unique<AwaitChange>(wire.await_change().describe(), wire.await_change().seen());
  }
  absl::StatusOr<Request> request = FromWire(std::move(wire));
  if (!request.ok()) return request.status();
  return std::make_unique<ActivityRequest>(*std::move(request));
}

std::string ActivityCallWire::EncodeStart(const engine::StartRequest& start) const {
  const auto* const of_activity = dynamic_cast<const ActivityStartRequest*>(&start);
  PERDURE_CHECK(of_activity != nullptr, "no start of an activity");
  return of_activity->request().SerializeAsString();
}

absl::StatusOr<std::unique_ptr<engine::StartRequest>> ActivityCallWire::DecodeStart(
    std::string_view bytes) const {
  api::StartActivityExecutionRequest request;
  if (!ParseStored(bytes, request)) return absl::InvalidArgumentError("an activity's start cannot be read");
  return std::make_unique<ActivityStartRequest>(std::move(request));
}

std::string ActivityCallWire::EncodeReply(const engine::Reply& reply) const {
  if (const auto* decided = dynamic_cast<const ActivityReply*>(&reply)) {
    return ToWire(decided->reply).SerializeAsString();
  }
  calls::ActivityReply wire;
  if (const auto* described = dynamic_cast<const DescribeReply*>(&reply)) {
    *wire.mutable_description()->mutable_response() = *described->response;
    wire.mutable_description()->set_last_sequence(described->last_sequence);
    return wire.SerializeAsString();
  }
  const auto* const outcome = dynamic_cast<const OutcomeReply*>(&reply);
  PERDURE_CHECK(outcome != nullptr, "no reply of an activity");
  *wire.mutable_outcome() = *outcome->response;
  return wire.SerializeAsString();
}

absl::StatusOr<ReplyPtr> ActivityCallWire::DecodeReply(std::string_view bytes) const {
  calls::ActivityReply wire;
  if (!ParseStored(bytes, wire)) return absl::InvalidArgumentError("an activity's reply cannot be read");
  if (wire.has_description()) {
    return std::make_unique<DescribeReply>(std::make_shared<const api::DescribeActivityExecutionResponse>(
                                               std::move(*wire.mutable_description()->mutable_response())),
                                           wire.description().last_sequence());
  }
  if (wire.has_outcome()) {
    return std::make_unique<OutcomeReply>(
        std::make_shared<const api::PollActivityExecutionResponse>(std::move(*wire.mutable_outcome())));
  }
  absl::StatusOr<Reply> reply = FromWire(std::move(wire));
  if (!reply.ok()) return reply.status();
  return std::make_unique<ActivityReply>(*std::move(reply));
}

}  // namespace perdure::engine::activity
