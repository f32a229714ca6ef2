#include "tests/simulation/worker.h"

#include <fmt/format.h>

#include <string>
#include <utility>
#include <variant>

#include "base/check.h"
#include "base/time.h"
#include "engine/activity/kind_number.h"
#include "temporal/api/enums/v1/query.pb.h"
#include "temporal/api/enums/v1/task_queue.pb.h"

namespace perdure::simulation {
namespace {

using engine::workflow::ActivityTaskReply;
using engine::workflow::ReturnActivityTask;
using engine::workflow::WorkflowTaskReply;

constexpr absl::Duration kPollWait = absl::Seconds(60);

server::RunRef RefOf(const perdure::server::TaskToken& token, const Uuid& namespace_id) {
  Uuid run_id;
  PERDURE_CHECK(token.run_id().size() == run_id.bytes.size(), "a token names its run");
  std::copy(token.run_id().begin(), token.run_id().end(), run_id.bytes.begin());
  return {.namespace_id = namespace_id, .id = token.workflow_id(), .run_id = run_id};
}

temporal::api::common::v1::Payloads SignalsIn(const temporal::api::history::v1::History& history) {
  int signals = 0;
  for (const auto& event : history.events()) {
    if (event.has_workflow_execution_signaled_event_attributes()) ++signals;
  }
  temporal::api::common::v1::Payloads answer;
  answer.add_payloads()->set_data(std::to_string(signals));
  return answer;
}

bool IsLone(const ActivityTaskReply& task) { return task.token.kind() == engine::activity::kActivityKind; }

}  // namespace

Worker::Worker(const Plan& plan, const Uuid& namespace_id, Executor& executor, Random& random,
               Network& network, Journal& journal, const std::string& name)
    : plan_(plan),
      namespace_id_(namespace_id),
      executor_(executor),
      random_(random),
      network_(network),
      journal_(journal),
      sticky_queue_("sticky-of-" + name) {
  for (const auto* workflows : {&plan_.workflows, &plan_.parents, &plan_.children}) {
    for (const WorkflowPlan& workflow : *workflows) plans_[workflow.workflow_id] = &workflow;
  }
  for (const LoneActivityPlan& activity : plan_.lone_activities)
    lone_plans_[activity.activity_id] = &activity;
}

void Worker::StartPolling() {
  for (size_t i = 0; i < plan_.pollers; ++i) {
    PollWorkflow(false);
    if (plan_.sticky) PollWorkflow(true);
    PollActivity(kTaskQueue);
  }
}

void Worker::Again(absl::AnyInvocable<void() &&> poll, bool at_once) {
  executor_.RunAfter(at_once ? absl::ZeroDuration() : absl::Milliseconds(100), std::move(poll));
}

void Worker::PollWorkflow(bool sticky) {
  if (!network_.connected()) return Again([this, sticky] { PollWorkflow(sticky); }, false);
  server::WorkflowPoll poll;
  poll.request.set_identity("worker");
  poll.request.mutable_task_queue()->set_name(sticky ? sticky_queue_ : kTaskQueue);
  if (sticky) {
    poll.request.mutable_task_queue()->set_kind(temporal::api::enums::v1::TASK_QUEUE_KIND_STICKY);
    poll.request.mutable_task_queue()->set_normal_name(kTaskQueue);
  }
  network_.matching().StartPoll(
      {.namespace_id = namespace_id_, .poll = std::move(poll), .wait = kPollWait},
      network_.Answer<server::PolledTask>([this, sticky](absl::StatusOr<server::PolledTask> answer) {
        Again([this, sticky] { PollWorkflow(sticky); }, answer.ok());
        if (!answer.ok()) return;
        if (auto* task = std::get_if<WorkflowTaskReply>(&answer->task)) OnWorkflowTask(std::move(*task));
        if (const auto* query = std::get_if<server::PolledQuery>(&answer->task)) OnQuery(*query);
      }));
}

void Worker::PollActivity(const std::string& queue) {
  if (!network_.connected()) return Again([this, queue] { PollActivity(queue); }, false);
  server::ActivityPoll poll;
  poll.request.set_identity("worker");
  poll.request.mutable_task_queue()->set_name(queue);
  network_.matching().StartPoll({.namespace_id = namespace_id_, .poll = std::move(poll), .wait = kPollWait},
                                network_.Answer<server::PolledTask>(
                                    [this, queue](absl::StatusOr<server::PolledTask> answer) {
                                      Again([this, queue] { PollActivity(queue); }, answer.ok());
                                      if (!answer.ok()) return;
                                      auto* task = std::get_if<ActivityTaskReply>(&answer->task);
                                      if (task == nullptr) return;
                                      if (IsLone(*task)) return OnLoneTask(*task);
                                      OnActivityTask(queue, *task);
                                    },
                                    [this](server::PolledTask lost) {
                                      auto* task = std::get_if<ActivityTaskReply>(&lost.task);
                                      if (task == nullptr) return;
                                      if (IsLone(*task))
                                        return SendLone(*task, engine::activity::ReturnTask{task->token});
                                      Send(RefOf(task->token, namespace_id_),
                                           ReturnActivityTask{task->token});
                                    }));
}

void Worker::OnQuery(const server::PolledQuery& query) {
  const server::RunRef run = RefOf(query.task.token, namespace_id_);
  History history;
  if (query.task.history_to > 0) {
    if (query.task.next_page_from != 0) return;
    if (!history.ParseFromString(query.task.history)) {
      return journal_.Broken("the history for a query does not parse");
    }
    journal_.HistoryShown(*run.run_id, history);
  } else {
    const auto cached = cache_.find(*run.run_id);
    if (cached == cache_.end()) return;
    PERDURE_CHECK(history.ParseFromString(cached->second), "the cache holds framed events");
    if (history.events_size() < query.task.response.previous_started_event_id()) return;
  }
  if (!network_.connected()) return;
  temporal::api::workflowservice::v1::RespondQueryTaskCompletedRequest answer;
  answer.set_completed_type(temporal::api::enums::v1::QUERY_RESULT_TYPE_ANSWERED);
  *answer.mutable_query_result() = SignalsIn(history);
  Answer(plan_.faults.worker_drops_task, [this, token = query.token, answer] {
    if (!network_.connected()) return;
    network_.matching().AnswerQuery(token, answer,
                                    network_.Answer<std::monostate>([](const auto& /*taken*/) {}));
  });
}

void Worker::OnWorkflowTask(WorkflowTaskReply task) {
  const server::RunRef run = RefOf(task.token, namespace_id_);
  journal_.TaskHandedOut("a workflow task of " + run.id, FromProto(task.response.scheduled_time()),
                         executor_.Now());
  std::string events;
  if (task.history_from > 1) {
    // A sticky task brings what is new. A worker that lost its cache asks for the whole history.
    const auto cached = cache_.find(*run.run_id);
    History known;
    if (cached != cache_.end())
      PERDURE_CHECK(known.ParseFromString(cached->second), "the cache holds framed events");
    if (known.events_size() + 1 != task.history_from || Chance(plan_.faults.worker_drops_task)) {
      cache_.erase(*run.run_id);
      return Send(run, engine::workflow::ResetSticky{});  // and the task times out
    }
    events = cached->second;
  }
  events += task.history;
  ReadRest(std::move(task), std::move(events));
}

void Worker::ReadRest(WorkflowTaskReply task, std::string events) {
  if (task.next_page_from == 0) return AnswerWorkflowTask(task, events);
  if (!network_.connected()) return;
  server::EventsQuery query;
  query.run = RefOf(task.token, namespace_id_);
  query.from_event_id = task.next_page_from;
  query.to_event_id = task.history_to + 1;
  query.max_events = 5;
  query.max_bytes = 1 << 20;
  network_.history().ReadEvents(
      query, network_.Answer<server::EventsPage>([this, task = std::move(task), events = std::move(events)](
                                                     absl::StatusOr<server::EventsPage> page) mutable {
        if (!page.ok()) return;  // the task times out
        events += page->events;
        task.next_page_from = page->next;
        ReadRest(std::move(task), std::move(events));
      }));
}

void Worker::AnswerWorkflowTask(const WorkflowTaskReply& task, const std::string& durable) {
  const server::RunRef run = RefOf(task.token, namespace_id_);
  History history;
  if (!history.ParseFromString(durable + task.tail))
    return journal_.Broken("a task's history does not parse");
  journal_.HistoryShown(*run.run_id, history);
  journal_.WorkflowTaskShown(history);
  if (plan_.sticky) cache_[*run.run_id] = history.SerializeAsString();

  const auto commands = NextCommands(*plans_.at(run.id), history);
  if (!commands.ok()) return journal_.Broken(run.id + ": " + std::string(commands.status().message()));
  engine::workflow::CompleteWorkflowTask completion;
  completion.token = task.token;
  completion.request.set_identity("worker");
  for (const auto& [id, query] : task.response.queries()) {
    auto& result = (*completion.request.mutable_query_results())[id];
    result.set_result_type(temporal::api::enums::v1::QUERY_RESULT_TYPE_ANSWERED);
    *result.mutable_answer() = SignalsIn(history);
  }
  for (const auto& command : *commands) *completion.request.add_commands() = command;
  if (plan_.sticky) {
    auto& sticky = *completion.request.mutable_sticky_attributes();
    sticky.mutable_worker_task_queue()->set_name(sticky_queue_);
    sticky.mutable_worker_task_queue()->set_kind(temporal::api::enums::v1::TASK_QUEUE_KIND_STICKY);
    sticky.mutable_worker_task_queue()->set_normal_name(kTaskQueue);
    sticky.mutable_schedule_to_start_timeout()->set_seconds(5);
  }
  if (Chance(plan_.faults.worker_fails_task)) {
    engine::workflow::FailWorkflowTask failure;
    failure.token = task.token;
    failure.request.set_identity("worker");
    cache_.erase(*run.run_id);
    return Send(run, std::move(failure));
  }
  if (Chance(plan_.faults.worker_sends_bad_command)) completion.request.add_commands();
  Answer(plan_.faults.worker_drops_task, [this, run, completion] { Complete(run, completion); });
}

void Worker::Complete(const server::RunRef& run, engine::workflow::CompleteWorkflowTask completion) {
  if (!network_.connected()) {
    cache_.erase(*run.run_id);
    return;
  }
  network_.history().Execute(
      run, std::move(completion),
      network_.Answer<engine::workflow::Reply>(
          [this, run_id = *run.run_id](const absl::StatusOr<engine::workflow::Reply>& reply) {
            // An SDK forgets a run whose task's answer was not accepted.
            if (!reply.ok()) cache_.erase(run_id);
          }));
}

void Worker::OnActivityTask(const std::string& queue, const ActivityTaskReply& task) {
  const server::RunRef run = RefOf(task.token, namespace_id_);
  if (queue == kTaskQueue) {
    journal_.TaskHandedOut(fmt::format("attempt {} of an activity of {}", task.token.attempt(), run.id),
                           FromProto(task.response.current_attempt_scheduled_time()), executor_.Now());
  }
  journal_.ActivityHandedOut(*run.run_id, task.token.scheduled_event_id(), task.token.attempt());
  // Failures of the plan are counted in attempts; timeouts use some up, which only makes it succeed earlier.
  const int failures = std::stoi(task.response.input().payloads(0).data());
  const bool fail = task.token.attempt() <= failures;
  Answer(plan_.faults.worker_drops_task, [this, task, fail] { AnswerActivity(task, fail); });
}

void Worker::AnswerActivity(const ActivityTaskReply& task, bool fail) {
  const server::RunRef run = RefOf(task.token, namespace_id_);
  if (fail) {
    engine::workflow::FailActivity failure;
    failure.token = task.token;
    failure.request.mutable_failure()->set_message("as planned");
    failure.request.mutable_failure()->mutable_application_failure_info()->set_type("Planned");
    return Send(run, std::move(failure));
  }
  engine::workflow::CompleteActivity completion;
  completion.token = task.token;
  Send(run, std::move(completion));
}

void Worker::Send(const server::RunRef& run, engine::workflow::Request request) {
  if (!network_.connected()) return;
  network_.history().Execute(run, std::move(request),
                             network_.Answer<engine::workflow::Reply>([](const auto& /*reply*/) {}));
}

void Worker::Answer(double drop, const std::function<void()>& answer) {
  if (Chance(drop)) return;
  if (Chance(plan_.faults.worker_answers_late)) {
    executor_.RunAfter(absl::Seconds(5) + random_.Fraction() * absl::Seconds(20), answer);
    return;
  }
  answer();
  if (Chance(plan_.faults.worker_answers_twice)) answer();
}

}  // namespace perdure::simulation
