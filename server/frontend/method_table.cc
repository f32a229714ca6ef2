#include "server/frontend/method_table.h"

#include <array>
#include <string>

#include "base/check.h"
#include "google/protobuf/descriptor.h"
#include "server/frontend/handlers/handlers.h"

namespace perdure::server {
namespace {

using enum Access;
using enum Scope;
using enum Polling;
using enum Routing;
constexpr ApiService W = ApiService::kWorkflow;
constexpr ApiService O = ApiService::kOperator;

// clang-format off
constexpr auto kSpecs = std::to_array<MethodSpec>({
    {W, "RegisterNamespace", kAdmin, kNamespace, kNever, kLocal, Handle<RegisterNamespace>},
    {W, "DescribeNamespace", kRead, kNamespace, kNever, kLocal, Handle<DescribeNamespace>},
    {W, "ListNamespaces", kRead, kCluster, kNever, kLocal, Handle<ListNamespaces>},
    {W, "UpdateNamespace", kAdmin, kNamespace, kNever, kLocal, Handle<UpdateNamespace>},
    {W, "DeprecateNamespace", kAdmin, kNamespace, kNever, kLocal, nullptr},
    {W, "StartWorkflowExecution", kWrite, kNamespace, kNever, kWorkflow, Handle<StartWorkflowExecution>},
    {W, "ExecuteMultiOperation", kWrite, kNamespace, kNever, kLocal, nullptr},
    {W, "GetWorkflowExecutionHistory", kRead, kNamespace, kMay, kWorkflow, Handle<GetWorkflowExecutionHistory>},
    {W, "GetWorkflowExecutionHistoryReverse", kRead, kNamespace, kNever, kWorkflow, Handle<GetWorkflowExecutionHistoryReverse>},
    {W, "PollWorkflowTaskQueue", kWrite, kNamespace, kAlways, kTaskQueue, Handle<PollWorkflowTaskQueue>},
    {W, "RespondWorkflowTaskCompleted", kWrite, kNamespace, kNever, kTaskToken, Handle<RespondWorkflowTaskCompleted>},
    {W, "RespondWorkflowTaskFailed", kWrite, kNamespace, kNever, kTaskToken, Handle<RespondWorkflowTaskFailed>},
    {W, "PollActivityTaskQueue", kWrite, kNamespace, kAlways, kTaskQueue, Handle<PollActivityTaskQueue>},
    {W, "RecordActivityTaskHeartbeat", kWrite, kNamespace, kNever, kTaskToken, Handle<RecordActivityTaskHeartbeat>},
    {W, "RecordActivityTaskHeartbeatById", kWrite, kNamespace, kNever, kWorkflow, Handle<RecordActivityTaskHeartbeatById>},
    {W, "RespondActivityTaskCompleted", kWrite, kNamespace, kNever, kTaskToken, Handle<RespondActivityTaskCompleted>},
    {W, "RespondActivityTaskCompletedById", kWrite, kNamespace, kNever, kWorkflow, Handle<RespondActivityTaskCompletedById>},
    {W, "RespondActivityTaskFailed", kWrite, kNamespace, kNever, kTaskToken, Handle<RespondActivityTaskFailed>},
    {W, "RespondActivityTaskFailedById", kWrite, kNamespace, kNever, kWorkflow, Handle<RespondActivityTaskFailedById>},
    {W, "RespondActivityTaskCanceled", kWrite, kNamespace, kNever, kTaskToken, Handle<RespondActivityTaskCanceled>},
    {W, "RespondActivityTaskCanceledById", kWrite, kNamespace, kNever, kWorkflow, Handle<RespondActivityTaskCanceledById>},
    {W, "RequestCancelWorkflowExecution", kWrite, kNamespace, kNever, kWorkflow, Handle<RequestCancelWorkflowExecution>},
    {W, "SignalWorkflowExecution", kWrite, kNamespace, kNever, kWorkflow, Handle<SignalWorkflowExecution>},
    {W, "SignalWithStartWorkflowExecution", kWrite, kNamespace, kNever, kLocal, nullptr},
    {W, "ResetWorkflowExecution", kWrite, kNamespace, kNever, kLocal, nullptr},
    {W, "TerminateWorkflowExecution", kWrite, kNamespace, kNever, kWorkflow, Handle<TerminateWorkflowExecution>},
    {W, "DeleteWorkflowExecution", kWrite, kNamespace, kNever, kLocal, nullptr},
    {W, "ListOpenWorkflowExecutions", kRead, kNamespace, kNever, kLocal, nullptr},
    {W, "ListClosedWorkflowExecutions", kRead, kNamespace, kNever, kLocal, nullptr},
    {W, "ListWorkflowExecutions", kRead, kNamespace, kNever, kStore, Handle<ListWorkflowExecutions>},
    {W, "ListArchivedWorkflowExecutions", kRead, kNamespace, kNever, kLocal, nullptr},
    {W, "ScanWorkflowExecutions", kRead, kNamespace, kNever, kLocal, nullptr},
    {W, "CountWorkflowExecutions", kRead, kNamespace, kNever, kStore, Handle<CountWorkflowExecutions>},
    {W, "GetSearchAttributes", kRead, kCluster, kNever, kLocal, nullptr},
    {W, "RespondQueryTaskCompleted", kWrite, kNamespace, kNever, kLocal, nullptr},
    {W, "ResetStickyTaskQueue", kWrite, kNamespace, kNever, kWorkflow, Handle<ResetStickyTaskQueue>},
    {W, "ShutdownWorker", kWrite, kNamespace, kNever, kTaskQueue, Handle<ShutdownWorker>},
    {W, "QueryWorkflow", kRead, kNamespace, kNever, kLocal, nullptr},
    {W, "DescribeWorkflowExecution", kRead, kNamespace, kNever, kWorkflow, Handle<DescribeWorkflowExecution>},
    {W, "DescribeTaskQueue", kRead, kNamespace, kNever, kTaskQueue, Handle<DescribeTaskQueue>},
    {W, "GetClusterInfo", kRead, kCluster, kNever, kLocal, Handle<GetClusterInfo>},
    {W, "GetSystemInfo", kRead, kCluster, kNever, kLocal, Handle<GetSystemInfo>},
    {W, "ListTaskQueuePartitions", kRead, kNamespace, kNever, kLocal, nullptr},
    {W, "CreateSchedule", kWrite, kNamespace, kNever, kLocal, nullptr},
    {W, "DescribeSchedule", kRead, kNamespace, kNever, kLocal, nullptr},
    {W, "UpdateSchedule", kWrite, kNamespace, kNever, kLocal, nullptr},
    {W, "PatchSchedule", kWrite, kNamespace, kNever, kLocal, nullptr},
    {W, "ListScheduleMatchingTimes", kRead, kNamespace, kNever, kLocal, nullptr},
    {W, "DeleteSchedule", kWrite, kNamespace, kNever, kLocal, nullptr},
    {W, "ListSchedules", kRead, kNamespace, kNever, kLocal, nullptr},
    {W, "CountSchedules", kRead, kNamespace, kNever, kLocal, nullptr},
    {W, "UpdateWorkerBuildIdCompatibility", kWrite, kNamespace, kNever, kLocal, nullptr},
    {W, "GetWorkerBuildIdCompatibility", kRead, kNamespace, kNever, kLocal, nullptr},
    {W, "UpdateWorkerVersioningRules", kWrite, kNamespace, kNever, kLocal, nullptr},
    {W, "GetWorkerVersioningRules", kRead, kNamespace, kNever, kLocal, nullptr},
    {W, "GetWorkerTaskReachability", kRead, kNamespace, kNever, kLocal, nullptr},
    {W, "DescribeDeployment", kRead, kNamespace, kNever, kLocal, nullptr},
    {W, "DescribeWorkerDeploymentVersion", kRead, kNamespace, kNever, kLocal, nullptr},
    {W, "ListDeployments", kRead, kNamespace, kNever, kLocal, nullptr},
    {W, "GetDeploymentReachability", kRead, kNamespace, kNever, kLocal, nullptr},
    {W, "GetCurrentDeployment", kRead, kNamespace, kNever, kLocal, nullptr},
    {W, "SetCurrentDeployment", kWrite, kNamespace, kNever, kLocal, nullptr},
    {W, "SetWorkerDeploymentCurrentVersion", kWrite, kNamespace, kNever, kLocal, nullptr},
    {W, "DescribeWorkerDeployment", kRead, kNamespace, kNever, kLocal, nullptr},
    {W, "DeleteWorkerDeployment", kWrite, kNamespace, kNever, kLocal, nullptr},
    {W, "DeleteWorkerDeploymentVersion", kWrite, kNamespace, kNever, kLocal, nullptr},
    {W, "SetWorkerDeploymentRampingVersion", kWrite, kNamespace, kNever, kLocal, nullptr},
    {W, "ListWorkerDeployments", kRead, kNamespace, kNever, kLocal, nullptr},
    {W, "CreateWorkerDeployment", kWrite, kNamespace, kNever, kLocal, nullptr},
    {W, "CreateWorkerDeploymentVersion", kWrite, kNamespace, kNever, kLocal, nullptr},
    {W, "UpdateWorkerDeploymentVersionComputeConfig", kWrite, kNamespace, kNever, kLocal, nullptr},
    {W, "ValidateWorkerDeploymentVersionComputeConfig", kRead, kNamespace, kNever, kLocal, nullptr},
    {W, "UpdateWorkerDeploymentVersionMetadata", kWrite, kNamespace, kNever, kLocal, nullptr},
    {W, "SetWorkerDeploymentManager", kWrite, kNamespace, kNever, kLocal, nullptr},
    {W, "UpdateWorkflowExecution", kWrite, kNamespace, kNever, kLocal, nullptr},
    {W, "PollWorkflowExecutionUpdate", kRead, kNamespace, kAlways, kLocal, nullptr},
    {W, "StartBatchOperation", kWrite, kNamespace, kNever, kLocal, nullptr},
    {W, "StopBatchOperation", kWrite, kNamespace, kNever, kLocal, nullptr},
    {W, "DescribeBatchOperation", kRead, kNamespace, kNever, kLocal, nullptr},
    {W, "ListBatchOperations", kRead, kNamespace, kNever, kLocal, nullptr},
    {W, "PollNexusTaskQueue", kWrite, kNamespace, kAlways, kTaskQueue, Handle<PollNexusTaskQueue>},
    {W, "RespondNexusTaskCompleted", kWrite, kNamespace, kNever, kLocal, nullptr},
    {W, "RespondNexusTaskFailed", kWrite, kNamespace, kNever, kLocal, nullptr},
    {W, "UpdateActivityOptions", kWrite, kNamespace, kNever, kLocal, nullptr},
    {W, "UpdateWorkflowExecutionOptions", kWrite, kNamespace, kNever, kLocal, nullptr},
    {W, "PauseActivity", kWrite, kNamespace, kNever, kLocal, nullptr},
    {W, "UnpauseActivity", kWrite, kNamespace, kNever, kLocal, nullptr},
    {W, "ResetActivity", kWrite, kNamespace, kNever, kLocal, nullptr},
    {W, "CreateWorkflowRule", kWrite, kNamespace, kNever, kLocal, nullptr},
    {W, "DescribeWorkflowRule", kRead, kNamespace, kNever, kLocal, nullptr},
    {W, "DeleteWorkflowRule", kWrite, kNamespace, kNever, kLocal, nullptr},
    {W, "ListWorkflowRules", kRead, kNamespace, kNever, kLocal, nullptr},
    {W, "TriggerWorkflowRule", kWrite, kNamespace, kNever, kLocal, nullptr},
    {W, "RecordWorkerHeartbeat", kWrite, kNamespace, kNever, kLocal, Handle<RecordWorkerHeartbeat>},
    {W, "ListWorkers", kRead, kNamespace, kNever, kLocal, Handle<ListWorkers>},
    {W, "CountWorkers", kRead, kNamespace, kNever, kLocal, Handle<CountWorkers>},
    {W, "UpdateTaskQueueConfig", kWrite, kNamespace, kNever, kLocal, nullptr},
    {W, "FetchWorkerConfig", kRead, kNamespace, kNever, kLocal, nullptr},
    {W, "UpdateWorkerConfig", kWrite, kNamespace, kNever, kLocal, nullptr},
    {W, "DescribeWorker", kRead, kNamespace, kNever, kLocal, Handle<DescribeWorker>},
    {W, "PauseWorkflowExecution", kWrite, kNamespace, kNever, kLocal, nullptr},
    {W, "UnpauseWorkflowExecution", kWrite, kNamespace, kNever, kLocal, nullptr},
    {W, "StartActivityExecution", kWrite, kNamespace, kNever, kWorkflow, Handle<StartActivityExecution>},
    {W, "StartNexusOperationExecution", kWrite, kNamespace, kNever, kLocal, nullptr},
    {W, "DescribeActivityExecution", kRead, kNamespace, kMay, kWorkflow, Handle<DescribeActivityExecution>},
    {W, "DescribeNexusOperationExecution", kRead, kNamespace, kMay, kLocal, nullptr},
    {W, "PollActivityExecution", kRead, kNamespace, kAlways, kWorkflow, Handle<PollActivityExecution>},
    {W, "PollNexusOperationExecution", kRead, kNamespace, kAlways, kLocal, nullptr},
    {W, "ListActivityExecutions", kRead, kNamespace, kNever, kStore, Handle<ListActivityExecutions>},
    {W, "ListNexusOperationExecutions", kRead, kNamespace, kNever, kLocal, nullptr},
    {W, "CountActivityExecutions", kRead, kNamespace, kNever, kStore, Handle<CountActivityExecutions>},
    {W, "CountNexusOperationExecutions", kRead, kNamespace, kNever, kLocal, nullptr},
    {W, "RequestCancelActivityExecution", kWrite, kNamespace, kNever, kWorkflow, Handle<RequestCancelActivityExecution>},
    {W, "RequestCancelNexusOperationExecution", kWrite, kNamespace, kNever, kLocal, nullptr},
    {W, "TerminateActivityExecution", kWrite, kNamespace, kNever, kWorkflow, Handle<TerminateActivityExecution>},
    {W, "DeleteActivityExecution", kWrite, kNamespace, kNever, kWorkflow, Handle<DeleteActivityExecution>},
    {W, "PauseActivityExecution", kWrite, kNamespace, kNever, kWorkflow, Handle<PauseActivityExecution>},
    {W, "ResetActivityExecution", kWrite, kNamespace, kNever, kWorkflow, Handle<ResetActivityExecution>},
    {W, "UnpauseActivityExecution", kWrite, kNamespace, kNever, kWorkflow, Handle<UnpauseActivityExecution>},
    {W, "UpdateActivityExecutionOptions", kWrite, kNamespace, kNever, kWorkflow, Handle<UpdateActivityExecutionOptions>},
    {W, "TerminateNexusOperationExecution", kWrite, kNamespace, kNever, kLocal, nullptr},
    {W, "DeleteNexusOperationExecution", kWrite, kNamespace, kNever, kLocal, nullptr},
    {W, "PollWorkflowExecutionTimeSkipping", kRead, kNamespace, kAlways, kLocal, nullptr},
    {O, "AddSearchAttributes", kAdmin, kNamespace, kNever, kLocal, nullptr},
    {O, "RemoveSearchAttributes", kAdmin, kNamespace, kNever, kLocal, nullptr},
    {O, "ListSearchAttributes", kRead, kNamespace, kNever, kLocal, Handle<ListSearchAttributes>},
    {O, "DeleteNamespace", kAdmin, kNamespace, kNever, kLocal, nullptr},
    {O, "AddOrUpdateRemoteCluster", kAdmin, kCluster, kNever, kLocal, nullptr},
    {O, "RemoveRemoteCluster", kAdmin, kCluster, kNever, kLocal, nullptr},
    {O, "ListClusters", kAdmin, kCluster, kNever, kLocal, nullptr},
    {O, "GetNexusEndpoint", kAdmin, kCluster, kNever, kLocal, nullptr},
    {O, "CreateNexusEndpoint", kAdmin, kCluster, kNever, kLocal, nullptr},
    {O, "UpdateNexusEndpoint", kAdmin, kCluster, kNever, kLocal, nullptr},
    {O, "DeleteNexusEndpoint", kAdmin, kCluster, kNever, kLocal, nullptr},
    {O, "ListNexusEndpoints", kAdmin, kCluster, kNever, kLocal, nullptr},
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
