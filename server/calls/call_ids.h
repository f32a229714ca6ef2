// Ids by which a peer may call off what it asked for, and what we call the same. Any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "base/mutex.h"
#include "server/calls/call_carrier.h"

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

// Makes a call that the peer may call off by its id `theirs`: `make(answer)` makes it, and returns our id,
// with which `call_off` ends it where the peer has called it off meanwhile.
template <typename T, typename Make, typename CallOff>
void MakeCall(const std::shared_ptr<CallIds>& ids, uint64_t theirs, Callback<T> answer, Make make,
              CallOff call_off) {
  ids->Begin(theirs);
  const uint64_t ours =
      std::move(make)([ids, theirs, answer = std::move(answer)](absl::StatusOr<T> value) mutable {
        ids->Answered(theirs);
        std::move(answer)(std::move(value));
      });
  if (ids->Made(theirs, ours)) call_off(ours);
}

}  // namespace perdure::server
