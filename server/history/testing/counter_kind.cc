#include "server/history/testing/counter_kind.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/status.h"
#include "engine/waiters.h"
#include "server/history/testing/counter_lines.h"
#include "server/history/testing/counter_wire.h"

namespace perdure::server::testing {
namespace {

using perdure::engine::Message;
using perdure::engine::MessageAnswer;

const CounterKind kKind;

constexpr int32_t kRunning = 1;
constexpr int32_t kClosed = 2;

std::string KeyText(const perdure::engine::MessageId& id) {
  return absl::StrCat(Uuid::FromBytes(id.origin())->ToString(), "/", id.number());
}

MessageAnswer Done() {
  MessageAnswer answer;
  answer.mutable_done();
  return answer;
}

MessageAnswer Refused(MessageAnswer::Refused::Cause cause) {
  MessageAnswer answer;
  answer.mutable_refused()->set_cause(cause);
  return answer;
}

class Listener final : public StepObserver {
 public:
  explicit Listener(std::vector<std::string>* told) : told_(told) {}
  void OnEntity(std::string_view, const engine::Entity&) override {}
  void OnStep(std::string_view, const engine::Entity& entity, const std::vector<engine::Record>&,
              const engine::Happenings* happenings) override {
    if (told_ == nullptr || happenings == nullptr) return;
    told_->push_back(entity.id() + " " + dynamic_cast<const CounterSays&>(*happenings).word);
  }

 private:
  std::vector<std::string>* told_;
};

}  // namespace

const engine::Kind& Counter::kind() const { return kKind; }

void Counter::Write(const std::string& line, std::vector<engine::Record>& records) {
  FoldLine(line, state_);
  ++state_.sequence;
  records.push_back({1, 0, "", line, state_.sequence});
}

engine::NextEntity Counter::New(const Uuid& namespace_id, const Beginning& beginning, absl::Time now) {
  auto counter = std::make_unique<Counter>();
  std::vector<engine::Record> records;
  CounterState begun;
  begun.namespace_id = namespace_id;
  begun.id = beginning.id;
  begun.run_id = beginning.run_id;
  begun.started = now;
  begun.value = beginning.value;
  begun.first_run = beginning.first_run;
  begun.follower = beginning.follower;
  counter->Write(StartLine(begun), records);
  return {std::move(counter), std::move(records), std::make_unique<CounterSays>("begun")};
}

bool Counter::FollowsAny() const {
  const auto begins = [](const auto& debt) { return debt.second.begins.has_value(); };
  return !state_.followed.empty() || std::any_of(state_.debts.begin(), state_.debts.end(), begins);
}

void Counter::StopFollowed(const engine::Context& context, std::vector<engine::Record>& records) {
  for (const auto& [token, followed] : std::map<int64_t, Followed>(state_.followed)) {
    if (!followed.stop_owed) Write(absl::StrCat("stop ", Micros(context.now), " ", token), records);
  }
}

void Counter::End(bool rolls_over, const engine::Context& context, engine::Decision& decision) {
  const std::string now = Micros(context.now);
  const int64_t value = state_.value;
  Write(absl::StrCat("close ", now, " ", Micros(context.now + context.settings.retention), " ",
                     rolls_over ? "rolls-over" : "ends"),
        decision.records);
  decision.row_changed = true;
  decision.happenings = std::make_unique<CounterSays>("closed");
  if (!rolls_over) return;
  const Uuid run_id = Uuid::Mint(context.random);
  decision.next = New(namespace_id(), {id(), run_id, state_.first_run, value, state_.follower}, context.now);
  HandSeenOn(*decision.next, context);
}

void Counter::HandSeenOn(engine::NextEntity& next, const engine::Context& context) const {
  auto& counter = static_cast<Counter&>(*next.entity);
  for (const auto& [key, sender] : state_.seen) {
    counter.Write(absl::StrCat("saw ", Micros(context.now), " ", key, " ", sender), next.records);
  }
}

engine::Decision Counter::Decide(const engine::Request& request, const engine::Context& context) {
  engine::Decision decision = DecideOn(request, context);
  AnswerWaiters(context, decision);
  return decision;
}

absl::StatusOr<engine::ReplyPtr> Counter::Awaited(const engine::Request& request) const {
  if (!IsOpen()) return NotFound("the counter is closed");
  if (state_.value < dynamic_cast<const AwaitAtLeast&>(request).value) return engine::ReplyPtr();
  return std::make_unique<Count>(state_.value);
}

void Counter::AnswerWaiters(const engine::Context& context, engine::Decision& decision) const {
  engine::AnswerWaiters(context, decision,
                        [this](const engine::Request& request) { return Awaited(request); });
}

engine::Decision Counter::DecideOn(const engine::Request& request, const engine::Context& context) {
  engine::Decision decision;
  if (!IsOpen()) {
    decision.reply = NotFound("the counter is closed");
    return decision;
  }
  const std::string now = Micros(context.now);
  if (const auto* add = dynamic_cast<const Add*>(&request)) {
    Write(absl::StrCat("add ", now, " ", add->amount), decision.records);
  } else if (const auto* give = dynamic_cast<const Give*>(&request)) {
    Write(absl::StrCat("owe ", now, " ", give->to, " ", give->amount), decision.records);
  } else if (const auto* begin = dynamic_cast<const Begin*>(&request)) {
    Write(absl::StrCat("begin ", now, " ", begin->to, " ", Uuid::Mint(context.random).ToString()),
          decision.records);
  } else if (dynamic_cast<const Stop*>(&request) != nullptr) {
    StopFollowed(context, decision.records);
  } else if (dynamic_cast<const AwaitAtLeast*>(&request) != nullptr) {
    PERDURE_CHECK(context.token != 0, "who asks for a value may wait");
    decision.reply = Awaited(request);
    return decision;
  } else {
    const bool rolls_over = dynamic_cast<const RollOver*>(&request) != nullptr;
    PERDURE_CHECK(rolls_over || dynamic_cast<const Close*>(&request) != nullptr, "a request of counters");
    if (FollowsAny()) {
      if (!rolls_over) StopFollowed(context, decision.records);
      decision.reply = absl::FailedPreconditionError("the counter follows others");
      return decision;
    }
    const int64_t value = state_.value;
    End(rolls_over, context, decision);
    decision.reply = std::make_unique<Count>(value);
    return decision;
  }
  decision.reply = std::make_unique<Count>(state_.value);
  return decision;
}

MessageAnswer Counter::TakeEnd(const perdure::engine::ChildEnded& ended, const engine::Context& context,
                               engine::Decision& decision) {
  const int64_t token = ended.initiated_event_id();
  if (state_.followed.contains(token) || state_.debts.contains(token)) {
    Write(absl::StrCat("ended ", Micros(context.now), " ", token, " ", ended.workflow_type()),
          decision.records);
  }
  return Done();  // of a token that is not known any more too
}

MessageAnswer Counter::Take(const Message& message, const engine::Context& context,
                            engine::Decision& decision) {
  if (message.has_child_ended()) return TakeEnd(message.child_ended(), context, decision);
  if (message.has_parent_closed()) {
    const bool meant = message.target().first_run_id() == state_.first_run.View();
    if (meant && IsOpen()) End(/*rolls_over=*/false, context, decision);
    return Done();
  }
  const std::string key = KeyText(message.id());
  if (state_.seen.contains(key)) return Done();
  if (!IsOpen()) return Refused(MessageAnswer::Refused::NOT_FOUND);
  Write(absl::StrCat("got ", Micros(context.now), " ", key, " ", message.external_signal().request_id(), " ",
                     message.sender().id()),
        decision.records);
  return Done();
}

engine::MessageDecision Counter::Receive(const Message& message, const engine::Context& context) {
  engine::MessageDecision received;
  if (message.has_settled()) {
    for (const auto& id : message.settled().ids()) {
      if (!state_.seen.contains(KeyText(id))) continue;
      Write(absl::StrCat("forget ", Micros(context.now), " ", KeyText(id)), received.decision.records);
    }
    received.decision.row_changed = !received.decision.records.empty() && !IsOpen();
    received.answer = Done();
  } else if (message.has_inbox_ask()) {
    received.answer = Done();
    auto* asked = received.answer->mutable_done()->mutable_inbox_asked();
    for (const auto& id : message.inbox_ask().ids()) {
      const bool mine = id.origin() == state_.run_id.View();
      if (mine && state_.debts.contains(id.number())) *asked->add_owed() = id;
    }
  } else {
    received.answer = Take(message, context, received.decision);
  }
  AnswerWaiters(context, received.decision);
  return received;
}

void Counter::SettleOne(const engine::MessageOutcome& outcome, const engine::Context& context,
                        std::vector<engine::Record>& records) {
  const std::string now = Micros(context.now);
  const int64_t number = outcome.key.number;
  const bool refused = outcome.answer.has_refused();
  switch (outcome.key.type) {
    case Message::kExternalSignal:
      if (!state_.debts.contains(number)) return;
      return Write(absl::StrCat(refused ? "returned " : "settled ", now, " ", number), records);
    case Message::kChildStart:
      if (!state_.debts.contains(number)) return;
      return Write(absl::StrCat(refused ? "settled " : "begun ", now, " ", number), records);
    case Message::kParentClosed:
      if (!state_.followed.contains(number)) return;
      return Write(absl::StrCat("stopped ", now, " ", number), records);
    case Message::kChildEnded:
      if (state_.owes_end) Write(absl::StrCat("told ", now), records);
      return;
    case Message::kInboxAsk: {
      std::set<std::string> owed;
      for (const auto& id : outcome.answer.done().inbox_asked().owed()) owed.insert(KeyText(id));
      for (const auto& [key, sender] : std::map<std::string, std::string>(state_.seen)) {
        const bool asked = key.starts_with(outcome.key.origin.ToString());
        if (asked && !owed.contains(key)) Write(absl::StrCat("forget ", now, " ", key), records);
      }
      return;
    }
    default:
      PERDURE_CHECK(false, "a message that no counter sends");
  }
}

engine::Decision Counter::Settle(std::vector<engine::MessageOutcome> outcomes,
                                 const engine::Context& context) {
  engine::Decision decision;
  const std::optional<absl::Time> before = DeleteAt();
  for (const engine::MessageOutcome& outcome : outcomes) SettleOne(outcome, context, decision.records);
  decision.row_changed = before != DeleteAt();
  AnswerWaiters(context, decision);
  return decision;
}

absl::Status Counter::Apply(const engine::Record& record) {
  FoldLine(record.changes, state_);
  state_.sequence = record.sequence;
  return absl::OkStatus();
}

bool Counter::OwesAny() const {
  const auto stops = [](const auto& followed) { return followed.second.stop_owed; };
  return !state_.debts.empty() || state_.owes_end ||
         std::any_of(state_.followed.begin(), state_.followed.end(), stops);
}

std::optional<absl::Time> Counter::DeleteAt() const {
  return OwesAny() || !state_.seen.empty() ? std::nullopt : state_.delete_after;
}

engine::Obligations Counter::Owed() const {
  engine::Obligations owed;
  owed.next_timer = DeleteAt();
  const auto owe = [&](engine::MessageKey key, const std::string& to) -> engine::OwedMessage& {
    engine::OwedMessage& message = owed.messages.emplace_back();
    message.key = key;
    message.target = {state_.namespace_id, kCounterKind, to};
    return message;
  };
  for (const auto& [number, debt] : state_.debts) {
    const auto type = debt.begins ? Message::kChildStart : Message::kExternalSignal;
    owe({type, state_.run_id, number}, debt.to);
  }
  for (const auto& [token, followed] : state_.followed) {
    if (followed.stop_owed) owe({Message::kParentClosed, state_.run_id, token}, followed.id);
  }
  if (state_.owes_end) owe({Message::kChildEnded, state_.run_id, 0}, state_.follower->id);
  if (!IsOpen()) {
    // When retention wants the run, what others may repeat is asked for.
    for (const auto& [key, sender] : state_.seen) {
      const engine::MessageKey ask{Message::kInboxAsk, LineId(key.substr(0, key.find('/'))), 0};
      const bool twice = !owed.messages.empty() && owed.messages.back().key == ask;
      if (!twice) owe(ask, sender).not_before = *state_.delete_after;
    }
  }
  std::sort(owed.messages.begin(), owed.messages.end(),
            [](const engine::OwedMessage& a, const engine::OwedMessage& b) { return a.key < b.key; });
  return owed;
}

Message Counter::MessageOf(const engine::MessageKey& key, const engine::NamespaceSettings&) const {
  Message message;
  message.mutable_id()->set_origin(std::string(key.origin.View()));
  message.mutable_id()->set_number(key.number);
  auto& sender = *message.mutable_sender();
  sender.set_namespace_id(std::string(state_.namespace_id.View()));
  sender.set_kind(kCounterKind);
  sender.set_id(state_.id);
  sender.set_run_id(std::string(state_.run_id.View()));
  auto& target = *message.mutable_target();
  target.set_namespace_id(std::string(state_.namespace_id.View()));
  target.set_kind(kCounterKind);
  target.set_current(true);
  switch (key.type) {
    case Message::kChildStart: {
      const Debt& debt = state_.debts.at(key.number);
      target.set_id(debt.to);
      message.mutable_child_start()->set_run_id(std::string(debt.begins->View()));
      break;
    }
    case Message::kParentClosed: {
      const Followed& followed = state_.followed.at(key.number);
      target.set_id(followed.id);
      target.set_first_run_id(std::string(followed.first_run.View()));
      message.mutable_parent_closed();
      break;
    }
    case Message::kChildEnded:
      target.set_id(state_.follower->id);
      target.set_run_id(std::string(state_.follower->run.View()));
      message.mutable_child_ended()->set_initiated_event_id(state_.follower->token);
      message.mutable_child_ended()->set_workflow_type(absl::StrCat(state_.value));
      break;
    case Message::kInboxAsk:
      for (const auto& [text, asked] : state_.seen) {
        if (!text.starts_with(key.origin.ToString())) continue;
        target.set_id(asked);
        target.set_run_id(std::string(key.origin.View()));
        auto* id = message.mutable_inbox_ask()->add_ids();
        id->set_origin(std::string(key.origin.View()));
        id->set_number(LineNumber(text.substr(text.find('/') + 1)));
      }
      break;
    default:
      target.set_id(state_.debts.at(key.number).to);
      message.mutable_external_signal()->set_request_id(absl::StrCat(state_.debts.at(key.number).amount));
  }
  return message;
}

absl::StatusOr<engine::ReplyPtr> Counter::Read(const engine::Request&, absl::Time) const {
  return std::make_unique<Count>(state_.value);
}

engine::EntityRow Counter::Row() const {
  engine::EntityRow row;
  row.status = IsOpen() ? kRunning : kClosed;
  row.type = "counter";
  row.start_time = state_.started;
  row.execution_time = state_.started;
  row.close_time = state_.closed;
  row.delete_at = DeleteAt();
  return row;
}

std::string Counter::EncodeSnapshot() const { return SnapshotText(state_); }

absl::StatusOr<std::unique_ptr<engine::Entity>> CounterKind::Decode(std::string_view snapshot) const {
  absl::StatusOr<CounterState> state = StateOfSnapshot(snapshot);
  if (!state.ok()) return state.status();
  return std::make_unique<Counter>(*std::move(state));
}

engine::Decision CounterKind::Start(engine::Entity* current, const engine::StartRequest& start,
                                    const engine::Context& context) const {
  engine::Decision decision;
  if (current != nullptr && current->IsOpen()) {
    decision.reply = absl::AlreadyExistsError("the counter is there");
    return decision;
  }
  decision.next = Counter::New(context.settings.id, {start.id(), start.run_id, start.run_id, 0, std::nullopt},
                               context.now);
  if (current != nullptr) static_cast<const Counter&>(*current).HandSeenOn(*decision.next, context);
  decision.reply = std::make_unique<Count>(0);
  return decision;
}

engine::MessageDecision CounterKind::Receive(engine::Entity* current, const Message& message,
                                             const engine::Context& context) const {
  engine::MessageDecision received;
  const std::optional<Uuid> run_id = StartedRun(message);
  if (!run_id) {
    received.answer = message.has_external_signal() ? Refused(MessageAnswer::Refused::NOT_FOUND) : Done();
  } else if (current != nullptr && current->IsOpen()) {
    received.answer = Refused(MessageAnswer::Refused::ALREADY_STARTED);
  } else {
    const Follower follower{message.sender().id(), *Uuid::FromBytes(message.sender().run_id()),
                            message.id().number()};
    received.decision.next = Counter::New(
        context.settings.id, {message.target().id(), *run_id, *run_id, 0, follower}, context.now);
    if (current != nullptr) {
      static_cast<const Counter&>(*current).HandSeenOn(*received.decision.next, context);
    }
    received.answer = Done();
  }
  return received;
}

std::optional<Uuid> CounterKind::StartedRun(const Message& message) const {
  if (!message.has_child_start()) return std::nullopt;
  return Uuid::FromBytes(message.child_start().run_id());
}

MessageAnswer CounterKind::Repeated(const Message&) const { return Done(); }

std::unique_ptr<engine::Entity> CounterKind::Salvage(engine::Remains remains) const {
  CounterState state;
  state.namespace_id = remains.namespace_id;
  state.id = std::move(remains.id);
  state.run_id = remains.run_id;
  state.started = remains.start_time;
  state.closed = remains.close_time;
  state.sequence = remains.log.last_sequence;
  return std::make_unique<Counter>(std::move(state));
}

absl::Status CounterKind::NoSuch(const std::string& id, const std::optional<Uuid>&) const {
  return NotFound(absl::StrCat("no counter ", id));
}

EntityKind CounterLine(std::vector<std::string>* told) {
  return {std::make_shared<CounterKind>(), [told](Metrics&) { return std::make_unique<Listener>(told); },
          std::make_shared<CounterWire>()};
}

}  // namespace perdure::server::testing
