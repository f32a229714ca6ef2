// NodeMatching: tasks and polls meet, and their owners admit the start.
#include <algorithm>
#include <utility>

#include "base/check.h"
#include "server/activities/activity_history.h"
#include "server/matching/node_matching.h"
#include "server/matching/refusal.h"

namespace perdure::server {

namespace workflow = engine::workflow;

namespace {

constexpr absl::Duration kFirstBackoff = absl::Milliseconds(20);
constexpr absl::Duration kLongestBackoff = absl::Seconds(2);
// As the real server's matching.pollerScaling* settings.
constexpr absl::Duration kScaleDownAfterWait = absl::Seconds(1);
constexpr absl::Duration kScaleUpBacklogAge = absl::Milliseconds(200);
constexpr double kScaleUpAddToDispatchRatio = 1.2;
constexpr int64_t kScalingDecisionsPerPollerSecond = 10;

// By which the start is known when it is asked for again.
const std::string& RequestIdOf(const WaitingPoll& poll, const HeldTask& task) {
  return task.request_id.empty() ? poll.request_id : task.request_id;
}

workflow::Request StartRequestFor(const WaitingPoll& poll, const HeldTask& task) {
  const engine::Dispatch& dispatch = task.task.dispatch;
  if (const auto* activity = std::get_if<ActivityPoll>(&poll.poll.poll)) {
    workflow::StartActivityTask start;
    start.scheduled_event_id = dispatch.scheduled_event_id;
    start.attempt = dispatch.attempt;
    start.request_id = RequestIdOf(poll, task);
    start.identity = activity->request.identity();
    start.poll = activity->request;
    return start;
  }
  const auto& request = std::get<WorkflowPoll>(poll.poll.poll).request;
  workflow::StartWorkflowTask start;
  start.scheduled_event_id = dispatch.scheduled_event_id;
  start.attempt = dispatch.attempt;
  start.request_id = RequestIdOf(poll, task);
  start.identity = request.identity();
  start.polled_queue = poll.queue.name;
  start.poll = request;
  return start;
}

// Workers steer by the hint of a sticky poll alone: while the last one that they saw was above zero, they
// poll nothing but the sticky queue. Answers overtake each other, here behind their commits and on the wire,
// so that the last one seen may be an old one, and every poller of the worker would wait on an empty sticky
// queue to the end of its long poll. Zero is right in any order.
int64_t BacklogHint(const WaitingPoll& poll, size_t backlog) {
  return IsSticky(poll.poll) ? 0 : static_cast<int64_t>(backlog);
}

PolledTask TaskOf(workflow::Reply reply, int64_t backlog_hint, int32_t scaling) {
  PolledTask polled;
  if (auto* task = std::get_if<workflow::WorkflowTaskReply>(&reply)) {
    task->response.set_backlog_count_hint(backlog_hint);
    if (scaling != 0)
      task->response.mutable_poller_scaling_decision()->set_poll_request_delta_suggestion(scaling);
    polled.task = std::move(*task);
  } else if (auto* activity = std::get_if<workflow::ActivityTaskReply>(&reply)) {
    if (scaling != 0) {
      activity->response.mutable_poller_scaling_decision()->set_poll_request_delta_suggestion(scaling);
    }
    polled.task = std::move(*activity);
  }
  return polled;
}

}  // namespace

void NodeMatching::MatchAll(TaskQueue& queue) {
  while ((queue.HasTask() || queue.HasQuery()) && queue.HasPoll()) {
    const PollPtr poll = queue.TakePoll();
    // A start costs a commit, and another to give it back: a poll whose caller is gone, or whose time is
    // over, is not matched.
    if (poll->gone || poll->deadline <= executor_.Monotonic()) {
      AnswerEmpty(poll);
      continue;
    }
    if (queue.HasQuery() && queue.QueryIsFirst()) {
      StartQuery(queue, poll);
      continue;
    }
    if (const absl::Duration wait = queue.rate.Wait(executor_.Monotonic()); wait > absl::ZeroDuration()) {
      queue.Add(poll);
      queue.rate_limited.Add(executor_.Monotonic());
      WaitForRate(queue, wait);
      break;
    }
    queue.rate.Take(executor_.Monotonic());
    executor_.Cancel(std::exchange(poll->timer, Executor::kNoTimer));
    auto match = std::make_shared<Match>();
    match->queue = queue.key();
    match->poll = poll;
    match->task = queue.TakeTask();
    match->backoff = kFirstBackoff;
    queue.dispatched.Add(executor_.Monotonic());
    match->scaling = ScalingDecision(queue, *poll, match->task.waited);
    match->metrics = queue.metrics;
    match->backlog = queue.backlog();
    ++queue.metrics->in_hand;
    Start(std::move(match));
  }
  UpdateBacklog(queue);
  GrantRoom(queue);
}

void NodeMatching::WaitForRate(TaskQueue& queue, absl::Duration wait) {
  // A queue that is stopped waits for a poll with another rate.
  if (queue.rate_timer != Executor::kNoTimer || wait == absl::InfiniteDuration()) return;
  queue.rate_timer = executor_.RunAfter(wait, [this, &queue] {  // a queue with a timer is not forgotten
    queue.rate_timer = Executor::kNoTimer;
    MatchAll(queue);
  });
}

int32_t NodeMatching::ScalingDecision(TaskQueue& queue, const WaitingPoll& poll, bool waited) {
  const absl::Duration now = executor_.Monotonic();
  if (!waited && now - poll.arrived >= kScaleDownAfterWait) return -1;
  const int64_t second = absl::ToInt64Seconds(now);
  if (queue.scaling_second != second) {
    queue.scaling_second = second;
    queue.scaling_decisions = 0;
  }
  const auto pollers = static_cast<int64_t>(std::max<size_t>(1, queue.pollers.size()));
  if (queue.scaling_decisions++ >= kScalingDecisionsPerPollerSecond * pollers) return 0;
  // More pollers would not make a limited queue faster.
  if (queue.rate_limited.PerSecond(now) > 0) return 0;
  const auto oldest = queue.OldestTask();
  if (oldest && executor_.Now() - *oldest > kScaleUpBacklogAge) return 1;
  const double dispatched = queue.dispatched.PerSecond(now);
  return queue.added.PerSecond(now) > kScaleUpAddToDispatchRatio * dispatched && dispatched > 0 ? 1 : 0;
}

void NodeMatching::Start(std::shared_ptr<Match> match) {
  match->metrics->started->Add();
  const RunRef run = match->task.task.run;
  if (run.kind == engine::activity::kActivityKind) return StartOnItsOwn(std::move(match));
  workflow::Request request = StartRequestFor(*match->poll, match->task);
  history_.Execute(run, std::move(request),
                   [this, match = std::move(match)](absl::StatusOr<workflow::Reply> reply) {
                     OnStarted(match, std::move(reply));
                   });
}

// An activity that belongs to no workflow; its worker's reply has the same form.
void NodeMatching::StartOnItsOwn(std::shared_ptr<Match> match) {
  const auto& poll = std::get<ActivityPoll>(match->poll->poll.poll).request;
  const engine::Dispatch& dispatch = match->task.task.dispatch;
  engine::activity::StartTask start{.offer = dispatch.scheduled_event_id,
                                    .attempt = dispatch.attempt,
                                    .request_id = RequestIdOf(*match->poll, match->task),
                                    .identity = poll.identity()};
  const RunRef run = match->task.task.run;
  ActivityHistory(history_.entities())
      .Execute(run, std::move(start),
               [this, match = std::move(match)](absl::StatusOr<engine::activity::Reply> reply) {
                 if (!reply.ok()) return OnStarted(match, reply.status());
                 auto& task = std::get<engine::activity::TaskReply>(*reply);
                 OnStarted(match, workflow::Reply(workflow::ActivityTaskReply{std::move(task.response),
                                                                              std::move(task.token)}));
               });
}

// Runs on the run's executor: the answer takes no other hop, and matching's own thread is not woken for it.
void NodeMatching::OnStarted(const std::shared_ptr<Match>& match, absl::StatusOr<workflow::Reply> reply) {
  if (!reply.ok()) {
    executor_.Post([this, match, status = reply.status()] { OnRefused(match, status); });
    return;
  }
  if (polls_.Claim(match->poll->id)) {
    std::move(match->poll->done)(
        TaskOf(*std::move(reply), BacklogHint(*match->poll, *match->backlog), match->scaling));
  }
  QueueMetrics& metrics = *match->metrics;
  --metrics.in_hand;
  metrics.poll_success->Add();
  if (!match->task.waited) metrics.poll_success_sync->Add();
  (match->task.waited ? metrics.async_match : metrics.sync_match)
      ->Observe(executor_.Now() - match->task.since);
  metrics.poll_latency->Observe(executor_.Monotonic() - match->poll->arrived);
  metrics.schedule_to_start->Observe(executor_.Now() - match->task.task.dispatch.scheduled_time);
}

void NodeMatching::OnRefused(const std::shared_ptr<Match>& match, const absl::Status& status) {
  TaskQueue& queue = QueueFor(match->queue);
  if (TaskIsStale(status)) {
    --queue.metrics->in_hand;
    ReturnPoll(queue, match->poll);
    MatchAll(queue);
    return;
  }
  if (absl::IsUnavailable(status)) match->task.request_id = RequestIdOf(*match->poll, match->task);
  const bool poll_lives =
      !match->poll->gone && executor_.Monotonic() + match->backoff < match->poll->deadline;
  if (absl::IsUnavailable(status) && poll_lives && !draining_) {
    TryAgain(match);
    return;
  }
  ReturnPoll(queue, match->poll);
  ++match->task.failures;
  absl::Duration wait = kFirstBackoff;
  for (int i = 1; i < match->task.failures && wait < kLongestBackoff; ++i) wait *= 2;
  executor_.RunAfter(std::min(wait, kLongestBackoff), [this, match] {
    TaskQueue& again = QueueFor(match->queue);
    --again.metrics->in_hand;
    again.PutBack(std::move(match->task));
    MatchAll(again);
  });
  MatchAll(queue);
}

void NodeMatching::TryAgain(const std::shared_ptr<Match>& match) {
  executor_.RunAfter(match->backoff, [this, match] { Start(match); });
  match->backoff = std::min(match->backoff * 2, kLongestBackoff);
}

void NodeMatching::ReturnPoll(TaskQueue& queue, const PollPtr& poll) {
  if (draining_ || poll->gone || poll->deadline <= executor_.Monotonic()) {
    AnswerEmpty(poll);
  } else {
    WaitWith(queue, poll);
  }
}

}  // namespace perdure::server
