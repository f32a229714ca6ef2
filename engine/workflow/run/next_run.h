// The run that follows on one that has closed, of the same workflow id: it continued as new, it is retried,
// or its schedule wants it. The close event names it, and one commit holds both.
//
// What follows from what is decided here; how it is committed is the host's. Pure functions over a
// Transition.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "base/ids.h"
#include "base/random.h"
#include "engine/entity.h"
#include "engine/workflow/happening.h"
#include "engine/workflow/state.h"
#include "perdure/record.pb.h"
#include "temporal/api/enums/v1/workflow.pb.h"
#include "temporal/api/failure/v1/message.pb.h"

namespace perdure::engine::workflow {

struct NextRun {
  State state;
  std::vector<Record> records;
  std::vector<Happening> happenings = {};
};

class Transition;

// As the close event names it; empty when no run follows.
const std::string& NextRunIdOf(const temporal::api::history::v1::HistoryEvent& close_event);

// The first change of the run that follows on `state`: what it takes over that its first event does not say.
// Its request id is new, so that a start that is repeated does not take it for its own.
perdure::engine::Change CarriedOver(const State& state, const Uuid& run_id, Random& random);

// Between the first tasks of two runs lies at least limits::kNextRunInterval: `wanted`, or what is left of
// that. Nullopt when none is wanted and none is left.
std::optional<absl::Duration> FirstTaskBackoff(const Transition& transition,
                                               std::optional<absl::Duration> wanted);

// WorkflowExecutionStarted of the run that follows on `transition`'s run, with what any such run has of it:
// the chain, its parent, its execution timeout, priority, links and points to reset to.
temporal::api::history::v1::HistoryEvent NewStartedAfter(const Transition& transition, const Uuid& run_id);

// Makes the run. REQUIRES: the transition's run is closed, and its close event names `run_id`.
void BeginNextRun(Transition& transition, const Uuid& run_id,
                  temporal::api::history::v1::HistoryEvent started);

// ---- retries and schedules

// Whether a run follows by itself.
struct Succession {
  // Unspecified: none does.
  temporal::api::enums::v1::ContinueAsNewInitiator initiator =
      temporal::api::enums::v1::CONTINUE_AS_NEW_INITIATOR_UNSPECIFIED;
  absl::Duration backoff;
  // Why the workflow is retried or is not, as the close event tells it.
  temporal::api::enums::v1::RetryState retry_state =
      temporal::api::enums::v1::RETRY_STATE_RETRY_POLICY_NOT_SET;
  Uuid run_id;  // minted when a run follows

  bool follows() const {
    return initiator != temporal::api::enums::v1::CONTINUE_AS_NEW_INITIATOR_UNSPECIFIED;
  }
};
Succession AfterFailure(const Transition& transition, const temporal::api::failure::v1::Failure& failure);
Succession AfterCompletion(const Transition& transition);

// What the run leaves to the one that follows; null: nothing.
struct Outcome {
  const temporal::api::common::v1::Payloads* result = nullptr;
  const temporal::api::failure::v1::Failure* failure = nullptr;
};
// Begins the run that `succession` says. REQUIRES: as BeginNextRun.
void BeginSuccessor(Transition& transition, const Succession& succession, const Outcome& outcome);

}  // namespace perdure::engine::workflow
