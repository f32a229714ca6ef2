// What the connections of one server share.
// Thread safety: any thread, but for what is said.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "server/frontend/api_server.h"
#include "server/frontend/frontend.h"
#include "server/frontend/method_table.h"
#include "server/wire/wire_budget.h"

namespace perdure::server {

// How many calls are not destroyed yet: what answers them, and their connections' loops, must outlive them.
class LiveCalls {
 public:
  void Begin() {
    const std::lock_guard lock(mutex_);
    ++count_;
  }
  void End() {
    const std::lock_guard lock(mutex_);
    if (--count_ == 0) none_.notify_all();
  }
  // False: there were some until the end of `patience`.
  bool WaitForNone(absl::Duration patience) {
    std::unique_lock lock(mutex_);
    return none_.wait_for(lock, absl::ToChronoNanoseconds(patience), [this] { return count_ == 0; });
  }
  void WaitForNone() {
    std::unique_lock lock(mutex_);
    none_.wait(lock, [this] { return count_ == 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable none_;
  size_t count_ = 0;  // guarded by mutex_
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
