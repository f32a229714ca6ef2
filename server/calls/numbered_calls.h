// Calls over a carrier that may bring them twice: each is made once at most. One pair a connection, that is
// of two processes: whoever loses its peer makes a new one. The carrier answers each call, if only as lost,
// in a bounded time: what the other side remembers goes back to the oldest call without an answer.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/container/btree_set.h"
#include "absl/functional/function_ref.h"
#include "base/mutex.h"
#include "perdure/call.pb.h"
#include "server/calls/call_carrier.h"

namespace perdure::server {

// The calling side. Thread safety: any thread. The carrier outlives it; it may go before its calls are
// answered.
class NumberedCalls final : public CallCarrier {
 public:
  // `carrier` may make calls twice, and is CallCarrier otherwise.
  explicit NumberedCalls(CallCarrier& carrier) : carrier_(carrier) {}
  void Carry(std::string call, Callback<std::string> done) override;

 private:
  struct Open {
    Mutex mutex;
    uint64_t last ABSL_GUARDED_BY(mutex) = 0;
    absl::btree_set<uint64_t> numbers ABSL_GUARDED_BY(mutex);  // of calls without an answer
  };
  CallCarrier& carrier_;
  const std::shared_ptr<Open> open_ = std::make_shared<Open>();
};

// The side that makes them. Thread safety: any thread.
class CallsMadeOnce {
 public:
  // Lets `make` make the call, unless it came before, or was answered: then `done` goes away uncalled,
  // because whoever waits has, or will get, the first one's answer. What cannot be read is INVALID_ARGUMENT.
  void Handle(std::string_view bytes, Callback<std::string> done,
              absl::FunctionRef<void(std::string_view, Callback<std::string>)> make);

 private:
  bool IsNew(const calls::Numbered& call);

  Mutex mutex_;
  absl::btree_set<uint64_t> made_ ABSL_GUARDED_BY(mutex_);  // not below oldest_open_
  // Those below are answered, so that copies of them are late.
  uint64_t oldest_open_ ABSL_GUARDED_BY(mutex_) = 1;
};

}  // namespace perdure::server
