#include "server/history/event_tail.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace perdure::server {
namespace {

size_t BytesOf(const persistence::HistoryRow& row) {
  return sizeof(row) + row.events.size() + row.changes.size();
}

}  // namespace

void EventTail::Append(persistence::HistoryRow row) {
  bytes_ += BytesOf(row);
  rows_.push_back(std::move(row));
}

void EventTail::OnDurable(int64_t durable_sequence, size_t max_bytes) {
  while (!rows_.empty() && bytes_ > max_bytes && rows_.front().sequence <= durable_sequence) {
    bytes_ -= BytesOf(rows_.front());
    rows_.pop_front();
  }
  if (rows_.empty()) return;
  const int64_t first = rows_.front().sequence;
  for (int64_t sequence = std::max(first, compact_sequence_ + 1);
       sequence <= durable_sequence && sequence - first < static_cast<int64_t>(rows_.size()); ++sequence) {
    persistence::HistoryRow& row = rows_[static_cast<size_t>(sequence - first)];
    bytes_ -= row.changes.size();
    row.changes = std::string();
  }
  compact_sequence_ = std::max(compact_sequence_, durable_sequence);
}

void EventTail::CopyRows(int64_t after, int64_t up_to, std::vector<persistence::HistoryRow>& out) const {
  if (after >= up_to) return;
  PERDURE_CHECK(!rows_.empty() && rows_.front().sequence <= after + 1,
                "rows that are not durable stay in the tail");
  const auto first = rows_.begin() + (after + 1 - rows_.front().sequence);
  out.insert(out.end(), first, first + (up_to - after));
}

absl::Status EventTail::AddForward(EventPageBuilder& builder) const {
  // The rows are sorted: the first one that can hold the next event is found by search.
  auto row = std::upper_bound(
      rows_.begin(), rows_.end(), builder.from(),
      [](int64_t id, const persistence::HistoryRow& r) { return id < r.first_event_id + r.event_count; });
  for (; row != rows_.end() && !builder.Done(); ++row) {
    if (absl::Status added = builder.Add(*row); !added.ok()) return added;
  }
  return absl::OkStatus();
}

absl::Status EventTail::AddReverse(EventPageBuilder& builder) const {
  for (auto row = rows_.rbegin(); row != rows_.rend() && !builder.Done(); ++row) {
    if (absl::Status added = builder.Add(*row); !added.ok()) return added;
  }
  return absl::OkStatus();
}

}  // namespace perdure::server
