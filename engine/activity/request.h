// What can be asked of an activity on its own, and what it answers. A closed set: a new kind is a compile
// error wherever requests are switched on (std::visit over the variant; one .cc a kind).
//
// Requests carry the API's own messages where a client sent one; the frontend has validated their form
// (lengths, ids, sizes), the engine validates what depends on state. Plain values.
#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "base/ids.h"
#include "perdure/token.pb.h"
#include "temporal/api/workflowservice/v1/request_response.pb.h"

namespace perdure::engine::activity {

namespace api = temporal::api::workflowservice::v1;

// ---- requests of clients

struct RequestCancel {
  api::RequestCancelActivityExecutionRequest request;
};
struct Terminate {
  api::TerminateActivityExecutionRequest request;
};
// Ends the activity if it is open; its rows may go at once.
struct Delete {};
struct Pause {
  api::PauseActivityExecutionRequest request;
};
struct Unpause {
  api::UnpauseActivityExecutionRequest request;
};
struct Reset {
  api::ResetActivityExecutionRequest request;
};
// `request` has passed CheckOptionsUpdate.
struct UpdateOptions {
  api::UpdateActivityExecutionOptionsRequest request;
};

// ---- requests of workers. `token` has been opened and belongs to this run, or names it by its id alone
// (token.scheduled_event_id == 0).

// Matching found a poller for the dispatch. Refused NOT_FOUND when the dispatch is stale; repeated with the
// same request_id it gets the same answer.
struct StartTask {
  int64_t offer = 0;  // Dispatch::scheduled_event_id
  int32_t attempt = 1;
  std::string request_id;
  std::string identity;
};
// The answer to StartTask reached nobody: the activity waits for a worker again, with the same attempt.
struct ReturnTask {
  perdure::server::TaskToken token;
};
struct Complete {
  perdure::server::TaskToken token;
  api::RespondActivityTaskCompletedRequest request;
};
struct Fail {
  perdure::server::TaskToken token;
  api::RespondActivityTaskFailedRequest request;
};
struct Cancel {
  perdure::server::TaskToken token;
  api::RespondActivityTaskCanceledRequest request;
};
struct Heartbeat {
  perdure::server::TaskToken token;
  api::RecordActivityTaskHeartbeatRequest request;
};

// ---- requests of the host

// Whatever is due at Context::now: timeouts. Does nothing when nothing is due.
struct FireTimers {};

using Request = std::variant<RequestCancel, Terminate, Delete, Pause, Unpause, Reset, UpdateOptions,
                             StartTask, ReturnTask, Complete, Fail, Cancel, Heartbeat, FireTimers>;

// ---- replies

struct Done {};

struct TaskReply {
  api::PollActivityTaskQueueResponse response;  // without task_token
  perdure::server::TaskToken token;
};
// `failures` says what was cut because it was over a limit.
struct FailedReply {
  api::RespondActivityTaskFailedResponse response;
};
struct HeartbeatReply {
  api::RecordActivityTaskHeartbeatResponse response;
};
struct StartReply {
  api::StartActivityExecutionResponse response;
};
struct OptionsReply {
  api::UpdateActivityExecutionOptionsResponse response;
};

using Reply = std::variant<Done, TaskReply, FailedReply, HeartbeatReply, StartReply, OptionsReply>;

}  // namespace perdure::engine::activity
