// Requests and replies of activities on their own, to bytes and back.
#include "engine/activity/activity_wire.h"

#include <utility>

#include "engine/values/task_answer_wire.h"

namespace perdure::engine::activity {
namespace {

// Writes a request into its field.
class RequestWriter {
 public:
  explicit RequestWriter(calls::ActivityRequest& wire) : wire_(wire) {}

  void operator()(const RequestCancel& r) const { *wire_.mutable_request_cancel() = r.request; }
  void operator()(const Terminate& r) const { *wire_.mutable_terminate() = r.request; }
  void operator()(const Delete& /*r*/) const { wire_.mutable_delete_now(); }
  void operator()(const Pause& r) const { *wire_.mutable_pause() = r.request; }
  void operator()(const Unpause& r) const { *wire_.mutable_unpause() = r.request; }
  void operator()(const Reset& r) const { *wire_.mutable_reset() = r.request; }
  void operator()(const UpdateOptions& r) const { *wire_.mutable_update_options() = r.request; }
  void operator()(const StartTask& r) const {
    calls::StartTask& start = *wire_.mutable_start_task();
    start.set_offer(r.offer);
    start.set_attempt(r.attempt);
    start.set_request_id(r.request_id);
    start.set_identity(r.identity);
  }
  void operator()(const ReturnTask& r) const { *wire_.mutable_return_task() = r.token; }
  void operator()(const Complete& r) const { WriteTaskAnswer(r, *wire_.mutable_complete()); }
  void operator()(const Fail& r) const { WriteTaskAnswer(r, *wire_.mutable_fail()); }
  void operator()(const Cancel& r) const { WriteTaskAnswer(r, *wire_.mutable_cancel()); }
  void operator()(const Heartbeat& r) const { WriteTaskAnswer(r, *wire_.mutable_heartbeat()); }
  void operator()(const FireTimers& /*r*/) const { wire_.mutable_fire_timers(); }

 private:
  calls::ActivityRequest& wire_;
};

// Writes a reply into its field.
class ReplyWriter {
 public:
  explicit ReplyWriter(calls::ActivityReply& wire) : wire_(wire) {}

  void operator()(const Done& /*r*/) const { wire_.mutable_done(); }
  void operator()(const TaskReply& r) const {
    *wire_.mutable_task()->mutable_response() = r.response;
    *wire_.mutable_task()->mutable_token() = r.token;
  }
  void operator()(const FailedReply& r) const { *wire_.mutable_failed() = r.response; }
  void operator()(const HeartbeatReply& r) const { *wire_.mutable_heartbeat() = r.response; }
  void operator()(const StartReply& r) const { *wire_.mutable_started() = r.response; }
  void operator()(const OptionsReply& r) const { *wire_.mutable_options() = r.response; }

 private:
  calls::ActivityReply& wire_;
};

StartTask ReadStart(calls::StartTask& wire) {
  return {.offer = wire.offer(),
          .attempt = wire.attempt(),
          .request_id = std::move(*wire.mutable_request_id()),
          .identity = std::move(*wire.mutable_identity())};
}

}  // namespace

calls::ActivityRequest ToWire(const Request& request) {
  calls::ActivityRequest wire;
  std::visit(RequestWriter(wire), request);
  return wire;
}

absl::StatusOr<Request> FromWire(calls::ActivityRequest wire) {
  using Wire = calls::ActivityRequest;
  switch (wire.request_case()) {
    case Wire::kRequestCancel:
      return RequestCancel{std::move(*wire.mutable_request_cancel())};
    case Wire::kTerminate:
      return Terminate{std::move(*wire.mutable_terminate())};
    case Wire::kDeleteNow:
      return Delete{};
    case Wire::kPause:
      return Pause{std::move(*wire.mutable_pause())};
    case Wire::kUnpause:
      return Unpause{std::move(*wire.mutable_unpause())};
    case Wire::kReset:
      return Reset{std::move(*wire.mutable_reset())};
    case Wire::kUpdateOptions:
      return UpdateOptions{std::move(*wire.mutable_update_options())};
    case Wire::kStartTask:
      return ReadStart(*wire.mutable_start_task());
    case Wire::kReturnTask:
      return ReturnTask{std::move(*wire.mutable_return_task())};
    case Wire::kComplete:
      return ReadTaskAnswer<Complete>(wire.mutable_complete());
    case Wire::kFail:
      return ReadTaskAnswer<Fail>(wire.mutable_fail());
    case Wire::kCancel:
      return ReadTaskAnswer<Cancel>(wire.mutable_cancel());
    case Wire::kHeartbeat:
      return ReadTaskAnswer<Heartbeat>(wire.mutable_heartbeat());
    case Wire::kFireTimers:
      return FireTimers{};
    case Wire::kDescribe:
    case Wire::kAwaitOutcome:
    case Wire::kAwaitChange:
    case Wire::REQUEST_NOT_SET:
      break;
  }
  return absl::InvalidArgumentError("no request that an activity decides");
}

calls::ActivityReply ToWire(const Reply& reply) {
  calls::ActivityReply wire;
  std::visit(ReplyWriter(wire), reply);
  return wire;
}

absl::StatusOr<Reply> FromWire(calls::ActivityReply wire) {
  using Wire = calls::ActivityReply;
  switch (wire.reply_case()) {
    case Wire::kDone:
      return Done{};
    case Wire::kTask:
      return TaskReply{std::move(*wire.mutable_task()->mutable_response()),
                       std::move(*wire.mutable_task()->mutable_token())};
    case Wire::kFailed:
      return FailedReply{std::move(*wire.mutable_failed())};
    case Wire::kHeartbeat:
      return HeartbeatReply{std::move(*wire.mutable_heartbeat())};
    case Wire::kStarted:
      return StartReply{std::move(*wire.mutable_started())};
    case Wire::kOptions:
      return OptionsReply{std::move(*wire.mutable_options())};
    case Wire::kDescription:
    case Wire::kOutcome:
    case Wire::REPLY_NOT_SET:
      break;
  }
  return absl::InvalidArgumentError("no reply to what an activity decides");
}

}  // namespace perdure::engine::activity
