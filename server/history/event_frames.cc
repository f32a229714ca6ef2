#include "server/history/event_frames.h"

#include <utility>
#include <vector>

namespace perdure::server {
namespace {

constexpr char kEventsTag = 0x0A;  // field 1, length-delimited
constexpr int kVarintBits = 7;
constexpr int kMaxLengthBits = 35;

absl::Status Malformed() { return absl::DataLossError("stored history events are malformed"); }

}  // namespace

std::string_view TakeFrame(std::string_view& bytes) {
  if (bytes.empty() || bytes.front() != kEventsTag) return {};
  uint64_t length = 0;
  size_t at = 1;
  for (int shift = 0;; shift += kVarintBits) {
    if (at == bytes.size() || shift >= kMaxLengthBits) return {};
    const auto byte = static_cast<uint8_t>(bytes[at++]);
    length |= uint64_t{byte & 0x7FU} << shift;
    if (byte < 0x80) break;
  }
  if (length > bytes.size() - at) return {};
  const std::string_view frame = bytes.substr(0, at + length);
  bytes.remove_prefix(frame.size());
  return frame;
}

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
    const std::string_view frame = TakeFrame(rest);
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
    frames.push_back(TakeFrame(rest));
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
