#include "engine/activity/activity_entity.h"

#include "base/check.h"
#include "base/status.h"
#include "base/time.h"
#include "engine/activity/salvage.h"
#include "engine/search_values.h"
#include "engine/waiters.h"

namespace perdure::engine::activity {
namespace {

const ActivityKind kKind;

const State* StateIn(const Entity* entity) { return entity == nullptr ? nullptr : &StateOf(*entity); }

absl::StatusOr<ReplyPtr> Wrapped(absl::StatusOr<activity::Reply> reply) {
  if (!reply.ok()) return reply.status();
  return std::make_unique<ActivityReply>(*std::move(reply));
}

HappeningsPtr Wrapped(std::vector<ActivityHappening> happenings) {
  if (happenings.empty()) return nullptr;
  return std::make_unique<ActivityHappenings>(std::move(happenings));
}

// No type of message is for an activity: it answers each as one that it does not know.
perdure::engine::MessageAnswer NotForActivities() {
  perdure::engine::MessageAnswer answer;
  answer.mutable_refused()->set_cause(perdure::engine::MessageAnswer::Refused::NOT_FOUND);
  return answer;
}

// What lists show of the state and no start fixed.
struct RowPart {
  explicit RowPart(const State& state)
      : status(PublicStatus(state)),
        task_queue(OptionsOf(state).task_queue().name()),
        execution_time(FirstDispatchTime(state)),
        delete_after(state.sections.end().delete_after().SerializeAsString()) {}
  friend bool operator==(const RowPart&, const RowPart&) = default;

  const int status;
  const std::string task_queue;
  const absl::Time execution_time;
  const std::string delete_after;
};

}  // namespace

api::DescribeActivityExecutionRequest ShownOf(const api::DescribeActivityExecutionRequest& request) {
  api::DescribeActivityExecutionRequest shown;
  shown.set_include_input(request.include_input());
  shown.set_include_outcome(request.include_outcome());
  shown.set_include_heartbeat_details(request.include_heartbeat_details());
  shown.set_include_last_failure(request.include_last_failure());
  return shown;
}

bool ActivityRequest::IsAnswer() const {
  return std::holds_alternative<Complete>(request_) || std::holds_alternative<Fail>(request_) ||
         std::holds_alternative<Cancel>(request_) || std::holds_alternative<Heartbeat>(request_) ||
         std::holds_alternative<ReturnTask>(request_) || std::holds_alternative<Terminate>(request_);
}

size_t ActivityRequest::Bytes() const {
  if (const auto* r = std::get_if<Complete>(&request_)) return r->request.ByteSizeLong();
  if (const auto* r = std::get_if<Fail>(&request_)) return r->request.ByteSizeLong();
  if (const auto* r = std::get_if<Cancel>(&request_)) return r->request.ByteSizeLong();
  if (const auto* r = std::get_if<Heartbeat>(&request_)) return r->request.ByteSizeLong();
  return 0;
}

std::optional<DispatchName> ActivityRequest::Dispatched() const {
  if (const auto* start = std::get_if<StartTask>(&request_)) {
    return DispatchName{TaskKind::kActivity, start->offer, start->attempt};
  }
  return std::nullopt;
}

const State& StateOf(const Entity& entity) {
  PERDURE_CHECK(entity.kind().number() == kActivityKind, "not an activity");
  return static_cast<const ActivityEntity&>(entity).state();
}

ActivityEntity::ActivityEntity(State state) : state_(std::move(state)) { NoteIds(); }

void ActivityEntity::NoteIds() {
  if (state_.created == nullptr) return;
  namespace_id_ = NamespaceIdOf(state_);
  run_id_ = RunIdOf(state_);
}

const Kind& ActivityEntity::kind() const { return kKind; }

absl::Time ActivityEntity::start_time() const { return FromProto(state_.created->schedule_time()); }

engine::Decision ActivityEntity::Take(Outcome decided, const Context& context,
                                      absl::StatusOr<activity::Reply>& reply) {
  state_ = std::move(decided.state);
  outcome_.reset();
  engine::Decision decision;
  decision.records = std::move(decided.records);
  decision.happenings = Wrapped(std::move(decided.happenings));
  reply = std::move(decided.reply);
  Descriptions made;
  AnswerWaiters(context, decision,
                [&](const engine::Request& request) { return Awaited(request, context.now, made); });
  return decision;
}

OutcomePtr ActivityEntity::SharedOutcome() {
  OutcomePtr shared = outcome_.lock();
  if (shared != nullptr) return shared;
  std::optional<api::PollActivityExecutionResponse> outcome = OutcomeOf(state_);
  if (!outcome.has_value()) return nullptr;
  shared = std::make_shared<const api::PollActivityExecutionResponse>(*std::move(outcome));
  outcome_ = shared;
  return shared;
}

DescriptionPtr ActivityEntity::DescriptionFor(const AwaitChange& change, absl::Time now,
                                              Descriptions& made) const {
  DescriptionPtr& shared = made[change.describe().SerializeAsString()];
  if (shared == nullptr) {
    shared = std::make_shared<const api::DescribeActivityExecutionResponse>(
        Describe(state_, change.describe(), now));
  }
  return shared;
}

absl::StatusOr<ReplyPtr> ActivityEntity::Awaited(const engine::Request& request, absl::Time now,
                                                 Descriptions& made) {
  if (dynamic_cast<const AwaitOutcome*>(&request) != nullptr) {
    OutcomePtr outcome = SharedOutcome();
    if (outcome == nullptr) return ReplyPtr();
    return std::make_unique<OutcomeReply>(std::move(outcome));
  }
  const auto* const change = dynamic_cast<const AwaitChange*>(&request);
  if (change == nullptr) return InvalidArgument("an activity takes no such request");
  if (state_.last_sequence > change->seen()) {
    return std::make_unique<DescribeReply>(DescriptionFor(*change, now, made), state_.last_sequence);
  }
  if (state_.IsOpen()) return ReplyPtr();
  return std::make_unique<DescribeReply>(std::make_shared<const api::DescribeActivityExecutionResponse>(),
                                         state_.last_sequence);
}

engine::Decision ActivityEntity::Step(const activity::Request& request, const Context& context,
                                      absl::StatusOr<activity::Reply>& reply) {
  const RowPart before(state_);
  engine::Decision decision = Take(activity::Decide(std::move(state_), request, context), context, reply);
  decision.row_changed = !(before == RowPart(state_));
  return decision;
}

engine::Decision ActivityEntity::Decide(const engine::Request& request, const Context& context) {
  const auto* const asked = dynamic_cast<const ActivityRequest*>(&request);
  engine::Decision decision;
  if (asked == nullptr) {
    decision.reply = InvalidArgument("an activity takes no such request");
    Descriptions made;
    if (context.token != 0) decision.reply = Awaited(request, context.now, made);
    return decision;
  }
  absl::StatusOr<activity::Reply> reply;
  decision = Step(asked->request(), context, reply);
  decision.reply = Wrapped(std::move(reply));
  return decision;
}

engine::Decision ActivityEntity::FireTimers(const Context& context) {
  absl::StatusOr<activity::Reply> reply;
  return Step(activity::FireTimers{}, context, reply);
}

engine::Decision ActivityEntity::Harden(const Context& /*context*/) { return {}; }

MessageDecision ActivityEntity::Receive(const perdure::engine::Message& /*message*/,
                                        const Context& /*context*/) {
  return {{}, NotForActivities()};
}

engine::Decision ActivityEntity::Settle(std::vector<MessageOutcome> /*outcomes*/,
                                        const Context& /*context*/) {
  return {};
}

absl::Status ActivityEntity::Apply(const Record& record) {
  absl::Status status = activity::Apply(state_, record);
  outcome_.reset();
  if (status.ok()) NoteIds();
  return status;
}

perdure::engine::Message ActivityEntity::MessageOf(const MessageKey& /*key*/,
                                                   const NamespaceSettings& /*own*/) const {
  PERDURE_CHECK(false, "an activity owes no messages");
}

absl::StatusOr<ReplyPtr> ActivityEntity::Read(const engine::Request& request, absl::Time now) const {
  if (const auto* describe = dynamic_cast<const DescribeRequest*>(&request)) {
    return std::make_unique<DescribeReply>(std::make_shared<const api::DescribeActivityExecutionResponse>(
                                               Describe(state_, describe->request(), now)),
                                           state_.last_sequence);
  }
  return InvalidArgument("an activity takes no such request");
}

EntityRow ActivityEntity::Row() const {
  EntityRow row;
  row.status = PublicStatus(state_);
  row.type = state_.created->activity_type();
  row.queue = OptionsOf(state_).task_queue().name();
  row.start_time = start_time();
  row.execution_time = FirstDispatchTime(state_);
  row.search_attributes = state_.created->search_attributes().SerializeAsString();
  row.search_entries = SearchEntriesOf(state_.created->search_attributes());
  if (state_.IsOpen()) return row;
  row.close_time = FromProto(state_.sections.end().close_time());
  row.delete_at = FromProto(state_.sections.end().delete_after());
  row.state_transition_count = state_.last_sequence;
  return row;
}

absl::StatusOr<std::unique_ptr<Entity>> ActivityKind::Decode(std::string_view snapshot) const {
  absl::StatusOr<State> state = DecodeSnapshot(snapshot);
  if (!state.ok()) return state.status();
  return std::make_unique<ActivityEntity>(*std::move(state));
}

engine::Decision ActivityKind::Start(Entity* current, const engine::StartRequest& start,
                                     const Context& context) const {
  const auto* const asked = dynamic_cast<const ActivityStartRequest*>(&start);
  engine::Decision decision;
  if (asked == nullptr) {
    decision.reply = InvalidArgument("no start of an activity");
    return decision;
  }
  StartOutcome decided = DecideStart(StateIn(current), {asked->request(), start.run_id}, context);
  if (decided.current.has_value()) {
    absl::StatusOr<activity::Reply> of_current;
    decision = static_cast<ActivityEntity&>(*current).Take(*std::move(decided.current), context, of_current);
  }
  if (decided.state.has_value()) {
    decision.next = NextEntity{std::make_unique<ActivityEntity>(*std::move(decided.state)),
                               std::move(decided.records), Wrapped(std::move(decided.happenings))};
  }
  decision.reply = Wrapped(std::move(decided.reply));
  return decision;
}

MessageDecision ActivityKind::Receive(Entity* /*current*/, const perdure::engine::Message& /*message*/,
                                      const Context& /*context*/) const {
  return {{}, NotForActivities()};
}

perdure::engine::MessageAnswer ActivityKind::Repeated(const perdure::engine::Message& /*message*/) const {
  return NotForActivities();
}

std::unique_ptr<Entity> ActivityKind::Salvage(engine::Remains remains) const {
  UnfoldableActivity known;
  known.namespace_id = remains.namespace_id;
  known.activity_id = std::move(remains.id);
  known.run_id = remains.run_id;
  if (remains.folded != nullptr) known.folded = StateOf(*remains.folded);
  known.status = static_cast<temporal::api::enums::v1::ActivityExecutionStatus>(remains.status);
  known.activity_type = std::move(remains.type);
  known.task_queue = std::move(remains.queue);
  known.start_time = remains.start_time;
  known.close_time = remains.close_time;
  known.last_sequence = remains.log.last_sequence;
  return std::make_unique<ActivityEntity>(activity::Salvage(std::move(known)));
}

absl::Status ActivityKind::NoSuch(const std::string& id, const std::optional<Uuid>& /*run_id*/) const {
  return ActivityNotFound(id);
}

}  // namespace perdure::engine::activity
