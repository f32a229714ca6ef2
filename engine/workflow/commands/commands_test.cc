// Commands that close a run or only leave an event.

#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/limits.h"
#include "base/time.h"
#include "engine/workflow/testing/test_run.h"

namespace perdure::engine::workflow::testing {
namespace {

namespace enums = temporal::api::enums::v1;

void StartTask(TestRun& run) {
  REQUIRE(run.Start().ok());
  run.PollWorkflowTask();
}

std::string Refusal(const Command& command) {
  TestRun run;
  StartTask(run);
  const absl::Status status = run.Complete({command}).status();
  CHECK(status.code() == absl::StatusCode::kInvalidArgument);
  CHECK(run.EventsFrom(4).front() == "WorkflowTaskFailed");
  return std::string(status.message());
}

Command OfType(enums::CommandType type) {
  Command command;
  command.set_command_type(type);
  return command;
}

Command UpsertMemo(const std::vector<std::pair<std::string, std::string>>& fields) {
  Command command = OfType(enums::COMMAND_TYPE_MODIFY_WORKFLOW_PROPERTIES);
  auto* memo = command.mutable_modify_workflow_properties_command_attributes()->mutable_upserted_memo();
  for (const auto& [key, data] : fields) (*memo->mutable_fields())[key].set_data(data);
  return command;
}

Command UpsertSearchAttribute(const std::string& name, const std::string& data) {
  Command command = OfType(enums::COMMAND_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES);
  auto* attributes = command.mutable_upsert_workflow_search_attributes_command_attributes();
  auto& payload = (*attributes->mutable_search_attributes()->mutable_indexed_fields())[name];
  (*payload.mutable_metadata())["encoding"] = "json/plain";
  payload.set_data(data);
  return command;
}

void DefineSearchAttributes(TestRun& run) {
  run.settings().search_attributes = std::make_shared<SearchAttributeTypes>(SearchAttributeTypes{
      {"Field", enums::INDEXED_VALUE_TYPE_KEYWORD}, {"Number", enums::INDEXED_VALUE_TYPE_INT}});
}

TEST_CASE("A run completes with its result") {
  TestRun run;
  StartTask(run);
  Command complete = CompleteWorkflow();
  complete.mutable_complete_workflow_execution_command_attributes()
      ->mutable_result()
      ->add_payloads()
      ->set_data("1");
  complete.mutable_user_metadata()->mutable_summary()->set_data("\"s\"");
  REQUIRE(run.Complete({complete}).ok());
  CHECK(run.state().status == enums::WORKFLOW_EXECUTION_STATUS_COMPLETED);
  CHECK(run.Event(5).workflow_execution_completed_event_attributes().result().payloads(0).data() == "1");
  CHECK(run.Event(5).user_metadata().summary().data() == "\"s\"");
  CHECK(run.state().close_event->event_id() == 5);
  CHECK(run.state().delete_after == run.now() + run.settings().retention);
}

TEST_CASE("A run fails with its failure") {
  TestRun run;
  StartTask(run);
  REQUIRE(run.Complete({FailWorkflow("broken")}).ok());
  CHECK(run.state().status == enums::WORKFLOW_EXECUTION_STATUS_FAILED);
  const auto& failed = run.Event(5).workflow_execution_failed_event_attributes();
  CHECK(failed.failure().message() == "broken");
  CHECK(failed.retry_state() == enums::RETRY_STATE_RETRY_POLICY_NOT_SET);
  CHECK(failed.workflow_task_completed_event_id() == 4);
}

TEST_CASE("A run with a single attempt has used it up when it fails") {
  TestRun run;
  REQUIRE(run.Start([](auto& request) { request.mutable_retry_policy()->set_maximum_attempts(1); }).ok());
  run.PollWorkflowTask();
  REQUIRE(run.Complete({FailWorkflow("broken")}).ok());
  CHECK(run.Event(5).workflow_execution_failed_event_attributes().retry_state() ==
        enums::RETRY_STATE_MAXIMUM_ATTEMPTS_REACHED);
}

TEST_CASE("A run that a worker cancels keeps its details") {
  TestRun run;
  StartTask(run);
  Command cancel = CancelWorkflow();
  cancel.mutable_cancel_workflow_execution_command_attributes()->mutable_details()->add_payloads()->set_data(
      "1");
  REQUIRE(run.Complete({cancel}).ok());
  CHECK(run.state().status == enums::WORKFLOW_EXECUTION_STATUS_CANCELED);
  CHECK(run.Event(5).workflow_execution_canceled_event_attributes().details().payloads_size() == 1);
}

TEST_CASE("A marker keeps what it is given") {
  TestRun run;
  StartTask(run);
  Command marker = Marker("version");
  auto* attributes = marker.mutable_record_marker_command_attributes();
  (*attributes->mutable_details())["d"].add_payloads()->set_data("1");
  (*attributes->mutable_header()->mutable_fields())["h"].set_data("2");
  attributes->mutable_failure()->set_message("f");
  REQUIRE(run.Complete({marker}).ok());
  const auto& recorded = run.Event(5).marker_recorded_event_attributes();
  CHECK(recorded.marker_name() == "version");
  CHECK(recorded.details().at("d").payloads(0).data() == "1");
  CHECK(recorded.header().fields().contains("h"));
  CHECK(recorded.failure().message() == "f");
  CHECK(recorded.workflow_task_completed_event_id() == 4);
}

TEST_CASE("Memo and search attributes are put over what was there; a nil value takes a key away") {
  TestRun run;
  DefineSearchAttributes(run);
  REQUIRE(run.Start([](auto& request) {
               (*request.mutable_memo()->mutable_fields())["old"].set_data("1");
               (*request.mutable_memo()->mutable_fields())["gone"].set_data("1");
             })
              .ok());
  run.PollWorkflowTask();
  REQUIRE(run.Complete({UpsertMemo({{"old", "2"}, {"new", "3"}, {"gone", "null"}}),
                        UpsertSearchAttribute("Field", "\"x\"")})
              .ok());
  CHECK(run.EventsFrom(4) ==
        Names{"WorkflowTaskCompleted", "WorkflowPropertiesModified", "UpsertWorkflowSearchAttributes"});
  CHECK(run.state().memo->fields().size() == 2);
  CHECK(run.state().memo->fields().at("old").data() == "2");
  CHECK(run.state().memo->fields().at("new").data() == "3");
  CHECK(run.state().search_attributes->indexed_fields().at("Field").data() == "\"x\"");
}

TEST_CASE("Commands without what they need are refused in the real server's words") {
  CHECK(Refusal(OfType(enums::COMMAND_TYPE_COMPLETE_WORKFLOW_EXECUTION)) ==
        "BadCompleteWorkflowExecutionAttributes: CompleteWorkflowExecutionCommandAttributes is not set on "
        "CompleteWorkflowExecutionCommand.");
  CHECK(Refusal(OfType(enums::COMMAND_TYPE_FAIL_WORKFLOW_EXECUTION)) ==
        "BadFailWorkflowExecutionAttributes: FailWorkflowExecutionCommandAttributes is not set on "
        "FailWorkflowExecutionCommand.");
  Command no_failure = OfType(enums::COMMAND_TYPE_FAIL_WORKFLOW_EXECUTION);
  no_failure.mutable_fail_workflow_execution_command_attributes();
  CHECK(Refusal(no_failure) ==
        "BadFailWorkflowExecutionAttributes: Failure is not set on FailWorkflowExecutionCommand.");
  CHECK(Refusal(OfType(enums::COMMAND_TYPE_CANCEL_WORKFLOW_EXECUTION)) ==
        "BadCancelWorkflowExecutionAttributes: CancelWorkflowExecutionCommandAttributes is not set on "
        "CancelWorkflowExecutionCommand.");
  CHECK(Refusal(OfType(enums::COMMAND_TYPE_RECORD_MARKER)) ==
        "BadRecordMarkerAttributes: RecordMarkerCommandAttributes is not set on RecordMarkerCommand.");
  CHECK(Refusal(Marker(std::string(1001, 'x'))) ==
        "BadRecordMarkerAttributes: MarkerName on RecordMarkerCommand exceeds length limit. MarkerName=" +
            std::string(256, 'x') + "... (1001 bytes) Length=1001 Limit=1000");
  CHECK(Refusal(OfType(enums::COMMAND_TYPE_MODIFY_WORKFLOW_PROPERTIES)) ==
        "BadModifyWorkflowPropertiesAttributes: ModifyWorkflowPropertiesCommandAttributes is not set on "
        "ModifyWorkflowPropertiesCommand.");
  CHECK(Refusal(UpsertMemo({})) ==
        "BadModifyWorkflowPropertiesAttributes: UpsertedMemo.Fields is not set on "
        "ModifyWorkflowPropertiesCommand.");
  CHECK(Refusal(OfType(enums::COMMAND_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES)) ==
        "BadSearchAttributes: UpsertWorkflowSearchAttributesCommandAttributes is not set on "
        "UpsertWorkflowSearchAttributesCommand.");
  CHECK(Refusal(OfType(enums::COMMAND_TYPE_PROTOCOL_MESSAGE)) ==
        "BadUpdateWorkflowExecutionMessage: ProtocolMessageCommandAttributes is not set on "
        "ProtocolMessageCommand.");
}

TEST_CASE("Search attributes are checked against the namespace's, in the real server's words") {
  const std::vector<std::pair<Command, std::string>> cases = {
      {UpsertSearchAttribute("Nobody", "\"x\""),
       "BadSearchAttributes: Namespace default has no mapping defined for search attribute Nobody"},
      {UpsertSearchAttribute("Number", "\"not a number\""),
       "BadSearchAttributes: invalid value for search attribute Number of type Int: not a number"},
      {UpsertSearchAttribute("WorkflowId", "\"x\""),
       "BadSearchAttributes: WorkflowId attribute can't be set in SearchAttributes"},
  };
  for (const auto& [command, message] : cases) {
    TestRun run;
    DefineSearchAttributes(run);
    StartTask(run);
    CHECK(run.Complete({command}).status().message() == message);
    CHECK(run.EventsFrom(4) == Names{"WorkflowTaskFailed"});
  }
  TestRun run;
  DefineSearchAttributes(run);
  StartTask(run);
  CHECK_FALSE(
      run.Complete({UpsertSearchAttribute("Field", absl::StrCat("\"", std::string(3000, 'x'), "\""))}).ok());
  CHECK(run.EventsFrom(4) == Names{"WorkflowTaskFailed", "WorkflowExecutionTerminated"});
}

TEST_CASE("Upserts with too many words to be searched by end the run, as those over their size do") {
  std::string text = "\"";
  for (char first = 'a'; first <= 'z'; ++first) {
    for (char second = 'a'; second <= 'z'; ++second) text += {first, second, ' '};
  }
  text += '"';
  SearchAttributeTypes types;
  std::vector<Command> upserts;
  for (const char letter : {'a', 'b'}) {
    const std::string name(limits::kSearchAttributeName, letter);
    types[name] = enums::INDEXED_VALUE_TYPE_TEXT;
    upserts.push_back(UpsertSearchAttribute(name, text));
  }
  TestRun run;
  run.settings().search_attributes = std::make_shared<SearchAttributeTypes>(types);
  google::protobuf::RepeatedPtrField<Command> named(upserts.begin(), upserts.end());
  NameTypesOfUpserts(types, named);
  StartTask(run);
  const auto force = [](auto& request) { request.set_force_create_new_workflow_task(true); };
  REQUIRE(run.Complete({named[0]}, force).ok());
  run.PollWorkflowTask();
  const absl::Status refused = run.Complete({named[1]}).status();
  CHECK(absl::StrContains(refused.message(), "BadSearchAttributes: total size of search attributes"));
  CHECK(run.EventsFrom(8) == Names{"WorkflowTaskFailed", "WorkflowExecutionTerminated"});
}

TEST_CASE("A payload over the limit ends the run") {
  Command result = CompleteWorkflow();
  result.mutable_complete_workflow_execution_command_attributes()->mutable_result()->add_payloads()->set_data(
      std::string(limits::kBlobSize + 1, 'x'));
  Command marker = Marker("m");
  (*marker.mutable_record_marker_command_attributes()->mutable_details())["big"].add_payloads()->set_data(
      std::string(limits::kBlobSize + 1, 'x'));
  const std::vector<std::pair<Command, std::string>> cases = {
      {result,
       "BadScheduleActivityAttributes: CompleteWorkflowExecutionCommandAttributes.Result exceeds size "
       "limit."},
      {marker, "BadRecordMarkerAttributes: RecordMarkerCommandAttributes.Details exceeds size limit."},
      {UpsertMemo({{"big", std::string(limits::kMemoSize + 1, 'x')}}),
       "BadModifyWorkflowPropertiesAttributes: ModifyWorkflowPropertiesCommandAttributes exceeds size "
       "limit."},
  };
  for (const auto& [command, message] : cases) {
    TestRun run;
    StartTask(run);
    CHECK(run.Complete({command}).status().message() == message);
    CHECK(run.EventsFrom(4) == Names{"WorkflowTaskFailed", "WorkflowExecutionTerminated"});
    const auto& terminated = run.Event(5).workflow_execution_terminated_event_attributes();
    CHECK(terminated.reason() == message);
    CHECK(terminated.identity() == "history-service");
  }
}

TEST_CASE("A run that closes leaves its timers and activities behind") {
  TestRun run;
  StartTask(run);
  REQUIRE(run.Complete({StartTimer("t", absl::Seconds(1)), ScheduleActivity("a"), CompleteWorkflow()}).ok());
  CHECK_FALSE(run.state().IsOpen());
  CHECK(run.obligations().dispatches.empty());
  CHECK(run.obligations().next_timer == run.state().delete_after);
  REQUIRE(run.FireTimers().ok());
  CHECK(run.last_records().empty());
}

TEST_CASE("API fact 2: CancelTimer removes its own buffered TimerFired; the completion then succeeds") {
  TestRun run;
  StartTask(run);
  const auto force = [](auto& request) { request.set_force_create_new_workflow_task(true); };
  REQUIRE(run.Complete({StartTimer("t", absl::Seconds(5))}, force).ok());
  run.PollWorkflowTask();
  run.Advance(absl::Seconds(5));
  CHECK(run.state().buffered->size() == 1);
  REQUIRE(run.Complete({CancelTimer("t"), CompleteWorkflow()}).ok());
  CHECK(run.EventsFrom(8) == Names{"WorkflowTaskCompleted", "TimerCanceled", "WorkflowExecutionCompleted"});
}

TEST_CASE("An activity that is canceled before it starts is told after all commands, or to nobody") {
  for (const bool closes : {false, true}) {
    TestRun run;
    StartTask(run);
    const auto force = [](auto& request) { request.set_force_create_new_workflow_task(true); };
    REQUIRE(run.Complete({ScheduleActivity("a")}, force).ok());
    run.PollWorkflowTask();
    REQUIRE(run.Complete({CancelActivity(5), closes ? CompleteWorkflow() : Marker("m")}).ok());
    if (closes) {
      CHECK(run.EventsFrom(8) ==
            Names{"WorkflowTaskCompleted", "ActivityTaskCancelRequested", "WorkflowExecutionCompleted"});
    } else {
      CHECK(run.EventsFrom(8) == Names{"WorkflowTaskCompleted", "ActivityTaskCancelRequested",
                                       "MarkerRecorded", "ActivityTaskCanceled", "WorkflowTaskScheduled"});
    }
  }
}

TEST_CASE("An eager activity comes back with the answer, unless it is gone by then") {
  TestRun run;
  StartTask(run);
  const auto eager = [](auto& attributes) { attributes.set_request_eager_execution(true); };
  const auto reply = run.Complete({ScheduleActivity("a", eager), ScheduleActivity("b")});
  REQUIRE(reply.ok());
  REQUIRE(reply->eager_activities.size() == 1);
  CHECK(reply->eager_activities[0].response.activity_id() == "a");
  CHECK(run.obligations().dispatches.size() == 1);

  TestRun closed;
  StartTask(closed);
  const auto none = closed.Complete({ScheduleActivity("a", eager), CompleteWorkflow()});
  REQUIRE(none.ok());
  CHECK(none->eager_activities.empty());
}

TEST_CASE("A refused command repeats little of what it holds") {
  const std::string large(1'000'000, 'x');
  Command marker = OfType(enums::COMMAND_TYPE_RECORD_MARKER);
  marker.mutable_record_marker_command_attributes()->set_marker_name(large);
  Command timer = OfType(enums::COMMAND_TYPE_START_TIMER);
  timer.mutable_start_timer_command_attributes()->set_timer_id(large);
  Command cancel = OfType(enums::COMMAND_TYPE_CANCEL_TIMER);
  cancel.mutable_cancel_timer_command_attributes()->set_timer_id(large);
  Command activity = ScheduleActivity("a1", [&](auto& options) {
    options.mutable_retry_policy()->add_non_retryable_error_types("TemporalTimeout:" + large);
  });
  Command unmet = ScheduleActivity(large, [](auto& options) {
    options.clear_start_to_close_timeout();
    options.clear_schedule_to_close_timeout();
  });
  for (const Command& command : {marker, timer, cancel, activity, unmet, UpsertSearchAttribute(large, "1")}) {
    CHECK(Refusal(command).size() < 1000);
  }
  CHECK(Refusal(UpsertSearchAttribute("BuildIds", std::string(200'000, '['))).size() < 1000);
}

TEST_CASE("A sequence of commands that is refused is not listed whole") {
  TestRun run;
  StartTask(run);
  const std::vector<Command> commands(10'000, CompleteWorkflow());
  CHECK(run.Complete(commands).status().message().size() < 1000);
}

}  // namespace
}  // namespace perdure::engine::workflow::testing
