// What an executor knows of a run's rows in the wake table, and what a commit must change there.
//
// The table's promise: a run that owes the world something from time T on has a row at T or earlier, so that
// a takeover reads only what is due. A row is lowered in the commit that creates the earlier obligation. It
// is not raised at each step: a short workflow adds one row at its start and swaps it at its end. A row that
// stands too early costs a load after a crash, nothing else; Settle raises it for runs that have gone quiet
// or leave memory.
//
// Times are truncated to microseconds, as the store keeps them. Plain values; not thread-safe.
#pragma once

#include <optional>

#include "absl/container/inlined_vector.h"
#include "absl/time/time.h"
#include "engine/entity.h"
#include "persistence/batch.h"

namespace perdure::server {

// When a run owes the world something: the earliest of them is the lower bound that the table must hold.
struct WakeTimes {
  std::optional<absl::Time> dispatch;  // the earliest scheduled time of its dispatches
  // Its next timer; for a run that leaves memory, whatever is next, a dispatch still held included.
  std::optional<absl::Time> timer;
  // The earliest time from which a message may be sent; nullopt for a run that leaves memory.
  std::optional<absl::Time> message = std::nullopt;

  // `since`: a message that may be sent at once is owed since then.
  static WakeTimes Of(const engine::Obligations& obligations, absl::Time since);
  // The row's time for an obligation of time `at`: up to a microsecond before it.
  static absl::Time Stored(absl::Time at);
  std::optional<absl::Time> Earliest() const;
};

class KnownWakes {
 public:
  // A row that may be there: it was read, or follows from what another incarnation writes. Good for removing
  // only.
  void Suspect(absl::Time at);
  // A row that is there for sure.
  void Trust(absl::Time at);

  // Adds to `write` what keeps the promise: a row at the earliest time, unless one there or earlier is known.
  void Lower(const WakeTimes& times, persistence::RunWrite& write);
  // Adds to `write` what makes the rows exactly `times`. False when they are already, and nothing was added.
  bool Settle(const WakeTimes& times, persistence::RunWrite& write);
  // Adds to `write` the removal of everything.
  void RemoveAll(persistence::RunWrite& write);

  // True when Settle would raise the lower bound by more than `slack`.
  bool Lags(const WakeTimes& times, absl::Duration slack) const;
  bool Trusts(absl::Time at) const;

 private:
  using Times = absl::InlinedVector<absl::Time, 2>;
  static bool Contains(const Times& times, absl::Time at);

  Times sure_;
  Times suspected_;  // disjoint from sure_
};

}  // namespace perdure::server
