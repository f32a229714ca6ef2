#include "server/history/host/message_desk.h"

#include <algorithm>
#include <utility>

#include "base/limits.h"
#include "base/status.h"
#include "server/history/batcher.h"
#include "server/history/host/life.h"
#include "server/history/host/residents.h"
#include "server/history/host/settings.h"
#include "server/history/host/steps.h"
#include "server/history/run_cache.h"

namespace perdure::server {

using perdure::engine::Message;
using perdure::engine::MessageAnswer;
using perdure::engine::Target;
using persistence::RunKey;

namespace {

MessageAnswer NoNamespace() {
  MessageAnswer answer;
  answer.mutable_refused()->set_cause(MessageAnswer::Refused::NAMESPACE_NOT_FOUND);
  return answer;
}

void GiveWhenDurable(const RunPtr& run, absl::StatusOr<MessageAnswer> answer, Callback<MessageAnswer> done) {
  Batcher::WhenDurable(
      *run, [answer = std::move(answer), done = std::move(done)](const absl::Status& durable) mutable {
        std::move(done)(durable.ok() ? std::move(answer) : absl::StatusOr<MessageAnswer>(durable));
      });
}

}  // namespace

MessageDesk::MessageDesk(const HostParts& parts, Counter& not_acted_on)
    : parts_(parts),
      arrivals_(parts.world.executor, parts.world.message_clock, *this, limits::kMessagesRemembered,
                not_acted_on) {}

void MessageDesk::Deliver(perdure::engine::Delivery delivery,
                          Callback<perdure::engine::DeliveryAnswers> done) {
  if (absl::Status serving = parts_.life.Serving(); !serving.ok()) {
    std::move(done)(serving);
  } else {
    arrivals_.Deliver(std::move(delivery), std::move(done));
  }
}

void MessageDesk::Receive(const Message& message, Callback<MessageAnswer> done) {
  absl::Status refused = parts_.life.Serving();
  const Target& target = message.target();
  const absl::StatusOr<const engine::Kind*> kind =
      parts_.residents.KindOf(static_cast<KindNumber>(target.kind()));
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
  parts_.residents.FindRun(
      ref, [this, ref, starts = started.has_value(), &kind = **kind, message = Message(message),
            done = std::move(done)](absl::StatusOr<RunPtr> run) mutable {
        if (!run.ok()) return std::move(done)(run.status());
        if (!starts) return DeliverTo(*run, kind, message, std::move(done));
        if (*run != nullptr) return GiveWhenDurable(*run, kind.Repeated(message), std::move(done));
        ref.run_id = std::nullopt;
        parts_.residents.FindRun(ref, [this, &kind, message = std::move(message),
                                       done = std::move(done)](absl::StatusOr<RunPtr> current) mutable {
          if (!current.ok()) return std::move(done)(current.status());
          DeliverTo(*current, kind, message, std::move(done));
        });
      });
}

void MessageDesk::DeliverTo(const RunPtr& run, const engine::Kind& kind, const Message& message,
                            Callback<MessageAnswer> done) {
  const engine::NamespaceSettings* settings =
      parts_.settings.Of(*Uuid::FromBytes(message.target().namespace_id()));
  // Whoever is left in a namespace that is being emptied is there for nobody.
  if (settings != nullptr && settings->leaving) return std::move(done)(NoNamespace());
  if (run == nullptr) {
    if (settings == nullptr) return std::move(done)(NoNamespace());
    engine::MessageDecision received =
        kind.Receive(nullptr, message, parts_.settings.ContextFor(nullptr, *settings));
    if (!received.decision.next.has_value()) return std::move(done)(std::move(received.answer));
    const RunPtr started = parts_.steps.Follow(nullptr, *std::move(received.decision.next), *settings);
    return GiveWhenDurable(started, std::move(received.answer), std::move(done));
  }
  absl::StatusOr<MessageAnswer> answer;
  const HostSteps::Stepped stepped =
      parts_.steps.Step(run, nullptr, [&](engine::Entity& entity, const engine::Context& context) {
        engine::MessageDecision received = kind.StartedRun(message).has_value()
                                               ? kind.Receive(&entity, message, context)
                                               : entity.Receive(message, context);
        answer = std::move(received.answer);
        return std::move(received.decision);
      });
  if (!stepped.reply.ok()) answer = stepped.reply.status();
  GiveWhenDurable(stepped.next == nullptr ? run : stepped.next, std::move(answer), std::move(done));
}

bool MessageDesk::OwesNow(const ResidentRun& run, const engine::MessageKey& message) {
  if (std::exchange(owed_.step, run.use.step) != run.use.step) {
    owed_.keys.clear();
    for (const engine::OwedMessage& owed : run.entity->Owed().messages) owed_.keys.push_back(owed.key);
  }
  return std::binary_search(owed_.keys.begin(), owed_.keys.end(), message);
}

std::optional<Message> MessageDesk::BodyOf(const RunKey& key, const engine::MessageKey& message) {
  const RunPtr run = parts_.cache.Find(key);
  if (run == nullptr || run->lost) return std::nullopt;
  // The newest state may have settled it.
  if ((!run->Durable() || run->owes.stale) && !OwesNow(*run, message)) return std::nullopt;
  return run->entity->MessageOf(message, parts_.settings.For(*run->entity));
}

void MessageDesk::Settle(const RunKey& key, std::vector<engine::MessageOutcome> outcomes,
                         absl::AnyInvocable<void(const absl::Status&) &&> done) {
  const RunPtr run = parts_.cache.Find(key);
  absl::Status refused = parts_.life.Serving();
  if (refused.ok() && run == nullptr) refused = Unavailable("the run has left memory");
  if (!refused.ok()) return std::move(done)(refused);
  const HostSteps::Stepped stepped =
      parts_.steps.Step(run, nullptr, [&](engine::Entity& entity, const engine::Context& context) {
        return entity.Settle(std::move(outcomes), context);
      });
  if (!stepped.reply.ok()) return std::move(done)(stepped.reply.status());
  Batcher::WhenDurable(*run, std::move(done));
}

}  // namespace perdure::server
