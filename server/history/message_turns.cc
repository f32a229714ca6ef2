#include "server/history/message_turns.h"

#include <algorithm>

#include "base/check.h"

namespace perdure::server {

using persistence::RunKey;

void MessageTurns::Want(Lane lane, Way way) {
  Sender& sender = senders_[way.sender];
  sender.namespace_id = way.namespace_id;
  sender.lanes.push_back({lane, std::move(way.target)});
  Enter(way.sender, sender);
}

void MessageTurns::Enter(const RunKey& key, Sender& sender) {
  if (sender.in_ring || sender.lanes.empty() || sender.under_way >= places_.sender) return;
  sender.in_ring = true;
  std::deque<RunKey>& ring = rings_[sender.namespace_id];
  if (ring.empty()) ring_.push_back(sender.namespace_id);
  ring.push_back(key);
}

std::optional<MessageTurns::Turn> MessageTurns::Next() {
  while (under_way_ < places_.all && !ring_.empty()) {
    const Uuid namespace_id = ring_.front();
    ring_.pop_front();
    const auto ring = rings_.find(namespace_id);
    PERDURE_CHECK(ring != rings_.end() && !ring->second.empty(), "a namespace in the ring has senders");
    const RunKey key = ring->second.front();
    ring->second.pop_front();
    if (ring->second.empty()) {
      rings_.erase(ring);
    } else {
      ring_.push_back(namespace_id);
    }
    Sender& sender = senders_.at(key);
    sender.in_ring = false;
    Waiting waiting = std::move(sender.lanes.front());
    sender.lanes.pop_front();
    Way way{sender.namespace_id, key, std::move(waiting.target)};
    Target& target = targets_[way.target];
    if (target.under_way < places_.target) {
      const size_t room = std::min(
          {places_.sender - sender.under_way, places_.target - target.under_way, places_.all - under_way_});
      return Turn{waiting.lane, std::move(way), room};
    }
    target.parked.emplace_back(std::move(way), waiting.lane);
    Enter(key, sender);
    Forget(key);
  }
  return std::nullopt;
}

void MessageTurns::Take(const Turn& turn, size_t messages) {
  PERDURE_CHECK(messages > 0 && messages <= turn.room, "a turn has room for what it sends");
  Sender& sender = senders_.at(turn.way.sender);
  sender.under_way += messages;
  targets_.at(turn.way.target).under_way += messages;
  under_way_ += messages;
  Enter(turn.way.sender, sender);
}

void MessageTurns::Drop(const Turn& turn) {
  Enter(turn.way.sender, senders_.at(turn.way.sender));
  Unpark(turn.way.target);  // its place goes to who waits for one
  Forget(turn.way.sender);
}

void MessageTurns::GiveBack(const Way& way, size_t messages) {
  Sender& sender = senders_.at(way.sender);
  Target& target = targets_.at(way.target);
  PERDURE_CHECK(messages <= sender.under_way && messages <= target.under_way && messages <= under_way_,
                "no more places are given back than were taken");
  sender.under_way -= messages;
  target.under_way -= messages;
  under_way_ -= messages;
  Enter(way.sender, sender);
  Unpark(way.target);
  Forget(way.sender);
}

void MessageTurns::Unpark(const engine::EntityAddress& address) {
  const auto found = targets_.find(address);
  if (found == targets_.end()) return;
  Target& target = found->second;
  const size_t room = places_.target - target.under_way;
  for (size_t i = 0; i < room && !target.parked.empty(); ++i) {
    auto [way, lane] = std::move(target.parked.front());
    target.parked.pop_front();
    Sender& sender = senders_[way.sender];
    sender.namespace_id = way.namespace_id;
    sender.lanes.push_back({lane, way.target});
    Enter(way.sender, sender);
  }
  if (target.under_way == 0 && target.parked.empty()) targets_.erase(found);
}

void MessageTurns::Forget(const RunKey& key) {
  const auto found = senders_.find(key);
  if (found != senders_.end() && found->second.lanes.empty() && found->second.under_way == 0)
    senders_.erase(found);
}

void MessageTurns::Clear() {
  under_way_ = 0;
  ring_.clear();
  rings_.clear();
  senders_.clear();
  targets_.clear();
}

}  // namespace perdure::server
