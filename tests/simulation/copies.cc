#include "tests/simulation/copies.h"

#include <iterator>
#include <utility>

#include "base/check.h"

namespace perdure::simulation {

using perdure::engine::Delivery;
using perdure::engine::DeliveryAnswers;

namespace {

constexpr absl::Duration kLatestCopy = absl::Minutes(1);

}  // namespace

bool Copies::Lives(const Copy& copy) const {
  const auto found = processes_.find(copy.from);
  return found != processes_.end() && found->second == copy.process;
}

void Copies::Carry(server::History& to, Delivery delivery, server::Callback<DeliveryAnswers> done) {
  const auto process = processes_.find(&to);
  if (process == processes_.end()) return;
  Copy copy{delivery.SerializeAsString(), &to, process->second, nullptr};
  if (Chance(plan_.copy_twice)) Send(copy, Chance(plan_.copy_late));
  if (Chance(plan_.copy_lost)) return;
  if (!Chance(plan_.copy_answer_lost)) {
    copy.done = std::make_shared<server::Callback<DeliveryAnswers>>(std::move(done));
  }
  Send(std::move(copy), Chance(plan_.copy_late));
}

void Copies::Send(Copy copy, bool late) {
  const absl::Duration delay = late ? random_.Fraction() * kLatestCopy : absl::ZeroDuration();
  executor_.Post([this, delay, copy = std::move(copy)]() mutable {
    if (delay == absl::ZeroDuration()) return Arrive(copy);
    executor_.RunAfter(delay, [this, copy = std::move(copy)] { Arrive(copy); });
  });
}

void Copies::Arrive(const Copy& copy) {
  if (processes_.empty()) return;
  // Of a process that is gone: to any that is there.
  server::History* to = copy.from;
  if (!Lives(copy))
    to = std::next(processes_.begin(), static_cast<int64_t>(random_.Below(processes_.size())))->first;
  Delivery delivery;
  PERDURE_CHECK(delivery.ParseFromString(copy.bytes), "a delivery passes as bytes");
  to->Deliver(std::move(delivery), [this, copy](absl::StatusOr<DeliveryAnswers> answers) {
    if (copy.done == nullptr) return;
    executor_.Post([this, copy, answers = std::move(answers)]() mutable {
      if (Lives(copy)) std::move (*copy.done)(std::move(answers));
    });
  });
}

}  // namespace perdure::simulation
