// Wire forms of the values that cross between history, matching and frontend (call.proto).
//
// Pure functions; safe anywhere. FromWire answers INVALID_ARGUMENT for what ToWire did not make.
#pragma once

#include "absl/status/statusor.h"
#include "perdure/call.pb.h"
#include "server/history/history.h"
#include "server/history/task_sink.h"
#include "server/matching/matching.h"

namespace perdure::server {

// An error with its payloads. REQUIRES: !status.ok().
calls::Error ToWire(const absl::Status& status);
// Never OK: an error without a code that is one is UNKNOWN.
absl::Status FromWire(const calls::Error& wire);

calls::EntityRef ToWire(const EntityRef& run);
absl::StatusOr<EntityRef> FromWire(calls::EntityRef wire);
calls::TaskQueue ToWire(const QueueKey& queue);
absl::StatusOr<QueueKey> FromWire(calls::TaskQueue wire);
calls::Task ToWire(const Task& task);
absl::StatusOr<Task> FromWire(calls::Task wire);

calls::ReadEvents ToWire(const EventsQuery& query);
absl::StatusOr<EventsQuery> FromWire(calls::ReadEvents wire);
calls::Position ToWire(RunPosition position);
absl::StatusOr<RunPosition> FromWire(calls::Position wire);
calls::EventsPage ToWire(EventsPage page);
EventsPage FromWire(calls::EventsPage wire);

calls::Poll ToWire(Poll poll);
absl::StatusOr<Poll> FromWire(calls::Poll wire);
calls::PolledTask ToWire(const PolledTask& task);
PolledTask FromWire(calls::PolledTask wire);
calls::QueryTask ToWire(QueryTask query);
absl::StatusOr<QueryTask> FromWire(calls::QueryTask wire);
calls::QueryAnswer ToWire(QueryAnswer answer);
QueryAnswer FromWire(calls::QueryAnswer wire);
calls::QueueDescription ToWire(const QueueDescription& description);
QueueDescription FromWire(calls::QueueDescription wire);

}  // namespace perdure::server
