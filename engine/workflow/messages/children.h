// What the parts about children, and about signals and cancels of other workflows, share.
//
// Pure functions; safe from any thread on values of one's own.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "engine/workflow/kind.h"
#include "engine/workflow/request.h"
#include "engine/workflow/state.h"
#include "engine/workflow/transition.h"
#include "perdure/message.pb.h"
#include "temporal/api/common/v1/message.pb.h"
#include "temporal/api/enums/v1/failed_cause.pb.h"
#include "temporal/api/history/v1/message.pb.h"

namespace perdure::engine::workflow {

using temporal::api::common::v1::WorkflowExecution;
using InitiatedChild = temporal::api::history::v1::StartChildWorkflowExecutionInitiatedEventAttributes;
using InitiatedSignal = temporal::api::history::v1::SignalExternalWorkflowExecutionInitiatedEventAttributes;
using InitiatedCancel =
    temporal::api::history::v1::RequestCancelExternalWorkflowExecutionInitiatedEventAttributes;

const InitiatedChild& Initiated(const PendingChild& child);

// Whether the run is a child.
bool HasParent(const State& state);
// The first run of the family: the run itself when it is no child.
WorkflowExecution RootOf(const State& state);
WorkflowExecution ExecutionOf(const State& state);
// As clients know the chain and the lineage that the run belongs to.
const std::string& FirstRunIdOf(const State& state);
const std::string& OriginalRunIdOf(const State& state);

// The request id by which the parent's run starts a child, in the real server's form.
std::string ChildRequestId(const Uuid& parent_run_id, int64_t initiated_event_id);

// What is told of a child in its parent's history. Events from outside: for EmitOrBuffer.
HistoryEvent NewChildStarted(const Transition& transition, const PendingChild& child);
HistoryEvent NewChildStartFailed(const Transition& transition, const PendingChild& child,
                                 temporal::api::enums::v1::StartChildWorkflowExecutionFailedCause cause);
// Nullopt for a close event that no child reports.
std::optional<HistoryEvent> NewChildEnded(const Transition& transition, const PendingChild& child,
                                          const perdure::engine::ChildEnded& ended);

// What became of a signal or cancel. Events from outside, too.
HistoryEvent NewExternalSignaled(const Transition& transition, const PendingExternal& signal);
HistoryEvent NewSignalFailed(const Transition& transition, const HistoryEvent& initiated,
                             temporal::api::enums::v1::SignalExternalWorkflowExecutionFailedCause cause);
HistoryEvent NewExternalCancelRequested(const Transition& transition, const PendingExternal& cancel);
HistoryEvent NewCancelFailed(const Transition& transition, const HistoryEvent& initiated,
                             temporal::api::enums::v1::CancelExternalWorkflowExecutionFailedCause cause);

// A signal or cancel to the run's own workflow id finds nobody, whatever the run.
bool IsItself(const State& state, const Uuid& namespace_id, const std::string& workflow_id);

// Parent and first run of the family, and the children that have not ended. describe_family.cc
void DescribeFamily(const State& state, api::DescribeWorkflowExecutionResponse& response);

// Notes the id that was minted for what the event has initiated.
void NoteMinted(Transition& transition, int64_t initiated_event_id, const Uuid& id);

// The child may work: its parent has recorded its start, or is closed. A no-op for a run that may already.
void ReleaseRun(Transition& transition);

}  // namespace perdure::engine::workflow
