// Calls that nobody waits for and whose order counts, from one side to one peer: each arrives once and in
// order, however the carrier treats them. What gathers while a batch is on its way goes with the next one; a
// batch whose fate is unknown is sent again, with its number.
//
// They end with the peer: whoever sees that it is gone makes a new pair, and tells everything anew.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/functional/function_ref.h"
#include "base/executor.h"
#include "base/mutex.h"
#include "perdure/call.pb.h"
#include "server/calls/call_carrier.h"

namespace perdure::server {

// The telling side. Thread safety: any thread. What is unsent at its end is dropped. The executor and the
// carrier outlive it.
class ToldCalls {
 public:
  // `encode`: as the peer's service takes them. `executor` is where a batch follows on another.
  ToldCalls(Executor& executor, CallCarrier& carrier, std::function<std::string(calls::Told)> encode);
  ~ToldCalls();
  ToldCalls(const ToldCalls&) = delete;
  ToldCalls& operator=(const ToldCalls&) = delete;

  // `call`: encoded alone.
  void Tell(std::string call);

 private:
  struct State;
  static void SendNext(const std::shared_ptr<State>& state);
  static void Send(const std::shared_ptr<State>& state, std::string batch);

  const std::shared_ptr<State> state_;
};

// The told side. Any thread.
class HeardCalls {
 public:
  // Makes what is new in the batch, in order, before any other batch.
  void Hear(const calls::Told& batch, absl::FunctionRef<void(const std::string&)> make);

 private:
  Mutex mutex_;
  uint64_t heard_ ABSL_GUARDED_BY(mutex_) = 0;  // the number of the last batch
};

}  // namespace perdure::server
