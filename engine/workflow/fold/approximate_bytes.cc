#include "engine/workflow/activities/activity.h"
#include "engine/workflow/workflow.h"

namespace perdure::engine::workflow {
namespace {

using temporal::api::common::v1::Payload;
using temporal::api::common::v1::Payloads;

// What small things cost beside their contents: messages and their strings, tree nodes, shared pointers.
// Guessed from SpaceUsedLong of typical ones; an event counted exactly would cost more than it tells.
constexpr size_t kEvent = 1200;
constexpr size_t kActivity = sizeof(Activity) + kEvent + 150;
constexpr size_t kTimer = sizeof(Timer) + 100;
constexpr size_t kRequestId = 120;
constexpr size_t kChild = sizeof(PendingChild) + kEvent + 50;
constexpr size_t kInboxEntry = sizeof(InboxKey) + sizeof(EntityAddress) + 80;
constexpr size_t kPayload = 250;
constexpr size_t kFailure = 600;
constexpr size_t kDeploymentUse = 500;
constexpr size_t kDeployment = 200;

size_t BytesOf(const Payloads& payloads) {
  size_t bytes = 0;
  for (const Payload& payload : payloads.payloads()) bytes += kPayload + payload.data().size();
  return bytes;
}

template <typename Fields>
size_t BytesOfFields(const Fields& fields) {
  size_t bytes = 0;
  for (const auto& [name, payload] : fields) bytes += kPayload + name.size() + payload.data().size();
  return bytes;
}

size_t BytesOf(const Activity& activity) {
  const ActivityTaskScheduledEventAttributes& options = Options(activity);
  size_t bytes = kActivity + BytesOf(options.input()) + BytesOfFields(options.header().fields());
  if (activity.heartbeat_details != nullptr) bytes += BytesOf(*activity.heartbeat_details);
  if (activity.last_failure != nullptr) bytes += kFailure;
  if (activity.last_deployment != nullptr) bytes += kDeployment;
  return bytes;
}

}  // namespace

size_t ApproximateBytes(const State& state) {
  const auto& started = state.facts->started->workflow_execution_started_event_attributes();
  size_t bytes = sizeof(State) + sizeof(RunFacts) + kEvent + BytesOf(started.input()) +
                 BytesOfFields(started.header().fields()) + BytesOfFields(started.memo().fields());
  bytes += BytesOfFields(state.memo->fields()) + BytesOfFields(state.search_attributes->indexed_fields());
  if (state.deployment_use != nullptr) bytes += kDeploymentUse;
  if (state.close_event != nullptr) bytes += kEvent + state.close_event->ByteSizeLong();
  for (const EventPtr& event : *state.buffered) bytes += kEvent + event->ByteSizeLong();
  for (const auto& [id, activity] : *state.activities) bytes += BytesOf(*activity);
  bytes += state.timers->size() * kTimer;
  for (const auto& [id, child] : *state.children) bytes += kChild + child.initiated->ByteSizeLong();
  for (const auto& [id, signal] : *state.external_signals) bytes += kChild + signal.initiated->ByteSizeLong();
  for (const AdmittedUpdate& update : *state.admitted_updates) {
    bytes += kEvent + update.request->ByteSizeLong();
  }
  bytes += state.updates->size() * (sizeof(RecordedUpdate) + kRequestId);
  bytes += state.external_cancels->size() * kChild + state.inbox->size() * kInboxEntry;
  return bytes + (state.signal_request_ids->size() + state.start_request_ids->size()) * kRequestId;
}

}  // namespace perdure::engine::workflow
