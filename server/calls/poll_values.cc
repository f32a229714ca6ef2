// Wire forms of polls, of what they bring, and of descriptions of queues.
#include <utility>

#include "base/time.h"
#include "engine/workflow/calls/workflow_wire.h"
#include "server/calls/call_values.h"

namespace perdure::server {

namespace workflow = engine::workflow;

calls::Poll ToWire(Poll poll) {
  calls::Poll wire;
  wire.set_namespace_id(std::string(poll.namespace_id.View()));
  *wire.mutable_wait() = ToProto(poll.wait);
  if (auto* of_workflows = std::get_if<WorkflowPoll>(&poll.poll)) {
    *wire.mutable_workflow() = std::move(of_workflows->request);
  } else if (auto* of_activities = std::get_if<ActivityPoll>(&poll.poll)) {
    *wire.mutable_activity() = std::move(of_activities->request);
  } else {
    auto& nexus = std::get<NexusPoll>(poll.poll);
    wire.mutable_nexus()->set_task_queue(std::move(nexus.task_queue));
    wire.mutable_nexus()->set_identity(std::move(nexus.identity));
  }
  return wire;
}

absl::StatusOr<Poll> FromWire(calls::Poll wire) {
  const std::optional<Uuid> namespace_id = Uuid::FromBytes(wire.namespace_id());
  if (!namespace_id.has_value()) return absl::InvalidArgumentError("a poll in no namespace");
  Poll poll{*namespace_id, {}, FromProto(wire.wait())};
  switch (wire.poll_case()) {
    case calls::Poll::kWorkflow:
      poll.poll = WorkflowPoll{std::move(*wire.mutable_workflow())};
      return poll;
    case calls::Poll::kActivity:
      poll.poll = ActivityPoll{std::move(*wire.mutable_activity())};
      return poll;
    case calls::Poll::kNexus:
      poll.poll = NexusPoll{std::move(*wire.mutable_nexus()->mutable_task_queue()),
                            std::move(*wire.mutable_nexus()->mutable_identity())};
      return poll;
    case calls::Poll::POLL_NOT_SET:
      break;
  }
  return absl::InvalidArgumentError("a poll for nothing");
}

calls::PolledTask ToWire(const PolledTask& task) {
  calls::PolledTask wire;
  if (const auto* of_workflow = std::get_if<workflow::WorkflowTaskReply>(&task.task)) {
    *wire.mutable_workflow() = workflow::ToWire(*of_workflow);
  } else if (const auto* of_activity = std::get_if<workflow::ActivityTaskReply>(&task.task)) {
    *wire.mutable_activity() = workflow::ToWire(*of_activity);
  } else if (const auto* query = std::get_if<PolledQuery>(&task.task)) {
    *wire.mutable_query()->mutable_task() = workflow::ToWire(query->task);
    *wire.mutable_query()->mutable_token() = query->token;
  }
  return wire;
}

PolledTask FromWire(calls::PolledTask wire) {
  PolledTask polled;
  switch (wire.task_case()) {
    case calls::PolledTask::kWorkflow:
      polled.task = workflow::FromWire(std::move(*wire.mutable_workflow()));
      break;
    case calls::PolledTask::kActivity:
      polled.task = workflow::FromWire(std::move(*wire.mutable_activity()));
      break;
    case calls::PolledTask::kQuery:
      polled.task = PolledQuery{workflow::FromWire(std::move(*wire.mutable_query()->mutable_task())),
                                std::move(*wire.mutable_query()->mutable_token())};
      break;
    case calls::PolledTask::TASK_NOT_SET:
      break;
  }
  return polled;
}

calls::QueryTask ToWire(QueryTask query) {
  calls::QueryTask wire;
  *wire.mutable_run() = ToWire(query.run);
  wire.set_task_queue(std::move(query.task_queue));
  wire.set_sticky(query.sticky);
  *wire.mutable_query() = std::move(query.query);
  wire.set_priority_key(query.priority_key);
  *wire.mutable_wait() = ToProto(query.wait);
  return wire;
}

absl::StatusOr<QueryTask> FromWire(calls::QueryTask wire) {
  absl::StatusOr<EntityRef> run = FromWire(std::move(*wire.mutable_run()));
  if (!run.ok()) return run.status();
  if (!run->run_id.has_value()) return absl::InvalidArgumentError("a query of no run");
  return QueryTask{.run = *std::move(run),
                   .task_queue = std::move(*wire.mutable_task_queue()),
                   .sticky = wire.sticky(),
                   .query = std::move(*wire.mutable_query()),
                   .priority_key = wire.priority_key(),
                   .wait = FromProto(wire.wait())};
}

calls::QueryAnswer ToWire(QueryAnswer answer) {
  calls::QueryAnswer wire;
  if (answer.answer.has_value()) *wire.mutable_answer() = *std::move(answer.answer);
  return wire;
}

QueryAnswer FromWire(calls::QueryAnswer wire) {
  if (!wire.has_answer()) return {};
  return {std::move(*wire.mutable_answer())};
}

calls::QueueDescription ToWire(const QueueDescription& description) {
  calls::QueueDescription wire;
  for (const PollerInfo& poller : description.pollers) {
    calls::Poller& one = *wire.add_pollers();
    one.set_identity(poller.identity);
    *one.mutable_last_access_time() = ToProto(poller.last_access_time);
    one.set_rate_per_second(poller.rate_per_second);
    *one.mutable_capabilities() = poller.capabilities;
    *one.mutable_deployment_options() = poller.deployment_options;
  }
  wire.set_backlog_count(description.backlog_count);
  *wire.mutable_backlog_age() = ToProto(description.backlog_age);
  wire.set_tasks_add_rate(description.tasks_add_rate);
  wire.set_tasks_dispatch_rate(description.tasks_dispatch_rate);
  if (description.rate_limit.has_value()) wire.mutable_rate_limit()->set_value(*description.rate_limit);
  wire.set_rate_limiting(description.rate_limiting);
  return wire;
}

QueueDescription FromWire(calls::QueueDescription wire) {
  QueueDescription description;
  for (calls::Poller& one : *wire.mutable_pollers()) {
    description.pollers.push_back({.identity = std::move(*one.mutable_identity()),
                                   .last_access_time = FromProto(one.last_access_time()),
                                   .rate_per_second = one.rate_per_second(),
                                   .capabilities = std::move(*one.mutable_capabilities()),
                                   .deployment_options = std::move(*one.mutable_deployment_options())});
  }
  description.backlog_count = wire.backlog_count();
  description.backlog_age = FromProto(wire.backlog_age());
  description.tasks_add_rate = wire.tasks_add_rate();
  description.tasks_dispatch_rate = wire.tasks_dispatch_rate();
  if (wire.has_rate_limit()) description.rate_limit = wire.rate_limit().value();
  description.rate_limiting = wire.rate_limiting();
  return description;
}

}  // namespace perdure::server
