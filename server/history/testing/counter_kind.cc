#include "server/history/testing/counter_kind.h"

#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/check.h"
#include "base/status.h"
#include "server/history/testing/counter_wire.h"

namespace perdure::server::testing {
namespace {

using perdure::engine::Message;
using perdure::engine::MessageAnswer;

const CounterKind kKind;

constexpr int32_t kRunning = 1;
constexpr int32_t kClosed = 2;

std::string Micros(absl::Time time) { return absl::StrCat(absl::ToUnixMicros(time)); }

int64_t Number(std::string_view text) {
  int64_t number = 0;
  PERDURE_CHECK(absl::SimpleAtoi(absl::string_view(text.data(), text.size()), &number),
                "a number in a record");
  return number;
}

absl::Time Time(std::string_view micros) { return absl::FromUnixMicros(Number(micros)); }

// Folds one line. Words are joined by blanks, so ids have none.
void Fold(const std::string& line, CounterState& state) {
  const std::vector<std::string> words = absl::StrSplit(line, ' ');
  const std::string& verb = words.at(0);
  state.last_time = Time(words.at(1));
  if (verb == "start") {
    state.namespace_id = *Uuid::Parse(words.at(2));
    state.id = words.at(3);
    state.run_id = *Uuid::Parse(words.at(4));
    state.value = Number(words.at(5));
    state.started = state.last_time;
  } else if (verb == "add") {
    state.value += Number(words.at(2));
  } else if (verb == "owe") {
    const int64_t amount = Number(words.at(3));
    state.value -= amount;
    state.debts[state.next_debt++] = {words.at(2), amount};
  } else if (verb == "settled") {
    state.debts.erase(Number(words.at(2)));
  } else if (verb == "returned") {
    const auto debt = state.debts.extract(Number(words.at(2)));
    if (!debt.empty()) state.value += debt.mapped().amount;
  } else if (verb == "got") {
    state.seen.insert(words.at(2));
    state.value += Number(words.at(3));
  } else if (verb == "forget") {
    state.seen.erase(words.at(2));
  } else if (verb == "saw") {
    state.seen.insert(words.at(2));
  } else if (verb == "close") {
    state.closed = state.last_time;
    state.delete_after = Time(words.at(2));
  } else {
    PERDURE_CHECK(false, "an unknown line");
  }
}

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

class CountsNothing final : public StepObserver {
 public:
  void OnEntity(std::string_view, const engine::Entity&) override {}
  void OnStep(std::string_view, const engine::Entity&, const std::vector<engine::Record>&,
              const engine::Happenings*) override {}
};

}  // namespace

const engine::Kind& Counter::kind() const { return kKind; }

void Counter::Write(const std::string& line, std::vector<engine::Record>& records) {
  Fold(line, state_);
  ++state_.sequence;
  records.push_back({1, 0, "", line, state_.sequence});
}

engine::NextEntity Counter::New(const Uuid& namespace_id, const std::string& id, const Uuid& run_id,
                                int64_t value, absl::Time now) {
  auto counter = std::make_unique<Counter>();
  std::vector<engine::Record> records;
  counter->Write(absl::StrCat("start ", Micros(now), " ", namespace_id.ToString(), " ", id, " ",
                              run_id.ToString(), " ", value),
                 records);
  return {std::move(counter), std::move(records)};
}

engine::Decision Counter::Decide(const engine::Request& request, const engine::Context& context) {
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
  } else {
    const bool rolls = dynamic_cast<const RollOver*>(&request) != nullptr;
    PERDURE_CHECK(rolls || dynamic_cast<const Close*>(&request) != nullptr, "a request of counters");
    Write(absl::StrCat("close ", now, " ", Micros(context.now + context.settings.retention)),
          decision.records);
    decision.row_changed = true;
    if (rolls) {
      decision.next = New(namespace_id(), id(), Uuid::Mint(context.random), state_.value, context.now);
      // Messages are for whichever run is current: what took effect is known to the next one.
      auto& next = static_cast<Counter&>(*decision.next->entity);
      for (const std::string& key : state_.seen) {
        next.Write(absl::StrCat("saw ", now, " ", key), decision.next->records);
      }
    }
  }
  decision.reply = std::make_unique<Count>(state_.value);
  return decision;
}

engine::MessageDecision Counter::Receive(const Message& message, const engine::Context& context) {
  engine::MessageDecision received;
  if (message.has_settled()) {
    for (const auto& id : message.settled().ids()) {
      if (!state_.seen.contains(KeyText(id))) continue;
      Write(absl::StrCat("forget ", Micros(context.now), " ", KeyText(id)), received.decision.records);
    }
    received.answer = Done();
    return received;
  }
  const std::string key = KeyText(message.id());
  if (state_.seen.contains(key)) {
    received.answer = Done();
  } else if (!IsOpen()) {
    received.answer = Refused(MessageAnswer::Refused::NOT_FOUND);
  } else {
    Write(absl::StrCat("got ", Micros(context.now), " ", key, " ", message.external_signal().request_id()),
          received.decision.records);
    received.answer = Done();
  }
  return received;
}

engine::Decision Counter::Settle(std::vector<engine::MessageOutcome> outcomes,
                                 const engine::Context& context) {
  engine::Decision decision;
  const std::optional<absl::Time> before = DeleteAt();
  for (const engine::MessageOutcome& outcome : outcomes) {
    if (!state_.debts.contains(outcome.key.number)) continue;
    const char* const verb = outcome.answer.has_refused() ? "returned " : "settled ";
    Write(absl::StrCat(verb, Micros(context.now), " ", outcome.key.number), decision.records);
  }
  decision.row_changed = before != DeleteAt();
  return decision;
}

absl::Status Counter::Apply(const engine::Record& record) {
  Fold(record.changes, state_);
  state_.sequence = record.sequence;
  return absl::OkStatus();
}

std::optional<absl::Time> Counter::DeleteAt() const {
  return state_.debts.empty() ? state_.delete_after : std::nullopt;
}

engine::Obligations Counter::Owed() const {
  engine::Obligations owed;
  owed.next_timer = DeleteAt();
  for (const auto& [number, debt] : state_.debts) {
    engine::OwedMessage message;
    message.key = {Message::kExternalSignal, state_.run_id, number};
    message.target = {state_.namespace_id, kCounterKind, debt.to};
    owed.messages.push_back(std::move(message));
  }
  return owed;
}

Message Counter::MessageOf(const engine::MessageKey& key, const engine::NamespaceSettings&) const {
  const Debt& debt = state_.debts.at(key.number);
  Message message;
  message.mutable_id()->set_origin(std::string(key.origin.View()));
  message.mutable_id()->set_number(key.number);
  message.mutable_sender()->set_namespace_id(std::string(state_.namespace_id.View()));
  message.mutable_sender()->set_kind(kCounterKind);
  message.mutable_sender()->set_id(state_.id);
  message.mutable_sender()->set_run_id(std::string(state_.run_id.View()));
  message.mutable_target()->set_namespace_id(std::string(state_.namespace_id.View()));
  message.mutable_target()->set_kind(kCounterKind);
  message.mutable_target()->set_id(debt.to);
  message.mutable_target()->set_current(true);
  message.mutable_external_signal()->set_request_id(absl::StrCat(debt.amount));
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

std::string Counter::EncodeSnapshot() const {
  std::vector<std::string> lines = {absl::StrCat("start ", Micros(state_.started), " ",
                                                 state_.namespace_id.ToString(), " ", state_.id, " ",
                                                 state_.run_id.ToString(), " ", state_.value)};
  for (const auto& [number, debt] : state_.debts) {
    lines.push_back(absl::StrCat("debt ", number, " ", debt.to, " ", debt.amount));
  }
  for (const std::string& key : state_.seen) lines.push_back(absl::StrCat("seen ", key));
  lines.push_back(
      absl::StrCat("next ", state_.next_debt, " ", state_.sequence, " ", Micros(state_.last_time)));
  if (state_.closed) {
    lines.push_back(absl::StrCat("closed ", Micros(*state_.closed), " ", Micros(*state_.delete_after)));
  }
  return absl::StrJoin(lines, "\n");
}

absl::StatusOr<std::unique_ptr<engine::Entity>> CounterKind::Decode(std::string_view snapshot) const {
  CounterState state;
  for (const std::string& line : std::vector<std::string>(absl::StrSplit(std::string(snapshot), '\n'))) {
    const std::vector<std::string> words = absl::StrSplit(line, ' ');
    const std::string& what = words.at(0);
    if (what == "start") {
      Fold(line, state);
    } else if (what == "debt") {
      state.debts[Number(words.at(1))] = {words.at(2), Number(words.at(3))};
    } else if (what == "seen") {
      state.seen.insert(words.at(1));
    } else if (what == "next") {
      state.next_debt = Number(words.at(1));
      state.sequence = Number(words.at(2));
      state.last_time = Time(words.at(3));
    } else if (what == "closed") {
      state.closed = Time(words.at(1));
      state.delete_after = Time(words.at(2));
    } else {
      return absl::DataLossError("not a counter");
    }
  }
  return std::make_unique<Counter>(std::move(state));
}

engine::Decision CounterKind::Start(engine::Entity* current, const engine::StartRequest& start,
                                    const engine::Context& context) const {
  engine::Decision decision;
  if (current != nullptr && current->IsOpen()) {
    decision.reply = absl::AlreadyExistsError("the counter is there");
    return decision;
  }
  decision.next = Counter::New(context.settings.id, start.id(), start.run_id, 0, context.now);
  decision.reply = std::make_unique<Count>(0);
  return decision;
}

engine::MessageDecision CounterKind::Receive(engine::Entity* current, const Message& message,
                                             const engine::Context& context) const {
  engine::MessageDecision received;
  const std::optional<Uuid> run_id = StartedRun(message);
  if (!run_id) {
    received.answer = Refused(MessageAnswer::Refused::NOT_FOUND);
  } else if (current != nullptr && current->IsOpen()) {
    received.answer = Refused(MessageAnswer::Refused::ALREADY_STARTED);
  } else {
    received.decision.next =
        Counter::New(context.settings.id, message.target().id(), *run_id, 0, context.now);
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

EntityKind CounterLine() {
  return {std::make_shared<CounterKind>(), [](Metrics&) { return std::make_unique<CountsNothing>(); },
          std::make_shared<CounterWire>()};
}

}  // namespace perdure::server::testing
