// Updates: what clients ask, what workers say of it, and what history tells.

#include <catch2/catch.hpp>
#include <memory>

#include "absl/strings/str_cat.h"
#include "base/event_loop.h"
#include "base/limits.h"
#include "engine/workflow/testing/test_run.h"
#include "engine/workflow/updates/updates.h"
#include "google/protobuf/any.pb.h"
#include "perdure/snapshot.pb.h"

namespace perdure::engine::workflow::testing {
namespace {

namespace enums = temporal::api::enums::v1;
namespace update_api = temporal::api::update::v1;
using Message = temporal::api::protocol::v1::Message;

constexpr Stage kAdmitted = enums::UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE_ADMITTED;
constexpr Stage kAccepted = enums::UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE_ACCEPTED;
constexpr Stage kCompleted = enums::UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE_COMPLETED;
const Names kAcceptedAndCompleted = {"WorkflowTaskScheduled", "WorkflowTaskStarted", "WorkflowTaskCompleted",
                                     "WorkflowExecutionUpdateAccepted", "WorkflowExecutionUpdateCompleted"};

// ---- clients

Update Asking(const std::string& id, Stage stage = kCompleted) {
  Update update;
  update.request.mutable_request()->mutable_meta()->set_update_id(id);
  update.request.mutable_request()->mutable_input()->set_name("change");
  update.request.mutable_wait_policy()->set_lifecycle_stage(stage);
  return update;
}

PollUpdate Polling(const std::string& id, Stage stage = kCompleted) {
  PollUpdate poll;
  poll.request.mutable_update_ref()->set_update_id(id);
  poll.request.mutable_wait_policy()->set_lifecycle_stage(stage);
  return poll;
}

// What a caller who does not wait is told.
absl::StatusOr<UpdateReply> Told(absl::StatusOr<Reply> reply) {
  if (!reply.ok()) return reply.status();
  REQUIRE(std::holds_alternative<UpdateReply>(*reply));
  return std::get<UpdateReply>(*std::move(reply));
}

Stage StageOf(const absl::StatusOr<Reply>& reply) {
  const absl::StatusOr<UpdateReply> told = Told(reply);
  REQUIRE(told.ok());
  return told->response.stage();
}

bool Waits(const absl::StatusOr<Reply>& reply) {
  return reply.ok() && std::holds_alternative<workflow::Waits>(*reply);
}

// ---- workers

Message About(const std::string& id, const char* what, const google::protobuf::Message& body) {
  Message message;
  message.set_id(absl::StrCat(id, "/", what));
  message.set_protocol_instance_id(id);
  message.mutable_body()->PackFrom(body);
  return message;
}

Message Acceptance(const std::string& id) {
  update_api::Acceptance body;
  body.set_accepted_request_message_id(absl::StrCat(id, "/request"));
  body.set_accepted_request_sequencing_event_id(1);
  return About(id, "accept", body);
}

Message Rejection(const std::string& id) {
  update_api::Rejection body;
  body.mutable_failure()->set_message("no");
  return About(id, "reject", body);
}

Message Response(const std::string& id) {
  update_api::Response body;
  body.mutable_meta()->set_update_id(id);
  body.mutable_outcome()->mutable_success()->add_payloads()->set_data(absl::StrCat("done ", id));
  return About(id, "complete", body);
}

With<api::RespondWorkflowTaskCompletedRequest> Saying(const std::vector<Message>& messages) {
  return [messages](api::RespondWorkflowTaskCompletedRequest& request) {
    for (const Message& message : messages) *request.add_messages() = message;
  };
}

Names UpdatesIn(const WorkflowTaskReply& task) {
  Names ids;
  for (const Message& message : task.response.messages()) ids.push_back(message.protocol_instance_id());
  return ids;
}

// Its first workflow task is done: four events.
void StartIdle(TestRun& run) {
  REQUIRE(run.Start().ok());
  run.PollWorkflowTask();
  REQUIRE(run.Complete().ok());
}

// The update is asked for, and a worker has it.
WorkflowTaskReply Sent(TestRun& run, const std::string& id) {
  REQUIRE(Waits(run.Ask(Asking(id))));
  return run.PollWorkflowTask();
}

// ---- the common ways

TEST_CASE("An update of an idle run waits for a worker, and no record tells") {
  TestRun run;
  StartIdle(run);
  CHECK(Waits(run.Ask(Asking("u1"))));
  CHECK(run.last_records().empty());
  REQUIRE(run.PendingWorkflowTask().has_value());
  CHECK(run.PendingWorkflowTask()->scheduled_event_id == 5);
  const WorkflowTaskReply task = run.PollWorkflowTask();
  CHECK(run.last_records().empty());
  CHECK(UpdatesIn(task) == Names{"u1"});
  CHECK(task.response.messages(0).id() == "u1/request");
  CHECK(task.response.messages(0).event_id() == 5);
  CHECK(task.history_to == 4);
  CHECK(run.history().size() == 4);
}

TEST_CASE("One task accepts and completes an update") {
  TestRun run;
  StartIdle(run);
  Sent(run, "u1");
  REQUIRE(run.Complete({}, Saying({Acceptance("u1"), Response("u1")})).ok());
  CHECK(run.EventsFrom(5) == kAcceptedAndCompleted);
  const auto& accepted = run.Event(8).workflow_execution_update_accepted_event_attributes();
  CHECK(accepted.protocol_instance_id() == "u1");
  CHECK(accepted.accepted_request_message_id() == "u1/request");
  CHECK(accepted.accepted_request().input().name() == "change");
  CHECK(run.Event(9).workflow_execution_update_completed_event_attributes().accepted_event_id() == 8);
  REQUIRE(run.answers.contains(1));
  const auto told = Told(run.answers.at(1));
  REQUIRE(told.ok());
  CHECK(told->response.stage() == kCompleted);
  CHECK(told->outcome_event_id == 9);
  CHECK(told->response.update_ref().update_id() == "u1");
  CHECK_FALSE(run.PendingWorkflowTask().has_value());
}

TEST_CASE("A rejected update leaves no trace") {
  TestRun run;
  StartIdle(run);
  Sent(run, "u1");
  const auto completed = run.Complete({}, Saying({Rejection("u1")}));
  REQUIRE(completed.ok());
  CHECK(run.last_records().empty());
  CHECK(completed->response.reset_history_event_id() == 3);
  CHECK(run.history().size() == 4);
  CHECK_FALSE(run.PendingWorkflowTask().has_value());
  const auto told = Told(run.answers.at(1));
  REQUIRE(told.ok());
  CHECK(told->response.stage() == kCompleted);
  CHECK(told->response.outcome().failure().message() == "no");
  CHECK(absl::IsNotFound(run.Do(Polling("u1")).status()));
}

TEST_CASE("Who waits for the acceptance is answered before the update completes") {
  TestRun run;
  StartIdle(run);
  Sent(run, "u1");
  CHECK(Waits(run.Ask(Polling("u1", kAccepted))));
  REQUIRE(run.Complete({}, Saying({Acceptance("u1")})).ok());
  CHECK_FALSE(run.answers.contains(1));
  CHECK(StageOf(run.answers.at(2)) == kAccepted);
  CHECK(StageOf(run.Do(Polling("u1"))) == kAccepted);
  REQUIRE(run.Signal("go").ok());
  run.PollWorkflowTask();
  REQUIRE(run.Complete({}, Saying({Response("u1")})).ok());
  CHECK(StageOf(run.answers.at(1)) == kCompleted);
}

TEST_CASE("Messages stand where the commands put them, and the others behind") {
  TestRun run;
  StartIdle(run);
  Sent(run, "u1");
  Command place;
  place.set_command_type(enums::COMMAND_TYPE_PROTOCOL_MESSAGE);
  place.mutable_protocol_message_command_attributes()->set_message_id("u1/accept");
  REQUIRE(run.Complete({Marker("before"), place, Marker("after")}, Saying({Response("u1"), Acceptance("u1")}))
              .ok());
  CHECK(run.EventsFrom(8) == Names{"MarkerRecorded", "WorkflowExecutionUpdateAccepted", "MarkerRecorded",
                                   "WorkflowExecutionUpdateCompleted"});
}

TEST_CASE("A task that brought events stays when its update is rejected, unless its worker can forget them") {
  for (const bool forgets : {false, true}) {
    CAPTURE(forgets);
    TestRun run;
    StartIdle(run);
    REQUIRE(run.Signal("go").ok());
    run.PollWorkflowTask();
    // The answer brings the next task, whose events are none.
    REQUIRE(Waits(run.Ask(Asking("u1"))));
    const auto answer =
        run.Complete({Marker("m")}, [](auto& request) { request.set_return_new_workflow_task(true); });
    REQUIRE(answer.ok());
    REQUIRE(answer->workflow_task.has_value());
    CHECK(UpdatesIn(*answer->workflow_task) == Names{"u1"});
    const auto completed = run.CompleteWith(answer->workflow_task->token, {}, [&](auto& request) {
      Saying({Rejection("u1")})(request);
      request.mutable_capabilities()->set_discard_speculative_workflow_task_with_events(forgets);
    });
    REQUIRE(completed.ok());
    CHECK((completed->response.reset_history_event_id() != 0) == forgets);
    CHECK(run.last_records().empty() == forgets);
  }
}

TEST_CASE("A worker that says nothing of an update has rejected it, but not by a heartbeat") {
  TestRun run;
  StartIdle(run);
  Sent(run, "u1");
  REQUIRE(Waits(run.Ask(Asking("u2"))));
  const auto busy = run.Complete({}, [](auto& request) {
    request.set_force_create_new_workflow_task(true);
    request.set_return_new_workflow_task(true);
  });
  REQUIRE(busy.ok());
  CHECK(run.answers.empty());
  REQUIRE(busy->workflow_task.has_value());
  CHECK(UpdatesIn(*busy->workflow_task) == Names{"u2"});
  REQUIRE(run.CompleteWith(busy->workflow_task->token).ok());
  for (const uint64_t caller : {1, 2}) {
    const auto told = Told(run.answers.at(caller));
    REQUIRE(told.ok());
    CHECK(told->response.outcome().failure().application_failure_info().type() == "UnprocessedUpdate");
  }
}

// ---- a task of which no event tells

TEST_CASE("API fact 9: without a worker for 5 s the task of an update becomes real") {
  TestRun run;
  StartIdle(run);
  REQUIRE(Waits(run.Ask(Asking("u1"))));
  run.Advance(absl::Seconds(5));
  CHECK(run.EventsFrom(5) == Names{"WorkflowTaskScheduled", "WorkflowTaskTimedOut", "WorkflowTaskScheduled"});
  CHECK(run.Event(7).workflow_task_scheduled_event_attributes().attempt() == 1);
  CHECK(UpdatesIn(run.PollWorkflowTask()) == Names{"u1"});
}

TEST_CASE("A signal makes the task of an update real, and it stays timed") {
  TestRun run;
  StartIdle(run);
  REQUIRE(Waits(run.Ask(Asking("u1"))));
  run.Sleep(absl::Seconds(2));
  REQUIRE(run.Signal("go").ok());
  CHECK(run.EventsFrom(5) == Names{"WorkflowTaskScheduled", "WorkflowExecutionSignaled"});
  run.Crash();
  run.Advance(absl::Seconds(3));
  CHECK(run.EventsFrom(7) == Names{"WorkflowTaskTimedOut", "WorkflowTaskScheduled"});
}

TEST_CASE("Readers are shown the task of an update behind the history") {
  TestRun run;
  StartIdle(run);
  REQUIRE(Waits(run.Ask(Asking("u1"))));
  REQUIRE(run.Do(HardenWorkflowTaskStart{}).ok());
  CHECK(run.last_records().empty());
  REQUIRE(run.Transient().size() == 1);
  CHECK(run.Transient()[0].event_id() == 5);
  run.PollWorkflowTask();
  CHECK(run.Transient().size() == 2);
}

TEST_CASE("A crash loses what waits, and its task; who asks again begins anew") {
  TestRun run;
  StartIdle(run);
  Sent(run, "u1");
  const auto stale = *run.state().workflow_task.running();
  run.Crash();
  CHECK_FALSE(run.PendingWorkflowTask().has_value());
  CHECK(absl::IsNotFound(run.Complete({}, Saying({Acceptance("u1")})).status()));
  CHECK(absl::IsNotFound(run.Do(Polling("u1")).status()));
  REQUIRE(Waits(run.Ask(Asking("u1"))));
  run.PollWorkflowTask();
  CHECK(run.state().workflow_task.running()->scheduled_event_id == stale.scheduled_event_id);
  REQUIRE(run.Complete({}, Saying({Acceptance("u1"), Response("u1")})).ok());
  CHECK(run.EventsFrom(5) == kAcceptedAndCompleted);
}

TEST_CASE("The worker of a task of an update that was rejected completes no later one with the same ids") {
  TestRun run;
  StartIdle(run);
  const auto first = Sent(run, "u1");
  REQUIRE(run.Complete({}, Saying({Rejection("u1")})).ok());
  run.Sleep(absl::Seconds(1));
  const auto second = Sent(run, "u2");
  CHECK(first.token.scheduled_event_id() == second.token.scheduled_event_id());
  CHECK(absl::IsNotFound(run.CompleteWith(first.token, {}, Saying({Rejection("u2")})).status()));
  CHECK(run.CompleteWith(second.token, {}, Saying({Rejection("u2")})).ok());
}

// ---- the same update again

TEST_CASE("An update id is one update in a run, also after a crash and after its end") {
  TestRun run;
  StartIdle(run);
  Sent(run, "u1");
  CHECK(Waits(run.Ask(Asking("u1", kAccepted))));
  REQUIRE(run.Complete({}, Saying({Acceptance("u1"), Response("u1")})).ok());
  CHECK(StageOf(run.answers.at(1)) == kCompleted);
  CHECK(StageOf(run.answers.at(2)) == kCompleted);
  run.Crash();
  CHECK(Told(run.Ask(Asking("u1")))->outcome_event_id == 9);
  CHECK(run.last_records().empty());
  CHECK_FALSE(run.PendingWorkflowTask().has_value());
  REQUIRE(run.Terminate().ok());
  CHECK(Told(run.Ask(Asking("u1")))->outcome_event_id == 9);
  CHECK(absl::IsNotFound(run.Ask(Asking("u2")).status()));
}

TEST_CASE("A worker's acceptance brings back an update that memory has lost") {
  TestRun run;
  REQUIRE(run.Start().ok());
  run.PollWorkflowTask();
  update_api::Acceptance body;
  body.set_accepted_request_message_id("lost/request");
  body.set_accepted_request_sequencing_event_id(2);
  body.mutable_accepted_request()->mutable_input()->set_name("change");
  REQUIRE(run.Complete({}, Saying({About("lost", "accept", body), Response("lost")})).ok());
  CHECK(run.EventsFrom(5) == Names{"WorkflowExecutionUpdateAccepted", "WorkflowExecutionUpdateCompleted"});
  CHECK(StageOf(run.Do(Polling("lost"))) == kCompleted);
}

// ---- the end of a run

TEST_CASE("A run that closes ends its updates") {
  TestRun run;
  StartIdle(run);
  Sent(run, "accepted");
  REQUIRE(run.Complete({}, Saying({Acceptance("accepted")})).ok());
  REQUIRE(Waits(run.Ask(Asking("waiting"))));
  REQUIRE(run.Terminate().ok());
  CHECK(run.EventsFrom(9) == Names{"WorkflowExecutionTerminated"});
  const auto told = Told(run.answers.at(1));
  REQUIRE(told.ok());
  CHECK(told->response.stage() == kCompleted);
  CHECK(told->response.outcome().failure().application_failure_info().type() ==
        "AcceptedUpdateCompletedWorkflow");
  CHECK(run.answers.at(2).status().message() == "workflow update was aborted by closing workflow");
  CHECK(StageOf(run.Do(Polling("accepted"))) == kCompleted);
}

TEST_CASE("An update that waits when its run continues as new may be asked for again") {
  TestRun run;
  REQUIRE(run.Start().ok());
  run.PollWorkflowTask();
  REQUIRE(Waits(run.Ask(Asking("u1"))));
  REQUIRE(run.Complete({ContinueAsNew()}).ok());
  CHECK(absl::IsResourceExhausted(run.answers.at(1).status()));
  run.GoOn();
  REQUIRE(Waits(run.Ask(Asking("u1"))));
  CHECK(UpdatesIn(run.PollWorkflowTask()) == Names{"u1"});
}

// ---- what a reset takes over

TEST_CASE("An update that a reset took over stands in the history until its worker has decided on it") {
  enum class Worker { kAccepts, kRejects, kSaysNothing };
  for (const Worker worker : {Worker::kAccepts, Worker::kRejects, Worker::kSaysNothing}) {
    CAPTURE(worker);
    TestRun run;
    REQUIRE(run.Start().ok());
    run.TakeOverUpdate(Asking("u1").request.request());
    run.Crash();
    CHECK(StageOf(run.Do(Polling("u1", kAdmitted))) == kAdmitted);
    CHECK(Waits(run.Ask(Asking("u1"))));
    CHECK(UpdatesIn(run.PollWorkflowTask()).empty());  // its event brings it
    std::vector<Message> said;
    if (worker == Worker::kAccepts) said = {Acceptance("u1"), Response("u1")};
    if (worker == Worker::kRejects) said = {Rejection("u1")};
    REQUIRE(run.Complete({}, Saying(said)).ok());
    CHECK(StageOf(run.answers.at(1)) == kCompleted);
    run.Crash();
    const auto polled = run.Do(Polling("u1"));
    CHECK(polled.ok() == (worker == Worker::kAccepts));
    if (worker != Worker::kAccepts) continue;
    CHECK_FALSE(run.Event(6).workflow_execution_update_accepted_event_attributes().has_accepted_request());
  }
}

// ---- tasks that fail

TEST_CASE("A worker that fails its task, or is too slow, gets its updates again") {
  TestRun run;
  StartIdle(run);
  Sent(run, "u1");
  REQUIRE(run.FailTask().ok());
  CHECK(UpdatesIn(run.PollWorkflowTask()) == Names{"u1"});
  CHECK(run.EventsFrom(5) == Names{"WorkflowTaskScheduled", "WorkflowTaskStarted", "WorkflowTaskFailed"});
  run.Advance(absl::Seconds(10));
  CHECK(run.answers.empty());
  CHECK(UpdatesIn(run.PollWorkflowTask()) == Names{"u1"});
  REQUIRE(run.Complete({}, Saying({Acceptance("u1"), Response("u1")})).ok());
  CHECK(StageOf(run.answers.at(1)) == kCompleted);
}

TEST_CASE(
    "A completion that cannot be carried out fails its task, and who waits for an update sent with it") {
  TestRun run;
  StartIdle(run);
  Sent(run, "u1");
  REQUIRE(Waits(run.Ask(Asking("u2"))));
  const auto refused = run.Complete({Marker("m")}, Saying({Acceptance("u1"), Acceptance("u1")}));
  CHECK(absl::IsInvalidArgument(refused.status()));
  CHECK(run.EventsFrom(5) == Names{"WorkflowTaskScheduled", "WorkflowTaskStarted", "WorkflowTaskFailed"});
  CHECK(run.Event(7).workflow_task_failed_event_attributes().cause() ==
        enums::WORKFLOW_TASK_FAILED_CAUSE_BAD_UPDATE_WORKFLOW_EXECUTION_MESSAGE);
  CHECK(absl::IsFailedPrecondition(run.answers.at(1).status()));
  CHECK_FALSE(run.answers.contains(2));
  CHECK(UpdatesIn(run.PollWorkflowTask()) == Names{"u2"});
}

TEST_CASE("A rejection that cannot be carried out makes its task real, and fails it") {
  TestRun run;
  StartIdle(run);
  Sent(run, "u1");
  CHECK(absl::IsInvalidArgument(run.Complete({}, Saying({Rejection("nobody")})).status()));
  CHECK(run.EventsFrom(5) == Names{"WorkflowTaskScheduled", "WorkflowTaskStarted", "WorkflowTaskFailed"});
}

TEST_CASE("API fact 10: where workflow tasks fail again and again no update is taken") {
  TestRun run;
  REQUIRE(run.Start().ok());
  for (int i = 0; i < 2; ++i) {
    run.PollWorkflowTask();
    REQUIRE(run.FailTask().ok());
  }
  CHECK(absl::IsFailedPrecondition(run.Ask(Asking("u1")).status()));
}

TEST_CASE("A message too large ends the run") {
  TestRun run;
  StartIdle(run);
  Sent(run, "u1");
  Message large = Response("u1");
  update_api::Response body;
  body.mutable_meta()->set_update_id("u1");
  body.mutable_outcome()->mutable_success()->add_payloads()->set_data(std::string(limits::kBlobSize, 'x'));
  large.mutable_body()->PackFrom(body);
  CHECK(absl::IsInvalidArgument(run.Complete({}, Saying({Acceptance("u1"), large})).status()));
  CHECK_FALSE(run.state().IsOpen());
}

// ---- limits

TEST_CASE("So many updates may be in flight, and no more") {
  TestRun run;
  StartIdle(run);
  for (size_t i = 0; i < limits::kUpdatesInFlight; ++i) {
    REQUIRE(Waits(run.Ask(Asking(absl::StrCat("u", i)))));
  }
  CHECK(absl::IsResourceExhausted(run.Ask(Asking("more")).status()));
  // One that is known is none more.
  CHECK(Waits(run.Ask(Asking("u0"))));
  run.PollWorkflowTask();
  REQUIRE(run.Complete({}, Saying({Acceptance("u0"), Response("u0"), Acceptance("u1")})).ok());
  // The others were rejected, for their worker said nothing of them.
  for (size_t i = 1; i < limits::kUpdatesInFlight; ++i) {
    REQUIRE(Waits(run.Ask(Asking(absl::StrCat("v", i)))));
  }
  CHECK(absl::IsResourceExhausted(run.Ask(Asking("more")).status()));
}

TEST_CASE("So many bytes may be in flight, and no more") {
  TestRun run;
  StartIdle(run);
  Update large = Asking("u1");
  large.request.mutable_request()->mutable_input()->mutable_args()->add_payloads()->set_data(
      std::string(limits::kUpdatesInFlightSize / 2, 'x'));
  REQUIRE(Waits(run.Ask(large)));
  large.request.mutable_request()->mutable_meta()->set_update_id("u2");
  CHECK(absl::IsResourceExhausted(run.Ask(large).status()));
}

TEST_CASE("A run takes so many updates, and tells workers in time to continue as new") {
  TestRun run;
  StartIdle(run);
  perdure::engine::Snapshot snapshot;
  REQUIRE(snapshot.ParseFromString(EncodeSnapshot(run.state())));
  const auto with = [&](size_t updates) {
    snapshot.clear_updates();
    for (size_t i = 0; i < updates; ++i) {
      auto& update = *snapshot.add_updates();
      update.set_update_id(absl::StrCat("u", i));
      update.set_accepted_event_id(3);
      update.set_completed_event_id(4);
    }
    auto state = DecodeSnapshot(snapshot.SerializeAsString());
    REQUIRE(state.ok());
    return *std::move(state);
  };
  const std::unique_ptr<Random> random = NewSeededRandom(1);
  const NamespaceSettings settings;
  const Context context{.now = run.now(), .random = *random, .settings = settings};
  Decision taken = Decide(with(limits::kUpdates - 1), Asking("more"), context);
  REQUIRE(taken.reply.ok());
  CHECK(absl::IsFailedPrecondition(Decide(std::move(taken.state), Asking("last"), context).reply.status()));
  for (const size_t updates : {limits::kUpdatesSuggest - 2, limits::kUpdatesSuggest - 1}) {
    Decision asked = Decide(with(updates), Asking("more"), context);
    REQUIRE(asked.reply.ok());
    StartWorkflowTask start;
    start.scheduled_event_id = 5;
    start.request_id = "poll";
    start.polled_queue = "queue";
    const Decision started = Decide(std::move(asked.state), start, context);
    REQUIRE(started.reply.ok());
    const auto& event =
        started.state.workflow_task.running()->started->workflow_task_started_event_attributes();
    CHECK(event.suggest_continue_as_new() == (updates + 1 >= limits::kUpdatesSuggest));
  }
}

}  // namespace
}  // namespace perdure::engine::workflow::testing
