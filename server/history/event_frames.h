// Pages of a history, spliced from stored bytes without parsing them (engine/event_frames.h). Not
// thread-safe. Malformed bytes are an error, never undefined.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "persistence/batch.h"
#include "server/history/history.h"

namespace perdure::server {

// Gathers one page of a history from rows that come in the order of reading.
class EventPageBuilder {
 public:
  // The page holds events with from <= id < to, in order, or in reverse beginning with to - 1.
  EventPageBuilder(int64_t from, int64_t to, size_t max_events, size_t max_bytes, bool reverse);

  // What is still wanted: [from(), to()). Empty once everything was added.
  int64_t from() const { return from_; }
  int64_t to() const { return to_; }
  bool Done() const { return full_ || from_ >= to_; }
  bool reverse() const { return reverse_; }
  size_t bytes_left() const {
    return page_.events.size() < max_bytes_ ? max_bytes_ - page_.events.size() : 0;
  }

  // REQUIRES: the row holds the next wanted event (the first one, or in reverse the last one) unless none of
  // its events is wanted. DATA_LOSS when its bytes are not what it says.
  absl::Status Add(const persistence::HistoryRow& row);

  int64_t count() const { return page_.count; }
  EventsPage Finish() &&;

 private:
  absl::Status AddForward(const persistence::HistoryRow& row);
  absl::Status AddReverse(const persistence::HistoryRow& row);
  bool Take(std::string_view frame);

  int64_t from_;
  int64_t to_;
  size_t max_events_;
  size_t max_bytes_;
  bool reverse_;
  bool full_ = false;
  EventsPage page_;
};

}  // namespace perdure::server
