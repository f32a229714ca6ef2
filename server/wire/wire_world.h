// What the connections of one server share.
// Thread safety: any thread, but for what is said.
#pragma once

#include <atomic>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "base/mutex.h"
#include "server/frontend/api_server.h"
#include "server/frontend/frontend.h"
#include "server/frontend/method_table.h"
#include "server/wire/wire_budget.h"

namespace perdure::server {

// How many calls are not destroyed yet: what answers them, and their connections' loops, must outlive them.
class LiveCalls {
 public:
  void Begin() {
    const MutexLock lock(mutex_);
    ++count_;
  }
  void End() {
    const MutexLock lock(mutex_);
    if (--count_ == 0) none_.NotifyAll();
  }
  // False: there were some until the end of `patience`.
  bool WaitForNone(absl::Duration patience) {
    const MutexLock lock(mutex_);
    return none_.WaitFor(mutex_, patience,
                         [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return count_ == 0; });
  }
  void WaitForNone() {
    const MutexLock lock(mutex_);
    none_.Wait(mutex_, [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return count_ == 0; });
  }

 private:
  Mutex mutex_;
  ConditionVariable none_;
  size_t count_ ABSL_GUARDED_BY(mutex_) = 0;
};

// How large answers are, method by method, as far as it was seen: what a call that has begun may need.
class AnswerSizes {
 public:
  explicit AnswerSizes(const MethodTable& table);

  // 0 for polls: they wait, and nobody knows for what.
  size_t Expected(const Method& method) const;
  void Saw(const Method& method, size_t size);

 private:
  std::vector<std::atomic<size_t>> expected_;  // by the method's index
};

struct WireWorld {
  WireWorld(const MethodTable& table, Frontend& its_frontend, CallObserver& its_observer, LimitsSeen& limits,
            const ConnectionTimes& its_times);

  const Method* Find(std::string_view path) const;

  Frontend& frontend;
  CallObserver& observer;
  WireBudget budget;
  LiveCalls live;
  AnswerSizes sizes;
  const ConnectionTimes times;
  std::atomic<bool> healthy = true;

 private:
  absl::flat_hash_map<std::string_view, const Method*> by_path_;
};

}  // namespace perdure::server
