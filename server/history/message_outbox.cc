// What is owed, and when it is sent again. Sending itself, and what is answered, is in message_sending.cc.
#include "server/history/message_outbox.h"

#include <algorithm>
#include <string>

#include "base/check.h"
#include "base/limits.h"
#include "base/log_fields.h"
#include "spdlog/spdlog.h"

namespace perdure::server {

using engine::MessageKey;
using engine::OwedMessage;
using persistence::RunKey;

MessageOutbox::MessageOutbox(Executor& executor, const MessageClock& clock, Host& host,
                             MessageMetrics metrics)
    : executor_(executor),
      clock_(clock),
      host_(host),
      metrics_(metrics),
      alive_(std::make_shared<const bool>(true)),
      turns_({limits::kMessagesOfSender, limits::kMessagesToTarget, limits::kMessagesUnderWay}) {}

void MessageOutbox::Begin(Writer writer, MessageTransport& transport) {
  PERDURE_CHECK(senders_.empty(), "an outbox begins with nothing");
  writer_ = writer;
  transport_ = &transport;
}

// Both are in the order of the keys: one pass tells what is new, what stayed and what is gone.
void MessageOutbox::Take(const RunKey& run, const Uuid& namespace_id, const std::vector<OwedMessage>& owed) {
  if (transport_ == nullptr) return;
  auto found = senders_.find(run);
  if (found == senders_.end() && owed.empty()) return;
  Remembered left;
  if (found == senders_.end()) {
    found = senders_.try_emplace(run).first;
    found->second.namespace_id = namespace_id;
    left = Recall(run);
  }
  Sender& sender = found->second;
  auto old = sender.messages.begin();
  for (const OwedMessage& message : owed) {
    while (old != sender.messages.end() && old->first < message.key) Drop(sender, old++);
    if (old == sender.messages.end() || old->first != message.key) {
      Add(run, sender, message, left);
      continue;
    }
    // Its answer was that it is to be sent again, at that time.
    if (std::exchange(old->second.not_before, message.not_before) != message.not_before &&
        old->second.answered)
      OweAgain(message.key, old->second, message.not_before);
    ++old;
  }
  while (old != sender.messages.end()) Drop(sender, old++);
  ForgetIfDone(run);
  SaySettled();
  Pump();
}

void MessageOutbox::Add(const RunKey& run, Sender& sender, const OwedMessage& owed, const Remembered& left) {
  Owed& added = sender.messages[owed.key];
  added.not_before = owed.not_before;
  if (owed.ordered) {
    const auto lane = sender.ordered.find(owed.target);
    if (lane != sender.ordered.end()) {
      added.lane = lane->second;
      Lane& joined = lanes_.at(added.lane);
      joined.messages.emplace(owed.key.number, owed.key);
      if (joined.at == Lane::At::kIdle) WantTurn(added.lane);
      return;
    }
  }
  added.lane = ++last_lane_;
  Lane& lane = lanes_[added.lane];
  lane.way = {sender.namespace_id, run, owed.target};
  lane.ordered = owed.ordered;
  lane.messages.emplace(owed.key.number, owed.key);
  if (owed.ordered) sender.ordered[owed.target] = added.lane;
  absl::Time at = owed.not_before;
  if (left) {
    at = std::max(at, left->next);
    SetFailures(lane, left->failures);
  }
  WaitUntil(added.lane, at);
}

void MessageOutbox::OweAgain(const MessageKey& key, Owed& owed, absl::Time at) {
  Lane& lane = lanes_.at(owed.lane);
  owed.answered = false;
  --lane.answered;
  lane.messages.emplace(key.number, key);
  if (lane.at == Lane::At::kIdle) WaitUntil(owed.lane, at);
}

void MessageOutbox::Drop(Sender& sender, std::map<MessageKey, Owed>::iterator gone) {
  Owed& owed = gone->second;
  if (owed.done && owed.envelope != nullptr) settled_.push_back(std::move(owed.envelope));
  Lane& lane = lanes_.at(owed.lane);
  if (owed.answered) {
    --lane.answered;
  } else {
    lane.messages.erase({gone->first.number, gone->first});
    if (lane.messages.empty()) SetIdle(owed.lane, lane);
  }
  EraseIfEmpty(owed.lane);
  sender.messages.erase(gone);
}

void MessageOutbox::ForgetIfDone(const RunKey& run) {
  const auto found = senders_.find(run);
  if (found == senders_.end()) return;
  const Sender& sender = found->second;
  if (sender.messages.empty() && sender.outcomes.empty()) senders_.erase(found);
}

bool MessageOutbox::IsBusy(const RunKey& run) const {
  const auto found = senders_.find(run);
  if (found == senders_.end()) return false;
  const Sender& sender = found->second;
  return sender.active > 0 || sender.settling || !sender.outcomes.empty();
}

std::optional<absl::Time> MessageOutbox::NextAttempt(const RunKey& run) const {
  const auto found = senders_.find(run);
  if (found == senders_.end()) return std::nullopt;
  std::optional<absl::Time> next;
  for (const auto& [key, owed] : found->second.messages) {
    const Lane& lane = lanes_.at(owed.lane);
    if (lane.at == Lane::At::kWaits && (!next || lane.next < *next)) next = lane.next;
  }
  return next;
}

void MessageOutbox::Forget(const RunKey& run) {
  const auto found = senders_.find(run);
  if (found == senders_.end()) return;
  Sender& sender = found->second;
  Remember(run, sender);
  for (const auto& [key, owed] : sender.messages) EraseLane(owed.lane);
  senders_.erase(run);
}

void MessageOutbox::Remember(const RunKey& run, const Sender& sender) {
  Left left;
  std::optional<absl::Time> next;
  for (const auto& [key, owed] : sender.messages) {
    const Lane& lane = lanes_.at(owed.lane);
    left.failures = std::max(left.failures, lane.failures);
    if (lane.at == Lane::At::kWaits && lane.failures > 0)
      next = std::min(next.value_or(lane.next), lane.next);
  }
  if (left.failures == 0) return;
  left.next = next.value_or(absl::InfinitePast());
  left.number = ++last_left_;
  left_[run] = left;
  left_order_.emplace_back(left.number, run);
  while (left_order_.size() > limits::kSendersRemembered) {
    const auto [number, oldest] = left_order_.front();
    left_order_.pop_front();
    const auto found = left_.find(oldest);
    if (found != left_.end() && found->second.number == number) left_.erase(found);
  }
}

MessageOutbox::Remembered MessageOutbox::Recall(const RunKey& run) {
  const auto found = left_.find(run);
  if (found == left_.end()) return std::nullopt;
  const Left left = found->second;
  left_.erase(found);
  return left;
}

void MessageOutbox::ForgetAll() {
  transport_ = nullptr;
  alive_ = std::make_shared<const bool>(true);
  executor_.Cancel(std::exchange(timer_, Executor::kNoTimer));
  executor_.Cancel(std::exchange(overdue_timer_, Executor::kNoTimer));
  turns_.Clear();
  senders_.clear();
  lanes_.clear();
  waiting_.clear();
  under_way_.clear();
  left_.clear();
  left_order_.clear();
  settled_.clear();
  failing_ = 0;
  metrics_.failing.Set(0);
  metrics_.under_way.Set(0);
}

void MessageOutbox::EraseIfEmpty(LaneId id) {
  const Lane& lane = lanes_.at(id);
  if (lane.messages.empty() && lane.answered == 0) EraseLane(id);
}

void MessageOutbox::EraseLane(LaneId id) {
  const auto found = lanes_.find(id);
  if (found == lanes_.end()) return;  // with another of its messages
  Lane& lane = found->second;
  SetIdle(id, lane);
  SetFailures(lane, 0);
  if (lane.ordered) senders_.at(lane.way.sender).ordered.erase(lane.way.target);
  lanes_.erase(found);
}

void MessageOutbox::SetIdle(LaneId id, Lane& lane) {
  switch (std::exchange(lane.at, Lane::At::kIdle)) {
    case Lane::At::kIdle:
      break;
    case Lane::At::kWaits:
      waiting_.erase({lane.next, id});
      break;
    case Lane::At::kWantsTurn:
    case Lane::At::kUnderWay:
      --senders_.at(lane.way.sender).active;
      break;
  }
}

void MessageOutbox::WaitUntil(LaneId id, absl::Time at) {
  if (at <= executor_.Now()) return WantTurn(id);
  Lane& lane = lanes_.at(id);
  lane.at = Lane::At::kWaits;
  lane.next = at;
  waiting_.emplace(at, id);
  Arm();
}

void MessageOutbox::WantTurn(LaneId id) {
  Lane& lane = lanes_.at(id);
  lane.at = Lane::At::kWantsTurn;
  ++senders_.at(lane.way.sender).active;
  turns_.Want(id, lane.way);
}

void MessageOutbox::SetFailures(Lane& lane, int failures) {
  const auto fails = [](int count) { return count >= limits::kMessageFailuresShown; };
  failing_ += static_cast<size_t>(fails(failures));
  failing_ -= static_cast<size_t>(fails(lane.failures));
  lane.failures = failures;
  metrics_.failing.Set(static_cast<double>(failing_));
}

void MessageOutbox::CountFailure(Lane& lane) {
  SetFailures(lane, lane.failures + 1);
  if (lane.failures != limits::kMessageFailuresShown) return;
  const MessageKey& key = lane.messages.begin()->second;
  spdlog::warn("{}", WithFields("a message has no answer that settles it",
                                {{"origin_run_id", key.origin.ToString()},
                                 {"event_id", std::to_string(key.number)},
                                 {"target_namespace_id", lane.way.target.namespace_id.ToString()},
                                 {"target_id", lane.way.target.id},
                                 {"attempts", std::to_string(lane.failures)}}));
}

absl::Duration MessageOutbox::BackoffOf(int failures) {
  absl::Duration wait = limits::kMessageBackoff;
  for (int i = 1; i < failures && wait < limits::kLongestMessageBackoff; ++i) wait *= 2;
  // Up to a fifth of jitter, so that what failed at the same moment does not come back at the same moment.
  return std::min(wait, limits::kLongestMessageBackoff) * (0.9 + 0.2 * executor_.random().Fraction());
}

void MessageOutbox::Arm() {
  if (waiting_.empty()) return;
  const absl::Time first = waiting_.begin()->first;
  if (timer_ != Executor::kNoTimer) {
    if (armed_for_ <= first) return;
    executor_.Cancel(timer_);
  }
  armed_for_ = first;
  timer_ = executor_.RunAt(first, [this] {
    timer_ = Executor::kNoTimer;
    RingDue();
  });
}

void MessageOutbox::RingDue() {
  const absl::Time now = executor_.Now();
  while (!waiting_.empty() && waiting_.begin()->first <= now) {
    const LaneId id = waiting_.begin()->second;
    waiting_.erase(waiting_.begin());
    WantTurn(id);
  }
  Arm();
  Pump();
}

}  // namespace perdure::server
