#include "engine/activity/testing/test_activity.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/event_loop.h"
#include "base/time.h"
#include "engine/values/testing/steps.h"

namespace perdure::engine::activity::testing {
namespace {

using engine::testing::As;

perdure::engine::ActivitySnapshot SnapshotOf(const std::string& bytes) {
  perdure::engine::ActivitySnapshot snapshot;
  REQUIRE(snapshot.ParseFromString(bytes));
  return snapshot;
}

// The fields that are set, and those of the messages among them, but not what clients' messages hold.
void AddFields(const google::protobuf::Message& message, const std::string& prefix,
               std::set<std::string>& names) {
  for (const std::string& name : engine::testing::FieldsOf(message)) {
    names.insert(prefix + name);
    const auto* field = message.GetDescriptor()->FindFieldByName(name);
    const bool ours =
        field->message_type() != nullptr && field->message_type()->file() == message.GetDescriptor()->file();
    if (!ours || field->is_repeated()) continue;
    AddFields(message.GetReflection()->GetMessage(message, field), prefix + name + ".", names);
  }
}

}  // namespace

TestActivity::TestActivity() : now_(absl::FromUnixSeconds(1'700'000'000)), random_(NewSeededRandom(1)) {
  settings_.id = Uuid::Mint(*random_);
  settings_.name = "default";
}

TestActivity::~TestActivity() {
  if (recorder_.IsOn()) recorder_.Finish(CoversOf(recorder_.log()));
}

Context TestActivity::context() {
  now_ = std::max(now_, EarliestNow(state_));
  return {now_, *random_, settings_};
}

void TestActivity::Advance(absl::Duration duration) {
  const auto next = [&]() -> std::optional<absl::Time> {
    if (!state_.IsOpen()) return std::nullopt;
    return ObligationsOf(state_).next_timer;
  };
  engine::testing::FireUntil(now_ + duration, now_, next, [&] { REQUIRE(Do(FireTimers{}).ok()); });
}

NewActivity TestActivity::NewStart(const With<api::StartActivityExecutionRequest>& with) {
  NewActivity start;
  start.run_id = Uuid::Mint(*random_);
  auto& request = start.request;
  request.set_namespace_(settings_.name);
  request.set_activity_id("act");
  request.mutable_activity_type()->set_name("Act");
  request.mutable_task_queue()->set_name("queue");
  *request.mutable_start_to_close_timeout() = ToProto(absl::Seconds(10));
  request.set_identity("client");
  request.set_request_id(absl::StrCat("start-", ++requests_));
  if (with) with(request);
  return start;
}

absl::StatusOr<StartReply> TestActivity::Start(const With<api::StartActivityExecutionRequest>& with) {
  StartOutcome outcome = DecideStart(nullptr, NewStart(with), context());
  if (outcome.state.has_value()) Take(*std::move(outcome.state), std::move(outcome.records));
  return As<StartReply>(std::move(outcome.reply));
}

StartOutcome TestActivity::StartAgain(const With<api::StartActivityExecutionRequest>& with) {
  StartOutcome outcome = DecideStart(&state_, NewStart(with), context());
  if (outcome.current.has_value()) Take(outcome.current->state, outcome.current->records);
  return outcome;
}

absl::Status TestActivity::RequestCancel(const std::string& request_id) {
  activity::RequestCancel cancel;
  cancel.request.set_identity("client");
  cancel.request.set_reason("enough");
  cancel.request.set_request_id(request_id);
  return Do(cancel).status();
}

absl::Status TestActivity::Terminate(const std::string& request_id) {
  activity::Terminate terminate;
  terminate.request.set_identity("client");
  terminate.request.set_reason("away");
  terminate.request.set_request_id(request_id);
  return Do(terminate).status();
}

absl::Status TestActivity::Pause(const std::string& request_id) {
  activity::Pause pause;
  pause.request.set_request_id(request_id);
  return Do(pause).status();
}

absl::Status TestActivity::Unpause(const With<api::UnpauseActivityExecutionRequest>& with) {
  activity::Unpause unpause;
  unpause.request.set_request_id(absl::StrCat("unpause-", ++requests_));
  if (with) with(unpause.request);
  return Do(unpause).status();
}

absl::Status TestActivity::Reset(const With<api::ResetActivityExecutionRequest>& with) {
  activity::Reset reset;
  reset.request.set_request_id(absl::StrCat("reset-", ++requests_));
  if (with) with(reset.request);
  return Do(reset).status();
}

absl::StatusOr<OptionsReply> TestActivity::Update(const std::vector<std::string>& paths,
                                                  const With<ActivityOptions>& with) {
  UpdateOptions update;
  update.request.set_request_id(absl::StrCat("options-", ++requests_));
  for (const std::string& path : paths) update.request.mutable_update_mask()->add_paths(path);
  with(*update.request.mutable_activity_options());
  if (absl::Status form = CheckOptionsUpdate(update.request); !form.ok()) return form;
  return As<OptionsReply>(Do(update));
}

absl::StatusOr<OptionsReply> TestActivity::Restore() {
  UpdateOptions update;
  update.request.set_request_id(absl::StrCat("options-", ++requests_));
  update.request.set_restore_original(true);
  return As<OptionsReply>(Do(update));
}

bool TestActivity::Waits() const {
  const std::vector<Dispatch> dispatches = obligations().dispatches;
  return !dispatches.empty() && dispatches.front().scheduled_time <= now_;
}

TaskReply TestActivity::Poll() {
  REQUIRE(Waits());
  const Dispatch dispatch = obligations().dispatches.front();
  StartTask start{.offer = dispatch.scheduled_event_id,
                  .attempt = dispatch.attempt,
                  .request_id = absl::StrCat("poll-", ++requests_),
                  .identity = "worker"};
  const absl::StatusOr<TaskReply> reply = As<TaskReply>(Do(start));
  REQUIRE(reply.ok());
  return *reply;
}

absl::Status TestActivity::Complete(const TaskToken& token) {
  activity::Complete completed{token, {}};
  completed.request.set_identity("worker");
  *completed.request.mutable_result() = PayloadsOf("out");
  return Do(completed).status();
}

absl::Status TestActivity::Fail(const TaskToken& token,
                                const With<api::RespondActivityTaskFailedRequest>& with) {
  activity::Fail failed{token, {}};
  failed.request.set_identity("worker");
  failed.request.mutable_failure()->set_message("broken");
  failed.request.mutable_failure()->mutable_application_failure_info()->set_type("Broken");
  if (with) with(failed.request);
  return Do(failed).status();
}

absl::Status TestActivity::Cancel(const TaskToken& token) {
  activity::Cancel canceled{token, {}};
  *canceled.request.mutable_details() = PayloadsOf("stopped");
  return Do(canceled).status();
}

absl::StatusOr<api::RecordActivityTaskHeartbeatResponse> TestActivity::Heartbeat(const TaskToken& token,
                                                                                 const std::string& details) {
  activity::Heartbeat heartbeat{token, {}};
  if (!details.empty()) *heartbeat.request.mutable_details() = PayloadsOf(details);
  const absl::StatusOr<HeartbeatReply> reply = As<HeartbeatReply>(Do(heartbeat));
  if (!reply.ok()) return reply.status();
  return reply->response;
}

absl::StatusOr<Reply> TestActivity::Do(const Request& request) {
  const Context context = this->context();
  Outcome outcome = Decide(std::move(state_), request, context);
  Take(std::move(outcome.state), std::move(outcome.records));
  return std::move(outcome.reply);
}

void TestActivity::Take(State state, std::vector<Record> records) {
  std::optional<State> restored;
  if (folded_.created != nullptr) {
    absl::StatusOr<State> decoded = DecodeSnapshot(EncodeSnapshot(folded_));
    REQUIRE(decoded.ok());
    restored = *std::move(decoded);
  }
  for (const Record& record : records) {
    REQUIRE(Apply(folded_, record).ok());
    if (restored.has_value()) REQUIRE(Apply(*restored, record).ok());
  }
  const std::string decided = EncodeSnapshot(state);
  REQUIRE(decided == EncodeSnapshot(folded_));
  if (restored.has_value()) REQUIRE(decided == EncodeSnapshot(*restored));
  if (recorder_.IsOn()) {
    const perdure::engine::ActivitySnapshot snapshot = SnapshotOf(decided);
    std::set<std::string> fields;
    AddFields(snapshot, "", fields);
    recorder_.Add(records, decided, snapshot, fields.size());
  }
  state_ = std::move(state);
  last_records_ = std::move(records);
}

api::DescribeActivityExecutionResponse TestActivity::Describe() const {
  api::DescribeActivityExecutionRequest request;
  request.set_include_input(true);
  request.set_include_outcome(true);
  request.set_include_heartbeat_details(true);
  request.set_include_last_failure(true);
  return activity::Describe(state_, request, now_);
}

temporal::api::activity::v1::ActivityExecutionOutcome TestActivity::outcome() const {
  const auto response = OutcomeOf(state_);
  REQUIRE(response.has_value());
  return response.value().outcome();
}

std::set<std::string> CoversOf(const engine::testing::StoredLog& log) {
  std::set<std::string> covers;
  for (const Record& record : log.records) {
    perdure::engine::ActivityChanges changes;
    REQUIRE(changes.ParseFromString(record.changes));
    AddFields(changes, "record ", covers);
    if (!changes.changed().has_control()) continue;
    covers.insert("status " + ActivityControl::Status_Name(changes.changed().control().status()));
  }
  AddFields(SnapshotOf(log.snapshot), "snapshot ", covers);
  return covers;
}

TaskToken ById() {
  TaskToken token;
  token.set_activity_id("act");
  return token;
}

Payloads PayloadsOf(const std::string& data) {
  Payloads payloads;
  payloads.add_payloads()->set_data(data);
  return payloads;
}

}  // namespace perdure::engine::activity::testing
