#include "engine/activity/activity_wire.h"

#include <catch2/catch.hpp>

#include <set>

#include "base/testing/filled_message.h"
#include "engine/activity/activity_entity.h"

namespace perdure::engine::activity {
namespace {

constexpr int kLevels = 3;

// One message for each field of the oneof that `Wire` is, filled.
template <typename Wire>
std::vector<Wire> EachFilled() {
  std::vector<Wire> all;
  const google::protobuf::OneofDescriptor& cases = *Wire::descriptor()->oneof_decl(0);
  for (int i = 0; i < cases.field_count(); ++i) FillField(all.emplace_back(), *cases.field(i), kLevels);
  return all;
}

// As it was sent, but that a request to describe keeps what it is answered by alone.
calls::ActivityRequest Kept(calls::ActivityRequest sent) {
  if (sent.has_describe()) *sent.mutable_describe() = ShownOf(sent.describe());
  if (sent.has_await_change()) {
    auto& describe = *sent.mutable_await_change()->mutable_describe();
    describe = ShownOf(describe);
  }
  return sent;
}

// A field more is a compile error here: it needs its wire form.
[[maybe_unused]] void FieldsWithAWireForm() {
  [[maybe_unused]] const auto [offer, attempt, request_id, identity] = StartTask{};
  [[maybe_unused]] const auto [response, token] = TaskReply{};
}

TEST_CASE("every request of an activity passes as bytes unchanged") {
  const ActivityCallWire wire;
  std::set<size_t> kinds;
  for (const auto& sent : EachFilled<calls::ActivityRequest>()) {
    CAPTURE(sent.request_case());
    const std::string bytes = sent.SerializeAsString();
    const absl::StatusOr<RequestPtr> request = wire.DecodeRequest(bytes);
    REQUIRE(request.ok());
    CHECK(wire.EncodeRequest(**request) == Kept(sent).SerializeAsString());
    if (const auto* decided = dynamic_cast<const ActivityRequest*>(request->get())) {
      kinds.insert(decided->request().index());
    } else {
      CHECK((dynamic_cast<const DescribeRequest*>(request->get()) != nullptr) == sent.has_describe());
      CHECK((dynamic_cast<const AwaitOutcome*>(request->get()) != nullptr) == sent.has_await_outcome());
      CHECK((dynamic_cast<const AwaitChange*>(request->get()) != nullptr) == sent.has_await_change());
    }
  }
  CHECK(kinds.size() == std::variant_size_v<Request>);
}

TEST_CASE("every reply of an activity passes as bytes unchanged") {
  const ActivityCallWire wire;
  std::set<size_t> kinds;
  for (const auto& sent : EachFilled<calls::ActivityReply>()) {
    CAPTURE(sent.reply_case());
    const std::string bytes = sent.SerializeAsString();
    const absl::StatusOr<ReplyPtr> reply = wire.DecodeReply(bytes);
    REQUIRE(reply.ok());
    CHECK(wire.EncodeReply(**reply) == bytes);
    if (const auto* decided = dynamic_cast<const ActivityReply*>(reply->get())) {
      kinds.insert(decided->reply.index());
    } else {
      const bool describes = dynamic_cast<const DescribeReply*>(reply->get()) != nullptr;
      CHECK(describes == sent.has_description());
    }
  }
  CHECK(kinds.size() == std::variant_size_v<Reply>);
}

TEST_CASE("the start of an activity passes as bytes unchanged, and gets its run where it arrives") {
  const ActivityCallWire wire;
  api::StartActivityExecutionRequest request;
  Fill(request, kLevels);
  ActivityStartRequest sent(request);
  const auto start = wire.DecodeStart(wire.EncodeStart(sent));
  REQUIRE(start.ok());
  CHECK((*start)->id() == request.activity_id());
  CHECK((*start)->run_id.IsNil());
  CHECK(dynamic_cast<const ActivityStartRequest&>(**start).request().SerializeAsString() ==
        request.SerializeAsString());
}

TEST_CASE("bytes that no activity sent are refused") {
  const ActivityCallWire wire;
  CHECK(absl::IsInvalidArgument(wire.DecodeRequest("no message").status()));
  CHECK(absl::IsInvalidArgument(wire.DecodeRequest("").status()));
  CHECK(absl::IsInvalidArgument(wire.DecodeStart("no message").status()));
  CHECK(absl::IsInvalidArgument(wire.DecodeReply("no message").status()));
  CHECK(absl::IsInvalidArgument(wire.DecodeReply("").status()));
}

}  // namespace
}  // namespace perdure::engine::activity
