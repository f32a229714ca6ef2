#include "server/calls/matching_service.h"

#include <utility>

#include "base/nesting.h"
#include "server/calls/answers.h"
#include "server/calls/call_values.h"

namespace perdure::server {
namespace {

using calls::MatchingAnswer;
using calls::MatchingCall;

absl::Status NotReadable() { return absl::InvalidArgumentError("a call of matching cannot be read"); }

}  // namespace

void MatchingService::Handle(std::string_view call, Callback<std::string> done) {
  MatchingCall parsed;
  if (!ParseStored(call, parsed)) return std::move(done)(NotReadable());
  switch (parsed.call_case()) {
    case MatchingCall::kStartPoll:
      return StartPoll(*parsed.mutable_start_poll(), std::move(done));
    case MatchingCall::kQuery:
      return Query(*parsed.mutable_query(), std::move(done));
    case MatchingCall::kAnswerQuery:
      return matching_.AnswerQuery(
          std::move(*parsed.mutable_answer_query()->mutable_token()),
          std::move(*parsed.mutable_answer_query()->mutable_answer()),
          AnswerBy<MatchingAnswer, std::monostate>(std::move(done), [](std::monostate, MatchingAnswer&) {}));
    case MatchingCall::kDescribe: {
      absl::StatusOr<QueueKey> queue = FromWire(std::move(*parsed.mutable_describe()));
      if (!queue.ok()) return std::move(done)(queue.status());
      return matching_.Describe(
          *std::move(queue),
          AnswerBy<MatchingAnswer, QueueDescription>(
              std::move(done), [](const QueueDescription& description, MatchingAnswer& answer) {
                *answer.mutable_description() = ToWire(description);
              }));
    }
    case MatchingCall::kTold:
      heard_.Hear(parsed.told(), [this](const std::string& one) { Hear(one); });
      return std::move(done)(std::string());
    case MatchingCall::kOffer:
    case MatchingCall::kWithdraw:
    case MatchingCall::kBacklogged:
    case MatchingCall::kCancelPoll:
    case MatchingCall::kCancelQuery:
    case MatchingCall::kForgetStickyQueue:
    case MatchingCall::CALL_NOT_SET:
      break;
  }
  std::move(done)(NotReadable());
}

void MatchingService::StartPoll(calls::StartPoll& call, Callback<std::string> done) {
  absl::StatusOr<Poll> poll = FromWire(std::move(*call.mutable_poll()));
  if (!poll.ok()) return std::move(done)(poll.status());
  MakeCall(
      polls_, call.id(),
      AnswerBy<MatchingAnswer, PolledTask>(
          std::move(done),
          [](const PolledTask& task, MatchingAnswer& wire) { *wire.mutable_polled() = ToWire(task); }),
      [&](Callback<PolledTask> answer) { return matching_.StartPoll(*std::move(poll), std::move(answer)); },
      [&](uint64_t waiting) { matching_.CancelPoll(waiting); });
}

void MatchingService::Query(calls::AskQuery& call, Callback<std::string> done) {
  absl::StatusOr<QueryTask> query = FromWire(std::move(*call.mutable_query()));
  if (!query.ok()) return std::move(done)(query.status());
  MakeCall(
      queries_, call.id(),
      AnswerBy<MatchingAnswer, QueryAnswer>(std::move(done),
                                            [](QueryAnswer answer, MatchingAnswer& wire) {
                                              *wire.mutable_query() = ToWire(std::move(answer));
                                            }),
      [&](Callback<QueryAnswer> answer) { return matching_.Query(*std::move(query), std::move(answer)); },
      [&](uint64_t waiting) { matching_.CancelQuery(waiting); });
}

void MatchingService::Hear(const std::string& call) {
  MatchingCall told;
  if (!ParseStored(call, told)) return;
  if (told.has_offer()) {
    absl::StatusOr<Task> task = FromWire(std::move(*told.mutable_offer()));
    if (task.ok()) matching_.Offer(*std::move(task));
  } else if (told.has_withdraw()) {
    const absl::StatusOr<Task> task = FromWire(std::move(*told.mutable_withdraw()));
    if (task.ok()) matching_.Withdraw(*task);
  } else if (told.has_backlogged()) {
    calls::Backlog& backlog = *told.mutable_backlogged();
    const absl::StatusOr<QueueKey> queue = FromWire(std::move(*backlog.mutable_queue()));
    if (queue.ok()) matching_.Backlogged(*queue, {backlog.owner()}, backlog.tasks());
  } else if (told.call_case() == MatchingCall::kCancelPoll) {
    if (const auto ours = polls_->CallOff(told.cancel_poll())) matching_.CancelPoll(*ours);
  } else if (told.call_case() == MatchingCall::kCancelQuery) {
    if (const auto ours = queries_->CallOff(told.cancel_query())) matching_.CancelQuery(*ours);
  } else if (told.has_forget_sticky_queue()) {
    absl::StatusOr<QueueKey> queue = FromWire(std::move(*told.mutable_forget_sticky_queue()));
    if (queue.ok()) matching_.ForgetStickyQueue(*std::move(queue));
  }
}

}  // namespace perdure::server
