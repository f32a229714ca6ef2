#include "bench/load/asks.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"

namespace perdure::bench {
namespace {

using temporal::api::command::v1::Command;
using Task = api::PollWorkflowTaskQueueResponse;

constexpr absl::Duration kConnectPatience = absl::Seconds(10);
constexpr absl::Duration kReadyPatience = absl::Minutes(2);
constexpr absl::Duration kCallPatience = absl::Seconds(30);
constexpr absl::Duration kPollPatience = absl::Seconds(65);
constexpr absl::Duration kPause = absl::Milliseconds(50);
constexpr int kMostPollers = 64;

class Asks {
 public:
  Asks(const AskOptions& options, std::unique_ptr<Client> client)
      : options_(options), client_(std::move(client)), loops_(options.in_flight) {}

  void Begin();
  absl::Status Measure(const std::function<void()>& edge, WorkloadResult& result);

 private:
  // What asks one request after the other.
  struct Loop {
    std::string workflow_id;
    std::string run_id;  // of a base
    absl::Time asked;
    int64_t asks = 0;
    int64_t events = 4;           // of a base: through its last workflow task
    int64_t reset_to = 0;         // of a base: the end of that task, with which it completes
    bool ready = false;           // its workflow has been through its first task; a base: it is closed
    bool waits_for_task = false;  // the request is done with the next answered task
  };

  template <typename Response, typename Request>
  void Call(const char* method, const Request& request, Client::Done<Response> done);
  bool Failed(const char* method, const absl::Status& status);  // whether to call again
  bool Ended();

  void Start(size_t loop);
  void FillBase(size_t loop);
  void Ready(size_t loop);
  void Next(size_t loop);
  void Signal(size_t loop);
  void Query(size_t loop);
  void Update(size_t loop);
  void SignalWithStart(size_t loop);
  void Reset(size_t loop);
  void Done(size_t loop);

  void Poll(bool sticky);
  void AnswerQuery(const Task& task);
  void AnswerTask(const Task& task);
  // Whether the workflow ends with this task.
  bool Ends(size_t loop);
  void Answered(size_t loop, bool ended);
  static void AddUpdates(const Task& task, api::RespondWorkflowTaskCompletedRequest& answer);
  void MakeSticky(temporal::api::taskqueue::v1::TaskQueue& queue) const;
  std::optional<size_t> LoopOf(const std::string& workflow_id);

  const AskOptions options_;
  const std::unique_ptr<Client> client_;

  absl::Mutex mutex_;
  std::vector<Loop> loops_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<std::string, size_t> by_id_ ABSL_GUARDED_BY(mutex_);
  int ready_ ABSL_GUARDED_BY(mutex_) = 0;
  bool measuring_ ABSL_GUARDED_BY(mutex_) = false;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  WorkloadResult result_ ABSL_GUARDED_BY(mutex_);
};

bool Asks::Ended() {
  absl::MutexLock lock(&mutex_);
  return ended_;
}

bool Asks::Failed(const char* method, const absl::Status& status) {
  absl::MutexLock lock(&mutex_);
  if (ended_) return false;
  if (absl::IsResourceExhausted(status)) {
    ++result_.refused;
  } else {
    ++result_.errors[absl::StrCat(method, " ", CodeName(status))];
  }
  if (result_.first_error.empty()) {
    result_.first_error = absl::StrCat(method, ": ", CodeName(status), " ", status.message());
  }
  return true;
}

// Whatever fails is called again: a loop never ends.
template <typename Response, typename Request>
void Asks::Call(const char* method, const Request& request, Client::Done<Response> done) {
  client_->Send<Response>(method, request, kCallPatience,
                          [this, method, request, done = std::move(done)](const absl::Status& status,
                                                                          Response& response) mutable {
                            if (status.ok()) return done(status, response);
                            if (!Failed(method, status)) return;
                            client_->After(kPause, [this, method, request = std::move(request),
                                                    done = std::move(done)]() mutable {
                              Call<Response>(method, request, std::move(done));
                            });
                          });
}

std::optional<size_t> Asks::LoopOf(const std::string& workflow_id) {
  absl::MutexLock lock(&mutex_);
  const auto found = by_id_.find(workflow_id);
  if (found == by_id_.end()) return std::nullopt;  // of an earlier run of the generator
  return found->second;
}

// ---- the workflows that are asked

void Asks::Start(size_t loop) {
  auto request = client_->New<api::StartWorkflowExecutionRequest>();
  request.set_workflow_id(absl::StrCat(options_.task_queue, "-", loop));
  request.set_request_id(request.workflow_id());
  request.mutable_workflow_type()->set_name("asked");
  request.mutable_task_queue()->set_name(options_.task_queue);
  {
    absl::MutexLock lock(&mutex_);
    loops_[loop].workflow_id = request.workflow_id();
    by_id_[request.workflow_id()] = loop;
  }
  Call<api::StartWorkflowExecutionResponse>("StartWorkflowExecution", request,
                                            [this, loop](const absl::Status&, auto& response) {
                                              absl::MutexLock lock(&mutex_);
                                              loops_[loop].run_id = response.run_id();
                                            });
}

void Asks::FillBase(size_t loop) {
  auto request = client_->New<api::SignalWorkflowExecutionRequest>();
  {
    absl::MutexLock lock(&mutex_);
    Loop& base = loops_[loop];
    // A signal, and the three events of the workflow task that it brings.
    base.events += 4;
    if (base.events + 1 >= options_.base_events) base.reset_to = base.events;
    request.mutable_workflow_execution()->set_workflow_id(base.workflow_id);
  }
  request.set_signal_name("fill");
  Call<api::SignalWorkflowExecutionResponse>("SignalWorkflowExecution", request,
                                             [](const absl::Status&, auto&) {});
}

void Asks::Ready(size_t loop) {
  {
    absl::MutexLock lock(&mutex_);
    if (loops_[loop].ready) return;
    loops_[loop].ready = true;
    ++ready_;
  }
  Next(loop);
}

// ---- requests

void Asks::Next(size_t loop) {
  {
    absl::MutexLock lock(&mutex_);
    if (ended_) return;
    loops_[loop].asked = absl::Now();
    ++loops_[loop].asks;
  }
  switch (options_.ask) {
    case Ask::kSignal:
      return Signal(loop);
    case Ask::kQuery:
      return Query(loop);
    case Ask::kUpdate:
      return Update(loop);
    case Ask::kSignalWithStart:
      return SignalWithStart(loop);
    case Ask::kReset:
      return Reset(loop);
  }
}

void Asks::Done(size_t loop) {
  {
    absl::MutexLock lock(&mutex_);
    if (measuring_) result_.latencies.push_back(absl::Now() - loops_[loop].asked);
  }
  Next(loop);
}

void Asks::Signal(size_t loop) {
  auto request = client_->New<api::SignalWorkflowExecutionRequest>();
  {
    absl::MutexLock lock(&mutex_);
    loops_[loop].waits_for_task = true;
    request.mutable_workflow_execution()->set_workflow_id(loops_[loop].workflow_id);
    request.set_request_id(absl::StrCat(loops_[loop].workflow_id, "-", loops_[loop].asks));
  }
  request.set_signal_name("ask");
  Call<api::SignalWorkflowExecutionResponse>("SignalWorkflowExecution", request,
                                             [](const absl::Status&, auto&) {});
}

void Asks::Query(size_t loop) {
  auto request = client_->New<api::QueryWorkflowRequest>();
  {
    absl::MutexLock lock(&mutex_);
    request.mutable_execution()->set_workflow_id(loops_[loop].workflow_id);
  }
  request.mutable_query()->set_query_type("ask");
  Call<api::QueryWorkflowResponse>("QueryWorkflow", request,
                                   [this, loop](const absl::Status&, auto&) { Done(loop); });
}

void Asks::Update(size_t loop) {
  auto request = client_->New<api::UpdateWorkflowExecutionRequest>();
  {
    absl::MutexLock lock(&mutex_);
    request.mutable_workflow_execution()->set_workflow_id(loops_[loop].workflow_id);
    request.mutable_request()->mutable_meta()->set_update_id(absl::StrCat("u", loops_[loop].asks));
  }
  request.mutable_request()->mutable_input()->set_name("ask");
  request.mutable_wait_policy()->set_lifecycle_stage(
      temporal::api::enums::v1::UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE_COMPLETED);
  Call<api::UpdateWorkflowExecutionResponse>("UpdateWorkflowExecution", request,
                                             [this, loop](const absl::Status&, auto& response) {
                                               if (!response.has_outcome())
                                                 return Update(loop);  // the server's long poll ended first
                                               Done(loop);
                                             });
}

void Asks::SignalWithStart(size_t loop) {
  auto request = client_->New<api::SignalWithStartWorkflowExecutionRequest>();
  {
    absl::MutexLock lock(&mutex_);
    by_id_.erase(loops_[loop].workflow_id);
    loops_[loop].workflow_id = absl::StrCat(options_.task_queue, "-", loop, "-", loops_[loop].asks);
    by_id_[loops_[loop].workflow_id] = loop;
    loops_[loop].waits_for_task = true;
    request.set_workflow_id(loops_[loop].workflow_id);
  }
  request.set_request_id(request.workflow_id());
  request.mutable_workflow_type()->set_name("asked");
  request.mutable_task_queue()->set_name(options_.task_queue);
  request.set_signal_name("ask");
  Call<api::SignalWithStartWorkflowExecutionResponse>("SignalWithStartWorkflowExecution", request,
                                                      [](const absl::Status&, auto&) {});
}

void Asks::Reset(size_t loop) {
  auto request = client_->New<api::ResetWorkflowExecutionRequest>();
  {
    absl::MutexLock lock(&mutex_);
    request.mutable_workflow_execution()->set_workflow_id(loops_[loop].workflow_id);
    request.mutable_workflow_execution()->set_run_id(loops_[loop].run_id);
    request.set_workflow_task_finish_event_id(loops_[loop].reset_to);
    request.set_request_id(absl::StrCat(loops_[loop].workflow_id, "-", loops_[loop].asks));
  }
  request.set_reason("bench");
  Call<api::ResetWorkflowExecutionResponse>("ResetWorkflowExecution", request,
                                            [this, loop](const absl::Status&, auto&) { Done(loop); });
}

// ---- the worker

void Asks::MakeSticky(temporal::api::taskqueue::v1::TaskQueue& queue) const {
  queue.set_name(options_.task_queue + "-sticky");
  queue.set_kind(temporal::api::enums::v1::TASK_QUEUE_KIND_STICKY);
  queue.set_normal_name(options_.task_queue);
}

void Asks::Poll(bool sticky) {
  if (Ended()) return;
  auto request = client_->New<api::PollWorkflowTaskQueueRequest>();
  request.mutable_task_queue()->set_name(options_.task_queue);
  if (sticky) MakeSticky(*request.mutable_task_queue());
  client_->Send<Task>("PollWorkflowTaskQueue", request, kPollPatience,
                      [this, sticky](const absl::Status& status, Task& task) {
                        if (!status.ok()) {
                          Failed("PollWorkflowTaskQueue", status);
                          return client_->After(kPause, [this, sticky] { Poll(sticky); });
                        }
                        Poll(sticky);
                        if (task.has_query()) return AnswerQuery(task);
                        if (!task.task_token().empty()) AnswerTask(task);
                      });
}

void Asks::AnswerQuery(const Task& task) {
  auto answer = client_->New<api::RespondQueryTaskCompletedRequest>();
  answer.set_task_token(task.task_token());
  answer.set_completed_type(temporal::api::enums::v1::QUERY_RESULT_TYPE_ANSWERED);
  answer.mutable_query_result()->add_payloads()->set_data("1");
  Call<api::RespondQueryTaskCompletedResponse>("RespondQueryTaskCompleted", answer,
                                               [](const absl::Status&, auto&) {});
}

void Asks::AddUpdates(const Task& task, api::RespondWorkflowTaskCompletedRequest& answer) {
  for (const auto& message : task.messages()) {
    temporal::api::update::v1::Request update;
    if (!message.body().UnpackTo(&update)) continue;
    temporal::api::update::v1::Acceptance acceptance;
    acceptance.set_accepted_request_message_id(message.id());
    acceptance.set_accepted_request_sequencing_event_id(message.event_id());
    *acceptance.mutable_accepted_request() = update;
    temporal::api::update::v1::Response response;
    *response.mutable_meta() = update.meta();
    response.mutable_outcome()->mutable_success()->add_payloads()->set_data("1");
    for (const bool accepts : {true, false}) {
      auto& said = *answer.add_messages();
      said.set_id(absl::StrCat(message.protocol_instance_id(), accepts ? "/accept" : "/complete"));
      said.set_protocol_instance_id(message.protocol_instance_id());
      accepts ? said.mutable_body()->PackFrom(acceptance) : said.mutable_body()->PackFrom(response);
      Command& command = *answer.add_commands();
      command.set_command_type(temporal::api::enums::v1::COMMAND_TYPE_PROTOCOL_MESSAGE);
      command.mutable_protocol_message_command_attributes()->set_message_id(said.id());
    }
  }
}

bool Asks::Ends(size_t loop) {
  absl::MutexLock lock(&mutex_);
  if (options_.ask == Ask::kSignalWithStart) return true;
  return options_.ask == Ask::kReset && !loops_[loop].ready && loops_[loop].reset_to != 0;
}

void Asks::AnswerTask(const Task& task) {
  const std::optional<size_t> loop = LoopOf(task.workflow_execution().workflow_id());
  if (!loop.has_value()) return;
  auto answer = client_->New<api::RespondWorkflowTaskCompletedRequest>();
  answer.set_task_token(task.task_token());
  MakeSticky(*answer.mutable_sticky_attributes()->mutable_worker_task_queue());
  answer.mutable_sticky_attributes()->mutable_schedule_to_start_timeout()->set_seconds(10);
  for (const auto& [id, query] : task.queries()) {
    auto& result = (*answer.mutable_query_results())[id];
    result.set_result_type(temporal::api::enums::v1::QUERY_RESULT_TYPE_ANSWERED);
    result.mutable_answer()->add_payloads()->set_data("1");
  }
  AddUpdates(task, answer);
  const bool ends = Ends(*loop);
  if (ends) {
    Command& command = *answer.add_commands();
    command.set_command_type(temporal::api::enums::v1::COMMAND_TYPE_COMPLETE_WORKFLOW_EXECUTION);
    command.mutable_complete_workflow_execution_command_attributes();
  }
  // It is not made again: a reset may have ended the run meanwhile, and then the next run's task comes.
  client_->Send<api::RespondWorkflowTaskCompletedResponse>(
      "RespondWorkflowTaskCompleted", answer, kCallPatience,
      [this, loop = *loop, ends](const absl::Status& status, auto&) {
        if (status.ok()) return Answered(loop, ends);
        if (options_.ask != Ask::kReset || !absl::IsNotFound(status)) {
          Failed("RespondWorkflowTaskCompleted", status);
        }
      });
}

void Asks::Answered(size_t loop, bool ended) {
  bool done = false;
  bool ready = false;
  {
    absl::MutexLock lock(&mutex_);
    done = std::exchange(loops_[loop].waits_for_task, false);
    ready = loops_[loop].ready;
  }
  if (done) return Done(loop);
  if (ready) return;
  if (options_.ask == Ask::kReset && !ended) return FillBase(loop);
  Ready(loop);
}

// ---- the whole

void Asks::Begin() {
  for (int i = 0; i < std::min(options_.in_flight, kMostPollers); ++i) {
    Poll(false);
    Poll(true);
  }
  for (size_t loop = 0; loop < static_cast<size_t>(options_.in_flight); ++loop) {
    options_.ask == Ask::kSignalWithStart ? Ready(loop) : Start(loop);
  }
}

absl::Status Asks::Measure(const std::function<void()>& edge, WorkloadResult& result) {
  {
    absl::MutexLock lock(&mutex_);
    const auto all = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return ready_ == options_.in_flight; };
    if (!mutex_.AwaitWithTimeout(absl::Condition(&all), kReadyPatience)) {
      return absl::DeadlineExceededError(
          absl::StrCat(ready_, " of ", options_.in_flight, " workflows are ready; ", result_.first_error));
    }
  }
  absl::SleepFor(options_.warm_up);
  edge();
  const absl::Time begin = absl::Now();
  {
    absl::MutexLock lock(&mutex_);
    measuring_ = true;
  }
  absl::SleepFor(options_.duration);
  {
    absl::MutexLock lock(&mutex_);
    measuring_ = false;
    ended_ = true;
    result_.workflows = static_cast<int64_t>(result_.latencies.size());
    result_.workflows_per_second =
        static_cast<double>(result_.workflows) / absl::ToDoubleSeconds(absl::Now() - begin);
    result = std::move(result_);
  }
  edge();
  return absl::OkStatus();
}

}  // namespace

absl::Status RunAsks(const AskOptions& options, const std::function<void()>& edge, WorkloadResult& result) {
  absl::StatusOr<std::unique_ptr<Client>> client = Client::Connect(options.target, kConnectPatience);
  if (!client.ok()) return client.status();
  // Long polls are still open at the end; their callbacks must find it, so it lives until the process ends.
  auto* asks = new Asks(options, *std::move(client));
  asks->Begin();
  return asks->Measure(edge, result);
}

}  // namespace perdure::bench
