// Several runs that send each other messages, which tests pass by hand: once, twice, late or not at all.
// After every step the records must fold to the state that was decided, from the first one and from a
// snapshot of the step before, and up to each event.
//
// Not thread-safe. Uses Catch2's REQUIRE: only inside a test case.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/workflow/testing/each_event.h"
#include "engine/workflow/testing/fixture.h"
#include "engine/workflow/testing/test_run.h"
#include "engine/workflow/workflow.h"
#include "perdure/message.pb.h"

namespace perdure::engine::workflow::testing {

using perdure::engine::Message;
using perdure::engine::MessageAnswer;

class World {
 public:
  World();
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  // ---- clients and workers; a workflow is named by its id, and its current run is meant

  void Start(const std::string& id, const With<api::StartWorkflowExecutionRequest>& with = {});
  absl::Status Terminate(const std::string& id);
  absl::Status Delete(const std::string& id);
  // The workflow's current run is reset, and the new one has the id. OK, or why not.
  absl::Status Reset(const std::string& id, int64_t finish_event_id,
                     const With<api::ResetWorkflowExecutionRequest>& with = {});
  // Polls the workflow task that waits, or fails the test when none does.
  void Poll(const std::string& id);
  absl::StatusOr<CompletedReply> Complete(const std::string& id, const std::vector<Command>& commands = {});
  // Poll and Complete.
  void Run(const std::string& id, const std::vector<Command>& commands = {});
  bool HasTask(const std::string& id) const;

  // ---- messages

  // What the workflow owes, of one type.
  std::vector<MessageKey> Owed(const std::string& id, MessageType type) const;
  // A copy of the first message of a type that it owes, or fails the test when it owes none.
  Message Copy(const std::string& id, MessageType type) const;
  // Brings a copy to whom it is for.
  MessageAnswer Deliver(const Message& copy);
  // Records what became of a message at its sender.
  void Settle(const std::string& id, const MessageKey& key, const MessageAnswer& answer);
  // Copy, Deliver and Settle.
  MessageAnswer Pass(const std::string& id, MessageType type);
  // Until nobody owes anything that is due.
  void PassAll();
  // Moves the clock and fires timers.
  void Advance(absl::Duration duration);

  // ---- what came of it

  const State& Of(const std::string& id) const;
  const State& OfRun(const Uuid& run_id) const { return runs_.at(run_id).state; }
  Names Events(const std::string& id, int64_t from = 1) const;
  const HistoryEvent& Last(const std::string& id, temporal::api::enums::v1::EventType type) const;
  bool Exists(const std::string& id) const { return current_.contains(id); }
  // No run owes anything, or remembers what it was told.
  void RequireSettled() const;

 private:
  struct Member {
    State state;
    State folded;
    State restored;
    std::vector<HistoryEvent> history;
    std::vector<Record> log;
    perdure::server::TaskToken token;
    EachEvent each_event;
    FixtureRecorder recorder;
  };
  Context context(const Member* member);
  Member& Find(const std::string& id);
  Member* FindTarget(const perdure::engine::Target& target);
  void Take(Member& member, State state, const std::vector<Record>& records);
  void TakeDecision(Member& member, Decision decision);
  void Adopt(const std::string& id, State state, const std::vector<Record>& records);
  absl::StatusOr<Reply> Do(Member& member, const Request& request);
  bool PassDue(const Uuid& run_id);

  absl::Time now_;
  std::unique_ptr<Random> random_;
  NamespaceSettings settings_;
  int requests_ = 0;
  std::map<Uuid, Member> runs_;
  std::map<std::string, Uuid> current_;
};

MessageKey KeyOfCopy(const Message& copy);

Command StartChild(const std::string& id, temporal::api::enums::v1::ParentClosePolicy policy =
                                              temporal::api::enums::v1::PARENT_CLOSE_POLICY_UNSPECIFIED);
Command SignalExternal(const std::string& id, bool child_only = false);
Command CancelExternal(const std::string& id, bool child_only = false);

}  // namespace perdure::engine::workflow::testing
