#include "persistence/mailbox.h"

namespace perdure::persistence {

void Mailbox::Close() {
  {
    const MutexLock lock(mutex_);
    home_ = nullptr;
  }
  slots_.clear();
  told_ = nullptr;
}

std::function<void()> Mailbox::Listen(absl::AnyInvocable<void()> told) {
  told_ = std::move(told);
  return [self = shared_from_this()] {
    self->PostHome([self] {
      if (self->told_) self->told_();
    });
  };
}

std::unique_ptr<Mailbox::Slot> Mailbox::Take(uint64_t ticket, bool ok) {
  auto found = slots_.find(ticket);
  if (found == slots_.end()) return nullptr;
  std::unique_ptr<Slot> slot = std::move(found->second);
  slots_.erase(found);
  if (observer_ != nullptr) observer_->OnOperation(slot->operation, executor_.Monotonic() - slot->begin, ok);
  return slot;
}

void Mailbox::PostHome(Executor::Task task) {
  const MutexLock lock(mutex_);  // held while posting, so that Close waits for it
  if (home_ != nullptr) home_->Post(std::move(task));
}

}  // namespace perdure::persistence
