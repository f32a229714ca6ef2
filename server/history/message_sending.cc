// Copies of messages go out, and their answers come in.
#include <algorithm>
#include <string>

#include "base/check.h"
#include "base/limits.h"
#include "base/time.h"
#include "server/history/message_outbox.h"

namespace perdure::server {

using engine::MessageKey;
using perdure::engine::DeliveryAnswers;
using perdure::engine::Message;
using perdure::engine::MessageAnswer;
using persistence::RunKey;

namespace {

// Whether the receiver keeps the message's id until it hears that it is settled.
bool IsKept(const Message& message) {
  return message.has_external_signal() || message.has_external_cancel() ||
         (message.has_parent_closed() &&
          message.parent_closed().policy() == temporal::api::enums::v1::PARENT_CLOSE_POLICY_REQUEST_CANCEL);
}

}  // namespace

void MessageOutbox::Pump() {
  while (const std::optional<MessageTurns::Turn> turn = turns_.Next()) Send(*turn);
  metrics_.under_way.Set(static_cast<double>(turns_.under_way()));
}

void MessageOutbox::Send(const MessageTurns::Turn& turn) {
  const auto found = lanes_.find(turn.lane);
  if (found == lanes_.end()) return turns_.Drop(turn);
  Lane& lane = found->second;
  auto delivery = std::make_shared<Delivery>();
  delivery->number = ++last_delivery_;
  delivery->lane = turn.lane;
  delivery->way = turn.way;
  delivery->deadline = executor_.Monotonic() + limits::kMessageAnswer;
  perdure::engine::Delivery copies = Compose(lane, turn.room, *delivery);
  if (delivery->sent.empty()) {
    // The step that settled or withdrew them is on its way to the store; should it fail, they are sent then.
    turns_.Drop(turn);
    SetIdle(turn.lane, lane);
    WaitUntil(turn.lane, executor_.Now() + limits::kLongestMessageBackoff);
    return;
  }
  turns_.Take(turn, delivery->sent.size());
  lane.at = Lane::At::kUnderWay;
  lane.delivery = delivery->number;
  metrics_.sent.Add(static_cast<double>(delivery->sent.size()));
  under_way_.push_back(delivery);
  WatchOverdue();
  transport_->Deliver(std::move(copies), [this, delivery, alive = std::weak_ptr<const bool>(alive_)](
                                             const absl::StatusOr<DeliveryAnswers>& answers) {
    if (!alive.expired()) OnAnswer(delivery, answers);
  });
}

perdure::engine::Delivery MessageOutbox::Compose(const Lane& lane, size_t room, Delivery& delivery) {
  perdure::engine::Delivery copies;
  size_t bytes = 0;
  const RunKey& run = lane.way.sender;
  Sender& sender = senders_.at(run);
  for (const auto& [number, key] : lane.messages) {
    if (delivery.sent.size() == std::min(room, limits::kDeliveryMessages)) break;
    std::optional<Message> message = host_.BodyOf(run, key);
    if (!message) continue;
    const size_t size = message->ByteSizeLong();
    if (!delivery.sent.empty() && bytes + size > limits::kDeliveryBytes) break;
    bytes += size;
    Owed& owed = sender.messages.at(key);
    if (owed.envelope == nullptr && IsKept(*message)) {
      owed.envelope = std::make_unique<Message>();
      *owed.envelope->mutable_id() = message->id();
      *owed.envelope->mutable_sender() = message->sender();
      *owed.envelope->mutable_target() = message->target();
    }
    FillCopy(*std::move(message), *copies.add_copies());
    owed.last_attempt = last_attempt_;
    delivery.sent.push_back({key, last_attempt_});
  }
  return copies;
}

void MessageOutbox::FillCopy(Message message, perdure::engine::MessageCopy& copy) {
  *copy.mutable_message() = std::move(message);
  copy.set_writer(writer_.id);
  copy.set_term(writer_.term);
  copy.set_epoch(writer_.epoch);
  copy.set_attempt(++last_attempt_);
  *copy.mutable_sent() = ToProto(clock_.At(executor_.Monotonic()));
}

void MessageOutbox::WatchOverdue() {
  while (!under_way_.empty() && !under_way_.front()->open) under_way_.pop_front();
  if (under_way_.empty() || overdue_timer_ != Executor::kNoTimer) return;
  const absl::Duration wait = under_way_.front()->deadline - executor_.Monotonic();
  overdue_timer_ = executor_.RunAfter(std::max(wait, absl::ZeroDuration()), [this] {
    overdue_timer_ = Executor::kNoTimer;
    const absl::Duration now = executor_.Monotonic();
    while (!under_way_.empty() && (!under_way_.front()->open || under_way_.front()->deadline <= now)) {
      const DeliveryPtr delivery = under_way_.front();
      under_way_.pop_front();
      if (!delivery->open) continue;
      metrics_.unanswered.Add(static_cast<double>(delivery->sent.size()));
      Close(*delivery);
      GoOn(*delivery, std::nullopt, /*failed=*/true);
    }
    WatchOverdue();
    Pump();
  });
}

void MessageOutbox::Close(Delivery& delivery) {
  delivery.open = false;
  turns_.GiveBack(delivery.way, delivery.sent.size());
}

void MessageOutbox::OnAnswer(const DeliveryPtr& delivery, const absl::StatusOr<DeliveryAnswers>& answers) {
  const bool in_time = delivery->open;
  if (in_time) Close(*delivery);
  std::optional<absl::Duration> later;
  bool failed = false;
  for (size_t i = 0; i < delivery->sent.size(); ++i) {
    const int place = static_cast<int>(i);
    const bool here = answers.ok() && place < answers->answers_size();
    const MessageAnswer& answer = here ? answers->answers(place) : MessageAnswer::default_instance();
    switch (answer.answer_case()) {
      case MessageAnswer::kDone:
      case MessageAnswer::kRefused:
        TakeAnswer(*delivery, delivery->sent[i], answer);
        break;
      case MessageAnswer::kLater:
        later = std::max(later.value_or(absl::ZeroDuration()), FromProto(answer.later().delay()));
        break;
      case MessageAnswer::ANSWER_NOT_SET:
        failed = true;
        if (in_time) metrics_.unanswered.Add();
        break;
    }
  }
  if (in_time) GoOn(*delivery, later, failed);
  Pump();
}

void MessageOutbox::TakeAnswer(const Delivery& delivery, const Sent& sent, const MessageAnswer& answer) {
  const auto found = senders_.find(delivery.way.sender);
  if (found == senders_.end()) return;
  Sender& sender = found->second;
  const auto message = sender.messages.find(sent.key);
  if (message == sender.messages.end() || message->second.answered) return;
  Owed& owed = message->second;
  if (answer.has_refused() && owed.last_attempt != sent.attempt) return;
  (answer.has_done() ? metrics_.done : metrics_.refused).Add();
  owed.done = answer.has_done();
  owed.answered = true;
  Lane& lane = lanes_.at(owed.lane);
  lane.messages.erase({sent.key.number, sent.key});
  ++lane.answered;
  if (lane.messages.empty()) SetIdle(owed.lane, lane);
  sender.outcomes.push_back({sent.key, answer});
  if (!sender.settling) PostSettle(delivery.way.sender, sender);
}

void MessageOutbox::GoOn(const Delivery& delivery, std::optional<absl::Duration> later, bool failed) {
  const auto found = lanes_.find(delivery.lane);
  // It has sent anew since, or has nothing left to send.
  if (found == lanes_.end() || found->second.at != Lane::At::kUnderWay ||
      found->second.delivery != delivery.number)
    return;
  Lane& lane = found->second;
  SetIdle(delivery.lane, lane);
  if (failed) {
    CountFailure(lane);
  } else {
    SetFailures(lane, 0);
  }
  if (!failed && !later) return WantTurn(delivery.lane);
  absl::Duration wait = failed ? BackoffOf(lane.failures) : absl::ZeroDuration();
  if (later)
    wait = std::max(wait, std::clamp(*later, limits::kMessageBackoff, limits::kLongestMessageBackoff));
  WaitUntil(delivery.lane, executor_.Now() + wait);
}

void MessageOutbox::PostSettle(const RunKey& run, Sender& sender) {
  if (std::exchange(sender.settle_posted, true)) return;
  executor_.Post([this, run, alive = std::weak_ptr<const bool>(alive_)] {
    if (!alive.expired()) Settle(run);
  });
}

void MessageOutbox::Settle(const RunKey& run) {
  const auto found = senders_.find(run);
  if (found == senders_.end()) return;
  found->second.settle_posted = false;
  std::vector<engine::MessageOutcome> outcomes = std::exchange(found->second.outcomes, {});
  // What is not owed any more was withdrawn while its answer was on its way.
  std::erase_if(outcomes, [&](const auto& one) { return !found->second.messages.contains(one.key); });
  if (outcomes.empty()) return ForgetIfDone(run);
  found->second.settling = true;
  std::vector<MessageKey> keys;
  keys.reserve(outcomes.size());
  for (const engine::MessageOutcome& outcome : outcomes) keys.push_back(outcome.key);
  host_.Settle(run, std::move(outcomes),
               [this, run, keys = std::move(keys),
                alive = std::weak_ptr<const bool>(alive_)](const absl::Status& /*durable*/) {
                 if (!alive.expired()) OnSettled(run, keys);
               });
}

// What the run owes all the same, because the step was not taken or changed nothing, is sent again after a
// while.
void MessageOutbox::OnSettled(const RunKey& run, const std::vector<MessageKey>& keys) {
  const auto found = senders_.find(run);
  if (found == senders_.end()) return;
  Sender& sender = found->second;
  sender.settling = false;
  for (const MessageKey& key : keys) {
    const auto message = sender.messages.find(key);
    if (message == sender.messages.end() || !message->second.answered) continue;
    OweAgain(key, message->second, executor_.Now() + limits::kMessageAnswer);
  }
  if (!sender.outcomes.empty()) PostSettle(run, sender);
  ForgetIfDone(run);
}

void MessageOutbox::SaySettled() {
  std::map<std::string, Message> by_target;
  for (const auto& envelope : std::exchange(settled_, {})) {
    Message& message = by_target[envelope->target().SerializeAsString()];
    *message.mutable_sender() = envelope->sender();
    *message.mutable_target() = envelope->target();
    *message.mutable_settled()->add_ids() = envelope->id();
  }
  for (auto& [target, message] : by_target) {
    perdure::engine::Delivery delivery;
    FillCopy(std::move(message), *delivery.add_copies());
    transport_->Deliver(std::move(delivery), [](const absl::StatusOr<DeliveryAnswers>& /*answers*/) {});
  }
}

}  // namespace perdure::server
