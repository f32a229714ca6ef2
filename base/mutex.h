// A mutex, its lock and its condition as clang's thread-safety analysis knows them: what is marked
// ABSL_GUARDED_BY is seen, wherever clang-tidy looks, to be used under its lock alone. They are the standard
// library's, because the thread sanitizer does not see into absl's as Debian builds them.
//
// Thread safety: all of it. A mutex is not locked twice by one thread.
#pragma once

#include <condition_variable>
#include <mutex>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/time/time.h"

namespace perdure {

class ABSL_LOCKABLE Mutex {
 public:
  Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

 private:
  friend class MutexLock;
  friend class ConditionVariable;
  std::mutex mutex_;
};

// Holds the mutex as long as it lives.
class ABSL_SCOPED_LOCKABLE MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) ABSL_EXCLUSIVE_LOCK_FUNCTION(mutex) : lock_(mutex.mutex_) {}
  ~MutexLock() ABSL_UNLOCK_FUNCTION() = default;
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  const std::lock_guard<std::mutex> lock_;
};

// Something that threads wait for, and that others bring about under the same mutex. `holds` is asked under
// it: mark it ABSL_EXCLUSIVE_LOCKS_REQUIRED.
class ConditionVariable {
 public:
  void NotifyAll() { changed_.notify_all(); }

  template <typename Holds>
  void Wait(Mutex& mutex, Holds holds) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) ABSL_NO_THREAD_SAFETY_ANALYSIS {
    std::unique_lock lock(mutex.mutex_, std::adopt_lock);
    changed_.wait(lock, std::move(holds));
    lock.release();
  }
  // False when it does not hold after this time.
  template <typename Holds>
  bool WaitFor(Mutex& mutex, absl::Duration time, Holds holds)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) ABSL_NO_THREAD_SAFETY_ANALYSIS {
    std::unique_lock lock(mutex.mutex_, std::adopt_lock);
    const bool held = changed_.wait_for(lock, absl::ToChronoNanoseconds(time), std::move(holds));
    lock.release();
    return held;
  }

 private:
  std::condition_variable changed_;
};

}  // namespace perdure
