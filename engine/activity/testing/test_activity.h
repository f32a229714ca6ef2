// An activity for tests that read as the behaviour: requests in, state and answers out. It holds a state and
// a clock that only tests move, and checks after every step that folding the records gives the same state as
// deciding did, from the first record and from a snapshot of the step before.
//
// Not thread-safe. Uses Catch2's REQUIRE: only inside a test case.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "engine/activity/activity.h"
#include "engine/values/testing/stored_log.h"

namespace perdure::engine::activity::testing {

using perdure::server::TaskToken;
using temporal::api::common::v1::Payloads;

// Changes a request before it is sent.
template <typename Message>
using With = std::function<void(Message&)>;

class TestActivity {
 public:
  TestActivity();
  ~TestActivity();
  TestActivity(const TestActivity&) = delete;
  TestActivity& operator=(const TestActivity&) = delete;

  // ---- the world

  absl::Time now() const { return now_; }
  // Moves the clock and fires each timer at its time.
  void Advance(absl::Duration duration);
  // Moves the clock, without firing timers.
  void Sleep(absl::Duration duration) { now_ += duration; }
  NamespaceSettings& settings() { return settings_; }

  // ---- clients

  // Activity "act" of type "Act" on queue "queue": 10 s start-to-close; retried after 1 s, 2 s, 4 s.
  absl::StatusOr<StartReply> Start(const With<api::StartActivityExecutionRequest>& with = {});
  // A start of the same id while this run is its current one. What happens to this run is taken in; a new run
  // is in the outcome.
  StartOutcome StartAgain(const With<api::StartActivityExecutionRequest>& with = {});
  absl::Status RequestCancel(const std::string& request_id = "cancel");
  absl::Status Terminate(const std::string& request_id = "terminate");
  absl::Status Pause(const std::string& request_id = "pause");
  absl::Status Unpause(const With<api::UnpauseActivityExecutionRequest>& with = {});
  absl::Status Reset(const With<api::ResetActivityExecutionRequest>& with = {});
  absl::StatusOr<OptionsReply> Update(const std::vector<std::string>& paths,
                                      const With<ActivityOptions>& with);
  absl::StatusOr<OptionsReply> Restore();

  // ---- workers

  // True when an attempt waits for a worker and its time has come.
  bool Waits() const;
  // Starts it, or fails the test.
  TaskReply Poll();
  absl::Status Complete(const TaskToken& token);
  absl::Status Fail(const TaskToken& token, const With<api::RespondActivityTaskFailedRequest>& with = {});
  absl::Status Cancel(const TaskToken& token);
  absl::StatusOr<api::RecordActivityTaskHeartbeatResponse> Heartbeat(const TaskToken& token,
                                                                     const std::string& details = {});

  absl::StatusOr<Reply> Do(const Request& request);

  // ---- what came of it

  const State& state() const { return state_; }
  ActivityControl::Status status() const { return state_.status(); }
  int32_t attempt() const { return state_.sections.attempt().number(); }
  api::DescribeActivityExecutionResponse Describe() const;
  // REQUIRES: it has ended.
  temporal::api::activity::v1::ActivityExecutionOutcome outcome() const;
  Obligations obligations() const { return ObligationsOf(state_); }
  const std::vector<Record>& last_records() const { return last_records_; }

 private:
  Context context();
  NewActivity NewStart(const With<api::StartActivityExecutionRequest>& with);
  // Takes in what a step gave, and checks it.
  void Take(State state, std::vector<Record> records);

  absl::Time now_;
  std::unique_ptr<Random> random_;
  NamespaceSettings settings_;
  int requests_ = 0;
  State state_;
  State folded_;  // from the first record
  std::vector<Record> last_records_;
  engine::testing::StoredLogRecorder recorder_;
};

// What of a log's kinds and sections a fixture holds: "status <name>", "record <field>", "snapshot <field>",
// with those of a section: "record control.cancel". REQUIRES: records and a snapshot of an activity.
std::set<std::string> CoversOf(const engine::testing::StoredLog& log);

// The token of the forms that name the activity by its id.
TaskToken ById();
Payloads PayloadsOf(const std::string& data);

}  // namespace perdure::engine::activity::testing
