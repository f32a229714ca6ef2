#include "server/calls/call_values.h"

#include <limits>
#include <string>
#include <utility>

#include "absl/strings/cord.h"
#include "base/time.h"

namespace perdure::server {
namespace {

absl::Status Malformed(std::string_view what) {
  return absl::InvalidArgumentError({what.data(), what.size()});
}

calls::TaskQueue::Kind WireOfTasks(engine::TaskKind kind) {
  switch (kind) {
    case engine::TaskKind::kWorkflow:
      return calls::TaskQueue::WORKFLOW;
    case engine::TaskKind::kActivity:
      break;
  }
  return calls::TaskQueue::ACTIVITY;
}

std::optional<engine::TaskKind> KindOfTasks(calls::TaskQueue::Kind kind) {
  if (kind == calls::TaskQueue::WORKFLOW) return engine::TaskKind::kWorkflow;
  if (kind == calls::TaskQueue::ACTIVITY) return engine::TaskKind::kActivity;
  return std::nullopt;
}

calls::Dispatch WireOfDispatch(const engine::Dispatch& dispatch) {
  calls::Dispatch wire;
  wire.set_kind(WireOfTasks(dispatch.kind));
  wire.set_task_queue(dispatch.task_queue);
  wire.set_normal_task_queue(dispatch.normal_task_queue);
  wire.set_sticky(dispatch.sticky);
  wire.set_scheduled_event_id(dispatch.scheduled_event_id);
  wire.set_attempt(dispatch.attempt);
  *wire.mutable_scheduled_time() = ToProto(dispatch.scheduled_time);
  wire.set_priority_key(dispatch.priority_key);
  return wire;
}

absl::StatusOr<engine::Dispatch> DispatchOf(calls::Dispatch& wire) {
  const std::optional<engine::TaskKind> kind = KindOfTasks(wire.kind());
  if (!kind.has_value()) return Malformed("a dispatch of no known kind");
  return engine::Dispatch{.kind = *kind,
                          .task_queue = std::move(*wire.mutable_task_queue()),
                          .normal_task_queue = std::move(*wire.mutable_normal_task_queue()),
                          .sticky = wire.sticky(),
                          .scheduled_event_id = wire.scheduled_event_id(),
                          .attempt = wire.attempt(),
                          .scheduled_time = FromProto(wire.scheduled_time()),
                          .priority_key = wire.priority_key()};
}

}  // namespace

calls::Error ToWire(const absl::Status& status) {
  calls::Error wire;
  wire.set_code(static_cast<int>(status.code()));
  wire.set_message(std::string(status.message()));
  status.ForEachPayload([&](absl::string_view type_url, const absl::Cord& value) {
    calls::Error::Detail& detail = *wire.add_details();
    detail.set_type_url(std::string(type_url));
    detail.set_value(std::string(value));
  });
  return wire;
}

absl::Status FromWire(const calls::Error& wire) {
  const bool known = wire.code() > 0 && wire.code() <= static_cast<int>(absl::StatusCode::kUnauthenticated);
  absl::Status status(known ? static_cast<absl::StatusCode>(wire.code()) : absl::StatusCode::kUnknown,
                      wire.message());
  for (const calls::Error::Detail& detail : wire.details()) {
    status.SetPayload(detail.type_url(), absl::Cord(detail.value()));
  }
  return status;
}

calls::EntityRef ToWire(const EntityRef& run) {
  calls::EntityRef wire;
  wire.set_namespace_id(std::string(run.namespace_id.View()));
  wire.set_id(run.id);
  if (run.run_id.has_value()) wire.mutable_run_id()->set_value(std::string(run.run_id->View()));
  wire.set_kind(run.kind);
  return wire;
}

absl::StatusOr<EntityRef> FromWire(calls::EntityRef wire) {
  const std::optional<Uuid> namespace_id = Uuid::FromBytes(wire.namespace_id());
  if (!namespace_id.has_value()) return Malformed("an entity of no namespace");
  if (wire.kind() == 0 || wire.kind() > std::numeric_limits<KindNumber>::max()) {
    return Malformed("an entity of no kind");
  }
  EntityRef run{.namespace_id = *namespace_id,
                .id = std::move(*wire.mutable_id()),
                .run_id = std::nullopt,
                .kind = static_cast<KindNumber>(wire.kind())};
  if (wire.has_run_id()) {
    run.run_id = Uuid::FromBytes(wire.run_id().value());
    if (!run.run_id.has_value()) return Malformed("a run is named by no UUID");
  }
  return run;
}

calls::TaskQueue ToWire(const QueueKey& queue) {
  calls::TaskQueue wire;
  wire.set_namespace_id(std::string(queue.namespace_id.View()));
  wire.set_kind(WireOfTasks(queue.kind));
  wire.set_name(queue.name);
  return wire;
}

absl::StatusOr<QueueKey> FromWire(calls::TaskQueue wire) {
  const std::optional<Uuid> namespace_id = Uuid::FromBytes(wire.namespace_id());
  const std::optional<engine::TaskKind> kind = KindOfTasks(wire.kind());
  if (!namespace_id.has_value() || !kind.has_value()) return Malformed("no task queue");
  return QueueKey{*namespace_id, *kind, std::move(*wire.mutable_name())};
}

calls::Task ToWire(const Task& task) {
  calls::Task wire;
  *wire.mutable_run() = ToWire(task.run);
  *wire.mutable_dispatch() = WireOfDispatch(task.dispatch);
  wire.set_owner(task.owner.writer);
  return wire;
}

absl::StatusOr<Task> FromWire(calls::Task wire) {
  absl::StatusOr<EntityRef> run = FromWire(std::move(*wire.mutable_run()));
  if (!run.ok()) return run.status();
  if (!run->run_id.has_value()) return Malformed("a task of no run");
  absl::StatusOr<engine::Dispatch> dispatch = DispatchOf(*wire.mutable_dispatch());
  if (!dispatch.ok()) return dispatch.status();
  return Task{*std::move(run), *std::move(dispatch), {wire.owner()}};
}

calls::ReadEvents ToWire(const EventsQuery& query) {
  calls::ReadEvents wire;
  *wire.mutable_run() = ToWire(query.run);
  wire.set_from_event_id(query.from_event_id);
  wire.set_to_event_id(query.to_event_id);
  wire.set_max_events(query.max_events);
  wire.set_max_bytes(query.max_bytes);
  wire.set_reverse(query.reverse);
  return wire;
}

absl::StatusOr<EventsQuery> FromWire(calls::ReadEvents wire) {
  absl::StatusOr<EntityRef> run = FromWire(std::move(*wire.mutable_run()));
  if (!run.ok()) return run.status();
  if (wire.max_events() == 0) return Malformed("a page of no events");
  return EventsQuery{.run = *std::move(run),
                     .from_event_id = wire.from_event_id(),
                     .to_event_id = wire.to_event_id(),
                     .max_events = wire.max_events(),
                     .max_bytes = wire.max_bytes(),
                     .reverse = wire.reverse()};
}

calls::Position ToWire(RunPosition position) {
  calls::Position wire;
  wire.set_run_id(std::string(position.run_id.View()));
  wire.set_open(position.open);
  wire.set_next_event_id(position.next_event_id);
  wire.set_transient_events(std::move(position.transient_events));
  return wire;
}

absl::StatusOr<RunPosition> FromWire(calls::Position wire) {
  const std::optional<Uuid> run_id = Uuid::FromBytes(wire.run_id());
  if (!run_id.has_value()) return Malformed("a position in no run");
  return RunPosition{*run_id, wire.open(), wire.next_event_id(), std::move(*wire.mutable_transient_events())};
}

calls::EventsPage ToWire(EventsPage page) {
  calls::EventsPage wire;
  wire.set_events(std::move(page.events));
  wire.set_count(page.count);
  wire.set_next(page.next);
  return wire;
}

EventsPage FromWire(calls::EventsPage wire) {
  return {std::move(*wire.mutable_events()), wire.count(), wire.next()};
}

}  // namespace perdure::server
