#include "engine/workflow/testing/test_run.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/event_loop.h"
#include "base/time.h"
#include "engine/values/testing/steps.h"
#include "engine/workflow/transition.h"

namespace perdure::engine::workflow::testing {
namespace {

std::string PascalName(const HistoryEvent& event) {
  std::string name = temporal::api::enums::v1::EventType_Name(event.event_type());
  std::string out;
  for (const auto& word : absl::StrSplit(name.substr(std::string("EVENT_TYPE_").size()), '_')) {
    std::string lower(word);
    std::transform(lower.begin() + 1, lower.end(), lower.begin() + 1, ::tolower);
    out += lower;
  }
  return out;
}

using engine::testing::As;

}  // namespace

TestRun::TestRun() : now_(absl::FromUnixSeconds(1'700'000'000)), random_(NewSeededRandom(1)) {
  settings_.id = Uuid::Mint(*random_);
  settings_.name = "default";
}

TestRun::~TestRun() = default;

Context TestRun::context() {
  now_ = std::max(now_, EarliestNow(state_));
  Context context{now_, *random_, settings_};
  context.waiters = waiters_;
  return context;
}

void TestRun::Advance(absl::Duration duration) {
  const auto next = [&]() -> std::optional<absl::Time> {
    if (!state_.IsOpen()) return std::nullopt;
    return ObligationsOf(state_).next_timer;
  };
  engine::testing::FireUntil(now_ + duration, now_, next, [&] { REQUIRE(FireTimers().ok()); });
}

void TestRun::Crash() { state_ = folded_; }

StartRequest TestRun::NewStart(const With<api::StartWorkflowExecutionRequest>& with) {
  StartRequest start;
  start.run_id = Uuid::Mint(*random_);
  auto& request = start.request;
  request.set_namespace_(settings_.name);
  request.set_workflow_id("wf");
  request.mutable_workflow_type()->set_name("Greet");
  request.mutable_task_queue()->set_name("queue");
  request.set_identity("client");
  request.set_request_id(absl::StrCat("start-", ++requests_));
  if (with) with(request);
  return start;
}

absl::StatusOr<StartReply> TestRun::Start(const With<api::StartWorkflowExecutionRequest>& with) {
  StartDecision decision = DecideStart(nullptr, NewStart(with), context());
  if (decision.state.has_value()) Take(*std::move(decision.state), std::move(decision.records));
  return As<StartReply>(std::move(decision.reply));
}

void TestRun::TakeOverUpdate(const temporal::api::update::v1::Request& request) {
  const Context at = context();
  Transition transition(std::move(state_), at);
  HistoryEvent event =
      transition.NewEvent(temporal::api::enums::v1::EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ADMITTED);
  *event.mutable_workflow_execution_update_admitted_event_attributes()->mutable_request() = request;
  transition.Emit(std::move(event));
  auto result = std::move(transition).Finish();
  Take(std::move(result.state), std::move(result.records));
}

StartDecision TestRun::StartAgain(const With<api::StartWorkflowExecutionRequest>& with) {
  StartDecision decision = DecideStart(&state_, NewStart(with), context());
  if (decision.current.has_value()) {
    Take(decision.current->state, decision.current->records);
    TakeAnswers(decision.current->answers);
  }
  return decision;
}

StartDecision TestRun::SignalWithStart(const std::string& name,
                                       const With<api::StartWorkflowExecutionRequest>& with) {
  StartRequest start = NewStart(with);
  api::SignalWorkflowExecutionRequest signal;
  signal.set_signal_name(name);
  signal.set_identity("client");
  signal.set_request_id(start.request.request_id());
  start.signal = &signal;
  const bool first = history_.empty();
  StartDecision decision = DecideStart(first ? nullptr : &state_, start, context());
  if (decision.current.has_value()) Take(decision.current->state, decision.current->records);
  if (first && decision.state.has_value()) Take(*decision.state, decision.records);
  return decision;
}

absl::Status TestRun::Signal(const std::string& name, const With<api::SignalWorkflowExecutionRequest>& with) {
  workflow::Signal signal;
  signal.request.set_signal_name(name);
  signal.request.set_identity("client");
  signal.request.set_request_id(absl::StrCat("signal-", ++requests_));
  if (with) with(signal.request);
  return Do(signal).status();
}

absl::Status TestRun::RequestCancel(const With<api::RequestCancelWorkflowExecutionRequest>& with) {
  workflow::RequestCancel cancel;
  cancel.request.set_identity("client");
  cancel.request.set_request_id(absl::StrCat("cancel-", ++requests_));
  if (with) with(cancel.request);
  return Do(cancel).status();
}

absl::Status TestRun::Terminate(const With<api::TerminateWorkflowExecutionRequest>& with) {
  workflow::Terminate terminate;
  terminate.request.set_identity("client");
  if (with) with(terminate.request);
  return Do(terminate).status();
}

WorkflowTaskReply TestRun::PollWorkflowTask(const std::string& queue) {
  const std::optional<Dispatch> dispatch = PendingWorkflowTask();
  REQUIRE(dispatch.has_value());
  StartWorkflowTask start;
  start.scheduled_event_id = dispatch->scheduled_event_id;
  start.attempt = dispatch->attempt;
  start.request_id = absl::StrCat("poll-", ++requests_);
  start.identity = "worker";
  start.polled_queue = queue.empty() ? dispatch->task_queue : queue;
  const auto reply = As<WorkflowTaskReply>(Do(start));
  REQUIRE(reply.ok());
  token_ = reply->token;
  return *reply;
}

absl::StatusOr<CompletedReply> TestRun::Complete(const std::vector<Command>& commands,
                                                 const With<api::RespondWorkflowTaskCompletedRequest>& with) {
  return CompleteWith(token_, commands, with);
}

absl::StatusOr<CompletedReply> TestRun::CompleteWith(
    const perdure::server::TaskToken& token, const std::vector<Command>& commands,
    const With<api::RespondWorkflowTaskCompletedRequest>& with) {
  CompleteWorkflowTask completion{token, {}};
  completion.request.set_identity("worker");
  for (const Command& command : commands) *completion.request.add_commands() = command;
  if (with) with(completion.request);
  auto reply = As<CompletedReply>(Do(completion));
  if (reply.ok() && reply->workflow_task.has_value()) token_ = reply->workflow_task->token;
  return reply;
}

absl::Status TestRun::FailTask(const With<api::RespondWorkflowTaskFailedRequest>& with) {
  FailWorkflowTask failed{token_, {}};
  failed.request.set_identity("worker");
  failed.request.set_cause(
      temporal::api::enums::v1::WORKFLOW_TASK_FAILED_CAUSE_WORKFLOW_WORKER_UNHANDLED_FAILURE);
  if (with) with(failed.request);
  return Do(failed).status();
}

absl::StatusOr<Reply> TestRun::Do(const Request& request) { return Decided(request, context()); }

absl::StatusOr<Reply> TestRun::Ask(const Request& request) {
  Context may_wait = context();
  may_wait.token = ++last_asked_;
  absl::StatusOr<Reply> reply = Decided(request, may_wait);
  if (reply.ok() && std::holds_alternative<Waits>(*reply)) {
    const WorkflowRequest& asked = asked_.emplace(last_asked_, request).first->second;
    waiters_.push_back({last_asked_, &asked});
  }
  return reply;
}

void TestRun::GiveUp(uint64_t token) {
  std::erase_if(waiters_, [token](const Waiter& waiter) { return waiter.token == token; });
}

void TestRun::TakeAnswers(std::vector<WaiterReply> given) {
  for (WaiterReply& answer : given) {
    const size_t before = waiters_.size();
    GiveUp(answer.token);
    REQUIRE(waiters_.size() + 1 == before);
    answers.emplace(answer.token, std::move(answer.reply));
  }
}

absl::StatusOr<Reply> TestRun::Decided(const Request& request, const Context& context) {
  Decision decision = Decide(std::move(state_), request, context);
  Take(std::move(decision.state), std::move(decision.records));
  TakeNext(std::move(decision.next));
  TakeAnswers(std::move(decision.answers));
  return std::move(decision.reply);
}

void TestRun::Take(State state, std::vector<Record> records) {
  state_ = std::move(state);
  if (restored_.last_sequence > 0) {
    auto decoded = DecodeSnapshot(EncodeSnapshot(restored_));
    REQUIRE(decoded.ok());
    restored_ = *std::move(decoded);
  }
  for (const Record& record : records) {
    REQUIRE(Apply(folded_, record).ok());
    REQUIRE(Apply(restored_, record).ok());
    if (record.event_count > 0) REQUIRE(Apply(compacted_, record) == absl::OkStatus());
    const std::vector<HistoryEvent> events = ParseFramed(record.events);
    REQUIRE(static_cast<int32_t>(events.size()) == record.event_count);
    history_.insert(history_.end(), events.begin(), events.end());
  }
  REQUIRE(EncodeSnapshot(folded_) == EncodeSnapshot(state_));
  REQUIRE(EncodeSnapshot(restored_) == EncodeSnapshot(state_));
  RequireSameByEvents(compacted_, state_);
  if (compacted_.last_sequence > 0) REQUIRE(DecodeSnapshot(EncodeSnapshot(compacted_)).ok());
  each_event_.Add(records, state_);
  recorder_.Add(records, state_);
  last_records_ = std::move(records);
}

void TestRun::TakeNext(std::optional<NextRun> next) {
  if (!next.has_value()) {
    if (!next_.has_value() && state_.close_event != nullptr) {
      REQUIRE(NextRunIdOf(*state_.close_event).empty());
    }
    return;
  }
  REQUIRE_FALSE(state_.IsOpen());
  REQUIRE_FALSE(next_.has_value());
  REQUIRE(NextRunIdOf(*state_.close_event) == next->state.facts->run_id.ToString());
  next_ = std::move(next);
}

void TestRun::GoOn() {
  REQUIRE(next_.has_value());
  NextRun next = *std::exchange(next_, std::nullopt);
  state_ = folded_ = restored_ = compacted_ = State();
  history_.clear();
  each_event_ = EachEvent();
  recorder_.Finish();
  Take(std::move(next.state), std::move(next.records));
}

Names TestRun::Events() const { return EventsFrom(1); }

Names TestRun::EventsFrom(int64_t first_event_id) const {
  Names names;
  for (const HistoryEvent& event : history_) {
    if (event.event_id() >= first_event_id) names.push_back(PascalName(event));
  }
  return names;
}

const HistoryEvent& TestRun::Event(int64_t event_id) const {
  REQUIRE(event_id >= 1);
  REQUIRE(event_id <= static_cast<int64_t>(history_.size()));
  return history_[static_cast<size_t>(event_id - 1)];
}

std::vector<HistoryEvent> TestRun::Transient() const { return ParseFramed(TransientEvents(state_)); }

std::optional<Dispatch> TestRun::PendingWorkflowTask() const {
  for (const Dispatch& dispatch : ObligationsOf(state_).dispatches) {
    if (dispatch.kind == TaskKind::kWorkflow) return dispatch;
  }
  return std::nullopt;
}

std::string TypeName(const HistoryEvent& event) { return PascalName(event); }

std::vector<HistoryEvent> ParseFramed(const std::string& framed) {
  temporal::api::history::v1::History history;
  REQUIRE(history.ParseFromString(framed));
  return {history.events().begin(), history.events().end()};
}

}  // namespace perdure::engine::workflow::testing
