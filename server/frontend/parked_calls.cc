#include "server/frontend/parked_calls.h"

#include <utility>

namespace perdure::server {

uint64_t ParkedCalls::Park(CallPtr call) {
  uint64_t ticket = 0;
  {
    const std::lock_guard lock(mutex_);
    ticket = ++last_ticket_;
  }
  // A cancellation that comes between this and the next step finds nothing: that call just waits to its end.
  call->OnCancelled([this, ticket] {
    executor_.Post([this, ticket] {
      if (CallPtr gone = Take(ticket)) gone->Fail(absl::CancelledError("context canceled"));
    });
  });
  const std::lock_guard lock(mutex_);
  // Not kept while draining: a CallPtr that goes away unanswered answers UNAVAILABLE.
  if (!draining_) calls_.emplace(ticket, std::move(call));
  return ticket;
}

CallPtr ParkedCalls::Take(uint64_t ticket) {
  const std::lock_guard lock(mutex_);
  const auto found = calls_.find(ticket);
  if (found == calls_.end()) return nullptr;
  CallPtr call = std::move(found->second);
  calls_.erase(found);
  return call;
}

void ParkedCalls::Drain() {
  absl::flat_hash_map<uint64_t, CallPtr> calls;
  {
    const std::lock_guard lock(mutex_);
    draining_ = true;
    calls.swap(calls_);
  }
}

}  // namespace perdure::server
