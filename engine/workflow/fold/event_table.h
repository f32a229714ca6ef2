// What is to be known of each type of event, a row each: what its attributes are, how it is folded, and what
// becomes of it when it arrives while a workflow task runs. A type is added here, and nowhere else is
// switched over types for these questions.
//
// Constant; safe from any thread. A row's meaning never changes once released: stored records depend on it.
#pragma once

#include <cstdint>

#include "absl/container/btree_map.h"
#include "engine/workflow/run/payload_counter.h"
#include "engine/workflow/state.h"
#include "temporal/api/enums/v1/event_type.pb.h"
#include "temporal/api/history/v1/message.pb.h"

namespace perdure::engine::workflow {

// The ids of Started events that were flushed just now, by the event that scheduled or initiated what began.
using StartedIds = absl::btree_map<int64_t, int64_t>;

struct EventRow {
  temporal::api::enums::v1::EventType type;
  temporal::api::history::v1::HistoryEvent::AttributesCase attributes;
  // What the event does to the state; apply.h says when it is called twice.
  void (*fold)(State& state, const EventPtr& event);
  // Counts the payloads that it holds; null: it holds none but what is said about it.
  void (*payloads)(const temporal::api::history::v1::HistoryEvent& event, PayloadCounter& counter) = nullptr;
  // It may arrive while a workflow task runs: then it is buffered. All others come of the task itself.
  bool buffered = false;
  // An end, which gets its id after the other buffered events.
  bool ends_last = false;
  // Of a Started: the event that scheduled or initiated what begins. Else null.
  int64_t (*starts)(const temporal::api::history::v1::HistoryEvent& event) = nullptr;
  // Of an end: fills in the id of the Started that was flushed just before it. Else null.
  void (*wire_started)(temporal::api::history::v1::HistoryEvent& event, const StartedIds& started) = nullptr;
};

// Null for a type that this release does not write.
const EventRow* FindEventRow(temporal::api::enums::v1::EventType type);

}  // namespace perdure::engine::workflow
