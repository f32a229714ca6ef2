#include "server/history/message_arrivals.h"

#include <algorithm>
#include <utility>

#include "base/status.h"

namespace perdure::server {

using perdure::engine::Delivery;
using perdure::engine::DeliveryAnswers;
using perdure::engine::MessageAnswer;

void MessageArrivals::Begin() {
  ++tenure_;
  guard_.Begin(Now());
}

void MessageArrivals::End() {
  ++tenure_;
  guard_.End();
}

void MessageArrivals::Deliver(Delivery delivery, Callback<DeliveryAnswers> done) {
  auto arrival = std::make_shared<Arrival>();
  arrival->delivery = std::move(delivery);
  arrival->done = std::move(done);
  arrival->tenure = tenure_;
  for (int i = 0; i < arrival->delivery.copies_size(); ++i) arrival->answers.add_answers();
  TakeFrom(arrival, 0);
}

// What stands behind a copy that is not acted on is not acted on either: they keep their order.
void MessageArrivals::TakeFrom(const ArrivalPtr& arrival, int place) {
  for (; place < arrival->delivery.copies_size(); ++place) {
    const CopyGuard::Verdict verdict =
        guard_.Admit(arrival->delivery.copies(place), Now(), [this, arrival, place](CopyGuard::Verdict then) {
          if (then != CopyGuard::Verdict::kAct) return Close(arrival);
          Decide(arrival, place);
          TakeFrom(arrival, place + 1);
        });
    if (verdict == CopyGuard::Verdict::kWait) return;
    if (verdict == CopyGuard::Verdict::kStale) break;
    Decide(arrival, place);
  }
  Close(arrival);
}

void MessageArrivals::Decide(const ArrivalPtr& arrival, int place) {
  ++arrival->open;
  host_.Receive(arrival->delivery.copies(place).message(),
                [this, arrival, place](absl::StatusOr<MessageAnswer> answer) {
                  OnAnswer(arrival, place, std::move(answer));
                });
}

void MessageArrivals::OnAnswer(const ArrivalPtr& arrival, int place, absl::StatusOr<MessageAnswer> answer) {
  if (answer.ok()) *arrival->answers.mutable_answers(place) = *std::move(answer);
  if (arrival->tenure == tenure_) guard_.Finish(arrival->delivery.copies(place), Now());
  Close(arrival);
}

void MessageArrivals::Close(const ArrivalPtr& arrival) {
  if (--arrival->open > 0) return;
  const auto& answers = arrival->answers.answers();
  const bool any = std::any_of(answers.begin(), answers.end(), [](const MessageAnswer& answer) {
    return answer.answer_case() != MessageAnswer::ANSWER_NOT_SET;
  });
  if (any) {
    std::move(arrival->done)(std::move(arrival->answers));
  } else {
    std::move(arrival->done)(Unavailable("the copy of a message was not acted on"));
  }
}

}  // namespace perdure::server
