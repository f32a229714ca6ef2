// The contract of every durable entity (DESIGN, section 3): an entity is folded from its log.
//
//   Decide(State, const Request&, const Context&) -> Decision    what a request does, and what is answered
//   Apply(State&, const Record&)                                 total; the only thing that changes durable
//   state ObligationsOf(const State&) -> Obligations                   what the world still owes this state
//
// Everything here is a pure function of its arguments: no clock, thread, socket, database or own random
// source. State is passed in by value and handed back in the Decision, so that a step copies only what it
// touches; a caller must not keep using a state that it moved in. Invariant: Decide's state equals the state
// it was given with the decision's records applied, in its durable part.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "base/ids.h"
#include "base/random.h"
#include "engine/message.h"
#include "engine/search_attributes.h"

namespace perdure::engine {

// A namespace as the rules see it.
struct NamespaceSettings {
  Uuid id;
  std::string name;
  absl::Duration retention = absl::Hours(72);
  // Custom search attributes; never null.
  std::shared_ptr<const SearchAttributeTypes> search_attributes = std::make_shared<SearchAttributeTypes>();
};

// Which namespaces there are, for what one entity asks of another.
class NamespaceDirectory {
 public:
  virtual ~NamespaceDirectory() = default;
  // Nullopt when there is no such namespace.
  virtual std::optional<Uuid> IdOf(std::string_view name) const = 0;
};

struct Context {
  absl::Time now;  // never before the entity's last event; the host sees to it
  Random& random;
  const NamespaceSettings& settings;
  // Null: only the entity's own namespace is known.
  const NamespaceDirectory* namespaces = nullptr;
  // Commands may name another namespace (children, signals, cancels); a setting of the server.
  bool cross_namespace_commands = false;
};

// One row of the log.
struct Record {
  int64_t first_event_id = 0;  // of the first event, or the next free id when there are none
  int32_t event_count = 0;
  std::string events;   // each event framed as field 1 of temporal.api.history.v1.History, in order
  std::string changes;  // serialized perdure.engine.Changes
  // Its place in the log. Rows without events go once a snapshot covers them, so places may be missing; event
  // ids never are.
  int64_t sequence = 0;
};

enum class TaskKind { kWorkflow, kActivity };

// A task that a worker should take. The same (kind, scheduled_event_id, attempt, queue) is the same dispatch.
struct Dispatch {
  TaskKind kind = TaskKind::kWorkflow;
  std::string task_queue;
  // The queue to which it goes back when a sticky queue's worker is gone; equals task_queue on normal queues.
  std::string normal_task_queue;
  bool sticky = false;
  int64_t scheduled_event_id = 0;
  int32_t attempt = 1;
  absl::Time scheduled_time;
  int32_t priority_key = 3;  // 1 is first; 3 is the default

  friend bool operator==(const Dispatch&, const Dispatch&) = default;
};

// What follows from a state alone. The host compares it with what it last did for the run: recovery is the
// same path.
struct Obligations {
  std::vector<Dispatch> dispatches;  // in order of (kind, scheduled_event_id)
  // The earliest time at which FireTimers would change something; includes retention of a closed run.
  std::optional<absl::Time> next_timer;
  // What the entity owes others, open or closed; in order of their keys.
  std::vector<OwedMessage> messages;
};

}  // namespace perdure::engine
