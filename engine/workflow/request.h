// What can be asked of a workflow run, and what it answers. A closed set: a new kind is a compile error
// wherever requests are switched on (std::visit over the variant; one .cc a kind).
//
// Requests carry the API's own messages where a client sent one; the frontend has validated their form
// (lengths, ids, sizes), the engine validates what depends on state. Plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/ids.h"
#include "engine/entity.h"
#include "perdure/token.pb.h"
#include "temporal/api/workflowservice/v1/request_response.pb.h"

namespace perdure::engine::workflow {

namespace api = temporal::api::workflowservice::v1;

// ---- requests of clients

struct Signal {
  api::SignalWorkflowExecutionRequest request;
  // SignalWithStartWorkflowExecution met an open run. Unlike any other signal it ends a start delay.
  bool with_start = false;
};
struct RequestCancel {
  api::RequestCancelWorkflowExecutionRequest request;
};
struct Terminate {
  api::TerminateWorkflowExecutionRequest request;
};
// The run ends, if it is open, and is nobody's any more (Entity::IsDeleted).
struct Delete {};
// StartWorkflowExecution with USE_EXISTING met an open run, and on_conflict_options asks to attach to it.
struct AttachStart {
  api::StartWorkflowExecutionRequest request;
};
// UpdateWorkflowExecution. The update is admitted unless the run knows its id. Answered by an UpdateReply
// that says how far it has come; a caller that may wait (Context::token) waits until that is the stage that
// it asks for.
struct Update {
  api::UpdateWorkflowExecutionRequest request;
};
// PollWorkflowExecutionUpdate: the same of an update that the run knows.
struct PollUpdate {
  api::PollWorkflowExecutionUpdateRequest request;
};
// Makes a volatile workflow-task start durable, because a reader is about to be shown it.
struct HardenWorkflowTaskStart {};
// It may have to wait for a workflow task (Context::token), and changes nothing (queries/queries.h).
struct Query {
  api::QueryWorkflowRequest request;
  // No other query has it, on any node at any time: by it a worker's answer finds its query.
  std::string id;
  absl::Duration time_left;  // until its caller gives up
};

// ---- requests of workers. `token` has been opened and belongs to this run.

// Matching found a poller for the dispatch. Refused NOT_FOUND when the dispatch is stale; repeated with the
// same request_id it gets the same answer.
struct StartWorkflowTask {
  int64_t scheduled_event_id = 0;
  int32_t attempt = 1;
  std::string request_id;  // of the poll
  std::string identity;
  std::string polled_queue;
  bool eager = false;                      // the start is made durable at once
  api::PollWorkflowTaskQueueRequest poll;  // worker version, build id, deployment options
};
// Matching found a poller for a query that goes to a worker by itself: what that must know of the run. Starts
// nothing and changes nothing.
struct StartQuery {
  std::string polled_queue;
};
struct StartActivityTask {
  int64_t scheduled_event_id = 0;
  int32_t attempt = 1;
  std::string request_id;
  std::string identity;
  api::PollActivityTaskQueueRequest poll;
};
// The answer to StartActivityTask reached nobody, because the poll's caller gave up before it was sent: the
// activity waits for a worker again, with the same attempt. Refused NOT_FOUND when the token is stale.
struct ReturnActivityTask {
  perdure::server::TaskToken token;
};
struct CompleteWorkflowTask {
  perdure::server::TaskToken token;
  api::RespondWorkflowTaskCompletedRequest request;
};
struct FailWorkflowTask {
  perdure::server::TaskToken token;
  api::RespondWorkflowTaskFailedRequest request;
};
// The activity forms: by token, or by id (token.scheduled_event_id == 0 and token.activity_id set).
struct CompleteActivity {
  perdure::server::TaskToken token;
  api::RespondActivityTaskCompletedRequest request;
};
struct FailActivity {
  perdure::server::TaskToken token;
  api::RespondActivityTaskFailedRequest request;
};
struct CancelActivity {
  perdure::server::TaskToken token;
  api::RespondActivityTaskCanceledRequest request;
};
struct HeartbeatActivity {
  perdure::server::TaskToken token;
  api::RecordActivityTaskHeartbeatRequest request;
};
// ResetStickyTaskQueue, or (move_pending_task) matching knows that the sticky queue's worker is gone: then a
// pending workflow task that waits on the sticky queue waits on the run's own queue instead, until the time
// by which a worker should have had it: then it times out like any other. Makes no event.
// With `rides` it costs no commit: it comes with the run's next record, or is lost with the memory.
struct ResetSticky {
  bool move_pending_task = false;
  bool rides = false;
};

// ---- requests of the host

// Whatever is due at Context::now: user timers, activity and workflow-task timeouts, run and execution
// timeouts, the end of a start delay. Does nothing when nothing is due.
struct FireTimers {};

// ---- messages between entities

// Another entity's message to this run, which its target names. Answered by a MessageAnswer. The one that
// starts a run is no request of a run: DecideChildStart.
struct ReceiveMessage {
  perdure::engine::Message message;
};
// What became of messages that this run owes: many in one step. One that is not owed any more changes
// nothing.
struct SettleMessages {
  std::vector<MessageOutcome> outcomes;
};

using Request = std::variant<Signal, RequestCancel, Terminate, Delete, AttachStart, HardenWorkflowTaskStart,
                             StartWorkflowTask, StartActivityTask, ReturnActivityTask, CompleteWorkflowTask,
                             FailWorkflowTask, CompleteActivity, FailActivity, CancelActivity,
                             HeartbeatActivity, ResetSticky, FireTimers, ReceiveMessage, SettleMessages,
                             Query, StartQuery, Update, PollUpdate>;

// ---- replies

struct Done {
  Uuid run_id;  // filled by the host: the run that took the request
};

// A started workflow task. The host adds the history: durable events [history_from, history_to] and then
// `tail`.
struct WorkflowTaskReply {
  api::PollWorkflowTaskQueueResponse response;  // without history, next_page_token and task_token
  perdure::server::TaskToken token;
  int64_t history_from = 1;
  int64_t history_to = 0;  // 0: none
  std::string tail;        // framed as Record::events: a soft start, or a transient task's events
  // Filled by the host: the first page of those events, framed, and the first event id of the next page (0:
  // none).
  std::string history;
  int64_t next_page_from = 0;
};

struct ActivityTaskReply {
  api::PollActivityTaskQueueResponse response;  // without task_token
  perdure::server::TaskToken token;
};

struct CompletedReply {
  api::RespondWorkflowTaskCompletedResponse
      response;                                    // reset_history_event_id; tasks are in the fields below
  std::optional<WorkflowTaskReply> workflow_task;  // return_new_workflow_task
  std::vector<ActivityTaskReply> eager_activities;
};

// `failures` says what was cut because it was over a limit.
struct ActivityFailedReply {
  api::RespondActivityTaskFailedResponse response;
};

struct HeartbeatReply {
  api::RecordActivityTaskHeartbeatResponse response;
};

// How far an update has come. The outcome of one that has completed stands in an event, which the host reads
// for the reply.
struct UpdateReply {
  api::PollWorkflowExecutionUpdateResponse response;
  int64_t outcome_event_id = 0;  // WorkflowExecutionUpdateCompleted; 0: the response says all
};

struct StartReply {
  api::StartWorkflowExecutionResponse response;  // without eager_workflow_task
  std::optional<WorkflowTaskReply> eager_task;
};

// No answer yet: the caller waits (Context::token). It stays with the run: for others it is a null reply.
struct Waits {};

struct QueryReply {
  api::QueryWorkflowResponse response;
};

// No workflow task is pending for which the query would have to wait: a worker answers it by itself.
struct QueryDispatch {
  Uuid run_id;
  bool open = false;
  std::string task_queue;         // the run's own
  std::string sticky_queue;       // to be asked first; empty: none
  absl::Duration sticky_timeout;  // and for how long
  int32_t priority_key = 3;
};

// What a worker must know of the run that it answers a query of: no task is started. The history that it
// shows is durable, and empty on the run's sticky queue.
struct QueryTaskReply {
  WorkflowTaskReply task;
};

using Reply = std::variant<Done, WorkflowTaskReply, ActivityTaskReply, CompletedReply, ActivityFailedReply,
                           HeartbeatReply, UpdateReply, StartReply, perdure::engine::MessageAnswer, Waits,
                           QueryReply, QueryDispatch, QueryTaskReply>;

// To one of Context::waiters.
struct WaiterReply {
  uint64_t token = 0;
  absl::StatusOr<Reply> reply;
};

}  // namespace perdure::engine::workflow
