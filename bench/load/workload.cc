#include "bench/load/workload.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "base/event_loop.h"

namespace perdure::bench {
namespace {

using temporal::api::command::v1::Command;

constexpr absl::Duration kCallPatience = absl::Seconds(65);
constexpr absl::Duration kConnectPatience = absl::Seconds(10);
constexpr absl::Duration kPauseAgain = absl::Milliseconds(50);
constexpr absl::Duration kPauseFailed = absl::Milliseconds(10);

// Bytes that no store can compress.
std::string RandomBytes(size_t size) {
  const auto random = NewSystemRandom();
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random->Next());
  return bytes;
}

class Loop {
 public:
  Loop(const WorkloadOptions& options, std::unique_ptr<Client> client)
      : options_(options), client_(std::move(client)), payload_(RandomBytes(options.payload_bytes)) {}

  void Begin();
  void Measure(const std::function<void()>& edge, WorkloadResult& result);
  void Drain(WorkloadResult& result);
  void MeasureSteps(int64_t steps, const std::function<void(std::vector<absl::Duration>)>& window,
                    WorkloadResult& result);

 private:
  struct Flight {
    absl::Time started;
    absl::Time scheduled;  // its last activity
    int done_activities = 0;
    bool acknowledged = false;
  };
  // Calls again when it is refused or UNAVAILABLE.
  template <typename Response>
  void Call(const char* method, Frame request, Client::Done<Response> done);
  void StartWorkflow();
  void StartActivity();
  void StartNext() { options_.alone ? StartActivity() : StartWorkflow(); }
  // A new id under way; nullopt: nothing is started any more.
  std::optional<std::string> TakeOff();
  void OnStarted(const std::string& id, const absl::Status& status);
  void PollWorkflow(bool sticky);
  void PollActivity();
  // Whether the flight is ours, and how many of its activities are done.
  bool TakeWorkflowTask(const api::PollWorkflowTaskQueueResponse& task, int& done);
  void AnswerWorkflowTask(const api::PollWorkflowTaskQueueResponse& task);
  bool TakeActivityTask(const api::PollActivityTaskQueueResponse& task);  // whether it is one of ours
  void AnswerActivityTask(const api::PollActivityTaskQueueResponse& task);
  void ScheduleActivity(int number, Command& command) const;
  void Finished(const std::string& id);
  bool Failed(const char* method, const absl::Status& status);  // whether to call again
  bool Ended() {
    absl::MutexLock lock(&mutex_);
    return ended_;
  }
  std::string StickyQueue() const { return options_.task_queue + "-sticky"; }
  void AddPayload(temporal::api::common::v1::Payloads& payloads) const {
    if (!payload_.empty()) payloads.add_payloads()->set_data(payload_);
  }

  const WorkloadOptions options_;
  const std::unique_ptr<Client> client_;
  const std::string payload_;

  absl::Mutex mutex_;
  absl::flat_hash_map<std::string, Flight> flights_ ABSL_GUARDED_BY(mutex_);
  std::vector<absl::Duration> steps_ ABSL_GUARDED_BY(mutex_);
  int64_t next_id_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t finished_ ABSL_GUARDED_BY(mutex_) = 0;
  bool measuring_ ABSL_GUARDED_BY(mutex_) = false;
  bool starting_ ABSL_GUARDED_BY(mutex_) = true;  // a workflow for each that finishes
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  WorkloadResult result_ ABSL_GUARDED_BY(mutex_);
};

template <typename Response>
void Loop::Call(const char* method, Frame request, Client::Done<Response> done) {
  auto answered = [this, method, request, done = std::move(done)](const absl::Status& status,
                                                                  Response& response) mutable {
    if (status.ok() || !Failed(method, status)) return done(status, response);
    client_->After(kPauseAgain,
                   [this, method, request = std::move(request), done = std::move(done)]() mutable {
                     Call<Response>(method, std::move(request), std::move(done));
                   });
  };
  client_->Send<Response>(method, std::move(request), kCallPatience, std::move(answered));
}

bool Loop::Failed(const char* method, const absl::Status& status) {
  absl::MutexLock lock(&mutex_);
  if (ended_) return false;
  if (absl::IsResourceExhausted(status)) {
    ++result_.refused;
    return true;
  }
  const bool again = absl::IsUnavailable(status);
  ++result_.errors[absl::StrCat(method, " ", CodeName(status))];
  if (result_.first_error.empty()) {
    result_.first_error = absl::StrCat(method, ": ", CodeName(status), " ", status.message());
  }
  return again;
}

std::optional<std::string> Loop::TakeOff() {
  absl::MutexLock lock(&mutex_);
  if (!starting_) return std::nullopt;
  std::string id = absl::StrCat(options_.task_queue, "-", next_id_++);
  flights_[id].started = absl::Now();
  return id;
}

void Loop::OnStarted(const std::string& id, const absl::Status& status) {
  {
    absl::MutexLock lock(&mutex_);
    if (status.ok()) {
      ++result_.acknowledged;
      const auto flight = flights_.find(id);  // it may be done already
      if (flight != flights_.end()) flight->second.acknowledged = true;
      return;
    }
    flights_.erase(id);
  }
  client_->After(kPauseFailed, [this] { StartNext(); });
}

void Loop::StartWorkflow() {
  const std::optional<std::string> id = TakeOff();
  if (!id.has_value()) return;
  auto request = client_->New<api::StartWorkflowExecutionRequest>();
  request.set_workflow_id(*id);
  request.set_request_id(*id);
  request.mutable_workflow_type()->set_name("bench");
  request.mutable_task_queue()->set_name(options_.task_queue);
  AddPayload(*request.mutable_input());
  Call<api::StartWorkflowExecutionResponse>(
      "StartWorkflowExecution", Client::ToFrame(request),
      [this, id = *id](const absl::Status& status, auto&) { OnStarted(id, status); });
}

void Loop::StartActivity() {
  const std::optional<std::string> id = TakeOff();
  if (!id.has_value()) return;
  auto request = client_->New<api::StartActivityExecutionRequest>();
  request.set_activity_id(*id);
  request.set_request_id(*id);
  request.mutable_activity_type()->set_name("step");
  request.mutable_task_queue()->set_name(options_.task_queue);
  request.mutable_start_to_close_timeout()->set_seconds(absl::ToInt64Seconds(options_.activity_timeout));
  AddPayload(*request.mutable_input());
  Call<api::StartActivityExecutionResponse>(
      "StartActivityExecution", Client::ToFrame(request),
      [this, id = *id](const absl::Status& status, auto&) { OnStarted(id, status); });
}

void Loop::PollWorkflow(bool sticky) {
  if (Ended()) return;
  auto request = client_->New<api::PollWorkflowTaskQueueRequest>();
  request.mutable_task_queue()->set_name(sticky ? StickyQueue() : options_.task_queue);
  if (sticky) {
    request.mutable_task_queue()->set_kind(temporal::api::enums::v1::TASK_QUEUE_KIND_STICKY);
    request.mutable_task_queue()->set_normal_name(options_.task_queue);
  }
  client_->Send<api::PollWorkflowTaskQueueResponse>(
      "PollWorkflowTaskQueue", request, options_.poll_patience,
      [this, sticky](const absl::Status& status, auto& task) {
        if (!status.ok()) {
          const bool again = Failed("PollWorkflowTaskQueue", status);
          client_->After(again ? kPauseAgain : kPauseFailed, [this, sticky] { PollWorkflow(sticky); });
          return;
        }
        PollWorkflow(sticky);
        if (!task.task_token().empty()) AnswerWorkflowTask(task);
      });
}

bool Loop::TakeWorkflowTask(const api::PollWorkflowTaskQueueResponse& task, int& done) {
  absl::MutexLock lock(&mutex_);
  const auto flight = flights_.find(task.workflow_execution().workflow_id());
  if (flight == flights_.end()) return false;  // of an earlier run of the generator
  if (task.attempt() > 1) ++result_.retried_workflow_tasks;
  const absl::Time now = absl::Now();
  done = flight->second.done_activities;
  if (done > 0) steps_.push_back(now - flight->second.scheduled);
  flight->second.scheduled = now;
  return true;
}

void Loop::ScheduleActivity(int number, Command& command) const {
  command.set_command_type(temporal::api::enums::v1::COMMAND_TYPE_SCHEDULE_ACTIVITY_TASK);
  auto& activity = *command.mutable_schedule_activity_task_command_attributes();
  activity.set_activity_id(absl::StrCat(number));
  activity.mutable_activity_type()->set_name("step");
  activity.mutable_task_queue()->set_name(options_.task_queue);
  activity.mutable_start_to_close_timeout()->set_seconds(absl::ToInt64Seconds(options_.activity_timeout));
  AddPayload(*activity.mutable_input());
}

void Loop::AnswerWorkflowTask(const api::PollWorkflowTaskQueueResponse& task) {
  int done = 0;
  if (!TakeWorkflowTask(task, done)) return;
  const std::string id = task.workflow_execution().workflow_id();
  auto request = client_->New<api::RespondWorkflowTaskCompletedRequest>();
  request.set_task_token(task.task_token());
  Command& command = *request.add_commands();
  const bool last = done == options_.activities;
  if (last) {
    command.set_command_type(temporal::api::enums::v1::COMMAND_TYPE_COMPLETE_WORKFLOW_EXECUTION);
    AddPayload(*command.mutable_complete_workflow_execution_command_attributes()->mutable_result());
  } else {
    ScheduleActivity(done, command);
  }
  if (options_.sticky) {
    auto& sticky = *request.mutable_sticky_attributes();
    sticky.mutable_worker_task_queue()->set_name(StickyQueue());
    sticky.mutable_worker_task_queue()->set_kind(temporal::api::enums::v1::TASK_QUEUE_KIND_STICKY);
    sticky.mutable_worker_task_queue()->set_normal_name(options_.task_queue);
    sticky.mutable_schedule_to_start_timeout()->set_seconds(10);
  }
  Call<api::RespondWorkflowTaskCompletedResponse>("RespondWorkflowTaskCompleted", Client::ToFrame(request),
                                                  [this, id, last](const absl::Status& status, auto&) {
                                                    if (status.ok() && last) Finished(id);
                                                  });
}

void Loop::PollActivity() {
  if (Ended()) return;
  auto request = client_->New<api::PollActivityTaskQueueRequest>();
  request.mutable_task_queue()->set_name(options_.task_queue);
  client_->Send<api::PollActivityTaskQueueResponse>(
      "PollActivityTaskQueue", request, options_.poll_patience,
      [this](const absl::Status& status, auto& task) {
        if (!status.ok()) {
          const bool again = Failed("PollActivityTaskQueue", status);
          client_->After(again ? kPauseAgain : kPauseFailed, [this] { PollActivity(); });
          return;
        }
        PollActivity();
        if (!task.task_token().empty()) AnswerActivityTask(task);
      });
}

bool Loop::TakeActivityTask(const api::PollActivityTaskQueueResponse& task) {
  absl::MutexLock lock(&mutex_);
  const std::string& id = options_.alone ? task.activity_id() : task.workflow_execution().workflow_id();
  const auto flight = flights_.find(id);
  if (flight == flights_.end()) return false;
  if (task.attempt() > 1) ++result_.retried_activities;
  if (options_.alone) return true;
  int number = 0;
  if (!absl::SimpleAtoi(task.activity_id(), &number)) return false;
  // Before the server can hand out the next workflow task. A second attempt counts no further.
  flight->second.done_activities = number + 1;
  return true;
}

void Loop::AnswerActivityTask(const api::PollActivityTaskQueueResponse& task) {
  if (!TakeActivityTask(task)) return;
  auto request = client_->New<api::RespondActivityTaskCompletedRequest>();
  request.set_task_token(task.task_token());
  AddPayload(*request.mutable_result());
  Call<api::RespondActivityTaskCompletedResponse>(
      "RespondActivityTaskCompleted", Client::ToFrame(request),
      [this, id = task.activity_id()](const absl::Status& status, auto&) {
        if (status.ok() && options_.alone) Finished(id);
      });
}

void Loop::Finished(const std::string& id) {
  {
    absl::MutexLock lock(&mutex_);
    const auto flight = flights_.find(id);
    if (flight == flights_.end()) return;
    ++finished_;
    if (measuring_) result_.latencies.push_back(absl::Now() - flight->second.started);
    flights_.erase(flight);
  }
  StartNext();
}

void Loop::Begin() {
  const int pollers = options_.pollers > 0 ? options_.pollers : std::min(options_.in_flight, 64);
  for (int i = 0; i < pollers; ++i) {
    if (!options_.alone) PollWorkflow(false);
    if (options_.sticky) PollWorkflow(true);
    PollActivity();
  }
  for (int i = 0; i < options_.in_flight; ++i) StartNext();
}

void Loop::Measure(const std::function<void()>& edge, WorkloadResult& result) {
  absl::SleepFor(options_.warm_up);
  edge();
  const absl::Time begin = absl::Now();
  {
    absl::MutexLock lock(&mutex_);
    measuring_ = true;
  }
  const absl::Time end = begin + options_.duration;
  while (absl::Now() < end) {
    const absl::Duration rest = end - absl::Now();
    absl::SleepFor(options_.window > absl::ZeroDuration() ? std::min(options_.window, rest) : rest);
    absl::MutexLock lock(&mutex_);
    result_.finished_by.push_back({absl::Now(), finished_});
  }
  {
    absl::MutexLock lock(&mutex_);
    measuring_ = false;
    starting_ = false;
    result_.workflows = static_cast<int64_t>(result_.latencies.size());
    result_.workflows_per_second =
        static_cast<double>(result_.workflows) / absl::ToDoubleSeconds(absl::Now() - begin);
  }
  edge();
  Drain(result);
}

void Loop::Drain(WorkloadResult& result) {
  absl::MutexLock lock(&mutex_);
  const auto none_left = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return flights_.empty(); };
  mutex_.AwaitWithTimeout(absl::Condition(&none_left), options_.drain);
  for (const auto& [id, flight] : flights_) result_.unfinished += flight.acknowledged ? 1 : 0;
  ended_ = true;
  result = std::move(result_);
}

void Loop::MeasureSteps(int64_t steps, const std::function<void(std::vector<absl::Duration>)>& window,
                        WorkloadResult& result) {
  {
    absl::MutexLock lock(&mutex_);
    starting_ = false;  // Begin has started them
  }
  for (bool going = true; going;) {
    std::vector<absl::Duration> latencies;
    {
      absl::MutexLock lock(&mutex_);
      const auto full = [this, steps]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
        return flights_.empty() || static_cast<int64_t>(steps_.size()) >= steps;
      };
      mutex_.Await(absl::Condition(&full));
      going = !flights_.empty();
      latencies.swap(steps_);
    }
    if (going) window(std::move(latencies));
  }
  Drain(result);
}

// Long polls are still open at the end; their callbacks must find the loop, so it lives until the process
// ends.
absl::StatusOr<Loop*> NewLoop(const WorkloadOptions& options) {
  absl::StatusOr<std::unique_ptr<Client>> client = Client::Connect(options.target, kConnectPatience);
  if (!client.ok()) return client.status();
  auto* loop = new Loop(options, *std::move(client));
  loop->Begin();
  return loop;
}

}  // namespace

absl::Status RunLoop(const WorkloadOptions& options, const std::function<void()>& edge,
                     WorkloadResult& result) {
  const absl::StatusOr<Loop*> loop = NewLoop(options);
  if (loop.ok()) (*loop)->Measure(edge, result);
  return loop.status();
}

absl::Status RunSteps(const WorkloadOptions& options, int64_t steps,
                      const std::function<void(std::vector<absl::Duration>)>& window,
                      WorkloadResult& result) {
  const absl::StatusOr<Loop*> loop = NewLoop(options);
  if (loop.ok()) (*loop)->MeasureSteps(steps, window, result);
  return loop.status();
}

}  // namespace perdure::bench
