#include "server/calls/history_service.h"

#include <limits>
#include <utility>

#include "base/nesting.h"
#include "base/time.h"
#include "server/calls/answers.h"
#include "server/calls/call_values.h"

namespace perdure::server {
namespace {

using calls::HistoryAnswer;
using calls::HistoryCall;

absl::Status Unreadable() { return absl::InvalidArgumentError("a call of history cannot be read"); }

Callback<engine::ReplyPtr> AnswerReply(const engine::CallWire& wire, Callback<std::string> done) {
  return AnswerBy<HistoryAnswer, engine::ReplyPtr>(std::move(done),
                                                   [&wire](engine::ReplyPtr reply, HistoryAnswer& answer) {
                                                     if (reply != nullptr)
                                                       answer.set_reply(wire.EncodeReply(*reply));
                                                   });
}

}  // namespace

absl::StatusOr<const engine::CallWire*> HistoryService::WireOf(uint32_t kind) const {
  const bool number = kind <= std::numeric_limits<KindNumber>::max();
  const engine::CallWire* const wire = number ? kinds_.WireOf(static_cast<KindNumber>(kind)) : nullptr;
  if (wire == nullptr) return absl::InvalidArgumentError("entities of that kind are not known here");
  return wire;
}

void HistoryService::Handle(std::string_view call, Callback<std::string> done) {
  HistoryCall parsed;
  if (!ParseStored(call, parsed)) return std::move(done)(Unreadable());
  Make(std::move(parsed), std::move(done));
}

void HistoryService::Make(HistoryCall call, Callback<std::string> done) {
  switch (call.call_case()) {
    case HistoryCall::kStart:
      return Start(call.start(), std::move(done));
    case HistoryCall::kExecute:
      return Ask(*call.mutable_execute(), /*decided=*/true, std::move(done));
    case HistoryCall::kRead:
      return Ask(*call.mutable_read(), /*decided=*/false, std::move(done));
    case HistoryCall::kAsk:
      return AskAndWait(*call.mutable_ask(), std::move(done));
    case HistoryCall::kWaitForEvents:
      return Wait(*call.mutable_wait_for_events(), std::move(done));
    case HistoryCall::kReadEvents: {
      absl::StatusOr<EventsQuery> query = FromWire(std::move(*call.mutable_read_events()));
      if (!query.ok()) return std::move(done)(query.status());
      return history_.ReadEvents(
          *std::move(query),
          AnswerBy<HistoryAnswer, EventsPage>(std::move(done), [](EventsPage page, HistoryAnswer& answer) {
            *answer.mutable_page() = ToWire(std::move(page));
          }));
    }
    case HistoryCall::kDeliver:
      return history_.Deliver(
          std::move(*call.mutable_deliver()),
          AnswerBy<HistoryAnswer, perdure::engine::DeliveryAnswers>(
              std::move(done), [](perdure::engine::DeliveryAnswers delivered, HistoryAnswer& answer) {
                *answer.mutable_delivered() = std::move(delivered);
              }));
    case HistoryCall::kTold:
      heard_.Hear(call.told(), [this](const std::string& one) { Hear(one); });
      return std::move(done)(std::string());
    case HistoryCall::kCancelWait:
    case HistoryCall::kDeclined:
    case HistoryCall::kHasRoom:
    case HistoryCall::CALL_NOT_SET:
      break;
  }
  std::move(done)(Unreadable());
}

void HistoryService::Start(const calls::StartEntity& call, Callback<std::string> done) {
  const auto wire = WireOf(call.kind());
  if (!wire.ok()) return std::move(done)(wire.status());
  const std::optional<Uuid> namespace_id = Uuid::FromBytes(call.namespace_id());
  if (!namespace_id.has_value()) return std::move(done)(Unreadable());
  absl::StatusOr<std::unique_ptr<engine::StartRequest>> start = (*wire)->DecodeStart(call.request());
  if (!start.ok()) return std::move(done)(start.status());
  history_.Start(*namespace_id, static_cast<KindNumber>(call.kind()), *std::move(start),
                 AnswerReply(**wire, std::move(done)));
}

absl::StatusOr<HistoryService::Asked> HistoryService::Read(calls::AskEntity& call) const {
  absl::StatusOr<EntityRef> run = FromWire(std::move(*call.mutable_run()));
  if (!run.ok()) return run.status();
  const auto wire = WireOf(run->kind);
  if (!wire.ok()) return wire.status();
  absl::StatusOr<engine::RequestPtr> request = (*wire)->DecodeRequest(call.request());
  if (!request.ok()) return request.status();
  return Asked{*std::move(run), **wire, *std::move(request)};
}

void HistoryService::Ask(calls::AskEntity& call, bool decided, Callback<std::string> done) {
  absl::StatusOr<Asked> asked = Read(call);
  if (!asked.ok()) return std::move(done)(asked.status());
  Callback<engine::ReplyPtr> answer = AnswerReply(asked->wire, std::move(done));
  if (decided) return history_.Execute(std::move(asked->run), std::move(asked->request), std::move(answer));
  history_.Read(std::move(asked->run), std::move(asked->request), std::move(answer));
}

void HistoryService::AskAndWait(calls::AskAndWait& call, Callback<std::string> done) {
  absl::StatusOr<Asked> asked = Read(*call.mutable_ask());
  if (!asked.ok()) return std::move(done)(asked.status());
  MakeCall(
      waits_, call.wait(), AnswerReply(asked->wire, std::move(done)),
      [&](Callback<engine::ReplyPtr> answer) {
        return history_.Ask(std::move(asked->run), std::move(asked->request), FromProto(call.max_wait()),
                            std::move(answer));
      },
      [&](uint64_t wait) { history_.CancelWait(wait); });
}

void HistoryService::Wait(calls::WaitForEvents& call, Callback<std::string> done) {
  absl::StatusOr<EntityRef> run = FromWire(std::move(*call.mutable_run()));
  if (!run.ok()) return std::move(done)(run.status());
  MakeCall(
      waits_, call.wait(),
      AnswerBy<HistoryAnswer, RunPosition>(std::move(done),
                                           [](RunPosition position, HistoryAnswer& wire) {
                                             *wire.mutable_position() = ToWire(std::move(position));
                                           }),
      [&](Callback<RunPosition> answer) {
        return history_.WaitForEvents(*std::move(run), call.from_event_id(), FromProto(call.max_wait()),
                                      std::move(answer));
      },
      [&](uint64_t wait) { history_.CancelWait(wait); });
}

void HistoryService::Hear(const std::string& call) {
  HistoryCall told;
  if (!ParseStored(call, told)) return;
  if (told.has_declined()) {
    absl::StatusOr<Task> task = FromWire(std::move(*told.mutable_declined()));
    if (task.ok()) history_.Declined(*std::move(task));
  } else if (told.has_has_room()) {
    const absl::StatusOr<QueueKey> queue = FromWire(std::move(*told.mutable_has_room()->mutable_queue()));
    if (queue.ok()) history_.HasRoom({told.has_room().owner()}, *queue, told.has_room().tasks());
  } else if (told.call_case() == HistoryCall::kCancelWait) {
    if (const auto ours = waits_->CallOff(told.cancel_wait())) history_.CancelWait(*ours);
  }
}

}  // namespace perdure::server
