// Mints ids for any thread.
#pragma once

#include <memory>
#include <mutex>

#include "base/ids.h"
#include "base/random.h"

namespace perdure::server {

class IdMinter {
 public:
  explicit IdMinter(std::unique_ptr<Random> random) : random_(std::move(random)) {}

  Uuid Mint() {
    const std::lock_guard lock(mutex_);
    return Uuid::Mint(*random_);
  }

 private:
  std::mutex mutex_;
  const std::unique_ptr<Random> random_;  // guarded by mutex_
};

}  // namespace perdure::server
