#include "server/frontend/method_table.h"

#include <array>
#include <string>

#include "base/check.h"
#include "google/protobuf/descriptor.h"
#include "server/frontend/handlers/gone/gone.h"
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
    {W, "DeprecateNamespace", kAdmin, kNever, Handle<DeprecateNamespace>},
    {W, "StartWorkflowExecution", kWrite, kNever, Handle<StartWorkflowExecution>},
    {W, "ExecuteMultiOperation", kWrite, kNever, Handle<ExecuteMultiOperation>},
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
    {W, "ResetWorkflowExecution", kWrite, kNever, Handle<ResetWorkflowExecution>},
    {W, "TerminateWorkflowExecution", kWrite, kNever, Handle<TerminateWorkflowExecution>},
    {W, "DeleteWorkflowExecution", kWrite, kNever, Handle<DeleteWorkflowExecution>},
    {W, "ListOpenWorkflowExecutions", kRead, kNever, Handle<ListOpenWorkflowExecutions>},
    {W, "ListClosedWorkflowExecutions", kRead, kNever, Handle<ListClosedWorkflowExecutions>},
    {W, "ListWorkflowExecutions", kRead, kNever, Handle<ListWorkflowExecutions>},
    {W, "ListArchivedWorkflowExecutions", kRead, kNever, Handle<ListArchivedWorkflowExecutions>},
    {W, "ScanWorkflowExecutions", kRead, kNever, Handle<ScanWorkflowExecutions>},
    {W, "CountWorkflowExecutions", kRead, kNever, Handle<CountWorkflowExecutions>},
    {W, "GetSearchAttributes", kRead, kNever, Handle<GetSearchAttributes>},
    {W, "RespondQueryTaskCompleted", kWrite, kNever, Handle<RespondQueryTaskCompleted>},
    {W, "ResetStickyTaskQueue", kWrite, kNever, Handle<ResetStickyTaskQueue>},
    {W, "ShutdownWorker", kWrite, kNever, Handle<ShutdownWorker>},
    {W, "QueryWorkflow", kRead, kNever, Handle<QueryWorkflow>},
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
    {W, "UpdateWorkerBuildIdCompatibility", kWrite, kNever, Handle<Gone<api::UpdateWorkerBuildIdCompatibilityRequest, Refused::kVersionSets>>},
    {W, "GetWorkerBuildIdCompatibility", kRead, kNever, Handle<Gone<api::GetWorkerBuildIdCompatibilityRequest, Refused::kVersionSets>>},
    {W, "UpdateWorkerVersioningRules", kWrite, kNever, Handle<Gone<api::UpdateWorkerVersioningRulesRequest, Refused::kVersionRules>>},
    {W, "GetWorkerVersioningRules", kRead, kNever, Handle<Gone<api::GetWorkerVersioningRulesRequest, Refused::kVersionRules>>},
    {W, "GetWorkerTaskReachability", kRead, kNever, Handle<Gone<api::GetWorkerTaskReachabilityRequest, Refused::kVersionRules>>},
    {W, "DescribeDeployment", kRead, kNever, Handle<Gone<api::DescribeDeploymentRequest, Refused::kDeployments>>},
    {W, "DescribeWorkerDeploymentVersion", kRead, kNever, nullptr},
    {W, "ListDeployments", kRead, kNever, Handle<Gone<api::ListDeploymentsRequest, Refused::kDeployments>>},
    {W, "GetDeploymentReachability", kRead, kNever, Handle<Gone<api::GetDeploymentReachabilityRequest, Refused::kDeployments>>},
    {W, "GetCurrentDeployment", kRead, kNever, Handle<Gone<api::GetCurrentDeploymentRequest, Refused::kDeployments>>},
    {W, "SetCurrentDeployment", kWrite, kNever, Handle<Gone<api::SetCurrentDeploymentRequest, Refused::kDeployments>>},
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
    {W, "UpdateWorkflowExecution", kWrite, kNever, Handle<UpdateWorkflowExecution>},
    {W, "PollWorkflowExecutionUpdate", kRead, kAlways, Handle<PollWorkflowExecutionUpdate>},
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
    {W, "CreateWorkflowRule", kWrite, kNever, Handle<Gone<api::CreateWorkflowRuleRequest, Refused::kNotSupported>>},
    {W, "DescribeWorkflowRule", kRead, kNever, Handle<Gone<api::DescribeWorkflowRuleRequest, Refused::kNotSupported>>},
    {W, "DeleteWorkflowRule", kWrite, kNever, Handle<Gone<api::DeleteWorkflowRuleRequest, Refused::kNotSupported>>},
    {W, "ListWorkflowRules", kRead, kNever, Handle<Gone<api::ListWorkflowRulesRequest, Refused::kNotSupported>>},
    {W, "TriggerWorkflowRule", kWrite, kNever, Handle<Gone<api::TriggerWorkflowRuleRequest, Refused::kNotSupported>>},
    {W, "RecordWorkerHeartbeat", kWrite, kNever, Handle<RecordWorkerHeartbeat>},
    {W, "ListWorkers", kRead, kNever, Handle<ListWorkers>},
    {W, "CountWorkers", kRead, kNever, Handle<CountWorkers>},
    {W, "UpdateTaskQueueConfig", kWrite, kNever, nullptr},
    {W, "FetchWorkerConfig", kRead, kNever, Handle<Gone<api::FetchWorkerConfigRequest, Refused::kNotEnabled>>},
    {W, "UpdateWorkerConfig", kWrite, kNever, Handle<Gone<api::UpdateWorkerConfigRequest, Refused::kNotEnabled>>},
    {W, "DescribeWorker", kRead, kNever, Handle<DescribeWorker>},
    {W, "PauseWorkflowExecution", kWrite, kNever, Handle<Gone<api::PauseWorkflowExecutionRequest, Refused::kPause>>},
    {W, "UnpauseWorkflowExecution", kWrite, kNever, nullptr},
    {W, "StartActivityExecution", kWrite, kNever, Handle<StartActivityExecution>},
    {W, "StartNexusOperationExecution", kWrite, kNever, Handle<Gone<api::StartNexusOperationExecutionRequest, Refused::kNexus>>},
    {W, "DescribeActivityExecution", kRead, kNever, Handle<DescribeActivityExecution>},
    {W, "DescribeNexusOperationExecution", kRead, kNever, Handle<Gone<api::DescribeNexusOperationExecutionRequest, Refused::kNexus>>},
    {W, "PollActivityExecution", kRead, kAlways, Handle<PollActivityExecution>},
    {W, "PollNexusOperationExecution", kRead, kAlways, Handle<Gone<api::PollNexusOperationExecutionRequest, Refused::kNexus>>},
    {W, "ListActivityExecutions", kRead, kNever, Handle<ListActivityExecutions>},
    {W, "ListNexusOperationExecutions", kRead, kNever, Handle<Gone<api::ListNexusOperationExecutionsRequest, Refused::kNexus>>},
    {W, "CountActivityExecutions", kRead, kNever, Handle<CountActivityExecutions>},
    {W, "CountNexusOperationExecutions", kRead, kNever, Handle<Gone<api::CountNexusOperationExecutionsRequest, Refused::kNexus>>},
    {W, "RequestCancelActivityExecution", kWrite, kNever, Handle<RequestCancelActivityExecution>},
    {W, "RequestCancelNexusOperationExecution", kWrite, kNever, Handle<Gone<api::RequestCancelNexusOperationExecutionRequest, Refused::kNexus>>},
    {W, "TerminateActivityExecution", kWrite, kNever, Handle<TerminateActivityExecution>},
    {W, "DeleteActivityExecution", kWrite, kNever, Handle<DeleteActivityExecution>},
    {W, "PauseActivityExecution", kWrite, kNever, Handle<PauseActivityExecution>},
    {W, "ResetActivityExecution", kWrite, kNever, Handle<ResetActivityExecution>},
    {W, "UnpauseActivityExecution", kWrite, kNever, Handle<UnpauseActivityExecution>},
    {W, "UpdateActivityExecutionOptions", kWrite, kNever, Handle<UpdateActivityExecutionOptions>},
    {W, "TerminateNexusOperationExecution", kWrite, kNever, Handle<Gone<api::TerminateNexusOperationExecutionRequest, Refused::kNexus>>},
    {W, "DeleteNexusOperationExecution", kWrite, kNever, Handle<Gone<api::DeleteNexusOperationExecutionRequest, Refused::kNexus>>},
    {W, "PollWorkflowExecutionTimeSkipping", kRead, kAlways, nullptr},
    {O, "AddSearchAttributes", kAdmin, kNever, Handle<AddSearchAttributes>},
    {O, "RemoveSearchAttributes", kAdmin, kNever, Handle<RemoveSearchAttributes>},
    {O, "ListSearchAttributes", kRead, kNever, Handle<ListSearchAttributes>},
    {O, "DeleteNamespace", kAdmin, kNever, Handle<DeleteNamespace>},
    {O, "AddOrUpdateRemoteCluster", kAdmin, kNever, Handle<AddOrUpdateRemoteCluster>},
    {O, "RemoveRemoteCluster", kAdmin, kNever, Handle<RemoveRemoteCluster>},
    {O, "ListClusters", kAdmin, kNever, Handle<ListClusters>},
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
