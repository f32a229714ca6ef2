// Which copies of messages a receiver may act on (docs/MESSAGES.md). A refusal leaves no trace in the
// receiver, so a copy that is late could be applied after another copy of its message was refused. The guard
// keeps such copies out: those that are old, those that were sent before the shards were taken over, and
// those of whose message a later copy, or the same one, was seen. Copies of one message are decided one after
// the other.
//
// What was seen is kept in memory for a while, and bounded: where it has no room, it forgets the message seen
// longest ago, and lets nothing in any more that was sent before what it forgot.
//
// Not thread-safe: lives on one executor.
#pragma once

#include <compare>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "base/ids.h"
#include "perdure/message.pb.h"
#include "server/metrics/metrics.h"

namespace perdure::server {

class CopyGuard {
 public:
  enum class Verdict {
    kAct,    // Finish follows, once it is answered
    kWait,   // another copy is being decided: the waiter is called, with kAct or kStale
    kStale,  // it is not acted on
  };
  using Waiter = absl::AnyInvocable<void(Verdict) &&>;

  // Remembers at most so many messages.
  CopyGuard(size_t most, Counter& not_acted_on) : most_(most), not_acted_on_(not_acted_on) {}

  // The shards were taken over, or anew, at `now` of the clock on which copies are sent.
  void Begin(absl::Time now);
  // They are given up: who waits is told kStale.
  void End();

  // `waiter` is kept for kWait alone.
  Verdict Admit(const perdure::engine::MessageCopy& copy, absl::Time now, Waiter waiter);
  // REQUIRES: the copy was admitted to be acted on, since the last Begin.
  void Finish(const perdure::engine::MessageCopy& copy, absl::Time now);

 private:
  // Messages that count as one: all about one child that go to it.
  struct Subject {
    int group = 0;
    std::string origin;
    int64_t number = 0;
    friend bool operator==(const Subject&, const Subject&) = default;
    template <typename H>
    friend H AbslHashValue(H h, const Subject& subject) {
      return H::combine(std::move(h), subject.group, subject.origin, subject.number);
    }
  };
  // Which of two copies is the later one.
  struct Rank {
    uint64_t term = 0;
    uint64_t epoch = 0;
    uint64_t attempt = 0;
    friend auto operator<=>(const Rank&, const Rank&) = default;
  };
  struct Waiting {
    Rank rank;
    Waiter waiter;
  };
  struct Seen {
    Rank rank;        // the latest copy's
    absl::Time sent;  // the latest copy was
    absl::Time at;    // when a copy was seen last
    bool deciding = false;
    std::optional<Waiting> next;
  };

  static std::optional<Subject> SubjectOf(const perdure::engine::Message& message);
  static Rank RankOf(const perdure::engine::MessageCopy& copy);
  bool IsOutOfTime(absl::Time sent, absl::Time now) const;
  void Note(const Subject& subject, Seen& seen, absl::Time now);
  void ForgetOld(absl::Time now);

  const size_t most_;
  Counter& not_acted_on_;
  absl::Time not_before_ = absl::InfiniteFuture();  // what was sent then or earlier is stale
  absl::flat_hash_map<Subject, Seen> seen_;
  std::deque<std::pair<absl::Time, Subject>> order_;  // also of what was seen again since
};

}  // namespace perdure::server
