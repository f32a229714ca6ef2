// Matching brings pending dispatches and waiting pollers together. It holds a cache: what is pending is
// decided by the runs' own states in history, which admits each start once; a duplicate or stale offer is
// harmless.
//
// Queries pass through it beside them, ahead of tasks of the same priority.
//
// Thread safety: every method may be called from any thread; callbacks run on an executor of the server,
// exactly once, never inside the call. Order within a queue: priority key, then the order in which dispatches
// became due.
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
#include "engine/workflow/request.h"
#include "perdure/token.pb.h"
#include "server/history/history.h"
#include "server/history/task_sink.h"
#include "temporal/api/query/v1/message.pb.h"

namespace perdure::server {

struct WorkflowPoll {
  engine::workflow::api::PollWorkflowTaskQueueRequest request;
};
struct ActivityPoll {
  engine::workflow::api::PollActivityTaskQueueRequest request;
};
// A poll that nothing can answer yet (Nexus): it is counted as a poller and waits.
struct NexusPoll {
  std::string task_queue;
  std::string identity;
};

struct Poll {
  Uuid namespace_id;
  std::variant<WorkflowPoll, ActivityPoll, NexusPoll> poll;
  absl::Duration wait;  // after it, the poll is answered empty
};

// A query that a worker answers by itself, beside the run's workflow tasks. It is held in memory while its
// caller waits, and nowhere else.
struct QueryTask {
  RunRef run;  // with its run id
  std::string task_queue;
  bool sticky = false;
  temporal::api::query::v1::WorkflowQuery query;
  int32_t priority_key = 3;
  absl::Duration wait;  // for a poll, and then for the answer
};

// Nullopt: nobody was asked, because the sticky queue's worker is gone.
struct QueryAnswer {
  std::optional<engine::workflow::api::RespondQueryTaskCompletedRequest> answer;
};

// A query as a poll brings it to a worker.
struct PolledQuery {
  engine::workflow::WorkflowTaskReply task;  // its query is in place
  QueryTaskToken token;
};

// monostate: nothing came.
struct PolledTask {
  std::variant<std::monostate, engine::workflow::WorkflowTaskReply, engine::workflow::ActivityTaskReply,
               PolledQuery>
      task;
};

struct PollerInfo {
  std::string identity;
  absl::Time last_access_time;
  double rate_per_second = 0;
  temporal::api::common::v1::WorkerVersionCapabilities capabilities;
  temporal::api::deployment::v1::WorkerDeploymentOptions deployment_options;
};

struct QueueDescription {
  std::vector<PollerInfo> pollers;  // seen in the last five minutes
  int64_t backlog_count = 0;
  absl::Duration backlog_age;
  double tasks_add_rate = 0;
  double tasks_dispatch_rate = 0;
  std::optional<double> rate_limit;  // tasks a second, as the newest poll set it
  bool rate_limiting = false;        // it made tasks wait within the last half minute
};

class Matching : public TaskSink {
 public:
  // Returns an id for CancelPoll, which answers the poll empty at once (its caller is gone, so the answer is
  // dropped and no task is lost on it).
  virtual uint64_t StartPoll(Poll poll, Callback<PolledTask> done) = 0;
  virtual void CancelPoll(uint64_t poll) = 0;

  // Gives the query to a poll of its queue, at once or when one comes, and answers with what the worker says.
  // Errors: FAILED_PRECONDITION when nobody polls the queue, DEADLINE_EXCEEDED when the query's time is over,
  // RESOURCE_EXHAUSTED before anything is done, and what the run's owner says of it. Returns an id for
  // CancelQuery.
  virtual uint64_t Query(QueryTask query, Callback<QueryAnswer> done) = 0;
  // Its caller is gone: it is answered CANCELLED soon, unless it was answered before.
  virtual void CancelQuery(uint64_t query) = 0;
  // A worker's answer. NOT_FOUND when nobody waits for it any more.
  virtual void AnswerQuery(QueryTaskToken token,
                           engine::workflow::api::RespondQueryTaskCompletedRequest answer,
                           Callback<std::monostate> done) = 0;

  virtual void Describe(QueueKey queue, Callback<QueueDescription> done) = 0;

  // ShutdownWorker: nothing more waits on this sticky queue's worker.
  virtual void ForgetStickyQueue(QueueKey queue) = 0;

  // Answers every waiting poll empty, every query UNAVAILABLE, and every later one at once: the server is
  // stopping.
  virtual void Drain() = 0;
};

}  // namespace perdure::server
