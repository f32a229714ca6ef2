// The store that forgets everything at its end: for the dev server without a file, for tests, and for the
// simulation. It has no thread: an operation takes effect when it is called (or when its fault's delay is
// over), and its answer is posted to the session's executor, so that it is deterministic on a deterministic
// executor.
//
// Beyond the contract it refuses a history row that does not follow the run's last one, by its sequence and
// its first event id, and a snapshot that does not fit the rows: the simulation finds such mistakes by it.
//
// Thread safety: as Store.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "absl/time/time.h"
#include "persistence/memory/faults.h"
#include "persistence/store.h"

namespace perdure::persistence {

struct MemoryStoreOptions {
  StoreObserver* observer = nullptr;  // outlives the store
  MemoryFaults* faults = nullptr;     // outlives the store
  // The database's clock. Null: the calling session's Now().
  std::function<absl::Time()> clock;
  // How many transactions can be taken back by LoseLastBatches. Each costs memory.
  size_t remembered_transactions = 0;
};

class MemoryStore : public Store {
 public:
  // A failover to a lagging standby: the last `count` batches vanish, with everything that was done since the
  // first of them (fences and leases too), and batches that are still stalled never land. Each session has
  // lost its connection. Answers how many batches vanished: fewer where fewer are remembered.
  virtual size_t LoseLastBatches(size_t count) = 0;
  // Rows of the run in the history table, with those that no load reads.
  virtual int64_t CountHistoryRows(const RunKey& key) = 0;
  // How many rows of entities each table holds, as text; "" when none holds any.
  virtual std::string Contents() = 0;
};

std::unique_ptr<MemoryStore> NewMemoryStore(MemoryStoreOptions options);

}  // namespace perdure::persistence
