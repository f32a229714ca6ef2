// Messages between entities, as the rules see them (docs/MESSAGES.md). What an entity owes others
// follows from its state alone: there is no outbox table. The host sends a message once the state that owes
// it is durable, repeats it until an answer is recorded, and asks the entity for the body each time.
//
// Plain values and pure functions. An answer of Done or Refused settles a message, when the sender records it
// (Settle); Later, or no answer, does not.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "base/ids.h"
#include "perdure/message.pb.h"

namespace perdure::engine {

using MessageType = perdure::engine::Message::BodyCase;

// Names a message for ever, over resets of its sender too.
struct MessageKey {
  MessageType type = MessageType::BODY_NOT_SET;
  Uuid origin;         // the run that minted it
  int64_t number = 0;  // the event of that run by which it is owed
  friend auto operator<=>(const MessageKey&, const MessageKey&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const MessageKey& key) {
    return H::combine(std::move(h), static_cast<int>(key.type), key.origin, key.number);
  }
};

// Where a message goes: the id whose shard answers it. Which run of it is meant stands in the body's target.
struct EntityAddress {
  Uuid namespace_id;
  uint16_t kind = 0;
  std::string id;
  friend auto operator<=>(const EntityAddress&, const EntityAddress&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const EntityAddress& address) {
    return H::combine(std::move(h), address.namespace_id, address.kind, address.id);
  }
};

// A message that a state owes.
struct OwedMessage {
  MessageKey key;
  EntityAddress target;
  // It is not sent before that (an unreleased child does not ask its parent at once).
  absl::Time not_before = absl::InfinitePast();
  // Messages of one sender to one target with `ordered` arrive in the order of their numbers.
  bool ordered = false;
  friend bool operator==(const OwedMessage&, const OwedMessage&) = default;
};

// An answer that settles (Done or Refused), or tells what a read asked for.
struct MessageOutcome {
  MessageKey key;
  perdure::engine::MessageAnswer answer;
};

}  // namespace perdure::engine
