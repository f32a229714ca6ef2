#include "base/notification.h"

#include "base/check.h"

namespace perdure {

Notification::~Notification() { const std::lock_guard lock(mutex_); }

// The lock is held until all is done: whoever waits may destroy this as soon as it gets it.
void Notification::Notify() {
  const std::lock_guard lock(mutex_);
  PERDURE_CHECK(!notified_, "a notification happens once");
  notified_ = true;
  changed_.notify_all();
}

bool Notification::HasBeenNotified() const {
  const std::lock_guard lock(mutex_);
  return notified_;
}

void Notification::WaitForNotification() const {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return notified_; });
}

bool Notification::WaitForNotificationWithTimeout(absl::Duration timeout) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, absl::ToChronoNanoseconds(timeout), [this] { return notified_; });
}

}  // namespace perdure
