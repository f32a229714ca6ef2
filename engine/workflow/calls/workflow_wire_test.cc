#include "engine/workflow/calls/workflow_wire.h"

#include <catch2/catch.hpp>

#include <set>

#include "base/testing/filled_message.h"
#include "engine/workflow/workflow_entity.h"

namespace perdure::engine::workflow {
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

// A field more is a compile error here: it needs its wire form.
[[maybe_unused]] void FieldsWithAWireForm() {
  [[maybe_unused]] const auto [scheduled, attempt, request_id, identity, queue, eager, poll] =
      StartWorkflowTask{};
  [[maybe_unused]] const auto [scheduled2, attempt2, request_id2, identity2, poll2] = StartActivityTask{};
  [[maybe_unused]] const auto [response, token, from, to, tail, history, next] = WorkflowTaskReply{};
  [[maybe_unused]] const auto [response3, token3] = ActivityTaskReply{};
  [[maybe_unused]] const auto [response4, task, eager_activities] = CompletedReply{};
  [[maybe_unused]] const auto [response5, eager_task] = StartReply{};
  [[maybe_unused]] const auto [response6, outcome_event_id] = UpdateReply{};
  [[maybe_unused]] const auto [key, answer] = MessageOutcome{};
  [[maybe_unused]] const auto [request6, id, time_left] = Query{};
  [[maybe_unused]] const auto [polled_queue] = StartQuery{};
  [[maybe_unused]] const auto [response7] = QueryReply{};
  [[maybe_unused]] const auto [move_pending_task, rides] = ResetSticky{};
  [[maybe_unused]] const auto [run_id8, open, own_queue, sticky_queue, sticky_timeout, priority_key] =
      QueryDispatch{};
  [[maybe_unused]] const auto [query_task] = QueryTaskReply{};
}

TEST_CASE("every request of a workflow passes as bytes unchanged") {
  const WorkflowCallWire wire;
  std::set<size_t> kinds;
  for (const auto& sent : EachFilled<calls::WorkflowRequest>()) {
    CAPTURE(sent.request_case());
    const std::string bytes = sent.SerializeAsString();
    const absl::StatusOr<RequestPtr> request = wire.DecodeRequest(bytes);
    REQUIRE(request.ok());
    CHECK(wire.EncodeRequest(**request) == bytes);
    if (const auto* decided = dynamic_cast<const WorkflowRequest*>(request->get())) {
      kinds.insert(decided->request().index());
    } else if (sent.has_reset()) {
      CHECK(dynamic_cast<const ResetRequest*>(request->get()) != nullptr);
    } else {
      const bool described = dynamic_cast<const DescribeRequest*>(request->get()) != nullptr;
      CHECK((described || dynamic_cast<const ResetRequest*>(request->get()) != nullptr));
    }
  }
  CHECK(kinds.size() == std::variant_size_v<Request>);
}

TEST_CASE("every reply of a workflow passes as bytes unchanged") {
  const WorkflowCallWire wire;
  std::set<size_t> kinds;
  for (const auto& sent : EachFilled<calls::WorkflowReply>()) {
    CAPTURE(sent.reply_case());
    const std::string bytes = sent.SerializeAsString();
    const absl::StatusOr<ReplyPtr> reply = wire.DecodeReply(bytes);
    REQUIRE(reply.ok());
    CHECK(wire.EncodeReply(**reply) == bytes);
    if (const auto* decided = dynamic_cast<const WorkflowReply*>(reply->get())) {
      kinds.insert(decided->reply.index());
    } else {
      CHECK(dynamic_cast<const DescribeReply*>(reply->get()) != nullptr);
    }
  }
  CHECK(kinds.size() == std::variant_size_v<Reply> - 1);  // Waits is a null reply for others
}

TEST_CASE("a reply without its task passes without one") {
  const WorkflowCallWire wire;
  const auto back = wire.DecodeReply(wire.EncodeReply(WorkflowReply(CompletedReply{})));
  REQUIRE(back.ok());
  const auto& completed = std::get<CompletedReply>(dynamic_cast<const WorkflowReply&>(**back).reply);
  CHECK_FALSE(completed.workflow_task.has_value());
  CHECK(completed.eager_activities.empty());
}

TEST_CASE("the start of a workflow passes as bytes unchanged, and gets its run where it arrives") {
  const WorkflowCallWire wire;
  api::StartWorkflowExecutionRequest request;
  Fill(request, kLevels);
  api::SignalWorkflowExecutionRequest signal;
  Fill(signal, kLevels);
  api::UpdateWorkflowExecutionRequest update;
  Fill(update, kLevels);
  for (const bool signaled : {false, true}) {
    std::optional<api::SignalWorkflowExecutionRequest> given;
    std::optional<api::UpdateWorkflowExecutionRequest> updated;
    if (signaled) given = signal;
    if (!signaled) updated = update;
    const WorkflowStartRequest sent(request, given, updated);
    const auto start = wire.DecodeStart(wire.EncodeStart(sent));
    REQUIRE(start.ok());
    CHECK((*start)->id() == request.workflow_id());
    CHECK((*start)->run_id.IsNil());
    const auto& back = dynamic_cast<const WorkflowStartRequest&>(**start);
    CHECK(back.request().SerializeAsString() == request.SerializeAsString());
    REQUIRE((back.signal() != nullptr) == signaled);
    if (signaled) CHECK(back.signal()->SerializeAsString() == signal.SerializeAsString());
    REQUIRE((back.update() == nullptr) == signaled);
    if (!signaled) CHECK(back.update()->SerializeAsString() == update.SerializeAsString());
  }
}

TEST_CASE("bytes that no workflow sent are refused") {
  const WorkflowCallWire wire;
  calls::WorkflowRequest settled;
  settled.mutable_settle_messages()->add_outcomes()->set_origin("short");
  calls::WorkflowReply done;
  done.set_done("short");
  CHECK(absl::IsInvalidArgument(wire.DecodeRequest("no message").status()));
  CHECK(absl::IsInvalidArgument(wire.DecodeRequest("").status()));
  CHECK(absl::IsInvalidArgument(wire.DecodeRequest(settled.SerializeAsString()).status()));
  CHECK(absl::IsInvalidArgument(wire.DecodeStart("no message").status()));
  CHECK(absl::IsInvalidArgument(wire.DecodeReply("no message").status()));
  CHECK(absl::IsInvalidArgument(wire.DecodeReply("").status()));
  CHECK(absl::IsInvalidArgument(wire.DecodeReply(done.SerializeAsString()).status()));
}

}  // namespace
}  // namespace perdure::engine::workflow
