#include <algorithm>

#include "base/limits.h"
#include "engine/workflow/messages/children.h"
#include "engine/workflow/messages/inbox.h"
#include "engine/workflow/messages/messages.h"
#include "engine/workflow/reset/reset.h"
#include "engine/workflow/run/next_run.h"
#include "engine/workflow/workflow.h"

namespace perdure::engine::workflow {
namespace {

EntityAddress AddressOf(const std::string& namespace_id, const std::string& workflow_id) {
  return {Uuid::Parse(namespace_id).value_or(Uuid{}), kWorkflowKind, workflow_id};
}

EntityAddress ParentAddress(const State& state) {
  const auto& started = state.facts->started->workflow_execution_started_event_attributes();
  return AddressOf(started.parent_workflow_namespace_id(), started.parent_workflow_execution().workflow_id());
}

// A closed run tells its parent, unless another run of its chain will.
bool OwesReport(const State& state) {
  return !state.IsOpen() && state.close_event != nullptr && !state.report_settled && HasParent(state) &&
         NextRunIdOf(*state.close_event).empty() && !state.ended_by_reset;
}

class Owed {
 public:
  explicit Owed(const State& state) : state_(state) {}

  void Add(MessageType type, int64_t number, EntityAddress target, bool ordered = false) {
    messages_.push_back({.key = {type, OriginOf(state_, number), number},
                         .target = std::move(target),
                         .not_before = absl::InfinitePast(),
                         .ordered = ordered});
  }
  // Messages that are questions may wait for a while.
  void Ask(MessageKey key, EntityAddress target, absl::Time not_before) {
    messages_.push_back(
        {.key = key, .target = std::move(target), .not_before = not_before, .ordered = false});
  }
  std::vector<OwedMessage> Take() && {
    std::sort(messages_.begin(), messages_.end(),
              [](const OwedMessage& a, const OwedMessage& b) { return a.key < b.key; });
    return std::move(messages_);
  }

 private:
  const State& state_;
  std::vector<OwedMessage> messages_;
};

void AddChildren(const State& state, Owed& owed) {
  for (const auto& [id, child] : *state.children) {
    if (child.released && state.IsOpen()) continue;
    if (state.riding_releases->contains(id)) continue;
    MessageType type = Message::kParentClosed;
    if (state.IsOpen()) type = child.started ? Message::kChildRelease : Message::kChildStart;
    owed.Add(type, id, AddressOf(Initiated(child).namespace_id(), Initiated(child).workflow_id()));
  }
}

void AddExternals(const State& state, Owed& owed) {
  constexpr bool kOrdered = true;
  for (const auto& [id, signal] : *state.external_signals) {
    const auto& initiated = signal.initiated->signal_external_workflow_execution_initiated_event_attributes();
    owed.Add(Message::kExternalSignal, id,
             AddressOf(initiated.namespace_id(), initiated.workflow_execution().workflow_id()), kOrdered);
  }
  for (const auto& [id, cancel] : *state.external_cancels) {
    const auto& initiated =
        cancel.initiated->request_cancel_external_workflow_execution_initiated_event_attributes();
    owed.Add(Message::kExternalCancel, id,
             AddressOf(initiated.namespace_id(), initiated.workflow_execution().workflow_id()), kOrdered);
  }
}

void AddQuestions(const State& state, Owed& owed) {
  if (state.IsOpen() && state.unreleased) {
    owed.Ask({Message::kChildAsk, state.facts->run_id, 0}, ParentAddress(state),
             state.facts->start_time + limits::kUnreleasedAsks);
  }
  // Of a closed run when retention wants it.
  const bool at_once = state.IsOpen() || state.deleted_at.has_value();
  const absl::Time from = at_once ? absl::InfinitePast() : state.delete_after.value_or(absl::Time());
  for (InboxQuestion& question : InboxQuestions(state)) {
    owed.Ask({Message::kInboxAsk, question.origin, 0}, std::move(question.sender), from);
  }
}

}  // namespace

std::vector<OwedMessage> MessagesOwed(const State& state) {
  Owed owed(state);
  // A run that was closed without its last event owes nothing.
  if (!state.IsOpen() && state.close_event == nullptr) return std::move(owed).Take();
  AddChildren(state, owed);
  if (OwesReport(state)) owed.Add(Message::kChildEnded, 0, ParentAddress(state));
  AddExternals(state, owed);
  AddQuestions(state, owed);
  return std::move(owed).Take();
}

bool IsSettled(const State& state) {
  return state.children->empty() && !OwesReport(state) && state.inbox->empty();
}

std::optional<absl::Time> DeleteAt(const State& state) {
  if (state.IsOpen() || !IsSettled(state)) return std::nullopt;
  const absl::Time talk_forgotten = state.last_event_time + limits::kSettledRunKept;
  if (state.deleted_at.has_value()) {
    // Where that was the last thing, and at once, nobody had talked to it.
    const bool talked = state.last_event_time != *state.deleted_at;
    return talked ? std::max(*state.deleted_at, talk_forgotten) : *state.deleted_at;
  }
  if (!state.delete_after.has_value()) return std::nullopt;
  // Only a run that others talked to may meet a copy that is late.
  const bool talked = HasParent(state) || state.last_event_time > state.close_time.value_or(absl::Time());
  return talked ? std::max(*state.delete_after, talk_forgotten) : *state.delete_after;
}

}  // namespace perdure::engine::workflow
