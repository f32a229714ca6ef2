#include "engine/workflow/testing/world.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "engine/workflow/messages/children.h"
#include "engine/workflow/messages/messages.h"
#include "engine/workflow/reset/reset.h"
#include "engine/workflow/workflow_entity.h"

namespace perdure::engine::workflow::testing {
namespace {

// Entries of an inbox are dropped when their senders say that they have settled them.
bool IsSettledBySaying(const Message& copy) {
  return copy.has_external_signal() || copy.has_external_cancel() || copy.has_parent_closed();
}

MessageAnswer AnswerIn(const absl::StatusOr<Reply>& reply) {
  REQUIRE(reply.ok());
  REQUIRE(std::holds_alternative<MessageAnswer>(*reply));
  return std::get<MessageAnswer>(*reply);
}

}  // namespace

World::World() : now_(absl::FromUnixSeconds(1'700'000'000)), random_(NewSeededRandom(7)) {
  settings_.id = Uuid::Mint(*random_);
  settings_.name = "default";
}

World::~World() = default;

Context World::context(const Member* member) {
  if (member != nullptr) now_ = std::max(now_, EarliestNow(member->state));
  return {now_, *random_, settings_};
}

World::Member& World::Find(const std::string& id) {
  REQUIRE(current_.contains(id));
  return runs_.at(current_.at(id));
}

const State& World::Of(const std::string& id) const {
  REQUIRE(current_.contains(id));
  return runs_.at(current_.at(id)).state;
}

void World::Take(Member& member, State state, const std::vector<Record>& records) {
  member.state = std::move(state);
  if (member.restored.last_sequence > 0) {
    auto decoded = DecodeSnapshot(EncodeSnapshot(member.restored));
    REQUIRE(decoded.ok());
    member.restored = *std::move(decoded);
  }
  member.log.insert(member.log.end(), records.begin(), records.end());
  for (const Record& record : records) {
    REQUIRE(Apply(member.folded, record) == absl::OkStatus());
    REQUIRE(Apply(member.restored, record) == absl::OkStatus());
    for (HistoryEvent& event : ParseFramed(record.events)) member.history.push_back(std::move(event));
  }
  REQUIRE(EncodeSnapshot(member.folded) == EncodeSnapshot(member.state));
  REQUIRE(EncodeSnapshot(member.restored) == EncodeSnapshot(member.state));
  member.each_event.Add(records, member.folded);
  member.recorder.Add(records, member.folded);
}

void World::Adopt(const std::string& id, State state, const std::vector<Record>& records) {
  const Uuid run_id = state.facts->run_id;
  REQUIRE_FALSE(runs_.contains(run_id));
  current_[id] = run_id;
  Take(runs_[run_id], std::move(state), records);
}

void World::TakeDecision(Member& member, Decision decision) {
  Take(member, std::move(decision.state), decision.records);
  if (!decision.next.has_value()) return;
  const std::string id = decision.next->state.facts->workflow_id;
  Adopt(id, std::move(decision.next->state), decision.next->records);
}

absl::StatusOr<Reply> World::Do(Member& member, const Request& request) {
  const Context context = this->context(&member);
  Decision decision = Decide(member.state, request, context);
  absl::StatusOr<Reply> reply = decision.reply;
  TakeDecision(member, std::move(decision));
  return reply;
}

void World::Start(const std::string& id, const With<api::StartWorkflowExecutionRequest>& with) {
  StartRequest start;
  start.run_id = Uuid::Mint(*random_);
  start.request.set_namespace_(settings_.name);
  start.request.set_workflow_id(id);
  start.request.mutable_workflow_type()->set_name("Greet");
  start.request.mutable_task_queue()->set_name("queue");
  start.request.set_request_id(absl::StrCat("start-", ++requests_));
  if (with) with(start.request);
  const State* current = current_.contains(id) ? &Of(id) : nullptr;
  StartDecision decision = DecideStart(current, start, context(nullptr));
  REQUIRE(decision.state.has_value());
  if (decision.current.has_value()) TakeDecision(Find(id), *std::move(decision.current));
  Adopt(id, *std::move(decision.state), decision.records);
}

absl::Status World::Delete(const std::string& id) { return Do(Find(id), workflow::Delete{}).status(); }

absl::Status World::Reset(const std::string& id, int64_t finish_event_id,
                          const With<api::ResetWorkflowExecutionRequest>& with) {
  Member& base = Find(id);
  api::ResetWorkflowExecutionRequest request;
  request.set_reason("again");
  request.set_request_id(absl::StrCat("reset-", ++requests_));
  request.set_workflow_task_finish_event_id(finish_event_id);
  if (with) with(request);
  auto begun = BeginReset(base.state, &base.state, request, Uuid::Mint(*random_));
  if (!begun.ok()) return begun.status();
  REQUIRE(begun->repeated == nullptr);
  Rewind& rewind = *begun->rewind;
  const Context context = this->context(&base);
  const auto read = [&](const std::vector<Record>& records) {
    for (const Record& record : records) {
      if (record.event_count == 0 || !rewind.Wants().has_value()) continue;
      if (absl::Status status = rewind.Read(record, context); !status.ok()) return status;
    }
    return rewind.Check();
  };
  if (absl::Status status = read(base.log); !status.ok()) return status;
  WorkflowEntity entity(base.state);
  const engine::Decision left = rewind.Leave(entity, context);
  REQUIRE(read(left.records).ok());
  Take(base, StateOf(entity), left.records);
  std::vector<Record> records = rewind.TakeReady();
  const NextEntity next = rewind.Finish(&entity, context);
  records.insert(records.end(), next.records.begin(), next.records.end());
  Adopt(id, StateOf(*next.entity), records);
  return absl::OkStatus();
}

absl::Status World::Terminate(const std::string& id) {
  workflow::Terminate terminate;
  terminate.request.set_identity("client");
  return Do(Find(id), terminate).status();
}

bool World::HasTask(const std::string& id) const {
  const Obligations obligations = ObligationsOf(Of(id));
  return std::any_of(obligations.dispatches.begin(), obligations.dispatches.end(),
                     [](const Dispatch& dispatch) { return dispatch.kind == TaskKind::kWorkflow; });
}

void World::Poll(const std::string& id) {
  REQUIRE(HasTask(id));
  Member& member = Find(id);
  const Dispatch dispatch = ObligationsOf(member.state).dispatches.front();
  StartWorkflowTask start;
  start.scheduled_event_id = dispatch.scheduled_event_id;
  start.attempt = dispatch.attempt;
  start.request_id = absl::StrCat("poll-", ++requests_);
  start.polled_queue = dispatch.task_queue;
  const auto reply = Do(member, start);
  REQUIRE(reply.ok());
  member.token = std::get<WorkflowTaskReply>(*reply).token;
}

absl::StatusOr<CompletedReply> World::Complete(const std::string& id, const std::vector<Command>& commands) {
  Member& member = Find(id);
  CompleteWorkflowTask completion{member.token, {}};
  for (const Command& command : commands) *completion.request.add_commands() = command;
  const auto reply = Do(member, completion);
  if (!reply.ok()) return reply.status();
  return std::get<CompletedReply>(*reply);
}

void World::Run(const std::string& id, const std::vector<Command>& commands) {
  Poll(id);
  REQUIRE(Complete(id, commands).ok());
}

std::vector<MessageKey> World::Owed(const std::string& id, MessageType type) const {
  std::vector<MessageKey> keys;
  for (const OwedMessage& owed : ObligationsOf(Of(id)).messages) {
    if (owed.key.type == type) keys.push_back(owed.key);
  }
  return keys;
}

Message World::Copy(const std::string& id, MessageType type) const {
  const std::vector<MessageKey> keys = Owed(id, type);
  REQUIRE_FALSE(keys.empty());
  return MessageOf(Of(id), keys.front());
}

World::Member* World::FindTarget(const perdure::engine::Target& target) {
  if (!target.run_id().empty()) {
    const auto found = runs_.find(Uuid::FromBytes(target.run_id()).value_or(Uuid{}));
    return found != runs_.end() ? &found->second : nullptr;
  }
  return current_.contains(target.id()) ? &Find(target.id()) : nullptr;
}

MessageAnswer World::Deliver(const Message& copy) {
  Member* target = FindTarget(copy.target());
  if (copy.has_child_start()) {
    if (runs_.contains(Uuid::FromBytes(copy.child_start().run_id()).value_or(Uuid{}))) {
      return RepeatedChildStart(copy);
    }
    StartDecision decision =
        DecideChildStart(target != nullptr ? &target->state : nullptr, copy, context(target));
    if (decision.current.has_value()) TakeDecision(*target, *std::move(decision.current));
    if (decision.state.has_value()) Adopt(copy.target().id(), *std::move(decision.state), decision.records);
    return AnswerIn(decision.reply);
  }
  if (target == nullptr) return AnswerOfNobody(copy);
  return AnswerIn(Do(*target, ReceiveMessage{copy}));
}

void World::Settle(const std::string& id, const MessageKey& key, const MessageAnswer& answer) {
  REQUIRE(Do(Find(id), SettleMessages{{{key, answer}}}).ok());
}

MessageAnswer World::Pass(const std::string& id, MessageType type) {
  const Message copy = Copy(id, type);
  MessageAnswer answer = Deliver(copy);
  Settle(id, KeyOfCopy(copy), answer);
  return answer;
}

bool World::PassDue(const Uuid& run_id) {
  bool passed = false;
  for (const OwedMessage& owed : ObligationsOf(runs_.at(run_id).state).messages) {
    if (owed.not_before > now_) continue;
    const Message copy = MessageOf(runs_.at(run_id).state, owed.key);
    const MessageAnswer answer = Deliver(copy);
    if (answer.has_later()) continue;
    REQUIRE(Do(runs_.at(run_id), SettleMessages{{{owed.key, answer}}}).ok());
    passed = true;
    if (!IsSettledBySaying(copy)) continue;
    Message settled;
    *settled.mutable_target() = copy.target();
    *settled.mutable_id() = copy.id();
    *settled.mutable_sender() = copy.sender();
    *settled.mutable_settled()->add_ids() = copy.id();
    Deliver(settled);
  }
  return passed;
}

void World::PassAll() {
  constexpr int kRounds = 50;
  bool passed = true;
  for (int round = 0; passed && round < kRounds; ++round) {
    passed = false;
    std::vector<Uuid> ids;
    for (const auto& [run_id, member] : runs_) ids.push_back(run_id);
    for (const Uuid& run_id : ids) passed = PassDue(run_id) || passed;
  }
  REQUIRE_FALSE(passed);
}

void World::Advance(absl::Duration duration) {
  now_ += duration;
  std::vector<Uuid> ids;
  for (const auto& [run_id, member] : runs_) ids.push_back(run_id);
  for (const Uuid& run_id : ids) REQUIRE(Do(runs_.at(run_id), FireTimers{}).ok());
}

Names World::Events(const std::string& id, int64_t from) const {
  Names names;
  for (const HistoryEvent& event : runs_.at(current_.at(id)).history) {
    if (event.event_id() >= from) names.push_back(TypeName(event));
  }
  return names;
}

const HistoryEvent& World::Last(const std::string& id, temporal::api::enums::v1::EventType type) const {
  const std::vector<HistoryEvent>& history = runs_.at(current_.at(id)).history;
  const auto found = std::find_if(history.rbegin(), history.rend(),
                                  [&](const HistoryEvent& event) { return event.event_type() == type; });
  REQUIRE(found != history.rend());
  return *found;
}

void World::RequireSettled() const {
  for (const auto& [run_id, member] : runs_) {
    CHECK(ObligationsOf(member.state).messages.empty());
    CHECK(member.state.inbox->empty());
    if (!member.state.IsOpen()) CHECK(DeleteAt(member.state).has_value());
  }
}

MessageKey KeyOfCopy(const Message& copy) {
  return {copy.body_case(), Uuid::FromBytes(copy.id().origin()).value_or(Uuid{}), copy.id().number()};
}

Command StartChild(const std::string& id, temporal::api::enums::v1::ParentClosePolicy policy) {
  Command command;
  command.set_command_type(temporal::api::enums::v1::COMMAND_TYPE_START_CHILD_WORKFLOW_EXECUTION);
  auto* start = command.mutable_start_child_workflow_execution_command_attributes();
  start->set_workflow_id(id);
  start->mutable_workflow_type()->set_name("Child");
  start->set_parent_close_policy(policy);
  return command;
}

Command SignalExternal(const std::string& id, bool child_only) {
  Command command;
  command.set_command_type(temporal::api::enums::v1::COMMAND_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION);
  auto* signal = command.mutable_signal_external_workflow_execution_command_attributes();
  signal->mutable_execution()->set_workflow_id(id);
  signal->set_signal_name("go");
  signal->set_child_workflow_only(child_only);
  return command;
}

Command CancelExternal(const std::string& id, bool child_only) {
  Command command;
  command.set_command_type(temporal::api::enums::v1::COMMAND_TYPE_REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION);
  auto* cancel = command.mutable_request_cancel_external_workflow_execution_command_attributes();
  cancel->set_workflow_id(id);
  cancel->set_child_workflow_only(child_only);
  return command;
}

}  // namespace perdure::engine::workflow::testing
