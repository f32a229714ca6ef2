#include "server/frontend/parked_calls.h"

#include <utility>

namespace perdure::server {

uint64_t ParkedCalls::Park(CallPtr call) {
  Call& waiting = *call;
  const CallHold hold(waiting);
  uint64_t ticket = 0;
  {
    const MutexLock lock(mutex_);
    ticket = ++last_ticket_;
    if (!draining_) calls_.emplace(ticket, Parked{std::move(call), nullptr});
  }
  // While draining it is not kept: a CallPtr that goes away unanswered answers UNAVAILABLE.
  call.reset();
  waiting.OnCancelled([this, ticket] {
    executor_.Post([this, ticket] {
      Parked gone = TakeParked(ticket);
      if (gone.call != nullptr) gone.call->Fail(absl::CancelledError("context canceled"));
      if (gone.call_off) std::move(gone.call_off)();
    });
  });
  return ticket;
}

void ParkedCalls::WhenGone(uint64_t ticket, absl::AnyInvocable<void() &&> call_off) {
  {
    const MutexLock lock(mutex_);
    const auto found = calls_.find(ticket);
    if (found != calls_.end()) {
      found->second.call_off = std::move(call_off);
      return;
    }
  }
  std::move(call_off)();
}

CallPtr ParkedCalls::Take(uint64_t ticket) { return TakeParked(ticket).call; }

ParkedCalls::Parked ParkedCalls::TakeParked(uint64_t ticket) {
  const MutexLock lock(mutex_);
  const auto found = calls_.find(ticket);
  if (found == calls_.end()) return {};
  Parked parked = std::move(found->second);
  calls_.erase(found);
  return parked;
}

void ParkedCalls::Drain() {
  absl::flat_hash_map<uint64_t, Parked> calls;
  {
    const MutexLock lock(mutex_);
    draining_ = true;
    calls.swap(calls_);
  }
}

}  // namespace perdure::server
