#include "engine/workflow/messages/inbox.h"

#include "base/check.h"
#include "base/limits.h"
#include "engine/workflow/fold/apply.h"
#include "engine/workflow/messages/children.h"

namespace perdure::engine::workflow {
namespace {

using perdure::engine::Message;

void DropEntries(Transition& transition, const std::vector<InboxKey>& keys) {
  if (keys.empty()) return;
  perdure::engine::Change change;
  for (const InboxKey& key : keys) {
    auto* name = change.mutable_inbox_dropped()->add_messages();
    name->set_origin(std::string(key.origin.View()));
    name->set_number(key.number);
  }
  transition.Change(std::move(change));
}

}  // namespace

perdure::engine::MessageReceived NewReceived(const InboxKey& key, const EntityAddress& sender) {
  perdure::engine::MessageReceived received;
  received.set_origin(std::string(key.origin.View()));
  received.set_number(key.number);
  received.set_sender_namespace_id(std::string(sender.namespace_id.View()));
  received.set_sender_kind(sender.kind);
  received.set_sender_id(sender.id);
  return received;
}

void HandInboxOn(const State& state, perdure::engine::RunCreated& created) {
  for (const auto& [key, sender] : *state.inbox) *created.add_inbox() = NewReceived(key, sender);
}

std::optional<std::pair<InboxKey, EntityAddress>> ReadReceived(
    const perdure::engine::MessageReceived& received) {
  const std::optional<Uuid> origin = Uuid::FromBytes(received.origin());
  const std::optional<Uuid> namespace_id = Uuid::FromBytes(received.sender_namespace_id());
  if (!origin.has_value() || !namespace_id.has_value()) return std::nullopt;
  return std::pair{
      InboxKey{*origin, received.number()},
      EntityAddress{*namespace_id, static_cast<KindNumber>(received.sender_kind()), received.sender_id()}};
}

InboxKey KeyOf(const Message& message) {
  const std::optional<Uuid> origin = Uuid::FromBytes(message.id().origin());
  PERDURE_CHECK(origin.has_value(), "a message's id is whole");
  return {*origin, message.id().number()};
}

bool IsInInbox(const State& state, const Message& message) { return state.inbox->contains(KeyOf(message)); }

bool IsInboxFull(const State& state) { return state.inbox->size() >= limits::kInboxEntries; }

void NoteReceived(Transition& transition, const Message& message) {
  const perdure::engine::EntityName& sender = message.sender();
  perdure::engine::Change change;
  *change.mutable_message_received() =
      NewReceived(KeyOf(message), {Uuid::FromBytes(sender.namespace_id()).value_or(Uuid{}),
                                   static_cast<KindNumber>(sender.kind()), sender.id()});
  transition.Change(std::move(change));
}

void TakeSettled(Transition& transition, const perdure::engine::Settled& settled) {
  std::vector<InboxKey> keys;
  for (const auto& id : settled.ids()) {
    const std::optional<Uuid> origin = Uuid::FromBytes(id.origin());
    if (!origin.has_value()) continue;
    const InboxKey key{*origin, id.number()};
    if (transition.state().inbox->contains(key)) keys.push_back(key);
  }
  transition.RideDrops(keys);
}

void DropNotOwed(Transition& transition, const Uuid& origin,
                 const perdure::engine::MessageAnswer::InboxAsked& asked) {
  std::vector<InboxKey> keys;
  for (const auto& [key, sender] : *transition.state().inbox) {
    if (key.origin != origin) continue;
    bool owed = false;
    for (const auto& id : asked.owed()) owed = owed || id.number() == key.number;
    if (!owed) keys.push_back(key);
  }
  DropEntries(transition, keys);
}

std::vector<InboxQuestion> InboxQuestions(const State& state) {
  std::vector<InboxQuestion> questions;
  if (state.IsOpen() && state.inbox->size() <= limits::kInboxEntriesAsked) return questions;
  for (const auto& [key, sender] : *state.inbox) {
    if (state.riding_drops->contains(key)) continue;
    if (questions.empty() || questions.back().origin != key.origin) questions.push_back({key.origin, sender});
  }
  return questions;
}

void fold_change::MessageReceived(State& state, const Change& change) {
  const auto entry = ReadReceived(change.message_received());
  PERDURE_CHECK(entry.has_value(), "ids are 16 bytes");
  state.inbox.Mutable().insert_or_assign(entry->first, entry->second);
}

void fold_change::InboxDropped(State& state, const Change& change) {
  for (const auto& name : change.inbox_dropped().messages()) {
    const std::optional<Uuid> origin = Uuid::FromBytes(name.origin());
    if (origin.has_value()) state.inbox.Mutable().erase(InboxKey{*origin, name.number()});
  }
}

}  // namespace perdure::engine::workflow
