// Weighs a run's log since its last snapshot against another one
// (docs/decisions/0010-when-a-snapshot-is-worth-it.md). Not thread-safe; belongs to its run.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "engine/entity.h"
#include "server/history/history_options.h"

namespace perdure::server {

class LogWeight {
 public:
  // A snapshot is stored that covers the log up to `sequence`.
  void OnSnapshot(int64_t sequence, size_t bytes);
  // A record came behind it.
  void OnRecord(size_t bytes, bool has_events);

  // Of the log since the snapshot.
  size_t bytes() const { return log_bytes_; }

  // The snapshot of `entity`, if it is worth its writing now: `leaves`, or at any time. It is made only when
  // it may be.
  std::optional<std::string> WorthwhileSnapshot(const engine::Entity& entity, const HistoryOptions& options,
                                                bool leaves);

 private:
  int64_t snapshot_sequence_ = 0;
  size_t snapshot_bytes_ =
      0;  // of the last one, or of a later one that was weighed and not worth its writing
  size_t log_bytes_ = 0;
  size_t rows_without_events_ = 0;  // the next snapshot removes them
};

}  // namespace perdure::server
