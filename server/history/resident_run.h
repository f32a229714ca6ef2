// An entity's run in an executor's memory: its state, and what each part of the host must remember of it, in
// a struct of that part, which alone writes it.
//
// Not thread-safe: it belongs to one executor. Held by shared_ptr: by the cache, and by the groups of records
// that wait for a commit. A run that was dropped is held only by those; nothing new is decided on it.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/time/time.h"
#include "base/check.h"
#include "engine/entity.h"
#include "persistence/batch.h"
#include "server/history/event_tail.h"
#include "server/history/known_wakes.h"
#include "server/history/log_weight.h"

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
  bool open = true;
  engine::Obligations obligations;
};

// Where a run stands among those in memory. Written by RunCache.
class CachePlace {
 public:
  // True for the run that holds its id: an open one, or the last one closed.
  bool current() const { return current_; }
  // It has left memory, or never was in it.
  bool dropped() const { return dropped_; }

 private:
  friend class RunCache;
  bool current_ = true;
  bool dropped_ = false;
  bool linked_ = false;  // it has a place in an order of use
  bool counted_open_ = true;
  size_t counted_bytes_ = 0;
  size_t leaving_bytes_ = 0;  // what it had counted before it was marked as leaving
  std::list<ResidentRun*>::iterator lru_;
};

// The commits that a run belongs to. Written by Batcher.
class CommitPlace {
 public:
  // Nothing was decided on the run that is not durable.
  bool Durable() const { return open_group_ == nullptr && sealed_group_ == nullptr; }
  bool Gathers() const { return open_group_ != nullptr; }
  bool InFlight() const { return sealed_group_ != nullptr; }
  // Goes with the next commit; null when the run has nothing for that.
  const std::shared_ptr<CommitGroup>& open_group() const { return open_group_; }

 private:
  friend class Batcher;
  std::shared_ptr<CommitGroup> open_group_;
  std::shared_ptr<CommitGroup> sealed_group_;  // in the commit in flight
  std::optional<SealedWrite> sealed_;          // REQUIRES: sealed_group_
};

// What the store has of a run for sure. Written when it is loaded, and by HostCommits as commits land.
struct DurablePart {
  // Of an entity that was folded from what the store has.
  static DurablePart Of(const engine::Entity& entity) {
    const engine::LogPosition log = entity.log();
    return {log.last_sequence, log.next_event_id, entity.IsOpen()};
  }
  int64_t sequence = 0;
  int64_t next_event_id = 1;
  bool open = true;
};

// What the next commit writes of a run besides its records. Set by who wants it written, taken by
// HostCommits::Seal.
struct NextWrite {
  bool execution_row = false;
  bool loses_id = false;  // another run takes the id
  bool settles_wakes = false;
  // A part of a run that retention removes; nothing else of that run is here, only the wakes that go with it.
  std::optional<persistence::Deletion> removes;
  // Rows of a run that no execution row tells of yet (host/rewinds.h), and the wake by which they are found
  // if none ever does; nothing else of that run is here.
  struct Staged {
    std::vector<persistence::HistoryRow> rows;
    absl::Time wake;
  };
  std::optional<Staged> stages;
};

// What a run owes as of its last durable state. Written by HostDuties and its ObligationsKeeper.
struct OwedByRun {
  std::vector<OwedDispatch> dispatches;
  std::optional<absl::Time> next_timer;
  std::optional<absl::Time> alarm;                      // its entry in the host's Alarms
  absl::Time timers_not_before = absl::InfinitePast();  // after the store refused what a timer wrote
  bool messages = false;                                // as the outbox was told last
  // Volatile state changed after the seal: what is owed is computed again when the commit has landed.
  bool stale = false;
};

// A run's rows in the wake table. Written by HostCommits, and by who reads such rows.
struct RunWakes {
  KnownWakes known;
  WakeTimes times;                               // of the newest obligations
  absl::InlinedVector<absl::Time, 2> came_with;  // its entries in the wake horizon when it was loaded
};

// Written by HostSteps, and by HostCommits as it seals.
struct LastUse {
  bool touched = false;  // since it was loaded something was decided, or its rows were written
  absl::Time at;
  uint64_t step = 0;  // of its newest state (HostSteps::NewStep)
};

// Whether a run leaves memory, and whether its stored wake is watched. Written by Departures.
class LeavingState {
 public:
  // It leaves once the commit under way is durable, unless it is used again.
  bool leaves() const { return leaves_; }
  // It was used.
  void Stay() { leaves_ = false; }

 private:
  friend class Departures;
  bool leaves_ = false;
  bool in_quiet_ = false;
  std::list<ResidentRun*>::iterator quiet_;  // among runs whose wake lags
};

struct ResidentRun {
  persistence::RunKey key;
  std::unique_ptr<engine::Entity> entity;  // null for what only removes something
  EventTail tail;
  // Debug and simulation: the fold of every record, compared with `entity` after each step.
  std::unique_ptr<engine::Entity> folded;

  // The store refused what its newest state stands on, while an earlier part of it is in the commit in
  // flight: it takes no calls and leaves memory with that commit's outcome. Set by HostCommits.
  bool lost = false;
  // A husk of a run that cannot be folded (host/salvage.h): the commit that closes it writes a snapshot.
  bool salvaged = false;
  // Of the execution row, as last written.
  std::optional<absl::Time> delete_at;

  CachePlace place;
  CommitPlace commit;
  DurablePart durable;
  NextWrite next_write;
  LogWeight log_weight;
  RunWakes wakes;
  OwedByRun owes;
  LastUse use;
  LeavingState leaving;

  const Uuid& namespace_id() const { return entity->namespace_id(); }
  const std::string& id() const { return entity->id(); }
  bool IsOpen() const { return entity->IsOpen(); }
  bool Durable() const { return commit.Durable(); }
};

}  // namespace perdure::server
