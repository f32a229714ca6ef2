// An entity's run in an executor's memory: its state and what the host must remember besides.
//
// Not thread-safe: it belongs to one executor. Held by shared_ptr: by the cache, and by the groups of records
// that wait for a commit. A run that was dropped (`dropped`) is held only by those; nothing new is decided on
// it.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <vector>

#include "absl/time/time.h"
#include "engine/entity.h"
#include "persistence/batch.h"
#include "server/history/event_tail.h"
#include "server/history/known_wakes.h"

namespace perdure::server {

struct CommitGroup;
struct ResidentRun;
using RunPtr = std::shared_ptr<ResidentRun>;

// A dispatch that the run owes, and who has it.
struct OwedDispatch {
  enum class With {
    kHost,      // its time has not come
    kMatching,  // offered
    kBacklog,   // matching had no room: it is offered again when it has
  };
  engine::Dispatch dispatch;
  With with = With::kHost;
};

// What the commit being built or in flight holds of the run, its history rows aside: those stand in the tail.
struct SealedWrite {
  persistence::RunWrite write;  // without history
  int64_t sequence = 0;         // its last history row
  int64_t next_event_id = 1;
  int64_t progress = 1;
  bool open = true;
  engine::Obligations obligations;
};

struct ResidentRun {
  persistence::RunKey key;
  std::unique_ptr<engine::Entity> entity;  // null for what only removes something
  EventTail tail;
  // Debug and simulation: the fold of every record, compared with `entity` after each step.
  std::unique_ptr<engine::Entity> folded;

  // True for the run that holds its id: an open one, or the last one closed.
  bool current = true;
  bool dropped = false;
  // The store refused what its newest state stands on, while an earlier part of it is in the commit in
  // flight: it takes no calls and leaves memory with that commit's outcome.
  bool lost = false;
  // A husk of a run that cannot be folded (host_salvage.cc): the commit that closes it writes a snapshot.
  bool salvaged = false;

  // --- durability
  std::shared_ptr<CommitGroup> open_group;    // gathers; goes with the next commit
  std::shared_ptr<CommitGroup> sealed_group;  // in the commit in flight
  std::optional<SealedWrite> sealed;          // REQUIRES: sealed_group
  int64_t durable_sequence = 0;
  int64_t durable_next_event_id = 1;
  bool durable_open = true;

  // --- what the next commit writes besides records
  bool execution_row_due = false;
  bool loses_id = false;  // another run takes the id
  bool settle_wakes = false;
  bool evict = false;  // leaves memory once that commit is durable, unless touched again
  // A part of a run that retention removes; nothing else of that run is here, only the wakes that go with it.
  std::optional<persistence::Deletion> removes;
  std::optional<absl::Time> delete_at;  // of the execution row, as last written
  KnownWakes wakes;
  WakeTimes wake_times;  // of the newest obligations

  // --- snapshots
  int64_t snapshot_sequence = 0;
  size_t snapshot_bytes = 0;  // of the last one, or of a later one that was weighed and not worth its writing
  size_t log_bytes = 0;       // since the snapshot
  size_t rows_without_events = 0;  // since the snapshot; the next one removes them

  // --- obligations, as of the last durable state
  std::vector<OwedDispatch> owed;
  std::optional<absl::Time> next_timer;
  std::optional<absl::Time> alarm;                      // its entry in the host's Alarms
  absl::Time timers_not_before = absl::InfinitePast();  // after the store refused what a timer wrote
  bool owes_messages = false;                           // as the outbox was told last
  // Volatile state changed after the seal: obligations are computed again when the commit has landed.
  bool obligations_stale = false;

  // --- memory
  bool touched = false;  // since it was loaded something was decided, or its rows were written
  absl::InlinedVector<absl::Time, 2> came_with;  // its entries in the wake horizon when it was loaded
  size_t counted_bytes = 0;
  size_t leaving_bytes = 0;  // what it had counted before it was marked as leaving
  bool counted_open = true;
  std::list<ResidentRun*>::iterator lru;
  std::list<ResidentRun*>::iterator quiet;  // among runs whose wake lags
  bool in_quiet = false;
  absl::Time last_touch;

  const Uuid& namespace_id() const { return entity->namespace_id(); }
  const std::string& id() const { return entity->id(); }
  bool IsOpen() const { return entity->IsOpen(); }
  bool Durable() const { return open_group == nullptr && sealed_group == nullptr; }
};

}  // namespace perdure::server
