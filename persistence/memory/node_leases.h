// The memory store's rows of nodes and of who owns the shards (persistence/node_lease.h). Values: a copy
// taken before a change takes it back.
//
// Thread safety: none; the store's mutex guards it.
#pragma once

#include <optional>

#include "absl/container/btree_map.h"
#include "absl/time/time.h"
#include "persistence/node_lease.h"

namespace perdure::persistence {

class NodeLeases {
 public:
  LeaseAnswer Renew(const NodeRow& node, absl::Time now, absl::Duration duration);
  void End(const Uuid& incarnation);
  bool Owns(const Tenure& tenure) const { return owner_ == tenure; }

 private:
  struct Row {
    NodeRow node;
    absl::Time started;
    absl::Time expires;
    uint64_t term = 0;               // 0: it does not own the shards
    std::optional<absl::Time> lost;  // its name, to a younger process
    bool waits = false;
    uint32_t first_writer = 0;
  };

  static LeaseAnswer Held(const Row& own);
  Row& RowOf(const NodeRow& node, absl::Time now);
  uint32_t WritersFor(const NodeRow& node) const;
  bool IsFoughtFor(const std::string& name, absl::Time now) const;
  // The one with a term; null where there is none.
  Row* Owner();

  absl::btree_map<Uuid, Row> rows_;
  Tenure owner_;
};

}  // namespace perdure::persistence
