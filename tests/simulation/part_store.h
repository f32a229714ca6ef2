// What one part of the shards has beside the store that all parts share: rows that say which node owns it
// (persistence/node_lease.h), under the rules that a store has for all shards together.
//
// Not thread-safe: the simulation is one thread.
#pragma once

#include <memory>

#include "persistence/memory/memory_store.h"
#include "persistence/store.h"

namespace perdure::simulation {

class PartStore final : public persistence::Store {
 public:
  // `shared` outlives it, and what the options name.
  PartStore(persistence::Store& shared, persistence::MemoryStoreOptions leases)
      : shared_(shared), leases_(persistence::NewMemoryStore(std::move(leases))) {}

  // Of a part's host: whose tenure is over takes no shards.
  std::unique_ptr<persistence::Session> OpenSession(Executor& home) override;
  // Of the lease.
  std::unique_ptr<persistence::Session> OpenLeaseSession(Executor& home) {
    return leases_->OpenSession(home);
  }

 private:
  class Session;
  persistence::Store& shared_;
  const std::unique_ptr<persistence::MemoryStore> leases_;
};

}  // namespace perdure::simulation
