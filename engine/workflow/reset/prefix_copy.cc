#include "engine/workflow/reset/prefix_copy.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/limits.h"
#include "base/nesting.h"
#include "engine/event_frames.h"
#include "engine/workflow/fold/change_table.h"
#include "engine/workflow/workflow.h"

namespace perdure::engine::workflow {
namespace {

using perdure::engine::Change;

absl::Status Unreadable(const Record& record) {
  return absl::DataLossError(absl::StrCat("record ", record.sequence, " cannot be taken over"));
}

// Whether the change belongs to a history that ends with that event.
bool BelongsTo(const Change& change, int64_t last_event_id) {
  const ChangeRow* const row = FindChangeRow(change.kind_case());
  if (row == nullptr || row->tells_of == nullptr) return false;
  switch (row->tells_of(change)) {
    case TellsOf::kNoEvent:
      return false;
    case TellsOf::kEventBefore:
      return change.at_event_id() <= last_event_id + 1;
    case TellsOf::kEventAfter:
      return change.at_event_id() <= last_event_id;
  }
  return false;
}

}  // namespace

absl::Status PrefixCopy::Take(const Record& record, State& state, std::vector<Record>& ready) {
  if (record.first_event_id != next_event_id_ || record.event_count <= 0) return Unreadable(record);
  if (open_.event_count == 0) open_.first_event_id = record.first_event_id;
  // Where a record ends, no events are missing of those that were flushed together: rows are cut nowhere
  // else.
  if (absl::Status status = AddChanges(record); !status.ok()) return status;
  if (absl::Status status = AddEvents(record); !status.ok()) return status;
  const bool full = open_.event_count >= limits::kRewindRowEvents ||
                    open_.events.size() + open_changes_.ByteSizeLong() >= limits::kRewindRowBytes;
  return full || IsWhole() ? Close(state, ready) : absl::OkStatus();
}

absl::Status PrefixCopy::AddEvents(const Record& record) {
  const int64_t wanted = std::min<int64_t>(record.event_count, last_event_id_ + 1 - record.first_event_id);
  size_t bytes = record.events.size();
  cut_ = wanted < record.event_count;
  if (cut_) {
    std::string_view rest = record.events;
    for (int64_t i = 0; i < wanted; ++i) {
      if (TakeFrame(rest).empty()) return Unreadable(record);
    }
    bytes -= rest.size();
  }
  open_.events.append(record.events, 0, bytes);
  open_.event_count += static_cast<int32_t>(wanted);
  next_event_id_ += wanted;
  return absl::OkStatus();
}

absl::Status PrefixCopy::AddChanges(const Record& record) {
  if (record.first_event_id == 1) {
    Change& created = *open_changes_.add_changes();
    created = created_;
    created.set_at_event_id(1);
  }
  if (record.changes.empty()) return absl::OkStatus();
  perdure::engine::Changes changes;
  if (!ParseStored(record.changes, changes)) return Unreadable(record);
  for (Change& change : *changes.mutable_changes()) {
    // Of a base that was reset itself: the new run has its own of both.
    if (change.has_run_created() || change.has_run_rewound()) continue;
    if (!BelongsTo(change, last_event_id_)) continue;
    if (change.has_buffer_flushed()) {
      // Those that do not follow are not waited for.
      auto& flushed = *change.mutable_buffer_flushed();
      const int64_t there = last_event_id_ + 1 - change.at_event_id();
      flushed.set_count(static_cast<int32_t>(std::min<int64_t>(flushed.count(), there)));
    }
    *open_changes_.add_changes() = std::move(change);
  }
  return absl::OkStatus();
}

absl::Status PrefixCopy::Close(State& state, std::vector<Record>& ready) {
  Record record = std::exchange(open_, Record());
  record.changes = std::exchange(open_changes_, {}).SerializeAsString();
  record.sequence = state.last_sequence + 1;
  if (absl::Status folded = Apply(state, record); !folded.ok()) return folded;
  ready.push_back(std::move(record));
  return absl::OkStatus();
}

}  // namespace perdure::engine::workflow
