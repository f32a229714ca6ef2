// Who owns the shards: a row for each process that serves or waits to (its incarnation, name, and lease on
// the database's clock), and apart from them the row that says which of them owns all shards, in which term.
// Plain values; see store.h for the calls.
//
// Rules, which hold inside the database whatever its clients believe:
// 1. At most one incarnation is the owner. A term is raised with each taking, also by the same incarnation:
// so one that lapsed and came back has another term than before, whoever had the shards meanwhile.
//
// 2. A lease that has not ended keeps everybody else out, but for a younger process of the same name (whose
// start is later on the database's clock): it takes all at once.
//
// 3. The older of two such processes learns it with its next renewal: `lost`, and never gets a lease again.
// That loss is kept. A process that comes after kNameFights of them within kNameFightWindow does not take
// anything from one that lives: it waits for the end of its lease, so that two of one name do not fight for
// ever.
//
// 4. Each node of `nodes` has a range of writers of its own: the lowest that no other has. The one that it
// names (NodeRow::first_writer) it keeps, also where its row was gone meanwhile, unless another got it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "base/ids.h"

namespace perdure::persistence {

inline constexpr int64_t kNameFights = 2;
inline constexpr absl::Duration kNameFightWindow = absl::Minutes(1);
// A row whose lease ended so long ago goes when another process comes.
inline constexpr absl::Duration kNodeRowsKept = absl::Hours(24 * 7);
inline constexpr uint32_t kWritersOfANode = 1024;

// A process, as it names itself.
struct NodeRow {
  Uuid incarnation;  // minted at its start
  std::string name;  // a process may follow one of the same name at once; never empty
  std::string address;
  uint32_t first_writer = 0;  // of the range that it was given; 0: of none yet
};

// The ownership of all shards by one incarnation, from its taking to its end.
struct Tenure {
  Uuid incarnation;
  uint64_t term = 0;
  friend bool operator==(const Tenure&, const Tenure&) = default;
};

struct LeaseAnswer {
  // Another node, as its row says.
  struct Other {
    NodeRow node;
    absl::Time started;  // on the database's clock
  };
  std::optional<Tenure> tenure;  // set: the lease is held, and the shards are this node's
  std::optional<Other> owner;    // without a tenure: who has the shards, where somebody has
  bool lost = false;   // to `owner`, a younger process of the same name: there will be no lease again
  bool waits = false;  // the name was fought for when this process came: it waits for the end of a lease
  // The node's writers are this one and those behind it, kWritersOfANode in all. No other node of `nodes` has
  // one of them. Another range than NodeRow::first_writer was given away while the node's row was gone: the
  // node must stop writing.
  uint32_t first_writer = 0;
};

}  // namespace perdure::persistence
