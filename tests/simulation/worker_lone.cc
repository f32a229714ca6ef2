// Activities on their own, as the worker does them.
#include <fmt/format.h>

#include <utility>

#include "base/time.h"
#include "server/activities/activity_history.h"
#include "tests/simulation/worker.h"

namespace perdure::simulation {

using engine::workflow::ActivityTaskReply;

namespace {

Uuid RunIn(const ActivityTaskReply& task) { return Uuid::FromBytes(task.token.run_id()).value_or(Uuid{}); }

}  // namespace

void Worker::OnLoneTask(const ActivityTaskReply& task) {
  const std::string& id = task.token.activity_id();
  journal_.TaskHandedOut(fmt::format("attempt {} of {}", task.token.attempt(), id),
                         FromProto(task.response.current_attempt_scheduled_time()), executor_.Now());
  journal_.ActivityHandedOut(RunIn(task), task.token.scheduled_event_id(), task.token.attempt());
  Beat(task, lone_plans_.at(id)->beats);
}

void Worker::Beat(const ActivityTaskReply& task, int beats) {
  if (beats == 0) {
    Answer(plan_.faults.worker_drops_task, [this, task] { AnswerLone(task); });
    return;
  }
  executor_.RunAfter(absl::Seconds(1), [this, task, beats] {
    if (!network_.connected()) return;  // it dies with its task
    engine::activity::Heartbeat beat;
    beat.token = task.token;
    server::ActivityHistory(network_.history().entities())
        .Execute(server::ActivityRef(namespace_id_, task.token.activity_id(), RunIn(task)), std::move(beat),
                 network_.Answer<engine::activity::Reply>(
                     [this, task, beats](const absl::StatusOr<engine::activity::Reply>& reply) {
                       if (absl::IsNotFound(reply.status())) return;  // the attempt is over
                       const auto* heartbeat =
                           reply.ok() ? std::get_if<engine::activity::HeartbeatReply>(&*reply) : nullptr;
                       if (heartbeat == nullptr || !heartbeat->response.cancel_requested())
                         return Beat(task, beats - 1);
                       SendLone(task, engine::activity::Cancel{.token = task.token, .request = {}});
                     }));
  });
}

void Worker::AnswerLone(const ActivityTaskReply& task) {
  const LoneActivityPlan& plan = *lone_plans_.at(task.token.activity_id());
  const bool fails = task.token.attempt() <= plan.failures;
  if (!fails && !plan.fails_for_good) {
    engine::activity::Complete completion;
    completion.token = task.token;
    completion.request.mutable_result()->add_payloads()->set_data(std::to_string(task.token.attempt()));
    return SendLone(task, std::move(completion));
  }
  engine::activity::Fail failure;
  failure.token = task.token;
  failure.request.mutable_failure()->set_message(fails ? "as planned" : "for good");
  failure.request.mutable_failure()->mutable_application_failure_info()->set_type("Planned");
  failure.request.mutable_failure()->mutable_application_failure_info()->set_non_retryable(!fails);
  SendLone(task, std::move(failure));
}

void Worker::SendLone(const ActivityTaskReply& task, engine::activity::Request request) {
  if (!network_.connected()) return;
  const bool completes = std::holds_alternative<engine::activity::Complete>(request);
  server::ActivityHistory(network_.history().entities())
      .Execute(server::ActivityRef(namespace_id_, task.token.activity_id(), RunIn(task)), std::move(request),
               network_.Answer<engine::activity::Reply>(
                   [this, task, completes](const absl::StatusOr<engine::activity::Reply>& reply) {
                     if (reply.ok() && completes) journal_.LoneCompleted(RunIn(task), task.token.attempt());
                   }));
}

}  // namespace perdure::simulation
