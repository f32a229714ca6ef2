// The rules of a workflow run: the entity contract of engine/entity.h for workflows. Everything else in this
// folder is its implementation, one .cc a request and one a command.
//
// Pure functions; safe from any thread on values of one's own. Errors are gRPC statuses with Temporal's error
// details (base/status.h), equal to the real server's.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/entity.h"
#include "engine/workflow/happening.h"
#include "engine/workflow/request.h"
#include "engine/workflow/run/next_run.h"
#include "engine/workflow/state.h"

namespace perdure::engine::workflow {

struct Decision {
  State state;                  // after the records; as passed in when there are none
  std::vector<Record> records;  // to be appended in this order, in one commit
  // What the caller gets once the records are durable. An error may come with records: an invalid command
  // fails the workflow task (records) and its worker gets INVALID_ARGUMENT (reply).
  absl::StatusOr<Reply> reply;
  // What others get who wait, once the records are durable.
  std::vector<WaiterReply> answers = {};
  // Committed in the same group as the records, which close the run; it takes the workflow id.
  std::optional<NextRun> next = std::nullopt;
  std::vector<Happening> happenings = {};
};

Decision Decide(State state, const Request& request, const Context& context);

// StartWorkflowExecution, SignalWithStartWorkflowExecution, and a start with an update. `current` is the
// workflow id's current run, or null when there is none.
struct StartDecision {
  // Set when a run is created: its records, to be committed together with `ended`.
  std::optional<State> state;
  std::vector<Record> records;
  // Set when the current run had to change first (it was terminated, or a start was attached to it).
  std::optional<Decision> current;
  absl::StatusOr<Reply> reply;
  std::vector<Happening> happenings = {};  // of the run that is created
};
struct StartRequest {
  api::StartWorkflowExecutionRequest request;
  Uuid run_id;  // minted by the caller
  // The parent's message that starts a child; else null.
  const perdure::engine::ChildStart* child = nullptr;
  // For the open run that has the id, unless the start ends it, and else for the new one. Null: none.
  const api::SignalWorkflowExecutionRequest* signal = nullptr;
  // To be admitted into the run that the start finds or begins; none begins without
  // (updates/update_with_start.h). Null: none.
  const api::UpdateWorkflowExecutionRequest* update = nullptr;
};
StartDecision DecideStart(const State* current, const StartRequest& request, const Context& context);
// A parent's ChildStart: the reply is a MessageAnswer. The caller has looked whether a run with the message's
// run id exists, whoever has the workflow id now; if so, it was begun before (RepeatedChildStart). REQUIRES:
// the message's body is a ChildStart with a run id, and is for `context`'s namespace.
StartDecision DecideChildStart(const State* current, const perdure::engine::Message& message,
                               const Context& context);
// The answer to a ChildStart whose run exists, open or closed.
perdure::engine::MessageAnswer RepeatedChildStart(const perdure::engine::Message& message);
// The answer to a message whose target does not exist.
perdure::engine::MessageAnswer AnswerOfNobody(const perdure::engine::Message& message);
// The body of a message that the state owes, but for the names of namespaces. REQUIRES: it does.
perdure::engine::Message MessageOf(const State& state, const MessageKey& key);

// Folds one stored record. Returns DATA_LOSS when the record does not follow on the state (a damaged store),
// and leaves the state unusable then.
absl::Status Apply(State& state, const Record& record);

// The state of a run whose history ends with event `event_id`: what these events say and no more. Records are
// read from the first one, those without events may be missing, and the last event may stand inside one. Of
// the changes only those count that say more of one of the events (change_table.h): attempts, heartbeats,
// stickiness and what was buffered are not there, nor which messages were settled. last_sequence is that of
// the last event's record. OUT_OF_RANGE when the log has no such event; DATA_LOSS as Apply.
absl::StatusOr<State> FoldUntil(const std::vector<Record>& records, int64_t event_id);

// Of the run's workflow tasks and queries: 1 is first.
int32_t PriorityKeyOf(const State& state);
Obligations ObligationsOf(const State& state);
// What the world owes the state that a crash would leave: the durable part alone.
Obligations DurableObligationsOf(const State& state);

// When the run's rows may go, as its row says it: retention wants them, it owes no entity anything, and no
// entity may repeat what it was told. Nullopt while they may not.
std::optional<absl::Time> DeleteAt(const State& state);

// Whose child the run is, and the first run of its family.
struct Family {
  struct Parent {
    Uuid namespace_id;
    std::string id;
    Uuid run_id;
  };
  std::optional<Parent> parent;
  std::string root_id;  // the run's own when it is nobody's child
  Uuid root_run_id;
};
Family FamilyOf(const State& state);

// The durable part, as stored in snapshots. Two states with equal durable parts encode to equal bytes.
std::string EncodeSnapshot(const State& state);
absl::StatusOr<State> DecodeSnapshot(std::string_view bytes);

// A rough figure of the memory that the state holds, for the resident budget.
size_t ApproximateBytes(const State& state);

// Context::now of the next request is never before it.
absl::Time EarliestNow(const State& state);

// True while the state holds something that no record holds: such a run stays in memory.
bool HasVolatile(const State& state);

// What DescribeWorkflowExecution answers at `now`, from the state alone.
api::DescribeWorkflowExecutionResponse Describe(const State& state, absl::Time now);

// The run's search attributes as clients see them: its own, and those that the server sets.
temporal::api::common::v1::SearchAttributes SearchAttributesOf(const State& state);

// The events behind the durable ones that a reader of an open run is shown (a transient workflow task's),
// framed as Record::events.
std::string TransientEvents(const State& state);

}  // namespace perdure::engine::workflow
