// The rules of an activity on its own: the entity contract of engine/entity.h for such activities. Everything
// else in this folder is its implementation, one .cc a request.
//
// Pure functions; safe from any thread on values of one's own. Errors are gRPC statuses with Temporal's error
// details (base/status.h), equal to the real server's.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/activity/happenings.h"
#include "engine/activity/request.h"
#include "engine/activity/state.h"
#include "engine/entity.h"

namespace perdure::engine::activity {

struct Outcome {
  State state;                  // after the records; as passed in when there are none
  std::vector<Record> records;  // to be appended in one commit
  absl::StatusOr<Reply> reply;  // what the caller gets once the records are durable
  std::vector<ActivityHappening> happenings = {};
};

Outcome Decide(State state, const Request& request, const Context& context);

// StartActivityExecution. `current` is the id's current run, or null when there is none.
struct StartOutcome {
  // Set when a run is created.
  std::optional<State> state;
  std::vector<Record> records;
  // Set when the current run has changed (links were attached to it).
  std::optional<Outcome> current;
  absl::StatusOr<Reply> reply;
  std::vector<ActivityHappening> happenings = {};  // of the run that is created
};
struct NewActivity {
  api::StartActivityExecutionRequest request;
  Uuid run_id;  // minted by the caller
};
StartOutcome DecideStart(const State* current, const NewActivity& start, const Context& context);

// What is wrong with an update of options whatever the activity is: INVALID_ARGUMENT. Fills in a retry policy
// that is replaced as a whole.
absl::Status CheckOptionsUpdate(api::UpdateActivityExecutionOptionsRequest& request);

// Folds one stored record. Returns DATA_LOSS when the record does not follow on the state (a damaged store),
// and leaves the state unusable then.
absl::Status Apply(State& state, const Record& record);

Obligations ObligationsOf(const State& state);

// The state, as stored in snapshots. Equal states encode to equal bytes.
std::string EncodeSnapshot(const State& state);
absl::StatusOr<State> DecodeSnapshot(std::string_view bytes);

// A rough figure of the memory that the state holds.
size_t ApproximateBytes(const State& state);

// Context::now of the next request is never before it.
absl::Time EarliestNow(const State& state);

// What DescribeActivityExecution answers at `now`, without its token.
api::DescribeActivityExecutionResponse Describe(const State& state,
                                                const api::DescribeActivityExecutionRequest& request,
                                                absl::Time now);
// What PollActivityExecution answers; nullopt while the activity is open.
std::optional<api::PollActivityExecutionResponse> OutcomeOf(const State& state);

// As lists show it.
temporal::api::enums::v1::ActivityExecutionStatus PublicStatus(const State& state);

// NOT_FOUND, as clients know it; also of an attempt that is not the running one.
absl::Status ActivityNotFound(std::string_view activity_id);

}  // namespace perdure::engine::activity
