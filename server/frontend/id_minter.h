// Mints ids for any thread.
#pragma once

#include <memory>

#include "base/ids.h"
#include "base/mutex.h"
#include "base/random.h"

namespace perdure::server {

class IdMinter {
 public:
  explicit IdMinter(std::unique_ptr<Random> random) : random_(std::move(random)) {}

  Uuid Mint() {
    const MutexLock lock(mutex_);
    return Uuid::Mint(*random_);
  }

 private:
  Mutex mutex_;
  const std::unique_ptr<Random> random_ ABSL_PT_GUARDED_BY(mutex_);
};

}  // namespace perdure::server
