// What a store's own test program gives the contract suite: an empty store, and the faults that it can
// imitate.
#pragma once

#include <cstdint>
#include <memory>

#include "persistence/store.h"

namespace perdure::persistence::contract {

class Backend {
 public:
  // How far the batch gets whose answer is lost.
  enum class Loss { kLanded, kNeverSent };

  virtual ~Backend() = default;

  // A store without any row. Sessions end before the backend does, and before a call of GoBack.
  virtual Store& store() = 0;

  // The rows of the run in the history table: what no reader of the store is shown is counted too.
  virtual int64_t CountHistoryRows(const RunKey& key) = 0;

  // Whether this store has a connection that can break: if not, the next three are never called.
  virtual bool HasConnection() const = 0;
  // The next commit is answered kUnknown.
  virtual void LoseNextAnswer(Loss loss) = 0;
  // The next commit stops half-way inside the database; its client is then cut off (kUnknown), while the
  // database keeps the transaction open.
  virtual void StallNextBatch() = 0;
  // Lets the stalled batch go on as far as the database still allows.
  virtual void ReleaseStalledBatch() = 0;

  // Remembers the store as it is now; GoBack makes it so again, as a lagging standby does that takes over.
  virtual void Save() = 0;
  virtual void GoBack() = 0;
};

// Defined by the test program of each store.
std::unique_ptr<Backend> NewBackend();

}  // namespace perdure::persistence::contract
