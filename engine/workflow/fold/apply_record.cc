// Apply and FoldUntil: fold stored records.

#include <limits>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/nesting.h"
#include "engine/event_frames.h"
#include "engine/workflow/fold/apply.h"
#include "engine/workflow/fold/change_table.h"
#include "engine/workflow/fold/check_record.h"
#include "engine/workflow/workflow.h"
#include "perdure/record.pb.h"

namespace perdure::engine::workflow {
namespace {

absl::Status Damaged(const State& state, const Record& record, std::string_view what) {
  return absl::DataLossError(absl::StrCat("record ", record.sequence, " of run ",
                                          state.facts->run_id.ToString(), ": ", std::string(what)));
}

// How much of a record is folded.
struct Extent {
  // What comes after this event is left out.
  int64_t last_event_id = std::numeric_limits<int64_t>::max();
  // Of the changes only those that say more of an event.
  bool events_alone = false;

  bool Includes(const State& state, const perdure::engine::Change& change) const {
    if (!events_alone) return true;
    const ChangeRow* row = FindChangeRow(change.kind_case());
    if (row == nullptr || row->tells_of == nullptr) return false;
    switch (row->tells_of(change)) {
      case TellsOf::kNoEvent:
        return false;
      case TellsOf::kEventBefore:
        return true;
      case TellsOf::kEventAfter:
        return state.next_event_id <= last_event_id;
    }
    return false;
  }
};

class ChangeReader {
 public:
  ChangeReader(const perdure::engine::Changes& changes, const Extent& extent)
      : changes_(changes), extent_(extent) {}

  // Applies the changes that were made before the next event. Returns what is wrong with one, or "".
  std::string_view ApplyDue(State& state) {
    while (next_ < changes_.changes_size() && changes_.changes(next_).at_event_id() == state.next_event_id) {
      const perdure::engine::Change& change = changes_.changes(next_++);
      if (!extent_.Includes(state, change)) continue;
      if (const std::string_view wrong = WrongWithChange(state, change); !wrong.empty()) return wrong;
      ApplyChange(state, change);
    }
    return {};
  }
  bool done() const { return next_ == changes_.changes_size(); }

 private:
  const perdure::engine::Changes& changes_;
  const Extent& extent_;
  int next_ = 0;
};

// Whether the record can be the next one. Returns what is wrong with it, or "".
std::string WrongPlace(const State& state, const Record& record) {
  if (record.first_event_id != state.next_event_id) {
    return absl::StrCat("begins at event ", record.first_event_id, ", expected was ", state.next_event_id);
  }
  if (record.sequence <= state.last_sequence) return absl::StrCat("follows record ", state.last_sequence);
  return record.event_count < 0 ? "its number of events" : "";
}

absl::Status Fold(State& state, const Record& record, const Extent& extent) {
  if (const std::string wrong = WrongPlace(state, record); !wrong.empty()) {
    return Damaged(state, record, wrong);
  }
  perdure::engine::Changes changes;
  if (!ParseStored(record.changes, changes)) return Damaged(state, record, "its changes cannot be read");
  ChangeReader reader(changes, extent);
  std::string_view rest = record.events;
  for (int32_t i = 0; i < record.event_count && state.next_event_id <= extent.last_event_id; ++i) {
    if (const std::string_view wrong = reader.ApplyDue(state); !wrong.empty())
      return Damaged(state, record, wrong);
    const std::string_view frame = TakeFrame(rest);
    const EventPtr event = ParseFrame(frame);
    if (event == nullptr || event->event_id() != state.next_event_id) {
      return Damaged(state, record, absl::StrCat("event ", state.next_event_id, " cannot be read"));
    }
    if (const std::string_view wrong = WrongWithEvent(state, *event); !wrong.empty())
      return Damaged(state, record, wrong);
    ApplyEvent(state, event, frame.size());
  }
  if (const std::string_view wrong = reader.ApplyDue(state); !wrong.empty())
    return Damaged(state, record, wrong);
  if (state.next_event_id > extent.last_event_id) {
    state.flushed_through = 0;  // the other flushed events do not follow
  } else if (!reader.done() || !rest.empty()) {
    return Damaged(state, record, "it holds more than it says");
  }
  if (const std::string_view wrong = WrongWithState(state); !wrong.empty())
    return Damaged(state, record, wrong);
  state.last_sequence = record.sequence;
  return absl::OkStatus();
}

}  // namespace

absl::Status Apply(State& state, const Record& record) { return Fold(state, record, Extent()); }

absl::StatusOr<State> FoldUntil(const std::vector<Record>& records, int64_t event_id) {
  State state;
  const Extent extent{.last_event_id = event_id, .events_alone = true};
  for (const Record& record : records) {
    if (state.next_event_id > event_id) break;
    if (absl::Status status = Fold(state, record, extent); !status.ok()) return status;
  }
  if (event_id < 1 || state.next_event_id <= event_id) {
    return absl::OutOfRangeError(absl::StrCat("the log has no event ", event_id));
  }
  return state;
}

}  // namespace perdure::engine::workflow
