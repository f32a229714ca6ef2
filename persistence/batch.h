// What one commit writes: rows, grouped so that a refused run can be cut out without its neighbours.
// Plain values; see store.h for the rules.
#pragma once

#include <compare>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "absl/time/time.h"
#include "base/ids.h"

namespace perdure::persistence {

// A run of an entity. Rows are kept and read in the order of (shard, kind, run_id).
struct RunKey {
  ShardId shard = 0;
  Uuid run_id;
  KindNumber kind = 1;  // at most 32767
  friend bool operator==(const RunKey&, const RunKey&) = default;
  friend auto operator<=>(const RunKey& left, const RunKey& right) {
    return std::tie(left.shard, left.kind, left.run_id) <=> std::tie(right.shard, right.kind, right.run_id);
  }
  template <typename H>
  friend H AbslHashValue(H h, const RunKey& key) {
    return H::combine(std::move(h), key.shard, key.run_id, key.kind);
  }
};

// An entity: its runs follow each other, and one of them is the current one. Kinds do not share ids.
struct EntityKey {
  ShardId shard = 0;
  Uuid namespace_id;
  std::string id;
  KindNumber kind = 1;
  friend auto operator<=>(const EntityKey&, const EntityKey&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const EntityKey& key) {
    return H::combine(std::move(h), key.shard, key.namespace_id, key.id, key.kind);
  }
};

// One durable record of a run, appended once and never changed. One without events goes with the writing of
// the first snapshot that covers it.
struct HistoryRow {
  int64_t sequence = 0;        // 1, 2, 3, ... as appended; in what is stored, places are missing
  int64_t first_event_id = 0;  // id of the first event in `events`, or the next free id when there is none
  int32_t event_count = 0;
  std::string events;   // concatenable: each event framed as field 1 of temporal.api.history.v1.History
  std::string changes;  // perdure.engine record without its events
};

// Writing it removes the run's rows without events up to its sequence, those of the same batch among them:
// they are needed no more, because rows with events fold without them. So what a run without new events
// appends (heartbeats, failed attempts) does not pile up.
struct SnapshotRow {
  int64_t sequence = 0;       // the last history row folded into it; that of an earlier one, or more
  int64_t next_event_id = 0;  // after that row; a load reads the rows from this event id on
  std::string state;
};

// The row of a run: finds the current run of an id, and is what lists and counts read.
struct ExecutionRow {
  Uuid namespace_id;
  std::string id;
  bool current = true;  // at most one row an id and kind; a database index enforces it. In a batch, rows that
                        // are not current are written before those that are.
  int32_t status = 0;   // as its kind numbers them
  std::string type;
  std::string queue;
  absl::Time start_time;
  absl::Time execution_time;
  std::optional<absl::Time> close_time;
  // From then on retention may remove the run, on this word alone; nullopt while something needs it.
  std::optional<absl::Time> delete_at;
  int64_t history_length = 0;      // as of close, 0 while open
  int64_t history_size_bytes = 0;  // as of close, 0 while open
  int64_t state_transition_count = 0;
  std::string memo;               // serialized temporal.api.common.v1.Memo
  std::string search_attributes;  // serialized temporal.api.common.v1.SearchAttributes
  std::string extra;              // what a list row shows besides, as its kind has it
  std::optional<NamedRun> parent = std::nullopt;
  std::optional<NamedRun> root = std::nullopt;  // nullopt: it is its own
  // What filters on attributes look at (EntryRange): bytes, in order, each once. Lists do not answer them.
  std::vector<std::string> entries = {};
};

// "This run owes the world something at `at` or later": a lower bound, so that a takeover reads only what is
// due.
struct WakeRow {
  absl::Time at;
  RunKey run;
  friend bool operator==(const WakeRow&, const WakeRow&) = default;
  friend std::strong_ordering operator<=>(const WakeRow& left, const WakeRow& right) {
    if (left.at != right.at)
      return left.at < right.at ? std::strong_ordering::less : std::strong_ordering::greater;
    return left.run <=> right.run;
  }
};

// Removes a run, or a part of a long one. With any part its execution and snapshot rows go, so that from then
// on there is no such run; of its history rows, those that begin with an event of [from, below).
struct Deletion {
  int64_t from_event_id = 0;
  int64_t below_event_id = std::numeric_limits<int64_t>::max();
};

// Everything a commit does to one run. REQUIRES: a run appears once in a batch.
struct RunWrite {
  RunKey key;
  std::vector<HistoryRow> history;
  std::optional<ExecutionRow> execution;  // inserted, or replaced whole
  std::optional<SnapshotRow> snapshot;    // inserted, or replaced whole
  std::vector<absl::Time> wakes_added;    // adding one that exists is harmless
  std::vector<absl::Time> wakes_removed;  // so is removing one that does not; removed before any is added
  bool no_longer_current =
      false;  // clears `current` of its row; applied before any row of the batch is inserted
  // Nothing else is written then but the wakes: of those, the ones in wakes_removed go.
  std::optional<Deletion> deleted;
};

// Whether a row of the write is still there once it has landed: a snapshot may cover it at once.
inline bool Stays(const HistoryRow& row, const RunWrite& write) {
  return row.event_count > 0 || !write.snapshot || row.sequence > write.snapshot->sequence;
}

// Lands as a whole or not at all, also when the batch is cut in two: a closed run and its successor, say.
struct WriteGroup {
  std::vector<RunWrite> runs;
};

struct Writer {
  uint32_t id = 0;
  uint64_t epoch = 0;
};

struct Batch {
  Writer writer;
  uint64_t number = 0;  // the writer's last batch + 1
  std::vector<WriteGroup> groups;
};

enum class CommitOutcome {
  kCommitted,  // durable
  // Nothing landed: the database refuses data in it (an SQL data or constraint error). Cut it in two.
  kRefused,
  kFenced,  // nothing landed: the writer's row has another epoch or batch
  // Nothing landed: it was not sent, or the database rolled it back, which is nobody's fault.
  kFailed,
  kUnknown,  // it may have landed or may yet land: fence before the next step
};

struct CommitResult {
  CommitOutcome outcome = CommitOutcome::kFailed;
  std::string message;  // the database's words, for the log
};

struct NamespaceRow {
  Uuid id;
  std::string name;
  int64_t version = 0;
  std::string data;  // serialized perdure.server.NamespaceRecord
};

}  // namespace perdure::persistence
