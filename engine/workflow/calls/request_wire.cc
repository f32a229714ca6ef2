// Requests of workflow runs, to bytes and back.
#include <utility>

#include "base/time.h"
#include "engine/values/task_answer_wire.h"
#include "engine/workflow/calls/workflow_wire.h"

namespace perdure::engine::workflow {
namespace {

// Writes a request into its field.
class RequestWriter {
 public:
  explicit RequestWriter(calls::WorkflowRequest& wire) : wire_(wire) {}

  void operator()(const Signal& r) const {
    (r.with_start ? *wire_.mutable_signal_with_start() : *wire_.mutable_signal()) = r.request;
  }
  void operator()(const RequestCancel& r) const { *wire_.mutable_request_cancel() = r.request; }
  void operator()(const Terminate& r) const { *wire_.mutable_terminate() = r.request; }
  void operator()(const Delete& /*r*/) const { wire_.mutable_delete_run(); }
  void operator()(const AttachStart& r) const { *wire_.mutable_attach_start() = r.request; }
  void operator()(const Update& r) const { *wire_.mutable_update() = r.request; }
  void operator()(const PollUpdate& r) const { *wire_.mutable_poll_update() = r.request; }
  void operator()(const HardenWorkflowTaskStart& /*r*/) const { wire_.mutable_harden_workflow_task_start(); }
  void operator()(const Query& r) const {
    *wire_.mutable_query()->mutable_request() = r.request;
    wire_.mutable_query()->set_id(r.id);
    *wire_.mutable_query()->mutable_time_left() = ToProto(r.time_left);
  }
  void operator()(const StartQuery& r) const {
    wire_.mutable_start_query()->set_polled_queue(r.polled_queue);
  }
  void operator()(const StartWorkflowTask& r) const {
    calls::StartWorkflowTask& start = *wire_.mutable_start_workflow_task();
    start.set_polled_queue(r.polled_queue);
    start.set_eager(r.eager);
    WriteStart(r, start);
  }
  void operator()(const StartActivityTask& r) const { WriteStart(r, *wire_.mutable_start_activity_task()); }
  void operator()(const ReturnActivityTask& r) const { *wire_.mutable_return_activity_task() = r.token; }
  void operator()(const CompleteWorkflowTask& r) const {
    WriteTaskAnswer(r, *wire_.mutable_complete_workflow_task());
  }
  void operator()(const FailWorkflowTask& r) const {
    WriteTaskAnswer(r, *wire_.mutable_fail_workflow_task());
  }
  void operator()(const CompleteActivity& r) const { WriteTaskAnswer(r, *wire_.mutable_complete_activity()); }
  void operator()(const FailActivity& r) const { WriteTaskAnswer(r, *wire_.mutable_fail_activity()); }
  void operator()(const CancelActivity& r) const { WriteTaskAnswer(r, *wire_.mutable_cancel_activity()); }
  void operator()(const HeartbeatActivity& r) const {
    WriteTaskAnswer(r, *wire_.mutable_heartbeat_activity());
  }
  void operator()(const ResetSticky& r) const {
    wire_.mutable_reset_sticky()->set_move_pending_task(r.move_pending_task);
    wire_.mutable_reset_sticky()->set_rides(r.rides);
  }
  void operator()(const FireTimers& /*r*/) const { wire_.mutable_fire_timers(); }
  void operator()(const ReceiveMessage& r) const { *wire_.mutable_receive_message() = r.message; }
  void operator()(const SettleMessages& r) const {
    calls::SettleMessages& settled = *wire_.mutable_settle_messages();
    for (const MessageOutcome& outcome : r.outcomes) {
      calls::SettleMessages::Outcome& one = *settled.add_outcomes();
      one.set_type(outcome.key.type);
      one.set_origin(std::string(outcome.key.origin.View()));
      one.set_number(outcome.key.number);
      *one.mutable_answer() = outcome.answer;
    }
  }

 private:
  template <typename Start, typename Wire>
  static void WriteStart(const Start& start, Wire& wire) {
    wire.set_scheduled_event_id(start.scheduled_event_id);
    wire.set_attempt(start.attempt);
    wire.set_request_id(start.request_id);
    wire.set_identity(start.identity);
    *wire.mutable_poll() = start.poll;
  }
  calls::WorkflowRequest& wire_;
};

template <typename Start, typename Wire>
Start ReadStart(Wire& wire) {
  Start start;
  start.scheduled_event_id = wire.scheduled_event_id();
  start.attempt = wire.attempt();
  start.request_id = std::move(*wire.mutable_request_id());
  start.identity = std::move(*wire.mutable_identity());
  start.poll = std::move(*wire.mutable_poll());
  return start;
}

StartWorkflowTask ReadWorkflowTaskStart(calls::StartWorkflowTask& wire) {
  auto start = ReadStart<StartWorkflowTask>(wire);
  start.polled_queue = std::move(*wire.mutable_polled_queue());
  start.eager = wire.eager();
  return start;
}

absl::StatusOr<Request> ReadSettled(calls::SettleMessages& wire) {
  SettleMessages settled;
  for (calls::SettleMessages::Outcome& one : *wire.mutable_outcomes()) {
    const std::optional<Uuid> origin = Uuid::FromBytes(one.origin());
    if (!origin.has_value()) return absl::InvalidArgumentError("the origin of a message is no UUID");
    settled.outcomes.push_back(
        {{static_cast<MessageType>(one.type()), *origin, one.number()}, std::move(*one.mutable_answer())});
  }
  return settled;
}

}  // namespace

calls::WorkflowRequest ToWire(const Request& request) {
  calls::WorkflowRequest wire;
  std::visit(RequestWriter(wire), request);
  return wire;
}

absl::StatusOr<Request> FromWire(calls::WorkflowRequest wire) {
  using Wire = calls::WorkflowRequest;
  switch (wire.request_case()) {
    case Wire::kSignal:
      return Signal{std::move(*wire.mutable_signal()), false};
    case Wire::kSignalWithStart:
      return Signal{std::move(*wire.mutable_signal_with_start()), true};
    case Wire::kRequestCancel:
      return RequestCancel{std::move(*wire.mutable_request_cancel())};
    case Wire::kTerminate:
      return Terminate{std::move(*wire.mutable_terminate())};
    case Wire::kDeleteRun:
      return Delete{};
    case Wire::kAttachStart:
      return AttachStart{std::move(*wire.mutable_attach_start())};
    case Wire::kUpdate:
      return Update{std::move(*wire.mutable_update())};
    case Wire::kPollUpdate:
      return PollUpdate{std::move(*wire.mutable_poll_update())};
    case Wire::kHardenWorkflowTaskStart:
      return HardenWorkflowTaskStart{};
    case Wire::kQuery:
      return Query{std::move(*wire.mutable_query()->mutable_request()),
                   std::move(*wire.mutable_query()->mutable_id()), FromProto(wire.query().time_left())};
    case Wire::kStartQuery:
      return StartQuery{std::move(*wire.mutable_start_query()->mutable_polled_queue())};
    case Wire::kStartWorkflowTask:
      return ReadWorkflowTaskStart(*wire.mutable_start_workflow_task());
    case Wire::kStartActivityTask:
      return ReadStart<StartActivityTask>(*wire.mutable_start_activity_task());
    case Wire::kReturnActivityTask:
      return ReturnActivityTask{std::move(*wire.mutable_return_activity_task())};
    case Wire::kCompleteWorkflowTask:
      return ReadTaskAnswer<CompleteWorkflowTask>(wire.mutable_complete_workflow_task());
    case Wire::kFailWorkflowTask:
      return ReadTaskAnswer<FailWorkflowTask>(wire.mutable_fail_workflow_task());
    case Wire::kCompleteActivity:
      return ReadTaskAnswer<CompleteActivity>(wire.mutable_complete_activity());
    case Wire::kFailActivity:
      return ReadTaskAnswer<FailActivity>(wire.mutable_fail_activity());
    case Wire::kCancelActivity:
      return ReadTaskAnswer<CancelActivity>(wire.mutable_cancel_activity());
    case Wire::kHeartbeatActivity:
      return ReadTaskAnswer<HeartbeatActivity>(wire.mutable_heartbeat_activity());
    case Wire::kResetSticky:
      return ResetSticky{.move_pending_task = wire.reset_sticky().move_pending_task(),
                         .rides = wire.reset_sticky().rides()};
    case Wire::kFireTimers:
      return FireTimers{};
    case Wire::kReceiveMessage:
      return ReceiveMessage{std::move(*wire.mutable_receive_message())};
    case Wire::kSettleMessages:
      return ReadSettled(*wire.mutable_settle_messages());
    case Wire::kDescribe:
    case Wire::kReset:
    case Wire::REQUEST_NOT_SET:
      break;
  }
  return absl::InvalidArgumentError("no request that a workflow decides");
}

}  // namespace perdure::engine::workflow
