// Messages between a parent and its child.

#include <utility>

#include "engine/workflow/messages/children.h"
#include "engine/workflow/messages/messages.h"
#include "engine/workflow/run/next_run.h"
#include "engine/workflow/workflow_tasks/workflow_task.h"

namespace perdure::engine::workflow {
namespace {

// The pending child that a message of its chain names; null when there is none.
const PendingChild* FindChild(const State& state, int64_t initiated_event_id, const std::string& child_id,
                              const std::string& first_run_id) {
  const auto found = state.children->find(initiated_event_id);
  if (found == state.children->end()) return nullptr;
  const PendingChild& child = found->second;
  const bool same = Initiated(child).workflow_id() == child_id && first_run_id == child.run_id.View();
  return same ? &child : nullptr;
}

MessageAnswer Asked(MessageAnswer::ChildAsked::Verdict verdict) {
  MessageAnswer answer;
  answer.mutable_done()->mutable_child_asked()->set_verdict(verdict);
  return answer;
}

// For good: no other run of its chain follows.
bool HasEnded(const State& state) {
  return !state.IsOpen() && state.close_event != nullptr && NextRunIdOf(*state.close_event).empty() &&
         !state.ended_by_reset;
}

MessageAnswer NotPending() {
  MessageAnswer answer;
  answer.mutable_done()->mutable_not_pending();
  return answer;
}

}  // namespace

// A parent that was reset does not know what became of a child meanwhile: it is told with this.
MessageAnswer ReceiveChildRelease(Transition& transition) {
  const State& state = transition.state();
  if (HasEnded(state)) return ReceiveChildCheck(state);
  ReleaseRun(transition);
  return DoneAnswer();
}

MessageAnswer ReceiveChildAsk(const State& state, const Message& message) {
  const auto& ask = message.child_ask();
  const PendingChild* child = FindChild(state, ask.initiated_event_id(), ask.child_id(), ask.first_run_id());
  if (child == nullptr) {
    // The run that has begun as this one did will say.
    return Asked(ask.initiated_event_id() < state.handed_on_below
                     ? MessageAnswer::ChildAsked::YOURS_NOT_RECORDED
                     : MessageAnswer::ChildAsked::NOT_YOURS);
  }
  if (state.IsOpen()) {
    return Asked(child->started ? MessageAnswer::ChildAsked::YOURS_RECORDED
                                : MessageAnswer::ChildAsked::YOURS_NOT_RECORDED);
  }
  MessageAnswer answer = Asked(MessageAnswer::ChildAsked::CLOSED);
  answer.mutable_done()->mutable_child_asked()->set_policy(Initiated(*child).parent_close_policy());
  return answer;
}

MessageAnswer ReceiveChildEnded(Transition& transition, const Message& message) {
  const auto& ended = message.child_ended();
  const State& state = transition.state();
  if (!state.IsOpen()) return NotPending();
  const PendingChild* found =
      FindChild(state, ended.initiated_event_id(), ended.child_id(), ended.first_run_id());
  if (found == nullptr) return NotPending();
  if (!found->started) transition.EmitOrBuffer(NewChildStarted(transition, *found));
  // The start may have got its id just now.
  const PendingChild& child = state.children->at(ended.initiated_event_id());
  std::optional<HistoryEvent> event = NewChildEnded(transition, child, ended);
  if (!event.has_value()) return NotPending();
  transition.EmitOrBuffer(*std::move(event));
  ScheduleWorkflowTask(transition);
  return DoneAnswer();
}

MessageAnswer ReceiveChildCheck(const State& state) {
  MessageAnswer answer;
  auto* checked = answer.mutable_done()->mutable_child_checked();
  const bool ended = HasEnded(state);
  checked->set_verdict(ended ? MessageAnswer::ChildChecked::ENDED : MessageAnswer::ChildChecked::OPEN);
  if (ended) *checked->mutable_ended() = EndOf(state);
  return answer;
}

MessageAnswer ReceiveInboxAsk(const State& state, const perdure::engine::InboxAsk& ask) {
  MessageAnswer answer;
  auto* asked = answer.mutable_done()->mutable_inbox_asked();
  for (const auto& id : ask.ids()) {
    const bool mine = id.origin() == state.facts->run_id.View();
    // What a run that has begun as this one did owes is not known here.
    const bool handed_on = state.reset_run_id != Uuid{};
    const bool owed =
        mine && (handed_on || state.external_signals->contains(id.number()) ||
                 state.external_cancels->contains(id.number()) || state.children->contains(id.number()));
    if (owed) *asked->add_owed() = id;
  }
  return answer;
}

}  // namespace perdure::engine::workflow
