// MessageOf: a message's body follows from the state that owes it.

#include <utility>

#include "base/check.h"
#include "engine/workflow/messages/children.h"
#include "engine/workflow/messages/inbox.h"
#include "engine/workflow/messages/messages.h"
#include "engine/workflow/workflow.h"

namespace perdure::engine::workflow {
namespace {

using temporal::api::common::v1::Priority;

std::string Bytes(const Uuid& uuid) { return std::string(uuid.View()); }

// Ids in events are texts.
std::string BytesOfText(const std::string& text) { return Bytes(Uuid::Parse(text).value_or(Uuid{})); }

perdure::engine::EntityName SenderOf(const State& state) {
  perdure::engine::EntityName name;
  name.set_namespace_id(Bytes(state.facts->namespace_id));
  name.set_kind(kWorkflowKind);
  name.set_id(state.facts->workflow_id);
  name.set_run_id(Bytes(state.facts->run_id));
  return name;
}

void PutTarget(const std::string& namespace_id, const std::string& id, Message& message) {
  auto* target = message.mutable_target();
  target->set_namespace_id(BytesOfText(namespace_id));
  target->set_kind(kWorkflowKind);
  target->set_id(id);
}

void PutParent(const State& state, Message& message) {
  const auto& started = state.facts->started->workflow_execution_started_event_attributes();
  PutTarget(started.parent_workflow_namespace_id(), started.parent_workflow_execution().workflow_id(),
            message);
}

// What the child does not say itself it has from its parent.
Priority Inherit(const Priority& parent, const Priority& own) {
  Priority priority = parent;
  if (own.priority_key() != 0) priority.set_priority_key(own.priority_key());
  if (!own.fairness_key().empty()) priority.set_fairness_key(own.fairness_key());
  if (own.fairness_weight() != 0) priority.set_fairness_weight(own.fairness_weight());
  return priority;
}

void PutChildStart(const State& state, const PendingChild& child, Message& message) {
  const auto& own = state.facts->started->workflow_execution_started_event_attributes();
  const int64_t id = child.initiated->event_id();
  auto* start = message.mutable_child_start();
  start->set_run_id(Bytes(child.run_id));
  start->set_request_id(ChildRequestId(state.facts->run_id, id));
  auto* parent = start->mutable_parent();
  *parent->mutable_run() = SenderOf(state);
  parent->set_original_run_id(BytesOfText(OriginalRunIdOf(state)));
  parent->set_initiated_event_id(id);
  const WorkflowExecution root = RootOf(state);
  parent->set_root_id(root.workflow_id());
  parent->set_root_run_id(BytesOfText(root.run_id()));
  start->set_parent_close_policy(Initiated(child).parent_close_policy());
  *start->mutable_initiated() = *child.initiated;
  if (own.has_priority() || Initiated(child).has_priority()) {
    *start->mutable_inherited_priority() = Inherit(own.priority(), Initiated(child).priority());
  }
}

// Messages to the chain that a child began.
void PutToChild(const State& state, const MessageKey& key, Message& message) {
  const auto found = state.children->find(key.number);
  PERDURE_CHECK(found != state.children->end(), "a message about a child that is not pending");
  const PendingChild& child = found->second;
  PutTarget(Initiated(child).namespace_id(), Initiated(child).workflow_id(), message);
  message.mutable_target()->set_first_run_id(Bytes(child.run_id));
  switch (key.type) {
    case Message::kChildStart:
      message.mutable_target()->set_current(true);
      return PutChildStart(state, child, message);
    case Message::kParentClosed:
      message.mutable_parent_closed()->set_parent_original_run_id(BytesOfText(OriginalRunIdOf(state)));
      message.mutable_parent_closed()->set_policy(Initiated(child).parent_close_policy());
      return;
    default:
      message.mutable_child_release();
      return;
  }
}

void PutRun(const WorkflowExecution& execution, Message& message) {
  if (execution.run_id().empty()) {
    message.mutable_target()->set_current(true);
  } else {
    message.mutable_target()->set_run_id(BytesOfText(execution.run_id()));
  }
}

void PutSignal(const State& state, int64_t id, Message& message) {
  const PendingExternal& signal = state.external_signals->at(id);
  const auto& initiated = signal.initiated->signal_external_workflow_execution_initiated_event_attributes();
  PutTarget(initiated.namespace_id(), initiated.workflow_execution().workflow_id(), message);
  PutRun(initiated.workflow_execution(), message);
  auto* body = message.mutable_external_signal();
  body->set_request_id(signal.request_id.ToString());
  body->set_child_workflow_only(initiated.child_workflow_only());
  *body->mutable_initiated() = *signal.initiated;
}

void PutCancel(const State& state, int64_t id, Message& message) {
  const PendingExternal& cancel = state.external_cancels->at(id);
  const auto& initiated =
      cancel.initiated->request_cancel_external_workflow_execution_initiated_event_attributes();
  PutTarget(initiated.namespace_id(), initiated.workflow_execution().workflow_id(), message);
  PutRun(initiated.workflow_execution(), message);
  auto* body = message.mutable_external_cancel();
  body->set_request_id(cancel.request_id.ToString());
  body->set_child_workflow_only(initiated.child_workflow_only());
  *body->mutable_initiated() = *cancel.initiated;
}

void PutChildAsk(const State& state, Message& message) {
  const auto& started = state.facts->started->workflow_execution_started_event_attributes();
  PutParent(state, message);
  // By the very run that asked for the child, which knows of it also when it has closed.
  message.mutable_target()->set_run_id(BytesOfText(started.parent_workflow_execution().run_id()));
  auto* ask = message.mutable_child_ask();
  ask->set_child_id(state.facts->workflow_id);
  ask->set_first_run_id(BytesOfText(FirstRunIdOf(state)));
  ask->set_initiated_event_id(started.parent_initiated_event_id());
}

void PutInboxAsk(const State& state, const Uuid& origin, Message& message) {
  for (const auto& [key, sender] : *state.inbox) {
    if (key.origin != origin) continue;
    auto* target = message.mutable_target();
    target->set_namespace_id(Bytes(sender.namespace_id));
    target->set_kind(sender.kind);
    target->set_id(sender.id);
    target->set_run_id(Bytes(origin));
    auto* id = message.mutable_inbox_ask()->add_ids();
    id->set_origin(Bytes(origin));
    id->set_number(key.number);
  }
}

}  // namespace

perdure::engine::ChildEnded EndOf(const State& state) {
  perdure::engine::ChildEnded ended;
  ended.set_child_id(state.facts->workflow_id);
  ended.set_run_id(Bytes(state.facts->run_id));
  ended.set_first_run_id(BytesOfText(FirstRunIdOf(state)));
  const auto& started = state.facts->started->workflow_execution_started_event_attributes();
  ended.set_initiated_event_id(started.parent_initiated_event_id());
  ended.set_workflow_type(state.workflow_type);
  *ended.mutable_close_event() = *state.close_event;
  return ended;
}

perdure::engine::Message MessageOf(const State& state, const MessageKey& key) {
  Message message;
  message.mutable_id()->set_origin(Bytes(key.origin));
  message.mutable_id()->set_number(key.number);
  *message.mutable_sender() = SenderOf(state);
  switch (key.type) {
    case Message::kChildStart:
    case Message::kChildRelease:
    case Message::kParentClosed:
      PutToChild(state, key, message);
      break;
    case Message::kChildAsk:
      PutChildAsk(state, message);
      break;
    case Message::kChildEnded:
      PutParent(state, message);
      message.mutable_target()->set_original_run_id(Bytes(state.facts->parent_original_run_id));
      *message.mutable_child_ended() = EndOf(state);
      break;
    case Message::kExternalSignal:
      PutSignal(state, key.number, message);
      break;
    case Message::kExternalCancel:
      PutCancel(state, key.number, message);
      break;
    case Message::kInboxAsk:
      PutInboxAsk(state, key.origin, message);
      break;
    case Message::kChildCheck:
    case Message::kSettled:
    case Message::BODY_NOT_SET:
      PERDURE_CHECK(false, "a run owes no such message");
  }
  return message;
}

}  // namespace perdure::engine::workflow
