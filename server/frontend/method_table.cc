#include "server/frontend/method_table.h"

#include <array>
#include <string>

#include "base/check.h"
#include "google/protobuf/descriptor.h"
#include "server/frontend/handlers/handlers.h"

namespace perdure::server {
namespace {

using enum Access;
using enum Polling;
constexpr ApiService W = ApiService::kWorkflow;
constexpr ApiService O = ApiService::kOperator;

// clang-format off
constexpr auto kSpecs = std::to_array<MethodSpec>({
    {W, "RegisterNamespace", kAdmin, kNever, Handle<RegisterNamespace>},
    {W, "DescribeNamespace", kRead, kNever, Handle<DescribeNamespace>},
    {W, "ListNamespaces", kRead, kNever, Handle<ListNamespaces>},
    {W, "UpdateNamespace", kAdmin, kNever, Handle<UpdateNamespace>},
    {W, "DeprecateNamespace", kAdmin, kNever, nullptr},
    {W, "StartWorkflowExecution", kWrite, kNever, Handle<StartWorkflowExecution>},
    {W, "ExecuteMultiOperation", kWrite, kNever, nullptr},
    {W, "GetWorkflowExecutionHistory", kRead, kNever, Handle<GetWorkflowExecutionHistory>},
    {W, "GetWorkflowExecutionHistoryReverse", kRead, kNever, Handle<GetWorkflowExecutionHistoryReverse>},
    {W, "PollWorkflowTaskQueue", kWrite, kAlways, Handle<PollWorkflowTaskQueue>},
    {W, "RespondWorkflowTaskCompleted", kWrite, kNever, Handle<RespondWorkflowTaskCompleted>},
    {W, "RespondWorkflowTaskFailed", kWrite, kNever, Handle<RespondWorkflowTaskFailed>},
    {W, "PollActivityTaskQueue", kWrite, kAlways, Handle<PollActivityTaskQueue>},
    {W, "RecordActivityTaskHeartbeat", kWrite, kNever, Handle<RecordActivityTaskHeartbeat>},
    {W, "RecordActivityTaskHeartbeatById", kWrite, kNever, Handle<RecordActivityTaskHeartbeatById>},
    {W, "RespondActivityTaskCompleted", kWrite, kNever, Handle<RespondActivityTaskCompleted>},
    {W, "RespondActivityTaskCompletedById", kWrite, kNever, Handle<RespondActivityTaskCompletedById>},
    {W, "RespondActivityTaskFailed", kWrite, kNever, Handle<RespondActivityTaskFailed>},
    {W, "RespondActivityTaskFailedById", kWrite, kNever, Handle<RespondActivityTaskFailedById>},
    {W, "RespondActivityTaskCanceled", kWrite, kNever, Handle<RespondActivityTaskCanceled>},
    {W, "RespondActivityTaskCanceledById", kWrite, kNever, Handle<RespondActivityTaskCanceledById>},
    {W, "RequestCancelWorkflowExecution", kWrite, kNever, Handle<RequestCancelWorkflowExecution>},
    {W, "SignalWorkflowExecution", kWrite, kNever, Handle<SignalWorkflowExecution>},
    {W, "SignalWithStartWorkflowExecution", kWrite, kNever, Handle<SignalWithStartWorkflowExecution>},
    {W, "ResetWorkflowExecution", kWrite, kNever, nullptr},
    {W, "TerminateWorkflowExecution", kWrite, kNever, Handle<TerminateWorkflowExecution>},
    {W, "DeleteWorkflowExecution", kWrite, kNever, nullptr},
    {W, "ListOpenWorkflowExecutions", kRead, kNever, nullptr},
    {W, "ListClosedWorkflowExecutions", kRead, kNever, nullptr},
    {W, "ListWorkflowExecutions", kRead, kNever, Handle<ListWorkflowExecutions>},
    {W, "ListArchivedWorkflowExecutions", kRead, kNever, nullptr},
    {W, "ScanWorkflowExecutions", kRead, kNever, nullptr},
    {W, "CountWorkflowExecutions", kRead, kNever, Handle<CountWorkflowExecutions>},
    {W, "GetSearchAttributes", kRead, kNever, Handle<GetSearchAttributes>},
    {W, "RespondQueryTaskCompleted", kWrite, kNever, nullptr},
    {W, "ResetStickyTaskQueue", kWrite, kNever, Handle<ResetStickyTaskQueue>},
    {W, "ShutdownWorker", kWrite, kNever, Handle<ShutdownWorker>},
    {W, "QueryWorkflow", kRead, kNever, nullptr},
    {W, "DescribeWorkflowExecution", kRead, kNever, Handle<DescribeWorkflowExecution>},
    {W, "DescribeTaskQueue", kRead, kNever, Handle<DescribeTaskQueue>},
    {W, "GetClusterInfo", kRead, kNever, Handle<GetClusterInfo>},
    {W, "GetSystemInfo", kRead, kNever, Handle<GetSystemInfo>},
    {W, "ListTaskQueuePartitions", kRead, kNever, nullptr},
    {W, "CreateSchedule", kWrite, kNever, nullptr},
    {W, "DescribeSchedule", kRead, kNever, nullptr},
    {W, "UpdateSchedule", kWrite, kNever, nullptr},
    {W, "PatchSchedule", kWrite, kNever, nullptr},
    {W, "ListScheduleMatchingTimes", kRead, kNever, nullptr},
    {W, "DeleteSchedule", kWrite, kNever, nullptr},
    {W, "ListSchedules", kRead, kNever, nullptr},
    {W, "CountSchedules", kRead, kNever, nullptr},
    {W, "UpdateWorkerBuildIdCompatibility", kWrite, kNever, nullptr},
    {W, "GetWorkerBuildIdCompatibility", kRead, kNever, nullptr},
    {W, "UpdateWorkerVersioningRules", kWrite, kNever, nullptr},
    {W, "GetWorkerVersioningRules", kRead, kNever, nullptr},
    {W, "GetWorkerTaskReachability", kRead, kNever, nullptr},
    {W, "DescribeDeployment", kRead, kNever, nullptr},
    {W, "DescribeWorkerDeploymentVersion", kRead, kNever, nullptr},
    {W, "ListDeployments", kRead, kNever, nullptr},
    {W, "GetDeploymentReachability", kRead, kNever, nullptr},
    {W, "GetCurrentDeployment", kRead, kNever, nullptr},
    {W, "SetCurrentDeployment", kWrite, kNever, nullptr},
    {W, "SetWorkerDeploymentCurrentVersion", kWrite, kNever, nullptr},
    {W, "DescribeWorkerDeployment", kRead, kNever, nullptr},
    {W, "DeleteWorkerDeployment", kWrite, kNever, nullptr},
    {W, "DeleteWorkerDeploymentVersion", kWrite, kNever, nullptr},
    {W, "SetWorkerDeploymentRampingVersion", kWrite, kNever, nullptr},
    {W, "ListWorkerDeployments", kRead, kNever, nullptr},
    {W, "CreateWorkerDeployment", kWrite, kNever, nullptr},
    {W, "CreateWorkerDeploymentVersion", kWrite, kNever, nullptr},
    {W, "UpdateWorkerDeploymentVersionComputeConfig", kWrite, kNever, nullptr},
    {W, "ValidateWorkerDeploymentVersionComputeConfig", kRead, kNever, nullptr},
    {W, "UpdateWorkerDeploymentVersionMetadata", kWrite, kNever, nullptr},
    {W, "SetWorkerDeploymentManager", kWrite, kNever, nullptr},
    {W, "UpdateWorkflowExecution", kWrite, kNever, nullptr},
    {W, "PollWorkflowExecutionUpdate", kRead, kAlways, nullptr},
    {W, "StartBatchOperation", kWrite, kNever, nullptr},
    {W, "StopBatchOperation", kWrite, kNever, nullptr},
    {W, "DescribeBatchOperation", kRead, kNever, nullptr},
    {W, "ListBatchOperations", kRead, kNever, nullptr},
    {W, "PollNexusTaskQueue", kWrite, kAlways, Handle<PollNexusTaskQueue>},
    {W, "RespondNexusTaskCompleted", kWrite, kNever, nullptr},
    {W, "RespondNexusTaskFailed", kWrite, kNever, nullptr},
    {W, "UpdateActivityOptions", kWrite, kNever, nullptr},
    {W, "UpdateWorkflowExecutionOptions", kWrite, kNever, nullptr},
    {W, "PauseActivity", kWrite, kNever, nullptr},
    {W, "UnpauseActivity", kWrite, kNever, nullptr},
    {W, "ResetActivity", kWrite, kNever, nullptr},
    {W, "CreateWorkflowRule", kWrite, kNever, nullptr},
    {W, "DescribeWorkflowRule", kRead, kNever, nullptr},
    {W, "DeleteWorkflowRule", kWrite, kNever, nullptr},
    {W, "ListWorkflowRules", kRead, kNever, nullptr},
    {W, "TriggerWorkflowRule", kWrite, kNever, nullptr},
    {W, "RecordWorkerHeartbeat", kWrite, kNever, Handle<RecordWorkerHeartbeat>},
    {W, "ListWorkers", kRead, kNever, Handle<ListWorkers>},
    {W, "CountWorkers", kRead, kNever, Handle<CountWorkers>},
    {W, "UpdateTaskQueueConfig", kWrite, kNever, nullptr},
    {W, "FetchWorkerConfig", kRead, kNever, nullptr},
    {W, "UpdateWorkerConfig", kWrite, kNever, nullptr},
    {W, "DescribeWorker", kRead, kNever, Handle<DescribeWorker>},
    {W, "PauseWorkflowExecution", kWrite, kNever, nullptr},
    {W, "UnpauseWorkflowExecution", kWrite, kNever, nullptr},
    {W, "StartActivityExecution", kWrite, kNever, Handle<StartActivityExecution>},
    {W, "StartNexusOperationExecution", kWrite, kNever, nullptr},
    {W, "DescribeActivityExecution", kRead, kNever, Handle<DescribeActivityExecution>},
    {W, "DescribeNexusOperationExecution", kRead, kNever, nullptr},
    {W, "PollActivityExecution", kRead, kAlways, Handle<PollActivityExecution>},
    {W, "PollNexusOperationExecution", kRead, kAlways, nullptr},
    {W, "ListActivityExecutions", kRead, kNever, Handle<ListActivityExecutions>},
    {W, "ListNexusOperationExecutions", kRead, kNever, nullptr},
    {W, "CountActivityExecutions", kRead, kNever, Handle<CountActivityExecutions>},
    {W, "CountNexusOperationExecutions", kRead, kNever, nullptr},
    {W, "RequestCancelActivityExecution", kWrite, kNever, Handle<RequestCancelActivityExecution>},
    {W, "RequestCancelNexusOperationExecution", kWrite, kNever, nullptr},
    {W, "TerminateActivityExecution", kWrite, kNever, Handle<TerminateActivityExecution>},
    {W, "DeleteActivityExecution", kWrite, kNever, Handle<DeleteActivityExecution>},
    {W, "PauseActivityExecution", kWrite, kNever, Handle<PauseActivityExecution>},
    {W, "ResetActivityExecution", kWrite, kNever, Handle<ResetActivityExecution>},
    {W, "UnpauseActivityExecution", kWrite, kNever, Handle<UnpauseActivityExecution>},
    {W, "UpdateActivityExecutionOptions", kWrite, kNever, Handle<UpdateActivityExecutionOptions>},
    {W, "TerminateNexusOperationExecution", kWrite, kNever, nullptr},
    {W, "DeleteNexusOperationExecution", kWrite, kNever, nullptr},
    {W, "PollWorkflowExecutionTimeSkipping", kRead, kAlways, nullptr},
    {O, "AddSearchAttributes", kAdmin, kNever, Handle<AddSearchAttributes>},
    {O, "RemoveSearchAttributes", kAdmin, kNever, Handle<RemoveSearchAttributes>},
    {O, "ListSearchAttributes", kRead, kNever, Handle<ListSearchAttributes>},
    {O, "DeleteNamespace", kAdmin, kNever, nullptr},
    {O, "AddOrUpdateRemoteCluster", kAdmin, kNever, nullptr},
    {O, "RemoveRemoteCluster", kAdmin, kNever, nullptr},
    {O, "ListClusters", kAdmin, kNever, nullptr},
    {O, "GetNexusEndpoint", kAdmin, kNever, nullptr},
    {O, "CreateNexusEndpoint", kAdmin, kNever, nullptr},
    {O, "UpdateNexusEndpoint", kAdmin, kNever, nullptr},
    {O, "DeleteNexusEndpoint", kAdmin, kNever, nullptr},
    {O, "ListNexusEndpoints", kAdmin, kNever, nullptr},
});
// clang-format on

}  // namespace

const google::protobuf::ServiceDescriptor& Descriptor(ApiService service) {
  std::string name;
  switch (service) {
    case ApiService::kWorkflow:
      name = "temporal.api.workflowservice.v1.WorkflowService";
      break;
    case ApiService::kOperator:
      name = "temporal.api.operatorservice.v1.OperatorService";
      break;
  }
  const auto* descriptor = google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(name);
  PERDURE_CHECK(descriptor != nullptr, name);
  return *descriptor;
}

MethodTable::MethodTable() {
  methods_.reserve(kSpecs.size());
  for (const MethodSpec& spec : kSpecs) {
    const auto& service = Descriptor(spec.service);
    Method method;
    method.spec = spec;
    method.index = static_cast<int>(methods_.size());
    method.descriptor = service.FindMethodByName(std::string(spec.name));
    PERDURE_CHECK(method.descriptor != nullptr, spec.name);
    PERDURE_CHECK(Find(spec.name) == nullptr, spec.name);
    method.path = "/" + service.full_name() + "/" + std::string(spec.name);
    methods_.push_back(std::move(method));
  }
  const int served = Descriptor(W).method_count() + Descriptor(O).method_count();
  PERDURE_CHECK(static_cast<size_t>(served) == methods_.size(),
                "an RPC of the API has no line in the method table");
}

const Method* MethodTable::Find(std::string_view name) const {
  for (const Method& method : methods_) {
    if (method.spec.name == name) return &method;
  }
  return nullptr;
}

}  // namespace perdure::server
