#include "server/calls/told_calls.h"

#include <utility>

#include "base/mutex.h"

namespace perdure::server {
namespace {

constexpr absl::Duration kBeforeTellingAgain = absl::Milliseconds(100);

}  // namespace

struct ToldCalls::State {
  State(Executor& executor, CallCarrier& carrier, std::function<std::string(calls::Told)> encode)
      : executor(executor), carrier(carrier), encode(std::move(encode)) {}

  Executor& executor;
  CallCarrier& carrier;
  const std::function<std::string(calls::Told)> encode;

  Mutex mutex;
  calls::Told gathering ABSL_GUARDED_BY(mutex);
  uint64_t sent ABSL_GUARDED_BY(mutex) = 0;        // the number of the last batch
  bool on_its_way ABSL_GUARDED_BY(mutex) = false;  // a batch is
  bool ended ABSL_GUARDED_BY(mutex) = false;
};

ToldCalls::ToldCalls(Executor& executor, CallCarrier& carrier, std::function<std::string(calls::Told)> encode)
    : state_(std::make_shared<State>(executor, carrier, std::move(encode))) {}

ToldCalls::~ToldCalls() {
  const MutexLock lock(state_->mutex);
  state_->ended = true;
}

void ToldCalls::Tell(std::string call) {
  {
    const MutexLock lock(state_->mutex);
    state_->gathering.add_calls(std::move(call));
    if (std::exchange(state_->on_its_way, true)) return;
  }
  SendNext(state_);
}

// REQUIRES: on_its_way was set for this batch.
void ToldCalls::SendNext(const std::shared_ptr<State>& state) {
  calls::Told batch;
  {
    const MutexLock lock(state->mutex);
    if (state->ended || state->gathering.calls().empty()) {
      state->on_its_way = false;
      return;
    }
    batch = std::exchange(state->gathering, {});
    batch.set_number(++state->sent);
  }
  Send(state, state->encode(std::move(batch)));
}

void ToldCalls::Send(const std::shared_ptr<State>& state, std::string batch) {
  {
    const MutexLock lock(state->mutex);
    if (state->ended) return;
  }
  std::string copy = batch;
  state->carrier.Carry(
      std::move(copy), [state, batch = std::move(batch)](const absl::StatusOr<std::string>& heard) mutable {
        // Posted, because an answer may come inside of the call.
        state->executor.Post([state, ok = heard.ok(), batch = std::move(batch)]() mutable {
          if (ok) return SendNext(state);
          state->executor.RunAfter(kBeforeTellingAgain, [state, batch = std::move(batch)]() mutable {
            Send(state, std::move(batch));
          });
        });
      });
}

void HeardCalls::Hear(const calls::Told& batch, absl::FunctionRef<void(const std::string&)> make) {
  const MutexLock lock(mutex_);
  if (batch.number() <= heard_) return;
  heard_ = batch.number();
  for (const std::string& call : batch.calls()) make(call);
}

}  // namespace perdure::server
