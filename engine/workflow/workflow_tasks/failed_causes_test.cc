// Each cause for which the API lets a workflow task fail: what brings it about here, or why nothing does.

#include <functional>
#include <map>
#include <string>

#include <catch2/catch.hpp>

#include "base/limits.h"
#include "engine/workflow/testing/test_run.h"

namespace perdure::engine::workflow::testing {
namespace {

namespace enums = temporal::api::enums::v1;
using Cause = enums::WorkflowTaskFailedCause;

struct Origin {
  // Done while the run's first workflow task runs. Null: nothing brings the cause about.
  std::function<void(TestRun&)> by;
  std::string why_not;
};

void Refuse(TestRun& run, const std::vector<Command>& commands) {
  REQUIRE_FALSE(run.Complete(commands).ok());
}

// The server brings the cause about by commands that it does not carry out.
Origin By(std::vector<Command> commands) {
  return {[commands = std::move(commands)](TestRun& run) { Refuse(run, commands); }, ""};
}
// A worker may say it of itself; the server never does.
Origin OfWorkers(Cause cause) {
  return {[cause](TestRun& run) {
            REQUIRE(run.FailTask([cause](auto& request) { request.set_cause(cause); }).ok());
          },
          ""};
}
Origin Never(std::string why_not) { return {nullptr, std::move(why_not)}; }

Command Bare(enums::CommandType type) {
  Command command;
  command.set_command_type(type);
  return command;
}

Command ChildNumber(int number) {
  Command command = Bare(enums::COMMAND_TYPE_START_CHILD_WORKFLOW_EXECUTION);
  auto& attributes = *command.mutable_start_child_workflow_execution_command_attributes();
  attributes.set_workflow_id("child-" + std::to_string(number));
  attributes.mutable_workflow_type()->set_name("Child");
  attributes.mutable_task_queue()->set_name("queue");
  return command;
}

Command SignalOther() {
  Command command = Bare(enums::COMMAND_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION);
  auto& attributes = *command.mutable_signal_external_workflow_execution_command_attributes();
  attributes.mutable_execution()->set_workflow_id("other");
  attributes.set_signal_name("go");
  return command;
}

Command CancelOther() {
  Command command = Bare(enums::COMMAND_TYPE_REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION);
  command.mutable_request_cancel_external_workflow_execution_command_attributes()->set_workflow_id("other");
  return command;
}

// So many commands, and one more than may be pending.
Origin ByTooMany(size_t limit, const std::function<Command(int)>& make) {
  std::vector<Command> commands;
  commands.reserve(limit + 1);
  for (size_t i = 0; i <= limit; ++i) commands.push_back(make(static_cast<int>(i)));
  return By(std::move(commands));
}

Command UnknownAttribute() {
  Command command = Bare(enums::COMMAND_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES);
  auto& attributes = *command.mutable_upsert_workflow_search_attributes_command_attributes();
  (*attributes.mutable_search_attributes()->mutable_indexed_fields())["Nobody"].set_data("1");
  return command;
}

Command NamelessMessage() {
  Command command = Bare(enums::COMMAND_TYPE_PROTOCOL_MESSAGE);
  command.mutable_protocol_message_command_attributes()->set_message_id("nobody");
  return command;
}

std::map<int, Origin> BadCommands() {
  return {
      {enums::WORKFLOW_TASK_FAILED_CAUSE_BAD_SCHEDULE_ACTIVITY_ATTRIBUTES, By({ScheduleActivity("")})},
      {enums::WORKFLOW_TASK_FAILED_CAUSE_BAD_REQUEST_CANCEL_ACTIVITY_ATTRIBUTES, By({CancelActivity(99)})},
      {enums::WORKFLOW_TASK_FAILED_CAUSE_BAD_START_TIMER_ATTRIBUTES, By({StartTimer("", absl::Seconds(1))})},
      {enums::WORKFLOW_TASK_FAILED_CAUSE_BAD_CANCEL_TIMER_ATTRIBUTES, By({CancelTimer("nobody")})},
      {enums::WORKFLOW_TASK_FAILED_CAUSE_BAD_RECORD_MARKER_ATTRIBUTES, By({Marker("")})},
      {enums::WORKFLOW_TASK_FAILED_CAUSE_BAD_COMPLETE_WORKFLOW_EXECUTION_ATTRIBUTES,
       By({Bare(enums::COMMAND_TYPE_COMPLETE_WORKFLOW_EXECUTION)})},
      {enums::WORKFLOW_TASK_FAILED_CAUSE_BAD_FAIL_WORKFLOW_EXECUTION_ATTRIBUTES,
       By({Bare(enums::COMMAND_TYPE_FAIL_WORKFLOW_EXECUTION)})},
      {enums::WORKFLOW_TASK_FAILED_CAUSE_BAD_CANCEL_WORKFLOW_EXECUTION_ATTRIBUTES,
       By({Bare(enums::COMMAND_TYPE_CANCEL_WORKFLOW_EXECUTION)})},
      {enums::WORKFLOW_TASK_FAILED_CAUSE_BAD_REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_ATTRIBUTES,
       By({Bare(enums::COMMAND_TYPE_REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION)})},
      {enums::WORKFLOW_TASK_FAILED_CAUSE_BAD_CONTINUE_AS_NEW_ATTRIBUTES,
       By({Bare(enums::COMMAND_TYPE_CONTINUE_AS_NEW_WORKFLOW_EXECUTION)})},
      {enums::WORKFLOW_TASK_FAILED_CAUSE_BAD_SIGNAL_WORKFLOW_EXECUTION_ATTRIBUTES,
       By({Bare(enums::COMMAND_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION)})},
      {enums::WORKFLOW_TASK_FAILED_CAUSE_BAD_START_CHILD_EXECUTION_ATTRIBUTES,
       By({Bare(enums::COMMAND_TYPE_START_CHILD_WORKFLOW_EXECUTION)})},
      {enums::WORKFLOW_TASK_FAILED_CAUSE_BAD_SEARCH_ATTRIBUTES, By({UnknownAttribute()})},
      {enums::WORKFLOW_TASK_FAILED_CAUSE_BAD_MODIFY_WORKFLOW_PROPERTIES_ATTRIBUTES,
       By({Bare(enums::COMMAND_TYPE_MODIFY_WORKFLOW_PROPERTIES)})},
      {enums::WORKFLOW_TASK_FAILED_CAUSE_BAD_UPDATE_WORKFLOW_EXECUTION_MESSAGE, By({NamelessMessage()})},
      {enums::WORKFLOW_TASK_FAILED_CAUSE_START_TIMER_DUPLICATE_ID,
       By({StartTimer("t", absl::Seconds(1)), StartTimer("t", absl::Seconds(1))})},
      {enums::WORKFLOW_TASK_FAILED_CAUSE_SCHEDULE_ACTIVITY_DUPLICATE_ID,
       By({ScheduleActivity("a"), ScheduleActivity("a")})},
      {enums::WORKFLOW_TASK_FAILED_CAUSE_FEATURE_DISABLED,
       By({Bare(enums::COMMAND_TYPE_SCHEDULE_NEXUS_OPERATION)})},
  };
}

std::map<int, Origin> Limits() {
  const auto activity = [](int i) { return ScheduleActivity("a" + std::to_string(i)); };
  return {
      {enums::WORKFLOW_TASK_FAILED_CAUSE_PENDING_ACTIVITIES_LIMIT_EXCEEDED,
       ByTooMany(limits::kPendingActivities, activity)},
      {enums::WORKFLOW_TASK_FAILED_CAUSE_PENDING_CHILD_WORKFLOWS_LIMIT_EXCEEDED,
       ByTooMany(limits::kPendingChildren, ChildNumber)},
      {enums::WORKFLOW_TASK_FAILED_CAUSE_PENDING_SIGNALS_LIMIT_EXCEEDED,
       ByTooMany(limits::kPendingSignals, [](int) { return SignalOther(); })},
      {enums::WORKFLOW_TASK_FAILED_CAUSE_PENDING_REQUEST_CANCEL_LIMIT_EXCEEDED,
       ByTooMany(limits::kPendingCancels, [](int) { return CancelOther(); })},
  };
}

std::map<int, Origin> Others() {
  const std::string nexus = "Nexus operations are not built: FEATURE_DISABLED.";
  const std::string not_set = "No code of the real server sets it.";
  return {
      {enums::WORKFLOW_TASK_FAILED_CAUSE_UNSPECIFIED,
       OfWorkers(enums::WORKFLOW_TASK_FAILED_CAUSE_UNSPECIFIED)},
      {enums::WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND,
       {[](TestRun& run) {
          REQUIRE(run.Signal("go").ok());
          Refuse(run, {CompleteWorkflow()});
        },
        ""}},
      {enums::WORKFLOW_TASK_FAILED_CAUSE_FORCE_CLOSE_COMMAND,
       {[](TestRun& run) { REQUIRE(run.Terminate().ok()); }, ""}},
      {enums::WORKFLOW_TASK_FAILED_CAUSE_BAD_BINARY,
       {[](TestRun& run) {
          run.settings().bad_binaries = {"good", "bad"};
          REQUIRE_FALSE(run.Complete({}, [](auto& request) { request.set_binary_checksum("bad"); }).ok());
        },
        ""}},
      {enums::WORKFLOW_TASK_FAILED_CAUSE_RESET_WORKFLOW,
       Never("Of the new run of a reset: the tests of reset.")},
      {enums::WORKFLOW_TASK_FAILED_CAUSE_GRPC_MESSAGE_TOO_LARGE,
       Never("A worker says it; then its run is terminated, and no event tells the cause "
             "(completion_test.cc).")},
      {enums::WORKFLOW_TASK_FAILED_CAUSE_FAILOVER_CLOSE_COMMAND, Never("There is one cluster.")},
      {enums::WORKFLOW_TASK_FAILED_CAUSE_BAD_SCHEDULE_NEXUS_OPERATION_ATTRIBUTES, Never(nexus)},
      {enums::WORKFLOW_TASK_FAILED_CAUSE_PENDING_NEXUS_OPERATIONS_LIMIT_EXCEEDED, Never(nexus)},
      {enums::WORKFLOW_TASK_FAILED_CAUSE_BAD_REQUEST_CANCEL_NEXUS_OPERATION_ATTRIBUTES, Never(nexus)},
      {enums::WORKFLOW_TASK_FAILED_CAUSE_WORKFLOW_PAUSE_REQUESTED_BEFORE_TASK_STARTED,
       Never("Workflows cannot be paused.")},
      {enums::WORKFLOW_TASK_FAILED_CAUSE_REQUEST_TOO_LARGE, Never("Completions do not come in pages.")},
      {enums::WORKFLOW_TASK_FAILED_CAUSE_RESET_STICKY_TASK_QUEUE, Never(not_set)},
      {enums::WORKFLOW_TASK_FAILED_CAUSE_BAD_SIGNAL_INPUT_SIZE, Never(not_set)},
      {enums::WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_UPDATE, Never(not_set)},
  };
}

std::map<int, Origin> Origins() {
  std::map<int, Origin> origins = BadCommands();
  origins.merge(Limits());
  origins.merge(Others());
  for (const Cause cause : {enums::WORKFLOW_TASK_FAILED_CAUSE_WORKFLOW_WORKER_UNHANDLED_FAILURE,
                            enums::WORKFLOW_TASK_FAILED_CAUSE_NON_DETERMINISTIC_ERROR,
                            enums::WORKFLOW_TASK_FAILED_CAUSE_PAYLOADS_TOO_LARGE,
                            enums::WORKFLOW_TASK_FAILED_CAUSE_EXTERNAL_STORAGE_FAILURE}) {
    origins[cause] = OfWorkers(cause);
  }
  return origins;
}

// Of the last workflow task that failed; -1: none did.
int LastCause(const TestRun& run) {
  int cause = -1;
  for (const HistoryEvent& event : run.history()) {
    if (event.has_workflow_task_failed_event_attributes()) {
      cause = event.workflow_task_failed_event_attributes().cause();
    }
  }
  return cause;
}

TEST_CASE("Each cause of a failed workflow task is brought about, or it is known why nothing does") {
  const std::map<int, Origin> origins = Origins();
  const auto* causes = enums::WorkflowTaskFailedCause_descriptor();
  for (int i = 0; i < causes->value_count(); ++i) {
    CAPTURE(causes->value(i)->name());
    const auto origin = origins.find(causes->value(i)->number());
    REQUIRE(origin != origins.end());
    CHECK((origin->second.by == nullptr) != origin->second.why_not.empty());
    if (origin->second.by == nullptr) continue;
    TestRun run;
    REQUIRE(run.Start().ok());
    run.PollWorkflowTask();
    origin->second.by(run);
    CHECK(LastCause(run) == causes->value(i)->number());
  }
}

TEST_CASE("A worker whose binary is bad is told so on later attempts, too, and its task times out") {
  TestRun run;
  run.settings().bad_binaries = {"bad"};
  const auto bad = [](auto& request) { request.set_binary_checksum("bad"); };
  REQUIRE(run.Start().ok());
  run.PollWorkflowTask();
  CHECK(run.Complete({CompleteWorkflow()}, bad).status().message() ==
        "BadBinary: binary bad is marked as bad deployment");
  CHECK(run.EventsFrom(4) == Names{"WorkflowTaskFailed"});
  run.PollWorkflowTask();
  CHECK_FALSE(run.Complete({CompleteWorkflow()}, bad).ok());
  CHECK(run.EventsFrom(4) == Names{"WorkflowTaskFailed"});
  REQUIRE(run.Complete({CompleteWorkflow()}).ok());
}

}  // namespace
}  // namespace perdure::engine::workflow::testing
