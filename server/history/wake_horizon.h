// The stored wakes of runs that are not in memory, as far into the future as a bounded number of them
// reaches.
//
// Wakes are read from the store in order, a page at a time, when what is held runs low or is all due: an idle
// executor reads nothing. The read position (`cursor`) splits the wake table: every run that is not in memory
// and owes something has an entry here, or a stored row behind the cursor. Runs that are due are loaded a
// bounded number at a time, the oldest wake and the newest by turns: after a crash the old ones are mostly
// those of runs that were busy and owe nothing, and a timer that has come due must not wait for them all.
// What could not be read is tried again a little later, for as long as it takes.
//
// Invariant: unless all is read, or a read is under way or waits for its next try, something that is held
// stands at the cursor or before it, so that the next page is asked for before its first wake is due.
//
// Not thread-safe: lives on one executor, and is destroyed on it or after its end.
#pragma once

#include <deque>
#include <optional>
#include <vector>

#include "absl/container/btree_set.h"
#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/container/inlined_vector.h"
#include "absl/functional/any_invocable.h"
#include "base/executor.h"
#include "persistence/store.h"
#include "server/history/history_options.h"
#include "server/metrics/metrics.h"

namespace perdure::server {

class WakeHorizon {
 public:
  using Times = absl::InlinedVector<absl::Time, 2>;  // as KnownWakes: GCC confuses the two sizes

  class Host {
   public:
    virtual ~Host() = default;
    // A stored wake was read. True when the run is in memory: then it is nothing for the horizon.
    virtual bool OnWakeRead(const persistence::WakeRow& wake) = 0;
    // The run is due: load it, then call `done` (false: it could not be read; it is tried again later).
    virtual void OnWakeDue(const persistence::RunKey& run, absl::AnyInvocable<void(bool) &&> done) = 0;
  };

  WakeHorizon(Executor& executor, persistence::Session& session, Host& host, WakeLimits limits, Gauge& behind,
              Gauge& known)
      : executor_(executor),
        session_(session),
        host_(host),
        limits_(limits),
        behind_(behind),
        known_(known) {}

  void Begin(uint32_t writer_id);
  void Abandon();

  // The run comes into memory (or turned out not to exist): what is known of its rows.
  Times Take(const persistence::RunKey& run);
  // The run leaves memory. REQUIRES: a stored row at `at`.
  void Leave(const persistence::RunKey& run, absl::Time at);
  // The run leaves memory as it came, with what Take answered.
  void PutBack(const persistence::RunKey& run, const Times& times);
  // Whether a row that is stored for sure is still to be read.
  bool WillBeRead(const persistence::WakeRow& wake) const;
  // The run is not in memory and must come, although no row that is yet to be read says so: it is loaded as
  // soon as may be, before those that are only due.
  void Need(const persistence::RunKey& run);

 private:
  bool RunsLow() const;
  void ReadMore();
  void OnRead(absl::StatusOr<std::vector<persistence::WakeRow>> wakes);
  void Insert(const persistence::WakeRow& wake);
  void Trim();
  void Pump();
  void Load(const persistence::RunKey& run, bool needed);
  persistence::WakeRow TakeDue(absl::Time now);
  void Arm();
  void OnLoaded(const persistence::RunKey& run, bool needed, bool read);
  void Pause();

  Executor& executor_;
  persistence::Session& session_;
  Host& host_;
  const WakeLimits limits_;
  Gauge& behind_;
  Gauge& known_;

  uint64_t generation_ = 0;
  uint32_t writer_id_ = 0;
  bool begun_ = false;
  bool reading_ = false;
  bool complete_ = false;  // no stored wake is behind the cursor, but those that Leave let go
  std::optional<persistence::WakeRow> cursor_;
  absl::btree_set<persistence::WakeRow> due_;
  absl::flat_hash_map<persistence::RunKey, Times> times_;  // also of runs that are being loaded
  std::deque<persistence::RunKey> needed_;
  absl::flat_hash_set<persistence::RunKey> are_needed_;  // those of needed_, and those of them being loaded
  size_t loading_ = 0;
  bool newest_next_ = false;
  bool paused_ = false;  // the store could not be read
  Executor::TimerId timer_ = Executor::kNoTimer;
  absl::Time armed_for_;
};

}  // namespace perdure::server
