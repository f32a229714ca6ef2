#include "engine/workflow/workflow_entity.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/status.h"
#include "base/text.h"
#include "engine/search_values.h"
#include "engine/values/payload.h"
#include "engine/workflow/fold/salvage.h"
#include "engine/workflow/queries/queries.h"
#include "engine/workflow/reset/reset.h"
#include "engine/workflow/transition.h"

namespace perdure::engine::workflow {

namespace {

const WorkflowKind kKind;

const State* StateIn(const Entity* entity) { return entity == nullptr ? nullptr : &StateOf(*entity); }

absl::StatusOr<ReplyPtr> Wrapped(absl::StatusOr<Reply> reply) {
  if (!reply.ok()) return reply.status();
  if (std::holds_alternative<Waits>(*reply)) return ReplyPtr();
  return std::make_unique<WorkflowReply>(*std::move(reply));
}

absl::StatusOr<perdure::engine::MessageAnswer> AnswerIn(absl::StatusOr<Reply> reply) {
  if (!reply.ok()) return reply.status();
  auto* const answer = std::get_if<perdure::engine::MessageAnswer>(&*reply);
  PERDURE_CHECK(answer != nullptr, "a message is answered by a MessageAnswer");
  return std::move(*answer);
}

HappeningsPtr Wrapped(std::vector<Happening> happenings) {
  if (happenings.empty()) return nullptr;
  return std::make_unique<RunHappenings>(std::move(happenings));
}

NextEntity Wrapped(NextRun next) {
  return {std::make_unique<WorkflowEntity>(std::move(next.state)), std::move(next.records),
          Wrapped(std::move(next.happenings))};
}

// A closed run's list entry shows two more than its description.
temporal::api::common::v1::SearchAttributes SearchAttributesOfRow(const State& state) {
  auto attributes = SearchAttributesOf(state);
  const ExternalPayloads& external = state.external_payloads;
  if (state.IsOpen() || external.count == 0) return attributes;
  auto& fields = *attributes.mutable_indexed_fields();
  fields["TemporalExternalPayloadCount"] = IntPayload(external.count);
  fields["TemporalExternalPayloadSizeBytes"] = IntPayload(external.size_bytes);
  return attributes;
}

}  // namespace

const State& StateOf(const Entity& entity) {
  PERDURE_CHECK(entity.kind().number() == kWorkflowKind, "not a workflow");
  return static_cast<const WorkflowEntity&>(entity).state();
}

const Kind& WorkflowEntity::kind() const { return kKind; }

struct WorkflowEntity::RowBefore {
  explicit RowBefore(const State& state)
      : open(state.IsOpen()),
        deleted(state.deleted_at.has_value()),
        delete_at(open ? std::nullopt : DeleteAt(state)),
        memo(state.memo),
        search_attributes(state.search_attributes) {}

  bool Differs(const State& state) const {
    return open != state.IsOpen() || deleted != state.deleted_at.has_value() || &*memo != &*state.memo ||
           &*search_attributes != &*state.search_attributes || (!open && delete_at != DeleteAt(state));
  }

  const bool open;
  const bool deleted;
  const std::optional<absl::Time> delete_at;
  // Holding a copy makes a change visible as another object.
  const Cow<temporal::api::common::v1::Memo> memo;
  const Cow<temporal::api::common::v1::SearchAttributes> search_attributes;
};

engine::Decision WorkflowEntity::Take(const RowBefore& before, Decision decided,
                                      absl::StatusOr<Reply>& reply) {
  state_ = std::move(decided.state);
  engine::Decision decision;
  decision.row_changed = !decided.records.empty() && before.Differs(state_);
  decision.records = std::move(decided.records);
  if (decided.next.has_value()) {
    decision.next = Wrapped(*std::move(decided.next));
  }
  decision.happenings = Wrapped(std::move(decided.happenings));
  for (WaiterReply& answer : decided.answers) {
    decision.answers.push_back({answer.token, Wrapped(std::move(answer.reply))});
  }
  reply = std::move(decided.reply);
  return decision;
}

engine::Decision WorkflowEntity::Step(const Request& request, const Context& context,
                                      absl::StatusOr<Reply>& reply) {
  const RowBefore before(state_);
  return Take(before, workflow::Decide(std::move(state_), request, context), reply);
}

engine::Decision WorkflowEntity::Decide(const engine::Request& request, const Context& context) {
  const auto* const asked = dynamic_cast<const WorkflowRequest*>(&request);
  engine::Decision decision;
  if (asked == nullptr) {
    decision.reply = InvalidArgument("a workflow run takes no such request");
    return decision;
  }
  absl::StatusOr<Reply> reply;
  decision = Step(asked->request(), context, reply);
  decision.reply = Wrapped(std::move(reply));
  return decision;
}

engine::Decision WorkflowEntity::FireTimers(const Context& context) {
  absl::StatusOr<Reply> reply;
  engine::Decision decision = Step(workflow::FireTimers{}, context, reply);
  if (!reply.ok()) decision.reply = reply.status();
  return decision;
}

engine::Decision WorkflowEntity::Harden(const Context& context) {
  absl::StatusOr<Reply> reply;
  engine::Decision decision = Step(HardenWorkflowTaskStart{}, context, reply);
  if (!reply.ok()) decision.reply = reply.status();
  return decision;
}

engine::Decision WorkflowEntity::Settle(std::vector<MessageOutcome> outcomes, const Context& context) {
  absl::StatusOr<Reply> reply;
  engine::Decision decision = Step(SettleMessages{std::move(outcomes)}, context, reply);
  if (!reply.ok()) decision.reply = reply.status();
  return decision;
}

MessageDecision WorkflowEntity::Receive(const perdure::engine::Message& message, const Context& context) {
  absl::StatusOr<Reply> reply;
  engine::Decision decision = Step(ReceiveMessage{message}, context, reply);
  return {std::move(decision), AnswerIn(std::move(reply))};
}

engine::Decision WorkflowEntity::LeaveToReset(const Leaving& leaving, const Context& context) {
  const RowBefore before(state_);
  Transition transition(std::move(state_), context);
  workflow::LeaveToReset(transition, leaving);
  ReleaseQueries(transition);
  auto result = std::move(transition).Finish();
  absl::StatusOr<Reply> nobody = Done{};
  return Take(before,
              {.state = std::move(result.state),
               .records = std::move(result.records),
               .reply = Done{},
               .answers = std::move(result.answers),
               .next = std::nullopt,
               .happenings = std::move(result.happenings)},
              nobody);
}

absl::Status WorkflowEntity::Apply(const Record& record) { return workflow::Apply(state_, record); }

perdure::engine::Message WorkflowEntity::MessageOf(const MessageKey& key,
                                                   const NamespaceSettings& own) const {
  perdure::engine::Message message = workflow::MessageOf(state_, key);
  message.mutable_sender()->set_namespace_(own.name);
  if (message.has_child_start()) {
    message.mutable_child_start()->mutable_parent()->mutable_run()->set_namespace_(own.name);
  }
  return message;
}

absl::StatusOr<ReplyPtr> WorkflowEntity::Read(const engine::Request& request, absl::Time now) const {
  if (dynamic_cast<const DescribeRequest*>(&request) == nullptr) {
    return InvalidArgument("a workflow run takes no such request");
  }
  return std::make_unique<DescribeReply>(Describe(state_, now));
}

EntityRow WorkflowEntity::Row() const {
  EntityRow row;
  row.status = state_.status;
  row.type = state_.workflow_type;
  row.queue = state_.task_queue;
  row.start_time = state_.facts->start_time;
  row.execution_time = state_.first_task_not_before.value_or(state_.facts->start_time);
  row.close_time = state_.close_time;
  if (!state_.IsOpen()) {
    row.history_length = state_.next_event_id - 1;
    row.history_size_bytes = state_.history_size_bytes;
    row.state_transition_count = state_.last_sequence;
    row.delete_at = DeleteAt(state_);
  }
  row.memo = state_.memo->SerializeAsString();
  const auto attributes = SearchAttributesOfRow(state_);
  row.search_attributes = attributes.SerializeAsString();
  row.search_entries = SearchEntriesOf(attributes);
  const Family family = FamilyOf(state_);
  if (family.parent.has_value()) row.parent = NamedRun{family.parent->id, family.parent->run_id};
  if (family.root_run_id != state_.facts->run_id) row.root = NamedRun{family.root_id, family.root_run_id};
  return row;
}

absl::StatusOr<std::unique_ptr<Entity>> WorkflowKind::Decode(std::string_view snapshot) const {
  absl::StatusOr<State> state = DecodeSnapshot(snapshot);
  if (!state.ok()) return state.status();
  return std::make_unique<WorkflowEntity>(*std::move(state));
}

engine::Decision WorkflowKind::TakeStart(Entity* current, StartDecision decided,
                                         absl::StatusOr<Reply>& reply) {
  engine::Decision decision;
  if (decided.current.has_value()) {
    auto& run = static_cast<WorkflowEntity&>(*current);
    const WorkflowEntity::RowBefore before(run.state_);
    absl::StatusOr<Reply> of_current;
    decision = run.Take(before, *std::move(decided.current), of_current);
  }
  if (decided.state.has_value()) {
    PERDURE_CHECK(!decision.next.has_value(), "an id goes to one run");
    decision.next = Wrapped(
        NextRun{*std::move(decided.state), std::move(decided.records), std::move(decided.happenings)});
  }
  reply = std::move(decided.reply);
  return decision;
}

engine::Decision WorkflowKind::Start(Entity* current, const engine::StartRequest& start,
                                     const Context& context) const {
  const auto* const asked = dynamic_cast<const WorkflowStartRequest*>(&start);
  engine::Decision decision;
  if (asked == nullptr) {
    decision.reply = InvalidArgument("no start of a workflow run");
    return decision;
  }
  absl::StatusOr<Reply> reply;
  const StartRequest request{.request = asked->request(),
                             .run_id = start.run_id,
                             .child = nullptr,
                             .signal = asked->signal(),
                             .update = asked->update()};
  decision = TakeStart(current, DecideStart(StateIn(current), request, context), reply);
  decision.reply = Wrapped(std::move(reply));
  return decision;
}

MessageDecision WorkflowKind::Receive(Entity* current, const perdure::engine::Message& message,
                                      const Context& context) const {
  absl::StatusOr<Reply> reply;
  if (StartedRun(message)) {
    engine::Decision decision =
        TakeStart(current, DecideChildStart(StateIn(current), message, context), reply);
    return {std::move(decision), AnswerIn(std::move(reply))};
  }
  return {{}, AnswerOfNobody(message)};
}

std::optional<Uuid> WorkflowKind::StartedRun(const perdure::engine::Message& message) const {
  if (!message.has_child_start()) return std::nullopt;
  return Uuid::FromBytes(message.child_start().run_id()).value_or(Uuid{});
}

perdure::engine::MessageAnswer WorkflowKind::Repeated(const perdure::engine::Message& message) const {
  return RepeatedChildStart(message);
}

std::unique_ptr<Entity> WorkflowKind::Salvage(engine::Remains remains) const {
  workflow::Remains known;
  known.namespace_id = remains.namespace_id;
  known.workflow_id = std::move(remains.id);
  known.run_id = remains.run_id;
  if (remains.folded != nullptr) known.folded = StateOf(*remains.folded);
  known.status = static_cast<temporal::api::enums::v1::WorkflowExecutionStatus>(remains.status);
  known.workflow_type = std::move(remains.type);
  known.task_queue = std::move(remains.queue);
  known.start_time = remains.start_time;
  known.close_time = remains.close_time;
  known.next_event_id = remains.log.next_event_id;
  known.last_sequence = remains.log.last_sequence;
  known.history_size_bytes = remains.log.event_bytes;
  return std::make_unique<WorkflowEntity>(workflow::Salvage(std::move(known)));
}

absl::StatusOr<Kind::RewindDecision> WorkflowKind::BeginRewind(const Entity& base, const Entity* current,
                                                               const engine::Request& request,
                                                               const Uuid& run_id) const {
  const auto* const asked = dynamic_cast<const ResetRequest*>(&request);
  if (asked == nullptr) return InvalidArgument("a workflow run takes no such request");
  return BeginReset(StateOf(base), StateIn(current), asked->request(), run_id);
}

absl::Status WorkflowKind::NoSuch(const std::string& id, const std::optional<Uuid>& run_id) const {
  if (!run_id) return NotFound(absl::StrCat("workflow not found for ID: ", Shown(id)));
  return NotFound(absl::StrCat("workflow execution not found for workflow ID \"", Shown(id),
                               "\" and run ID \"", run_id->ToString(), "\""));
}

}  // namespace perdure::engine::workflow
