// The newest rows of a run's log, as they were written: replies and reads of short runs need no store read,
// and rows that are not durable yet are found nowhere else.
//
// Not thread-safe; belongs to its run. Invariant: rows are contiguous, and every row after the last durable
// one is here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "persistence/batch.h"
#include "server/history/event_frames.h"

namespace perdure::server {

class EventTail {
 public:
  void Append(persistence::HistoryRow row);

  // The first event that is here; `next_event_id` of the run when none is.
  int64_t FirstEventId(int64_t next_event_id) const {
    return rows_.empty() ? next_event_id : rows_.front().first_event_id;
  }
  const std::deque<persistence::HistoryRow>& rows() const { return rows_; }
  size_t bytes() const { return bytes_; }

  // Rows up to `durable_sequence` are stored: only their events are of use from now on, and the oldest rows
  // go until the rest is within `max_bytes`.
  void OnDurable(int64_t durable_sequence, size_t max_bytes);

  // The rows with after < sequence <= up_to, appended to `out`. REQUIRES: they are here.
  void CopyRows(int64_t after, int64_t up_to, std::vector<persistence::HistoryRow>& out) const;

  // Adds what is wanted and here. REQUIRES: forward, builder.from() is not before FirstEventId.
  absl::Status AddForward(EventPageBuilder& builder) const;
  absl::Status AddReverse(EventPageBuilder& builder) const;

 private:
  std::deque<persistence::HistoryRow> rows_;
  int64_t compact_sequence_ = 0;  // rows up to it have no changes any more
  size_t bytes_ = 0;
};

}  // namespace perdure::server
