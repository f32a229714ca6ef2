// The inbox: messages of other entities that took effect on this run, as long as their senders may repeat
// them. It is looked at before everything else, before "closed" and before limits.
//
// Pure functions; safe from any thread on values of one's own.
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "engine/workflow/state.h"
#include "engine/workflow/transition.h"
#include "perdure/message.pb.h"
#include "perdure/record.pb.h"

namespace perdure::engine::workflow {

perdure::engine::MessageReceived NewReceived(const InboxKey& key, const EntityAddress& sender);
// A message to whoever has the id may be repeated to the run that has it next, whether that follows on
// `state` or a client starts it: the names go on to it.
void HandInboxOn(const State& state, perdure::engine::RunCreated& created);
// Nullopt when the ids are none.
std::optional<std::pair<InboxKey, EntityAddress>> ReadReceived(
    const perdure::engine::MessageReceived& received);

// REQUIRES: the message's id is whole.
InboxKey KeyOf(const perdure::engine::Message& message);
bool IsInInbox(const State& state, const perdure::engine::Message& message);
// Whether there is no room for another entry.
bool IsInboxFull(const State& state);
// Notes that the message took effect.
void NoteReceived(Transition& transition, const perdure::engine::Message& message);

// What its sender has settled: dropped with the run's next record (Transition::RideAlong).
void TakeSettled(Transition& transition, const perdure::engine::Settled& settled);
// What a sender said to InboxAsk: entries of `origin` that it does not owe go.
void DropNotOwed(Transition& transition, const Uuid& origin,
                 const perdure::engine::MessageAnswer::InboxAsked& asked);

// The runs that must be asked about entries, since when they may be: all of a closed run that retention
// wants, or of one that holds many.
struct InboxQuestion {
  Uuid origin;
  EntityAddress sender;
};
std::vector<InboxQuestion> InboxQuestions(const State& state);

}  // namespace perdure::engine::workflow
