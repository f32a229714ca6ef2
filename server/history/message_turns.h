// Whose turn it is to send: an executor has places for so many messages under way, and so do each sender and
// each target. Places go round the namespaces, and within one round its senders, so that a run with thousands
// of messages keeps nobody waiting.
//
// A lane is what sends on its own: one message, or those of one sender to one target that keep their order.
// Here it is a number. A lane that has gone meanwhile may still get its turn, which is dropped then.
//
// Not thread-safe. Invariant: while a lane waits, either all its places are taken or Next answers somebody.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "base/ids.h"
#include "engine/message.h"
#include "persistence/batch.h"

namespace perdure::server {

class MessageTurns {
 public:
  using Lane = uint64_t;

  // How many messages may be under way.
  struct Places {
    size_t sender = 0;
    size_t target = 0;
    size_t all = 0;
  };
  explicit MessageTurns(Places places) : places_(places) {}

  // Between whom a lane is.
  struct Way {
    Uuid namespace_id;  // the sender's
    persistence::RunKey sender;
    engine::EntityAddress target;
  };
  struct Turn {
    Lane lane = 0;
    Way way;
    size_t room = 0;  // it may send so many messages, at least one
  };

  // The lane has something to send.
  void Want(Lane lane, Way way);
  // The next lane that may send. REQUIRES: the turn before this one was taken or dropped.
  std::optional<Turn> Next();
  // The lane sends so many messages, at most `room`.
  void Take(const Turn& turn, size_t messages);
  // It has nothing to send any more.
  void Drop(const Turn& turn);
  // So many messages that were taken are no longer under way.
  void GiveBack(const Way& way, size_t messages);

  size_t under_way() const { return under_way_; }
  void Clear();

 private:
  struct Waiting {
    Lane lane;
    engine::EntityAddress target;
  };
  struct Sender {
    Uuid namespace_id;
    std::deque<Waiting> lanes;
    size_t under_way = 0;
    bool in_ring = false;
  };
  struct Target {
    size_t under_way = 0;
    std::deque<std::pair<Way, Lane>> parked;  // until there is room
  };

  // Puts the sender among those who get a turn, if it may and wants one.
  void Enter(const persistence::RunKey& key, Sender& sender);
  // Parked lanes, as many as there is room for, are lanes of their senders again.
  void Unpark(const engine::EntityAddress& address);
  void Forget(const persistence::RunKey& key);

  const Places places_;
  size_t under_way_ = 0;
  std::deque<Uuid> ring_;  // namespaces with senders that may send
  absl::flat_hash_map<Uuid, std::deque<persistence::RunKey>> rings_;
  absl::flat_hash_map<persistence::RunKey, Sender> senders_;
  absl::flat_hash_map<engine::EntityAddress, Target> targets_;
};

}  // namespace perdure::server
