// Queries: with workflow tasks or by themselves, and what becomes of those that wait.
#include <catch2/catch.hpp>
#include <string>
#include <utility>
#include <variant>

#include "base/limits.h"
#include "engine/workflow/testing/test_run.h"
#include "temporal/api/enums/v1/query.pb.h"
#include "temporal/api/errordetails/v1/message.pb.h"

namespace perdure::engine::workflow::testing {
namespace {

namespace enums = temporal::api::enums::v1;
using temporal::api::query::v1::WorkflowQueryResult;

Query Asking(const std::string& id, absl::Duration time_left = absl::Seconds(10)) {
  Query query{{}, id, time_left};
  query.request.mutable_query()->set_query_type("state");
  return query;
}

Query Rejectable(enums::QueryRejectCondition condition) {
  Query query = Asking("id");
  query.request.set_query_reject_condition(condition);
  return query;
}

template <typename T>
T In(const absl::StatusOr<Reply>& reply) {
  REQUIRE(reply.ok());
  REQUIRE(std::holds_alternative<T>(*reply));
  return std::get<T>(*reply);
}

bool WaitsIn(const absl::StatusOr<Reply>& reply) {
  return reply.ok() && std::holds_alternative<Waits>(*reply);
}

WorkflowQueryResult Answered(const std::string& data) {
  WorkflowQueryResult result;
  result.set_result_type(enums::QUERY_RESULT_TYPE_ANSWERED);
  result.mutable_answer()->add_payloads()->set_data(data);
  return result;
}

// A completion that says `result` to the query of that id.
With<api::RespondWorkflowTaskCompletedRequest> Saying(const std::string& id, WorkflowQueryResult result) {
  return [id, result = std::move(result)](auto& request) { (*request.mutable_query_results())[id] = result; };
}

void MakeSticky(api::RespondWorkflowTaskCompletedRequest& request) {
  request.mutable_sticky_attributes()->mutable_worker_task_queue()->set_name("sticky");
  request.mutable_sticky_attributes()->mutable_schedule_to_start_timeout()->set_seconds(5);
}

// An open run that has completed its first workflow task.
void BeginIdle(TestRun& run, const With<api::RespondWorkflowTaskCompletedRequest>& with = {}) {
  REQUIRE(run.Start([](auto& request) { request.mutable_priority()->set_priority_key(2); }).ok());
  run.PollWorkflowTask();
  REQUIRE(run.Complete({}, with).ok());
}

// The same with a query that waits for its next workflow task.
void BeginWaiting(TestRun& run) {
  BeginIdle(run);
  REQUIRE(run.Signal("go").ok());
  REQUIRE(WaitsIn(run.Ask(Asking("one"))));
}

TEST_CASE("a query of an idle run goes to a worker by itself") {
  TestRun run;
  BeginIdle(run);
  const auto dispatch = In<QueryDispatch>(run.Ask(Asking("one")));
  CHECK(dispatch.run_id == run.state().facts->run_id);
  CHECK(dispatch.open);
  CHECK(dispatch.task_queue == "queue");
  CHECK(dispatch.sticky_queue.empty());
  CHECK(dispatch.priority_key == 2);
  CHECK(run.last_records().empty());
}

TEST_CASE("a query of a run with a sticky worker goes there first") {
  TestRun run;
  BeginIdle(run, MakeSticky);
  const auto dispatch = In<QueryDispatch>(run.Ask(Asking("one")));
  CHECK(dispatch.sticky_queue == "sticky");
  CHECK(dispatch.sticky_timeout == absl::Seconds(5));
  REQUIRE(run.Terminate().ok());
  CHECK(In<QueryDispatch>(run.Ask(Asking("two"))).sticky_queue.empty());
}

TEST_CASE("a sticky worker that is found gone is not asked again, and that comes with the next record") {
  TestRun run;
  BeginIdle(run, MakeSticky);
  REQUIRE(run.Do(ResetSticky{.move_pending_task = false, .rides = true}).ok());
  CHECK(run.last_records().empty());
  CHECK(In<QueryDispatch>(run.Ask(Asking("one"))).sticky_queue.empty());
  SECTION("the next workflow task goes to the run's own queue") {
    REQUIRE(run.Signal("go").ok());
    const auto dispatch = run.PendingWorkflowTask();
    REQUIRE(dispatch.has_value());
    CHECK(dispatch->task_queue == "queue");
    CHECK_FALSE(run.state().sticky.has_value());
    run.PollWorkflowTask();
    REQUIRE(run.Complete({}, MakeSticky).ok());
    CHECK(In<QueryDispatch>(run.Ask(Asking("two"))).sticky_queue == "sticky");
  }
  SECTION("a crash forgets it") {
    run.Crash();
    CHECK(In<QueryDispatch>(run.Ask(Asking("two"))).sticky_queue == "sticky");
  }
}

TEST_CASE("what a worker gets with a query that comes by itself") {
  TestRun run;
  BeginIdle(run, MakeSticky);
  const auto cached = In<QueryTaskReply>(run.Do(StartQuery{"sticky"})).task;
  CHECK(cached.history_to == 0);
  const auto whole = In<QueryTaskReply>(run.Do(StartQuery{"queue"})).task;
  CHECK(whole.history_from == 1);
  CHECK(whole.history_to == 4);
  CHECK(whole.tail.empty());
  CHECK(whole.response.started_event_id() == 0);
  CHECK(whole.response.previous_started_event_id() == 3);
  CHECK(whole.response.attempt() == 1);
  CHECK(whole.response.workflow_type().name() == "Greet");
  CHECK(run.last_records().empty());
  CHECK_FALSE(run.PendingWorkflowTask().has_value());
}

TEST_CASE("the history for a query holds what is durable and no more") {
  TestRun run;
  BeginIdle(run);
  REQUIRE(run.Signal("go").ok());
  run.PollWorkflowTask();
  REQUIRE(run.state().workflow_task.IsVolatile());
  WorkflowReply reply(QueryTaskReply{In<QueryTaskReply>(run.Do(StartQuery{"queue"})).task});
  const auto wanted = reply.WantsEvents();
  REQUIRE(wanted.has_value());
  CHECK(wanted->last == 6);
  CHECK(wanted->recorded);
  CHECK(run.state().workflow_task.IsVolatile());
}

TEST_CASE("a query waits while a workflow task is pending, goes with it, and is answered by its completion") {
  TestRun run;
  BeginWaiting(run);
  CHECK(run.last_records().empty());
  const auto task = run.PollWorkflowTask();
  CHECK(run.last_records().empty());
  CHECK(run.state().workflow_task.IsVolatile());  // the query made nothing hard
  REQUIRE(task.response.queries().contains("one"));
  CHECK(task.response.queries().at("one").query_type() == "state");
  REQUIRE(run.Complete({}, Saying("one", Answered("42"))).ok());
  const auto reply = In<QueryReply>(run.answers.at(1));
  CHECK(reply.response.query_result().payloads(0).data() == "42");
  CHECK(run.waiting() == 0);
}

TEST_CASE("a poll that is repeated brings the queries again") {
  TestRun run;
  BeginWaiting(run);
  const auto dispatch = run.PendingWorkflowTask();
  REQUIRE(dispatch.has_value());
  StartWorkflowTask start{.scheduled_event_id = dispatch->scheduled_event_id,
                          .attempt = 1,
                          .request_id = "poll",
                          .identity = "worker",
                          .polled_queue = "queue",
                          .eager = false,
                          .poll = {}};
  for (int i = 0; i < 2; ++i) {
    CHECK(In<WorkflowTaskReply>(run.Do(start)).response.queries().contains("one"));
  }
  // It does not show this signal, which a query that is asked from now on must see.
  REQUIRE(run.Signal("unseen").ok());
  CHECK(In<WorkflowTaskReply>(run.Do(start)).response.queries().empty());
}

TEST_CASE("a run that has completed no workflow task yet is asked with its first one") {
  TestRun run;
  REQUIRE(run.Start().ok());
  REQUIRE(WaitsIn(run.Ask(Asking("one"))));
  CHECK(run.PollWorkflowTask().response.queries().contains("one"));
}

TEST_CASE("a query that is not answered goes to a worker by itself when no task is pending any more") {
  TestRun run;
  BeginWaiting(run);
  run.PollWorkflowTask();
  REQUIRE(run.Complete().ok());
  CHECK(In<QueryDispatch>(run.answers.at(1)).open);
}

TEST_CASE("a query that comes while a task runs waits for the next one, if there is one") {
  TestRun run;
  BeginIdle(run);
  REQUIRE(run.Signal("go").ok());
  run.PollWorkflowTask();
  REQUIRE(WaitsIn(run.Ask(Asking("one"))));
  REQUIRE(run.Signal("again").ok());
  REQUIRE(run.Complete().ok());
  CHECK(run.answers.empty());
  CHECK(run.PollWorkflowTask().response.queries().contains("one"));
}

TEST_CASE("a heartbeat brings its worker the queries that it has not answered") {
  TestRun run;
  BeginWaiting(run);
  run.PollWorkflowTask();
  const bool answers = GENERATE(false, true);
  const auto completed = run.Complete({}, [&](auto& request) {
    request.set_force_create_new_workflow_task(true);
    request.set_return_new_workflow_task(true);
    if (answers) (*request.mutable_query_results())["one"] = Answered("42");
  });
  REQUIRE(completed.ok());
  REQUIRE(completed->workflow_task.has_value());
  CHECK(completed->workflow_task->response.queries().contains("one") == !answers);
  CHECK(run.answers.size() == (answers ? 1 : 0));
}

TEST_CASE("a heartbeat that comes too late answers all the same") {
  TestRun run;
  BeginWaiting(run);
  run.PollWorkflowTask();
  run.Sleep(limits::kWorkflowTaskHeartbeatTimeout + absl::Seconds(1));
  const auto late = run.Complete({}, [](auto& request) {
    request.set_force_create_new_workflow_task(true);
    (*request.mutable_query_results())["one"] = Answered("42");
  });
  CHECK(absl::IsNotFound(late.status()));
  CHECK(In<QueryReply>(run.answers.at(1)).response.has_query_result());
}

TEST_CASE("a query rides on when its task fails or times out") {
  TestRun run;
  BeginWaiting(run);
  run.PollWorkflowTask();
  SECTION("fails") { REQUIRE(run.FailTask().ok()); }
  SECTION("times out") { run.Advance(absl::Seconds(11)); }
  CHECK(run.answers.empty());
  CHECK(run.PollWorkflowTask().response.queries().contains("one"));
}

TEST_CASE(
    "a completion with an invalid command answers nothing, and the next attempt brings the query again") {
  TestRun run;
  BeginWaiting(run);
  run.PollWorkflowTask();
  CHECK_FALSE(run.Complete({StartTimer("", absl::Seconds(1))}, Saying("one", Answered("42"))).ok());
  CHECK(run.answers.empty());
  CHECK(run.PollWorkflowTask().response.queries().contains("one"));
}

TEST_CASE("a completion that comes too late answers nothing") {
  TestRun run;
  BeginWaiting(run);
  const auto late = run.PollWorkflowTask();
  run.Advance(absl::Seconds(11));
  CHECK_FALSE(run.CompleteWith(late.token, {}, Saying("one", Answered("42"))).ok());
  CHECK(run.answers.empty());
}

TEST_CASE("the run closes: a query that waits is answered from what it ended with") {
  TestRun run;
  BeginWaiting(run);
  SECTION("by its worker") {
    run.PollWorkflowTask();
    REQUIRE(run.Complete({CompleteWorkflow()}).ok());
  }
  SECTION("by a client") { REQUIRE(run.Terminate().ok()); }
  SECTION("by a start that takes its id") {
    const auto decision = run.StartAgain([](auto& request) {
      request.set_workflow_id_conflict_policy(enums::WORKFLOW_ID_CONFLICT_POLICY_TERMINATE_EXISTING);
    });
    REQUIRE(decision.state.has_value());
  }
  const auto dispatch = In<QueryDispatch>(run.answers.at(1));
  CHECK_FALSE(dispatch.open);
  CHECK(dispatch.run_id == run.state().facts->run_id);
}

TEST_CASE("a run that closes before a worker has seen it answers no query") {
  TestRun run;
  REQUIRE(run.Start().ok());
  REQUIRE(WaitsIn(run.Ask(Asking("one"))));
  REQUIRE(run.Terminate().ok());
  const auto unseen = "Workflow execution closed before WorkflowTaskStarted event";
  CHECK(run.answers.at(1).status().message() == unseen);
  const auto closed = run.Ask(Asking("two"));
  CHECK(absl::IsFailedPrecondition(closed.status()));
  CHECK(closed.status().message() == unseen);
}

TEST_CASE("a query of a closed run goes to a worker by itself, or is rejected as it wishes") {
  TestRun run;
  BeginIdle(run);
  CHECK(In<QueryDispatch>(run.Ask(Rejectable(enums::QUERY_REJECT_CONDITION_NOT_OPEN))).open);
  REQUIRE(run.Terminate().ok());
  CHECK_FALSE(In<QueryDispatch>(run.Ask(Asking("one"))).open);
  for (const auto condition :
       {enums::QUERY_REJECT_CONDITION_NOT_OPEN, enums::QUERY_REJECT_CONDITION_NOT_COMPLETED_CLEANLY}) {
    const auto reply = In<QueryReply>(run.Ask(Rejectable(condition)));
    CHECK(reply.response.query_rejected().status() == enums::WORKFLOW_EXECUTION_STATUS_TERMINATED);
  }
}

TEST_CASE("a run that completed is rejected as not open, and not as unclean") {
  TestRun run;
  BeginIdle(run);
  REQUIRE(run.Signal("go").ok());
  run.PollWorkflowTask();
  REQUIRE(run.Complete({CompleteWorkflow()}).ok());
  In<QueryReply>(run.Ask(Rejectable(enums::QUERY_REJECT_CONDITION_NOT_OPEN)));
  In<QueryDispatch>(run.Ask(Rejectable(enums::QUERY_REJECT_CONDITION_NOT_COMPLETED_CLEANLY)));
}

TEST_CASE("one query waits at a time") {
  TestRun run;
  BeginWaiting(run);
  const auto second = run.Ask(Asking("two"));
  CHECK(absl::IsResourceExhausted(second.status()));
  run.GiveUp(1);
  CHECK(WaitsIn(run.Ask(Asking("three"))));
  const auto task = run.PollWorkflowTask();
  CHECK(task.response.queries().size() == 1);
  CHECK(task.response.queries().contains("three"));
}

TEST_CASE("as many queries wait as the namespace may have, and each gets its own answer") {
  TestRun run;
  run.settings().limits.buffered_queries = 2;
  BeginWaiting(run);
  REQUIRE(WaitsIn(run.Ask(Asking("two"))));
  CHECK(absl::IsResourceExhausted(run.Ask(Asking("three")).status()));
  CHECK(run.PollWorkflowTask().response.queries().size() == 2);
  REQUIRE(run.Complete({},
                       [](auto& request) {
                         (*request.mutable_query_results())["one"] = Answered("1");
                         (*request.mutable_query_results())["two"] = Answered("2");
                       })
              .ok());
  CHECK(In<QueryReply>(run.answers.at(1)).response.query_result().payloads(0).data() == "1");
  CHECK(In<QueryReply>(run.answers.at(2)).response.query_result().payloads(0).data() == "2");
}

TEST_CASE("a run whose workflow task fails for the third time is not asked") {
  TestRun run;
  BeginIdle(run);
  REQUIRE(run.Signal("go").ok());
  for (int i = 0; i < 2; ++i) {
    run.PollWorkflowTask();
    REQUIRE(run.FailTask().ok());
  }
  const auto refused = run.Ask(Asking("one"));
  CHECK(absl::IsFailedPrecondition(refused.status()));
  CHECK(refused.status().message() == "Unable to query workflow due to Workflow Task in failed state.");
  run.PollWorkflowTask();
  REQUIRE(run.Complete().ok());
  In<QueryDispatch>(run.Ask(Asking("two")));
}

TEST_CASE("a query waits for a first workflow task that comes within its time") {
  TestRun run;
  REQUIRE(run.Start([](auto& request) { request.mutable_workflow_start_delay()->set_seconds(60); }).ok());
  const auto refused = run.Ask(Asking("one", absl::Seconds(59)));
  CHECK(refused.status().message() == "Workflow task is not scheduled yet.");
  REQUIRE(WaitsIn(run.Ask(Asking("two", absl::Seconds(61)))));
  run.Advance(absl::Seconds(60));
  CHECK(run.PollWorkflowTask().response.queries().contains("two"));
}

TEST_CASE("a failure reaches the client with its details") {
  TestRun run;
  BeginWaiting(run);
  run.PollWorkflowTask();
  WorkflowQueryResult result;
  result.set_result_type(enums::QUERY_RESULT_TYPE_FAILED);
  result.set_error_message("no such query");
  result.mutable_failure()->set_message("why");
  REQUIRE(run.Complete({}, Saying("one", result)).ok());
  const absl::Status failed = run.answers.at(1).status();
  CHECK(absl::IsInvalidArgument(failed));
  CHECK(failed.message() == "no such query");
  temporal::api::errordetails::v1::QueryFailedFailure detail;
  const auto payload =
      failed.GetPayload("type.googleapis.com/temporal.api.errordetails.v1.QueryFailedFailure");
  REQUIRE(payload.has_value());
  REQUIRE(detail.ParseFromString(std::string(*payload)));
  CHECK(detail.failure().message() == "why");
}

TEST_CASE("an answer over the limit fails the query, and nothing else") {
  TestRun run;
  BeginWaiting(run);
  run.PollWorkflowTask();
  REQUIRE(run.Complete({}, Saying("one", Answered(std::string(limits::kBlobSize + 1, 'x')))).ok());
  CHECK(run.answers.at(1).status().message() == "Blob data size exceeds limit.");
}

TEST_CASE("a result that contradicts itself is no answer") {
  TestRun run;
  BeginWaiting(run);
  run.PollWorkflowTask();
  WorkflowQueryResult result;
  SECTION("of no kind") { result = {}; }
  SECTION("an answer without one") { result.set_result_type(enums::QUERY_RESULT_TYPE_ANSWERED); }
  SECTION("an answer with an error") {
    result = Answered("42");
    result.set_error_message("but");
  }
  SECTION("a failure with an answer") {
    result = Answered("42");
    result.set_result_type(enums::QUERY_RESULT_TYPE_FAILED);
    result.set_error_message("why");
  }
  SECTION("a failure without words") { result.set_result_type(enums::QUERY_RESULT_TYPE_FAILED); }
  REQUIRE(run.Complete({}, Saying("one", result)).ok());
  In<QueryDispatch>(run.answers.at(1));
}

TEST_CASE("results of queries that nobody asked are passed over") {
  TestRun run;
  BeginIdle(run);
  REQUIRE(run.Signal("go").ok());
  run.PollWorkflowTask();
  REQUIRE(run.Complete({}, Saying("made up", Answered("42"))).ok());
  CHECK(run.answers.empty());
}

TEST_CASE("a query of somebody who cannot wait is refused where it would have to") {
  TestRun run;
  BeginIdle(run);
  In<QueryDispatch>(run.Do(Asking("one")));
  REQUIRE(run.Signal("go").ok());
  CHECK(absl::IsUnavailable(run.Do(Asking("two")).status()));
}

}  // namespace
}  // namespace perdure::engine::workflow::testing
