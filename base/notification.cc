#include "base/notification.h"

#include "base/check.h"

namespace perdure {

Notification::~Notification() { const MutexLock lock(mutex_); }

// The lock is held until all is done: whoever waits may destroy this as soon as it gets it.
void Notification::Notify() {
  const MutexLock lock(mutex_);
  PERDURE_CHECK(!notified_, "a notification happens once");
  notified_ = true;
  changed_.NotifyAll();
}

bool Notification::HasBeenNotified() const {
  const MutexLock lock(mutex_);
  return notified_;
}

void Notification::WaitForNotification() const {
  const MutexLock lock(mutex_);
  changed_.Wait(mutex_, [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return notified_; });
}

bool Notification::WaitForNotificationWithTimeout(absl::Duration timeout) const {
  const MutexLock lock(mutex_);
  return changed_.WaitFor(mutex_, timeout,
                          [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return notified_; });
}

}  // namespace perdure
