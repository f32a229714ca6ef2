// Faults that a simulation asks the memory store for. Production passes none.
//
// Thread safety: called on whatever executor calls the store, several at once when several are real.
// Ownership: the store does not own it; it outlives the store.
#pragma once

#include <string_view>

#include "absl/time/time.h"
#include "persistence/batch.h"

namespace perdure::persistence {

class MemoryFaults {
 public:
  enum class CommitFault {
    kNone,
    kFails,          // kFailed; nothing lands
    kUnknownLanded,  // kUnknown; it has landed
    kUnknownLost,    // kUnknown; it never lands
    kUnknownStalls,  // kUnknown; it is on its way still, and lands or not as StalledLands says
  };
  struct CommitPlan {
    CommitFault fault = CommitFault::kNone;
    absl::Duration before;  // until the batch takes effect; a session that ends meanwhile never sent it
    absl::Duration after;   // from there to the answer
  };
  struct ReadPlan {
    bool fails = false;  // UNAVAILABLE
    absl::Duration delay;
  };
  // When a stalled batch is asked about.
  enum class Moment {
    kOperation,  // before some session's next operation: true lands it now, false leaves it stalled
    kFence,      // its writer is being fenced: true lands it just before, false means that it never does
  };

  virtual ~MemoryFaults() = default;
  virtual CommitPlan OnCommit(const Batch& /*batch*/) { return {}; }
  // Everything but Commit: reads, fences, leases, namespaces. `operation` is the method's name.
  virtual ReadPlan OnOperation(std::string_view /*operation*/) { return {}; }
  virtual bool StalledLands(const Batch& /*batch*/, Moment /*moment*/) { return true; }
};

}  // namespace perdure::persistence
