#include "server/history/log_weight.h"

#include "base/limits.h"

namespace perdure::server {

void LogWeight::OnSnapshot(int64_t sequence, size_t bytes) {
  snapshot_sequence_ = sequence;
  snapshot_bytes_ = bytes;
  log_bytes_ = 0;
  rows_without_events_ = 0;
}

void LogWeight::OnRecord(size_t bytes, bool has_events) {
  log_bytes_ += bytes;
  if (!has_events) ++rows_without_events_;
}

std::optional<std::string> LogWeight::WorthwhileSnapshot(const engine::Entity& entity,
                                                         const HistoryOptions& options, bool leaves) {
  const auto rows = static_cast<size_t>(entity.log().last_sequence - snapshot_sequence_);
  // Each row without events is a row less in the store, however large the state.
  const bool many_go = rows_without_events_ >= limits::kRowsWithoutEvents;
  const bool long_log =
      many_go || log_bytes_ + rows_without_events_ * limits::kLogRowBytes > options.snapshot_log_bytes ||
      (leaves && (log_bytes_ > limits::kEvictionSnapshotLogBytes || rows > limits::kEvictionSnapshotRows));
  const size_t log = log_bytes_ + rows * limits::kLogRowBytes;
  const auto outweighs = [&] { return many_go || log > options.log_to_snapshot * snapshot_bytes_; };
  if (rows == 0 || !long_log) return std::nullopt;
  // What the run was started with is in every snapshot.
  if (snapshot_bytes_ == 0) snapshot_bytes_ = entity.LeastSnapshotBytes();
  if (!outweighs()) return std::nullopt;
  std::string state = entity.EncodeSnapshot();
  snapshot_bytes_ = state.size();
  if (!outweighs()) return std::nullopt;
  return state;
}

}  // namespace perdure::server
