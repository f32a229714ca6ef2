// Messages between entities, as a host takes them in, and as its outbox records what became of its own.
#include <algorithm>
#include <memory>
#include <utility>

#include "base/status.h"
#include "server/history/history_host.h"

namespace perdure::server {

using perdure::engine::Message;
using perdure::engine::MessageAnswer;
using perdure::engine::Target;
using persistence::RunKey;
using Why = StepCause::Why;

namespace {

MessageAnswer NoNamespace() {
  MessageAnswer answer;
  answer.mutable_refused()->set_cause(MessageAnswer::Refused::NAMESPACE_NOT_FOUND);
  return answer;
}

}  // namespace

void HistoryHost::Deliver(perdure::engine::Delivery delivery,
                          Callback<perdure::engine::DeliveryAnswers> done) {
  if (absl::Status serving = Serving(); !serving.ok()) {
    std::move(done)(serving);
  } else {
    arrivals_.Deliver(std::move(delivery), std::move(done));
  }
}

void HistoryHost::Receive(const Message& message, Callback<MessageAnswer> done) {
  absl::Status refused = Serving();
  const Target& target = message.target();
  const absl::StatusOr<const engine::Kind*> kind = KindOf(static_cast<KindNumber>(target.kind()));
  if (refused.ok()) refused = kind.status();
  const std::optional<Uuid> namespace_id = Uuid::FromBytes(target.namespace_id());
  const std::optional<Uuid> run_id = Uuid::FromBytes(target.run_id());
  if (refused.ok() && (!namespace_id || (target.has_run_id() && !run_id))) {
    refused = InvalidArgument("a message's target is malformed");
  }
  if (!refused.ok()) return std::move(done)(refused);
  EntityRef ref{*namespace_id, target.id(), std::nullopt, (*kind)->number()};
  const std::optional<Uuid> started = (*kind)->StartedRun(message);
  // The run that is named, or the current one, which then looks whether it is meant. A start meets whoever
  // has the id, unless it was made before.
  if (started) {
    ref.run_id = started;
  } else if (target.has_run_id()) {
    ref.run_id = run_id;
  }
  FindRun(ref, [this, ref, starts = started.has_value(), &kind = **kind, message = Message(message),
                done = std::move(done)](absl::StatusOr<RunPtr> run) mutable {
    if (!run.ok()) return std::move(done)(run.status());
    if (!starts) return DeliverTo(*run, kind, message, std::move(done));
    if (*run != nullptr) return WhenDurable(*run, kind.Repeated(message), std::move(done));
    ref.run_id = std::nullopt;
    FindRun(ref, [this, &kind, message = std::move(message),
                  done = std::move(done)](absl::StatusOr<RunPtr> current) mutable {
      if (!current.ok()) return std::move(done)(current.status());
      DeliverTo(*current, kind, message, std::move(done));
    });
  });
}

void HistoryHost::DeliverTo(const RunPtr& run, const engine::Kind& kind, const Message& message,
                            Callback<MessageAnswer> done) {
  if (run == nullptr) {
    const engine::NamespaceSettings* settings = SettingsOf(*Uuid::FromBytes(message.target().namespace_id()));
    if (settings == nullptr) return std::move(done)(NoNamespace());
    engine::MessageDecision received = kind.Receive(nullptr, message, ContextFor(nullptr, *settings));
    if (!received.decision.next.has_value()) return std::move(done)(std::move(received.answer));
    const RunPtr started = Follow(nullptr, *std::move(received.decision.next), *settings);
    return WhenDurable(started, std::move(received.answer), std::move(done));
  }
  absl::StatusOr<MessageAnswer> answer;
  const Stepped stepped =
      Step(run, {Why::kMessage, nullptr}, [&](engine::Entity& entity, const engine::Context& context) {
        engine::MessageDecision received = kind.StartedRun(message).has_value()
                                               ? kind.Receive(&entity, message, context)
                                               : entity.Receive(message, context);
        answer = std::move(received.answer);
        return std::move(received.decision);
      });
  if (!stepped.reply.ok()) answer = stepped.reply.status();
  WhenDurable(stepped.next == nullptr ? run : stepped.next, std::move(answer), std::move(done));
}

void HistoryHost::WhenDurable(const RunPtr& run, absl::StatusOr<MessageAnswer> answer,
                              Callback<MessageAnswer> done) {
  Batcher::WhenDurable(
      *run, [answer = std::move(answer), done = std::move(done)](const absl::Status& durable) mutable {
        std::move(done)(durable.ok() ? std::move(answer) : absl::StatusOr<MessageAnswer>(durable));
      });
}

std::optional<Message> HistoryHost::BodyOf(const RunKey& key, const engine::MessageKey& message) {
  const RunPtr run = cache_.Find(key);
  if (run == nullptr || run->lost) return std::nullopt;
  if (!run->Durable() || run->obligations_stale) {
    // The newest state may have settled it.
    const std::vector<engine::OwedMessage> owed = run->entity->Owed().messages;
    const bool still = std::any_of(owed.begin(), owed.end(),
                                   [&](const engine::OwedMessage& one) { return one.key == message; });
    if (!still) return std::nullopt;
  }
  return run->entity->MessageOf(message, SettingsFor(*run->entity));
}

void HistoryHost::Settle(const RunKey& key, std::vector<engine::MessageOutcome> outcomes,
                         absl::AnyInvocable<void(const absl::Status&) &&> done) {
  const RunPtr run = cache_.Find(key);
  absl::Status refused = Serving();
  if (refused.ok() && run == nullptr) refused = Unavailable("the run has left memory");
  if (!refused.ok()) return std::move(done)(refused);
  const Stepped stepped =
      Step(run, {Why::kMessage, nullptr}, [&](engine::Entity& entity, const engine::Context& context) {
        return entity.Settle(std::move(outcomes), context);
      });
  if (!stepped.reply.ok()) return std::move(done)(stepped.reply.status());
  Batcher::WhenDurable(*run, std::move(done));
}

}  // namespace perdure::server
