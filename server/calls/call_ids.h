// Ids by which a peer may call off what it asked for, and what we call the same. Any thread.
#pragma once

#include <cstdint>
#include <optional>

#include "absl/container/flat_hash_map.h"
#include "base/mutex.h"

namespace perdure::server {

class CallIds {
 public:
  // Before the call is made: its answer may come before our id is known.
  void Begin(uint64_t theirs) {
    const MutexLock lock(mutex_);
    open_[theirs] = {};
  }
  // True when the peer called it off meanwhile: now it can be.
  bool Made(uint64_t theirs, uint64_t ours) {
    const MutexLock lock(mutex_);
    const auto found = open_.find(theirs);
    if (found == open_.end()) return false;  // it was answered
    found->second.ours = ours;
    return found->second.called_off;
  }
  void Answered(uint64_t theirs) {
    const MutexLock lock(mutex_);
    open_.erase(theirs);
  }
  // Nullopt when it is not open, or not made yet.
  std::optional<uint64_t> CallOff(uint64_t theirs) {
    const MutexLock lock(mutex_);
    const auto found = open_.find(theirs);
    if (found == open_.end()) return std::nullopt;
    found->second.called_off = true;
    return found->second.ours;
  }

 private:
  struct Open {
    std::optional<uint64_t> ours;
    bool called_off = false;
  };
  Mutex mutex_;
  absl::flat_hash_map<uint64_t, Open> open_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace perdure::server
