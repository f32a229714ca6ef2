#include "bench/load/workload.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/impl/codegen/proto_utils.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "temporal/api/workflowservice/v1/request_response.pb.h"

namespace perdure::bench {
namespace {

namespace api = temporal::api::workflowservice::v1;
using temporal::api::command::v1::Command;

constexpr char kService[] = "/temporal.api.workflowservice.v1.WorkflowService/";
constexpr char kIdentity[] = "perdure-load";
constexpr std::chrono::seconds kCallDeadline(65);

// One call in flight; owns itself until its answer came.
template <typename Request, typename Response>
struct Call {
  grpc::ClientContext context;
  Request request;
  Response response;
};

class Loop {
 public:
  Loop(const WorkloadOptions& options, std::shared_ptr<grpc::Channel> channel)
      : options_(options), channel_(std::move(channel)), payload_(options.payload_bytes, 'x') {}

  absl::Status Run(Edges& edges, WorkloadResult& result);

 private:
  struct Flight {
    absl::Time started;
    int done_activities = 0;
  };

  template <typename Response, typename Request>
  void Send(const char* method, Request request, std::function<void(const grpc::Status&, Response&)> done);

  void StartWorkflow();
  void PollWorkflow();
  void PollActivity();
  void AnswerWorkflowTask(api::PollWorkflowTaskQueueResponse& task);
  void Finished(const std::string& workflow_id);
  void Failed(const char* method, const grpc::Status& status);
  bool Stopping() {
    absl::MutexLock lock(&mutex_);
    return stopping_;
  }
  void AddPayload(temporal::api::common::v1::Payloads& payloads) const {
    if (!payload_.empty()) payloads.add_payloads()->set_data(payload_);
  }

  const WorkloadOptions& options_;
  const std::shared_ptr<grpc::Channel> channel_;
  const std::string payload_;

  absl::Mutex mutex_;
  absl::flat_hash_map<std::string, Flight> flights_ ABSL_GUARDED_BY(mutex_);
  int64_t next_id_ ABSL_GUARDED_BY(mutex_) = 0;
  int calls_in_flight_ ABSL_GUARDED_BY(mutex_) = 0;
  bool measuring_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  WorkloadResult result_ ABSL_GUARDED_BY(mutex_);
};

template <typename Response, typename Request>
void Loop::Send(const char* method, Request request,
                std::function<void(const grpc::Status&, Response&)> done) {
  {
    absl::MutexLock lock(&mutex_);
    ++calls_in_flight_;
  }
  auto call = std::make_shared<Call<Request, Response>>();
  call->request = std::move(request);
  call->context.set_deadline(std::chrono::system_clock::now() + kCallDeadline);
  grpc::TemplatedGenericStub<Request, Response> stub(channel_);
  stub.UnaryCall(&call->context, absl::StrCat(kService, method), grpc::StubOptions(), &call->request,
                 &call->response, [this, call, method, done = std::move(done)](grpc::Status status) {
                   if (!status.ok()) Failed(method, status);
                   done(status, call->response);
                   absl::MutexLock lock(&mutex_);
                   --calls_in_flight_;
                 });
}

void Loop::Failed(const char* method, const grpc::Status& status) {
  absl::MutexLock lock(&mutex_);
  if (stopping_) return;
  ++result_.errors;
  if (result_.first_error.empty()) {
    result_.first_error =
        absl::StrCat(method, ": code ", static_cast<int>(status.error_code()), " ", status.error_message());
  }
}

void Loop::StartWorkflow() {
  api::StartWorkflowExecutionRequest request;
  {
    absl::MutexLock lock(&mutex_);
    if (stopping_) return;
    request.set_workflow_id(absl::StrCat(options_.task_queue, "-", next_id_++));
    flights_[request.workflow_id()].started = absl::Now();
  }
  request.set_request_id(request.workflow_id());
  request.set_namespace_(options_.name_space);
  request.set_identity(kIdentity);
  request.mutable_workflow_type()->set_name("bench");
  request.mutable_task_queue()->set_name(options_.task_queue);
  AddPayload(*request.mutable_input());
  const std::string id = request.workflow_id();
  Send<api::StartWorkflowExecutionResponse>("StartWorkflowExecution", std::move(request),
                                            [this, id](const grpc::Status& status, auto&) {
                                              if (status.ok()) return;
                                              {
                                                absl::MutexLock lock(&mutex_);
                                                flights_.erase(id);
                                              }
                                              StartWorkflow();
                                            });
}

void Loop::PollWorkflow() {
  if (Stopping()) return;
  api::PollWorkflowTaskQueueRequest request;
  request.set_namespace_(options_.name_space);
  request.set_identity(kIdentity);
  request.mutable_task_queue()->set_name(options_.task_queue);
  Send<api::PollWorkflowTaskQueueResponse>("PollWorkflowTaskQueue", std::move(request),
                                           [this](const grpc::Status& status, auto& task) {
                                             PollWorkflow();
                                             if (status.ok() && !task.task_token().empty())
                                               AnswerWorkflowTask(task);
                                           });
}

void Loop::AnswerWorkflowTask(api::PollWorkflowTaskQueueResponse& task) {
  const std::string id = task.workflow_execution().workflow_id();
  int done = 0;
  {
    absl::MutexLock lock(&mutex_);
    const auto flight = flights_.find(id);
    if (flight == flights_.end()) return;  // of an earlier run of the generator
    done = flight->second.done_activities;
  }
  api::RespondWorkflowTaskCompletedRequest request;
  request.set_namespace_(options_.name_space);
  request.set_identity(kIdentity);
  request.set_task_token(task.task_token());
  Command& command = *request.add_commands();
  const bool last = done == options_.activities;
  if (last) {
    command.set_command_type(temporal::api::enums::v1::COMMAND_TYPE_COMPLETE_WORKFLOW_EXECUTION);
    AddPayload(*command.mutable_complete_workflow_execution_command_attributes()->mutable_result());
  } else {
    command.set_command_type(temporal::api::enums::v1::COMMAND_TYPE_SCHEDULE_ACTIVITY_TASK);
    auto& activity = *command.mutable_schedule_activity_task_command_attributes();
    activity.set_activity_id(absl::StrCat(done));
    activity.mutable_activity_type()->set_name("step");
    activity.mutable_task_queue()->set_name(options_.task_queue);
    activity.mutable_start_to_close_timeout()->set_seconds(60);
    AddPayload(*activity.mutable_input());
  }
  Send<api::RespondWorkflowTaskCompletedResponse>("RespondWorkflowTaskCompleted", std::move(request),
                                                  [this, id, last](const grpc::Status& status, auto&) {
                                                    if (status.ok() && last) Finished(id);
                                                  });
}

void Loop::PollActivity() {
  if (Stopping()) return;
  api::PollActivityTaskQueueRequest request;
  request.set_namespace_(options_.name_space);
  request.set_identity(kIdentity);
  request.mutable_task_queue()->set_name(options_.task_queue);
  Send<api::PollActivityTaskQueueResponse>(
      "PollActivityTaskQueue", std::move(request), [this](const grpc::Status& status, auto& task) {
        PollActivity();
        if (!status.ok() || task.task_token().empty()) return;
        {
          absl::MutexLock lock(&mutex_);
          const auto flight = flights_.find(task.workflow_execution().workflow_id());
          if (flight == flights_.end()) return;
          ++flight->second.done_activities;  // before the server can hand out the next workflow task
        }
        api::RespondActivityTaskCompletedRequest request;
        request.set_namespace_(options_.name_space);
        request.set_identity(kIdentity);
        request.set_task_token(task.task_token());
        AddPayload(*request.mutable_result());
        Send<api::RespondActivityTaskCompletedResponse>("RespondActivityTaskCompleted", std::move(request),
                                                        [](const grpc::Status&, auto&) {});
      });
}

void Loop::Finished(const std::string& workflow_id) {
  {
    absl::MutexLock lock(&mutex_);
    const auto flight = flights_.find(workflow_id);
    if (flight == flights_.end()) return;
    if (measuring_) result_.latencies.push_back(absl::Now() - flight->second.started);
    flights_.erase(flight);
  }
  StartWorkflow();
}

absl::Status Loop::Run(Edges& edges, WorkloadResult& result) {
  const int pollers = options_.pollers > 0 ? options_.pollers : std::min(options_.in_flight, 64);
  for (int i = 0; i < pollers; ++i) {
    PollWorkflow();
    PollActivity();
  }
  for (int i = 0; i < options_.in_flight; ++i) StartWorkflow();

  absl::SleepFor(options_.warm_up);
  edges.OnMeasureBegin();
  const absl::Time begin = absl::Now();
  {
    absl::MutexLock lock(&mutex_);
    measuring_ = true;
  }
  absl::SleepFor(options_.duration);
  {
    absl::MutexLock lock(&mutex_);
    measuring_ = false;
    result = std::move(result_);
    stopping_ = true;
  }
  const absl::Duration took = absl::Now() - begin;
  edges.OnMeasureEnd();
  result.workflows = static_cast<int64_t>(result.latencies.size());
  result.workflows_per_second = static_cast<double>(result.workflows) / absl::ToDoubleSeconds(took);
  std::sort(result.latencies.begin(), result.latencies.end());
  return absl::OkStatus();
}

}  // namespace

absl::Status Run(const WorkloadOptions& options, Edges& edges, WorkloadResult& result) {
  auto channel = grpc::CreateChannel(options.address, grpc::InsecureChannelCredentials());
  if (!channel->WaitForConnected(std::chrono::system_clock::now() + std::chrono::seconds(10))) {
    return absl::UnavailableError(absl::StrCat("nothing answers at ", options.address));
  }
  // Long polls are still open at the end; their callbacks must find the loop, so it lives until the process
  // ends.
  auto* loop = new Loop(options, std::move(channel));
  return loop->Run(edges, result);
}

}  // namespace perdure::bench
