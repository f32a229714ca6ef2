#include "server/calls/call_values.h"

#include <catch2/catch.hpp>

#include <vector>

#include "base/status.h"
#include "base/testing/filled_message.h"
#include "temporal/api/errordetails/v1/message.pb.h"

namespace perdure::server {
namespace {

// A field more is a compile error here: it needs its wire form.
[[maybe_unused]] void FieldsWithAWireForm() {
  [[maybe_unused]] const auto [namespace_id, id, run_id, kind] = EntityRef{};
  [[maybe_unused]] const auto [namespace_id2, kind2, name] = QueueKey{};
  [[maybe_unused]] const auto [run, dispatch, owner] = Task{};
  [[maybe_unused]] const auto [a, b, c, d, e, f, g, h] = engine::Dispatch{};
  [[maybe_unused]] const auto [run2, from, to, events, bytes, reverse] = EventsQuery{};
  [[maybe_unused]] const auto [run3, open, next, transient] = RunPosition{};
  [[maybe_unused]] const auto [events2, count, next2] = EventsPage{};
  [[maybe_unused]] const auto [namespace_id3, poll, wait] = Poll{};
  [[maybe_unused]] const auto [run4, queue, sticky, query, priority, wait2] = QueryTask{};
  [[maybe_unused]] const auto [answer] = QueryAnswer{};
  [[maybe_unused]] const auto [task, token] = PolledQuery{};
  [[maybe_unused]] const auto [identity, access, rate, capabilities, options] = PollerInfo{};
  [[maybe_unused]] const auto [pollers, backlog, age, added, dispatched, limit, limiting] =
      QueueDescription{};
}

template <typename Wire>
Wire Filled() {
  Wire wire;
  Fill(wire, 3);
  return wire;
}

// The value, from what may or may not be one.
template <typename T>
T Value(absl::StatusOr<T> value) {
  REQUIRE(value.ok());
  return *std::move(value);
}
template <typename T>
T Value(T value) {
  return value;
}

template <typename Wire>
void CheckPassesUnchanged(const Wire& wire) {
  CAPTURE(wire.ShortDebugString());
  CHECK(ToWire(Value(FromWire(wire))).SerializeAsString() == wire.SerializeAsString());
}

TEST_CASE("every value between history, matching and frontend passes as bytes unchanged") {
  CheckPassesUnchanged(Filled<calls::EntityRef>());
  CheckPassesUnchanged(Filled<calls::TaskQueue>());
  CheckPassesUnchanged(Filled<calls::Task>());
  CheckPassesUnchanged(Filled<calls::ReadEvents>());
  CheckPassesUnchanged(Filled<calls::Position>());
  CheckPassesUnchanged(Filled<calls::EventsPage>());
  CheckPassesUnchanged(Filled<calls::QueueDescription>());
  CheckPassesUnchanged(Filled<calls::QueryTask>());
  CheckPassesUnchanged(Filled<calls::QueryAnswer>());
  CheckPassesUnchanged(calls::QueryAnswer());
  CheckPassesUnchanged(calls::PolledTask());
  const google::protobuf::OneofDescriptor& polls = *calls::Poll::descriptor()->oneof_decl(0);
  for (int i = 0; i < polls.field_count(); ++i) {
    auto poll = Filled<calls::Poll>();
    FillField(poll, *polls.field(i), 3);
    CheckPassesUnchanged(poll);
  }
  const google::protobuf::OneofDescriptor& tasks = *calls::PolledTask::descriptor()->oneof_decl(0);
  for (int i = 0; i < tasks.field_count(); ++i) {
    calls::PolledTask task;
    FillField(task, *tasks.field(i), 3);
    CheckPassesUnchanged(task);
  }
}

TEST_CASE("what names the current run, and a queue without a rate, say so on the wire") {
  auto run = Filled<calls::EntityRef>();
  run.clear_run_id();
  CheckPassesUnchanged(run);
  CHECK_FALSE(Value(FromWire(run)).run_id.has_value());
  auto queue = Filled<calls::QueueDescription>();
  queue.clear_rate_limit();
  CheckPassesUnchanged(queue);
  CHECK_FALSE(FromWire(queue).rate_limit.has_value());
}

TEST_CASE("an error passes with its details") {
  const std::vector<absl::Status> errors = {
      InvalidArgument("no such field"),
      NotFound("no such workflow"),
      NamespaceNotFound("default"),
      WorkflowExecutionAlreadyStarted("it runs", "request", "run", "first"),
      WorkflowNotReady("not yet"),
      QueryFailed("no such query", nullptr),
      Unavailable("the shard moves"),
      ResourceExhausted("too many", 2, 1),
      absl::DataLossError(std::string("bytes \xff\x00 in it", 14)),
  };
  for (const absl::Status& error : errors) {
    const absl::Status back = FromWire(ToWire(error));
    CHECK(back == error);  // with its payloads
    CHECK(StatusDetailsTrailer(back) == StatusDetailsTrailer(error));
  }
}

TEST_CASE("an error that says it is none is one all the same") {
  CHECK(absl::IsUnknown(FromWire(calls::Error())));
  calls::Error wire;
  wire.set_code(99);
  CHECK(absl::IsUnknown(FromWire(wire)));
}

TEST_CASE("values that nobody sent are refused") {
  CHECK(absl::IsInvalidArgument(FromWire(calls::EntityRef()).status()));
  CHECK(absl::IsInvalidArgument(FromWire(calls::TaskQueue()).status()));
  CHECK(absl::IsInvalidArgument(FromWire(calls::Task()).status()));
  CHECK(absl::IsInvalidArgument(FromWire(calls::ReadEvents()).status()));
  CHECK(absl::IsInvalidArgument(FromWire(calls::Position()).status()));
  CHECK(absl::IsInvalidArgument(FromWire(calls::Poll()).status()));
  CHECK(absl::IsInvalidArgument(FromWire(calls::QueryTask()).status()));
  auto of_current = Filled<calls::QueryTask>();
  of_current.mutable_run()->clear_run_id();
  CHECK(absl::IsInvalidArgument(FromWire(of_current).status()));
  auto run = Filled<calls::EntityRef>();
  run.mutable_run_id()->set_value("short");
  CHECK(absl::IsInvalidArgument(FromWire(run).status()));
  run.clear_run_id();
  run.set_kind(70000);
  CHECK(absl::IsInvalidArgument(FromWire(run).status()));
  auto task = Filled<calls::Task>();
  task.mutable_run()->clear_run_id();
  CHECK(absl::IsInvalidArgument(FromWire(task).status()));
}

}  // namespace
}  // namespace perdure::server
