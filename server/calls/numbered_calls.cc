#include "server/calls/numbered_calls.h"

#include <utility>

#include "base/nesting.h"

namespace perdure::server {

void NumberedCalls::Carry(std::string call, Callback<std::string> done) {
  calls::Numbered numbered;
  numbered.set_call(std::move(call));
  {
    const MutexLock lock(open_->mutex);
    numbered.set_number(++open_->last);
    open_->numbers.insert(numbered.number());
    numbered.set_oldest_open(*open_->numbers.begin());
  }
  carrier_.Carry(numbered.SerializeAsString(),
                 [open = open_, number = numbered.number(),
                  done = std::move(done)](absl::StatusOr<std::string> answer) mutable {
                   {
                     const MutexLock lock(open->mutex);
                     open->numbers.erase(number);
                   }
                   std::move(done)(std::move(answer));
                 });
}

bool CallsMadeOnce::IsNew(const calls::Numbered& call) {
  const MutexLock lock(mutex_);
  if (call.oldest_open() > oldest_open_) {
    oldest_open_ = call.oldest_open();
    made_.erase(made_.begin(), made_.lower_bound(oldest_open_));
  }
  return call.number() >= oldest_open_ && made_.insert(call.number()).second;
}

void CallsMadeOnce::Handle(std::string_view bytes, Callback<std::string> done,
                           absl::FunctionRef<void(std::string_view, Callback<std::string>)> make) {
  calls::Numbered call;
  if (!ParseStored(bytes, call)) {
    return std::move(done)(absl::InvalidArgumentError("a numbered call cannot be read"));
  }
  if (IsNew(call)) make(call.call(), std::move(done));
}

}  // namespace perdure::server
