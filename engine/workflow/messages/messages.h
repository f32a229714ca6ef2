// What a run owes other entities, and how it answers them.
//
// Pure functions; safe from any thread on values of one's own.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "engine/entity.h"
#include "engine/workflow/request.h"
#include "engine/workflow/state.h"
#include "engine/workflow/transition.h"
#include "perdure/message.pb.h"

namespace perdure::engine::workflow {

using perdure::engine::Message;
using perdure::engine::MessageAnswer;

// In order of their keys.
std::vector<OwedMessage> MessagesOwed(const State& state);
// Whether a closed run owes nobody anything, and nobody may ask it again about what it was told.
bool IsSettled(const State& state);

// Answers, by name.
MessageAnswer DoneAnswer();
MessageAnswer RefusedAnswer(MessageAnswer::Refused::Cause cause);
MessageAnswer LaterAnswer(absl::Duration delay);

// What one type of message does at its receiver, which its target names. receive_*.cc
MessageAnswer ReceiveChildRelease(Transition& transition);
MessageAnswer ReceiveChildAsk(const State& state, const Message& message);
MessageAnswer ReceiveChildEnded(Transition& transition, const Message& message);
MessageAnswer ReceiveChildCheck(const State& state);
MessageAnswer ReceiveParentClosed(Transition& transition, const Message& message);
MessageAnswer ReceiveExternalSignal(Transition& transition, const Message& message);
MessageAnswer ReceiveExternalCancel(Transition& transition, const Message& message);
MessageAnswer ReceiveInboxAsk(const State& state, const perdure::engine::InboxAsk& ask);

// This run is the child: its parent has closed, or is not there. receive_parent_closed.cc
void EndAsParentSays(Transition& transition, temporal::api::enums::v1::ParentClosePolicy policy);

// The message as it can be seen by whom it is for.
bool IsMeant(const State& state, const perdure::engine::Target& target);

// A body's parts that several types have. message_bodies.cc
perdure::engine::ChildEnded EndOf(const State& state);

}  // namespace perdure::engine::workflow
