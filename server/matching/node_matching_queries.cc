// NodeMatching: queries, which polls take beside tasks, and which nothing stores.
#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/limits.h"
#include "base/status.h"
#include "server/matching/node_matching.h"
#include "temporal/api/enums/v1/failed_cause.pb.h"

namespace perdure::server {

namespace enums = temporal::api::enums::v1;
namespace workflow = engine::workflow;

uint64_t NodeMatching::Query(QueryTask task, Callback<QueryAnswer> done) {
  auto query = std::make_shared<WaitingQuery>();
  query->id = next_query_.fetch_add(1, std::memory_order_relaxed);
  query->queue = {task.run.namespace_id, engine::TaskKind::kWorkflow, task.task_queue};
  query->task = std::move(task);
  query->done = std::move(done);
  const uint64_t id = query->id;
  executor_.Post([this, query = std::move(query)] { OnQuery(query); });
  return id;
}

void NodeMatching::OnQuery(const QueryPtr& query) {
  if (draining_) return std::move(query->done)(Unavailable("the server is stopping"));
  if (queries_.size() >= limits::kQueries) {
    return std::move(query->done)(ResourceExhausted("too many queries wait for workers",
                                                    enums::RESOURCE_EXHAUSTED_CAUSE_CONCURRENT_LIMIT,
                                                    enums::RESOURCE_EXHAUSTED_SCOPE_SYSTEM));
  }
  TaskQueue& queue = QueueFor(query->queue, query->task.sticky);
  if (query->task.sticky && WorkerGone(queue)) return std::move(query->done)(QueryAnswer{});
  query->nonce = Uuid::Mint(executor_.random()).View();
  query->order = next_order_++;
  query->arrived = executor_.Monotonic();
  query->deadline = query->arrived + query->task.wait;
  query->waited = !queue.HasPoll();
  query->timer = executor_.RunAfter(query->task.wait, [this, query] {
    EndQuery(query, absl::DeadlineExceededError("query timed out before a worker could process it"));
  });
  queries_.emplace(query->id, query);
  queue.Add(query);
  queue.added.Add(executor_.Monotonic());
  WatchForPollers(query);
  MatchAll(queue);
}

// A worker may come at the last moment; where none was there for long, its people get to know that, and not
// that their time is over.
void NodeMatching::WatchForPollers(const QueryPtr& query) {
  const absl::Duration patience = query->task.wait - limits::kQueryTail;
  query->poller_timer = executor_.RunAfter(std::max(patience, absl::ZeroDuration()), [this, query] {
    query->poller_timer = Executor::kNoTimer;
    const TaskQueue& queue = QueueFor(query->queue, query->task.sticky);
    if (!query->in_queue || queue.pollers.SawAnyoneSince(executor_.Now() - limits::kQueryPollerMemory))
      return;
    EndQuery(query,
             absl::FailedPreconditionError("no poller seen for task queue recently, worker may be down"));
  });
}

void NodeMatching::StartQuery(TaskQueue& queue, const PollPtr& poll) {
  const QueryPtr query = queue.TakeQuery();
  executor_.Cancel(std::exchange(poll->timer, Executor::kNoTimer));
  queue.dispatched.Add(executor_.Monotonic());
  const int32_t scaling = ScalingDecision(queue, *poll, query->waited);
  ++queue.metrics->in_hand;
  history_.Execute(query->task.run, workflow::StartQuery{.polled_queue = query->queue.name},
                   [this, query, poll, scaling](absl::StatusOr<workflow::Reply> reply) {
                     executor_.Post([this, query, poll, scaling, reply = std::move(reply)]() mutable {
                       OnQueryStarted(query, poll, scaling, std::move(reply));
                     });
                   });
}

void NodeMatching::OnQueryStarted(const QueryPtr& query, const PollPtr& poll, int32_t scaling,
                                  absl::StatusOr<workflow::Reply> reply) {
  TaskQueue& queue = QueueFor(query->queue, query->task.sticky);
  QueueMetrics& metrics = *queue.metrics;
  --metrics.in_hand;
  if (!reply.ok()) EndQuery(query, reply.status());
  const bool wanted = queries_.contains(query->id);
  if (!wanted || poll->gone || !polls_.Claim(poll->id)) {
    if (wanted) queue.Add(query);
    ReturnPoll(queue, poll);
    return MatchAll(queue);
  }
  PolledQuery polled;
  polled.task = std::move(std::get<workflow::QueryTaskReply>(*reply).task);
  *polled.task.response.mutable_query() = query->task.query;
  if (scaling != 0) {
    polled.task.response.mutable_poller_scaling_decision()->set_poll_request_delta_suggestion(scaling);
  }
  polled.token.set_namespace_id(std::string(query->queue.namespace_id.View()));
  polled.token.set_task_queue(query->queue.name);
  polled.token.set_query(query->id);
  polled.token.set_nonce(query->nonce);
  metrics.poll_success->Add();
  if (!query->waited) metrics.poll_success_sync->Add();
  metrics.poll_latency->Observe(executor_.Monotonic() - poll->arrived);
  std::move(poll->done)(PolledTask{std::move(polled)});
}

void NodeMatching::EndQuery(const QueryPtr& query, absl::StatusOr<QueryAnswer> answer) {
  if (queries_.erase(query->id) == 0) return;
  executor_.Cancel(std::exchange(query->timer, Executor::kNoTimer));
  executor_.Cancel(std::exchange(query->poller_timer, Executor::kNoTimer));
  if (query->in_queue) QueueFor(query->queue, query->task.sticky).Remove(query);
  std::move(query->done)(std::move(answer));
}

void NodeMatching::EndQueries() {
  std::vector<QueryPtr> all;
  for (const auto& [id, query] : queries_) all.push_back(query);
  for (const QueryPtr& query : all) EndQuery(query, Unavailable("the server is stopping"));
}

void NodeMatching::CancelQuery(uint64_t id) {
  executor_.Post([this, id] {
    const auto found = queries_.find(id);
    if (found == queries_.end()) return;
    const QueryPtr query = found->second;
    EndQuery(query, absl::CancelledError("the call was called off"));
  });
}

void NodeMatching::AnswerQuery(QueryTaskToken token, workflow::api::RespondQueryTaskCompletedRequest answer,
                               Callback<std::monostate> done) {
  executor_.Post(
      [this, token = std::move(token), answer = std::move(answer), done = std::move(done)]() mutable {
        const auto found = queries_.find(token.query());
        const bool waits = found != queries_.end() && found->second->nonce == token.nonce();
        if (!waits || found->second->in_queue) {
          return std::move(done)(NotFound("query task not found, or already expired"));
        }
        const QueryPtr query = found->second;
        EndQuery(query, QueryAnswer{std::move(answer)});
        std::move(done)(std::monostate());
      });
}

}  // namespace perdure::server
