// Replies of workflow runs, to bytes and back.
#include <utility>

#include "base/check.h"
#include "base/time.h"
#include "engine/workflow/calls/workflow_wire.h"

namespace perdure::engine::workflow {
namespace {

// Writes a reply into its field.
class ReplyWriter {
 public:
  explicit ReplyWriter(calls::WorkflowReply& wire) : wire_(wire) {}

  void operator()(const Done& r) const { wire_.set_done(std::string(r.run_id.View())); }
  void operator()(const WorkflowTaskReply& r) const { *wire_.mutable_workflow_task() = ToWire(r); }
  void operator()(const ActivityTaskReply& r) const { *wire_.mutable_activity_task() = ToWire(r); }
  void operator()(const CompletedReply& r) const {
    calls::WorkflowTaskCompleted& completed = *wire_.mutable_workflow_task_completed();
    *completed.mutable_response() = r.response;
    if (r.workflow_task.has_value()) *completed.mutable_workflow_task() = ToWire(*r.workflow_task);
    for (const ActivityTaskReply& eager : r.eager_activities)
      *completed.add_eager_activities() = ToWire(eager);
  }
  void operator()(const ActivityFailedReply& r) const { *wire_.mutable_activity_failed() = r.response; }
  void operator()(const HeartbeatReply& r) const { *wire_.mutable_heartbeat() = r.response; }
  void operator()(const UpdateReply& r) const {
    *wire_.mutable_update()->mutable_response() = r.response;
    wire_.mutable_update()->set_outcome_event_id(r.outcome_event_id);
  }
  void operator()(const StartReply& r) const {
    *wire_.mutable_started()->mutable_response() = r.response;
    if (r.eager_task.has_value()) *wire_.mutable_started()->mutable_eager_task() = ToWire(*r.eager_task);
  }
  void operator()(const perdure::engine::MessageAnswer& r) const { *wire_.mutable_message_answer() = r; }
  void operator()(const Waits& /*r*/) const { PERDURE_CHECK(false, "who waits gets no reply"); }
  void operator()(const QueryReply& r) const { *wire_.mutable_query() = r.response; }
  void operator()(const QueryDispatch& r) const {
    calls::QueryDispatch& dispatch = *wire_.mutable_query_dispatch();
    dispatch.set_run_id(std::string(r.run_id.View()));
    dispatch.set_open(r.open);
    dispatch.set_task_queue(r.task_queue);
    dispatch.set_sticky_queue(r.sticky_queue);
    *dispatch.mutable_sticky_timeout() = ToProto(r.sticky_timeout);
    dispatch.set_priority_key(r.priority_key);
  }
  void operator()(const QueryTaskReply& r) const { *wire_.mutable_query_task() = ToWire(r.task); }

 private:
  calls::WorkflowReply& wire_;
};

CompletedReply ReadCompleted(calls::WorkflowTaskCompleted& wire) {
  CompletedReply completed{std::move(*wire.mutable_response()), std::nullopt, {}};
  if (wire.has_workflow_task()) completed.workflow_task = FromWire(std::move(*wire.mutable_workflow_task()));
  for (calls::ActivityTask& eager : *wire.mutable_eager_activities()) {
    completed.eager_activities.push_back(FromWire(std::move(eager)));
  }
  return completed;
}

StartReply ReadStarted(calls::WorkflowStarted& wire) {
  StartReply started{std::move(*wire.mutable_response()), std::nullopt};
  if (wire.has_eager_task()) started.eager_task = FromWire(std::move(*wire.mutable_eager_task()));
  return started;
}

absl::Status NoRun() { return absl::InvalidArgumentError("a reply names its run by no UUID"); }

absl::StatusOr<Reply> ReadQueryDispatch(calls::QueryDispatch& wire) {
  const std::optional<Uuid> run_id = Uuid::FromBytes(wire.run_id());
  if (!run_id.has_value()) return NoRun();
  return QueryDispatch{.run_id = *run_id,
                       .open = wire.open(),
                       .task_queue = std::move(*wire.mutable_task_queue()),
                       .sticky_queue = std::move(*wire.mutable_sticky_queue()),
                       .sticky_timeout = FromProto(wire.sticky_timeout()),
                       .priority_key = wire.priority_key()};
}

}  // namespace

calls::WorkflowTask ToWire(const WorkflowTaskReply& task) {
  calls::WorkflowTask wire;
  *wire.mutable_response() = task.response;
  *wire.mutable_token() = task.token;
  wire.set_history_from(task.history_from);
  wire.set_history_to(task.history_to);
  wire.set_tail(task.tail);
  wire.set_history(task.history);
  wire.set_next_page_from(task.next_page_from);
  return wire;
}

WorkflowTaskReply FromWire(calls::WorkflowTask wire) {
  WorkflowTaskReply task;
  task.response = std::move(*wire.mutable_response());
  task.token = std::move(*wire.mutable_token());
  task.history_from = wire.history_from();
  task.history_to = wire.history_to();
  task.tail = std::move(*wire.mutable_tail());
  task.history = std::move(*wire.mutable_history());
  task.next_page_from = wire.next_page_from();
  return task;
}

calls::ActivityTask ToWire(const ActivityTaskReply& task) {
  calls::ActivityTask wire;
  *wire.mutable_response() = task.response;
  *wire.mutable_token() = task.token;
  return wire;
}

ActivityTaskReply FromWire(calls::ActivityTask wire) {
  return {std::move(*wire.mutable_response()), std::move(*wire.mutable_token())};
}

calls::WorkflowReply ToWire(const Reply& reply) {
  calls::WorkflowReply wire;
  std::visit(ReplyWriter(wire), reply);
  return wire;
}

absl::StatusOr<Reply> FromWire(calls::WorkflowReply wire) {
  using Wire = calls::WorkflowReply;
  switch (wire.reply_case()) {
    case Wire::kDone: {
      const std::optional<Uuid> run_id = Uuid::FromBytes(wire.done());
      if (!run_id.has_value()) return NoRun();
      return Done{*run_id};
    }
    case Wire::kWorkflowTask:
      return FromWire(std::move(*wire.mutable_workflow_task()));
    case Wire::kActivityTask:
      return FromWire(std::move(*wire.mutable_activity_task()));
    case Wire::kWorkflowTaskCompleted:
      return ReadCompleted(*wire.mutable_workflow_task_completed());
    case Wire::kActivityFailed:
      return ActivityFailedReply{std::move(*wire.mutable_activity_failed())};
    case Wire::kHeartbeat:
      return HeartbeatReply{std::move(*wire.mutable_heartbeat())};
    case Wire::kUpdate:
      return UpdateReply{std::move(*wire.mutable_update()->mutable_response()),
                         wire.update().outcome_event_id()};
    case Wire::kStarted:
      return ReadStarted(*wire.mutable_started());
    case Wire::kMessageAnswer:
      return std::move(*wire.mutable_message_answer());
    case Wire::kQuery:
      return QueryReply{std::move(*wire.mutable_query())};
    case Wire::kQueryDispatch:
      return ReadQueryDispatch(*wire.mutable_query_dispatch());
    case Wire::kQueryTask:
      return QueryTaskReply{FromWire(std::move(*wire.mutable_query_task()))};
    case Wire::kDescription:
    case Wire::REPLY_NOT_SET:
      break;
  }
  return absl::InvalidArgumentError("no reply to what a workflow decides");
}

}  // namespace perdure::engine::workflow
