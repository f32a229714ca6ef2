// Something that happens once, for threads that wait for it. As absl::Notification, whose code the thread
// sanitizer does not see in Debian's library, so that it takes all that a notification orders for races.
//
// Thread safety: all of it. Notify is called at most once. A thread that has been told may destroy it.
#pragma once

#include "absl/time/time.h"
#include "base/mutex.h"

namespace perdure {

class Notification {
 public:
  Notification() = default;
  // Waits until Notify, where that runs, has let go of it.
  ~Notification();
  Notification(const Notification&) = delete;
  Notification& operator=(const Notification&) = delete;

  void Notify();
  bool HasBeenNotified() const;
  void WaitForNotification() const;
  // False when it has not happened after this time.
  bool WaitForNotificationWithTimeout(absl::Duration timeout) const;

 private:
  mutable Mutex mutex_;
  mutable ConditionVariable changed_;
  bool notified_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace perdure
