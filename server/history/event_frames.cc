#include "server/history/event_frames.h"

#include <utility>
#include <vector>

#include "engine/event_frames.h"

namespace perdure::server {
namespace {

absl::Status Malformed() { return absl::DataLossError("stored history events are malformed"); }

}  // namespace

EventPageBuilder::EventPageBuilder(int64_t from, int64_t to, size_t max_events, size_t max_bytes,
                                   bool reverse)
    : from_(from), to_(to), max_events_(max_events), max_bytes_(max_bytes), reverse_(reverse) {}

bool EventPageBuilder::Take(std::string_view frame) {
  const bool fits = static_cast<size_t>(page_.count) < max_events_ && frame.size() <= bytes_left();
  if (!fits && page_.count > 0) {
    full_ = true;
    return false;
  }
  page_.events.append(frame);
  ++page_.count;
  return true;
}

absl::Status EventPageBuilder::Add(const persistence::HistoryRow& row) {
  if (Done() || row.event_count == 0) return absl::OkStatus();
  return reverse_ ? AddReverse(row) : AddForward(row);
}

absl::Status EventPageBuilder::AddForward(const persistence::HistoryRow& row) {
  const int64_t end = row.first_event_id + row.event_count;
  if (end <= from_ || row.first_event_id >= to_) return absl::OkStatus();
  if (row.first_event_id > from_) return absl::DataLossError("history events are missing");
  const bool whole = row.first_event_id == from_ && end <= to_;
  if (whole && static_cast<size_t>(page_.count + row.event_count) <= max_events_ &&
      row.events.size() <= bytes_left()) {
    page_.events.append(row.events);
    page_.count += row.event_count;
    from_ = end;
    return absl::OkStatus();
  }
  std::string_view rest = row.events;
  for (int64_t id = row.first_event_id; id < end && id < to_; ++id) {
    const std::string_view frame = engine::TakeFrame(rest);
    if (frame.empty()) return Malformed();
    if (id < from_) continue;
    if (!Take(frame)) return absl::OkStatus();
    from_ = id + 1;
  }
  return absl::OkStatus();
}

absl::Status EventPageBuilder::AddReverse(const persistence::HistoryRow& row) {
  const int64_t end = row.first_event_id + row.event_count;
  if (end <= from_ || row.first_event_id >= to_) return absl::OkStatus();
  if (end < to_) return absl::DataLossError("history events are missing");
  std::vector<std::string_view> frames;
  std::string_view rest = row.events;
  for (int64_t id = row.first_event_id; id < to_; ++id) {
    frames.push_back(engine::TakeFrame(rest));
    if (frames.back().empty()) return Malformed();
  }
  while (!frames.empty() && to_ > from_ && Take(frames.back())) {
    frames.pop_back();
    --to_;
  }
  return absl::OkStatus();
}

EventsPage EventPageBuilder::Finish() && {
  if (from_ < to_) page_.next = reverse_ ? to_ : from_;
  return std::move(page_);
}

}  // namespace perdure::server
