// Every handler: one file an RPC, whose name is the RPC's. See handle.h for the forms.
#pragma once

#include "server/frontend/handlers/handle.h"
#include "temporal/api/operatorservice/v1/request_response.pb.h"
#include "temporal/api/workflowservice/v1/request_response.pb.h"

namespace perdure::server {

namespace api = temporal::api::workflowservice::v1;
namespace operator_api = temporal::api::operatorservice::v1;

// The cluster and its namespaces.
void GetSystemInfo(Frontend&, CallPtr, api::GetSystemInfoRequest);
void ListClusters(Frontend&, CallPtr, operator_api::ListClustersRequest);
void AddOrUpdateRemoteCluster(Frontend&, CallPtr, operator_api::AddOrUpdateRemoteClusterRequest);
void RemoveRemoteCluster(Frontend&, CallPtr, operator_api::RemoveRemoteClusterRequest);
void GetClusterInfo(Frontend&, CallPtr, api::GetClusterInfoRequest);
void RegisterNamespace(Frontend&, CallPtr, api::RegisterNamespaceRequest);
void DescribeNamespace(Frontend&, CallPtr, api::DescribeNamespaceRequest);
void ListNamespaces(Frontend&, CallPtr, api::ListNamespacesRequest);
void UpdateNamespace(Frontend&, CallPtr, NamespacePtr, api::UpdateNamespaceRequest);
void DeprecateNamespace(Frontend&, CallPtr, NamespacePtr, api::DeprecateNamespaceRequest);
void DeleteNamespace(Frontend&, CallPtr, operator_api::DeleteNamespaceRequest);
void GetSearchAttributes(Frontend&, CallPtr, api::GetSearchAttributesRequest);
void AddSearchAttributes(Frontend&, CallPtr, operator_api::AddSearchAttributesRequest);
void RemoveSearchAttributes(Frontend&, CallPtr, operator_api::RemoveSearchAttributesRequest);
void ListSearchAttributes(Frontend&, CallPtr, operator_api::ListSearchAttributesRequest);

// Workflow executions.
void StartWorkflowExecution(Frontend&, CallPtr, NamespacePtr, api::StartWorkflowExecutionRequest);
void SignalWorkflowExecution(Frontend&, CallPtr, NamespacePtr, api::SignalWorkflowExecutionRequest);
void SignalWithStartWorkflowExecution(Frontend&, CallPtr, NamespacePtr,
                                      api::SignalWithStartWorkflowExecutionRequest);
void RequestCancelWorkflowExecution(Frontend&, CallPtr, NamespacePtr,
                                    api::RequestCancelWorkflowExecutionRequest);
void TerminateWorkflowExecution(Frontend&, CallPtr, NamespacePtr, api::TerminateWorkflowExecutionRequest);
void DeleteWorkflowExecution(Frontend&, CallPtr, NamespacePtr, api::DeleteWorkflowExecutionRequest);
void ResetWorkflowExecution(Frontend&, CallPtr, NamespacePtr, api::ResetWorkflowExecutionRequest);
void QueryWorkflow(Frontend&, CallPtr, NamespacePtr, api::QueryWorkflowRequest);
void UpdateWorkflowExecution(Frontend&, CallPtr, NamespacePtr, api::UpdateWorkflowExecutionRequest);
void ExecuteMultiOperation(Frontend&, CallPtr, NamespacePtr, api::ExecuteMultiOperationRequest);
void PollWorkflowExecutionUpdate(Frontend&, CallPtr, NamespacePtr, api::PollWorkflowExecutionUpdateRequest);
void DescribeWorkflowExecution(Frontend&, CallPtr, NamespacePtr, api::DescribeWorkflowExecutionRequest);
void GetWorkflowExecutionHistory(Frontend&, CallPtr, NamespacePtr, api::GetWorkflowExecutionHistoryRequest);
void GetWorkflowExecutionHistoryReverse(Frontend&, CallPtr, NamespacePtr,
                                        api::GetWorkflowExecutionHistoryReverseRequest);
void ListWorkflowExecutions(Frontend&, CallPtr, NamespacePtr, api::ListWorkflowExecutionsRequest);
void CountWorkflowExecutions(Frontend&, CallPtr, NamespacePtr, api::CountWorkflowExecutionsRequest);
void ListOpenWorkflowExecutions(Frontend&, CallPtr, NamespacePtr, api::ListOpenWorkflowExecutionsRequest);
void ListClosedWorkflowExecutions(Frontend&, CallPtr, NamespacePtr, api::ListClosedWorkflowExecutionsRequest);
void ScanWorkflowExecutions(Frontend&, CallPtr, NamespacePtr, api::ScanWorkflowExecutionsRequest);
void ListArchivedWorkflowExecutions(Frontend&, CallPtr, NamespacePtr,
                                    api::ListArchivedWorkflowExecutionsRequest);

// Activities on their own.
void StartActivityExecution(Frontend&, CallPtr, NamespacePtr, api::StartActivityExecutionRequest);
void DescribeActivityExecution(Frontend&, CallPtr, NamespacePtr, api::DescribeActivityExecutionRequest);
void PollActivityExecution(Frontend&, CallPtr, NamespacePtr, api::PollActivityExecutionRequest);
void ListActivityExecutions(Frontend&, CallPtr, NamespacePtr, api::ListActivityExecutionsRequest);
void CountActivityExecutions(Frontend&, CallPtr, NamespacePtr, api::CountActivityExecutionsRequest);
void RequestCancelActivityExecution(Frontend&, CallPtr, NamespacePtr,
                                    api::RequestCancelActivityExecutionRequest);
void TerminateActivityExecution(Frontend&, CallPtr, NamespacePtr, api::TerminateActivityExecutionRequest);
void DeleteActivityExecution(Frontend&, CallPtr, NamespacePtr, api::DeleteActivityExecutionRequest);
void PauseActivityExecution(Frontend&, CallPtr, NamespacePtr, api::PauseActivityExecutionRequest);
void UnpauseActivityExecution(Frontend&, CallPtr, NamespacePtr, api::UnpauseActivityExecutionRequest);
void ResetActivityExecution(Frontend&, CallPtr, NamespacePtr, api::ResetActivityExecutionRequest);
void UpdateActivityExecutionOptions(Frontend&, CallPtr, NamespacePtr,
                                    api::UpdateActivityExecutionOptionsRequest);

// Workers: workflow tasks.
void PollWorkflowTaskQueue(Frontend&, CallPtr, NamespacePtr, api::PollWorkflowTaskQueueRequest);
void RespondWorkflowTaskCompleted(Frontend&, CallPtr, NamespacePtr, TaskToken,
                                  api::RespondWorkflowTaskCompletedRequest);
void RespondWorkflowTaskFailed(Frontend&, CallPtr, NamespacePtr, TaskToken,
                               api::RespondWorkflowTaskFailedRequest);
void RespondQueryTaskCompleted(Frontend&, CallPtr, NamespacePtr, QueryTaskToken,
                               api::RespondQueryTaskCompletedRequest);
void ResetStickyTaskQueue(Frontend&, CallPtr, NamespacePtr, api::ResetStickyTaskQueueRequest);

// Workers: activity tasks.
void PollActivityTaskQueue(Frontend&, CallPtr, NamespacePtr, api::PollActivityTaskQueueRequest);
void RecordActivityTaskHeartbeat(Frontend&, CallPtr, NamespacePtr, TaskToken,
                                 api::RecordActivityTaskHeartbeatRequest);
void RecordActivityTaskHeartbeatById(Frontend&, CallPtr, NamespacePtr,
                                     api::RecordActivityTaskHeartbeatByIdRequest);
void RespondActivityTaskCompleted(Frontend&, CallPtr, NamespacePtr, TaskToken,
                                  api::RespondActivityTaskCompletedRequest);
void RespondActivityTaskCompletedById(Frontend&, CallPtr, NamespacePtr,
                                      api::RespondActivityTaskCompletedByIdRequest);
void RespondActivityTaskFailed(Frontend&, CallPtr, NamespacePtr, TaskToken,
                               api::RespondActivityTaskFailedRequest);
void RespondActivityTaskFailedById(Frontend&, CallPtr, NamespacePtr,
                                   api::RespondActivityTaskFailedByIdRequest);
void RespondActivityTaskCanceled(Frontend&, CallPtr, NamespacePtr, TaskToken,
                                 api::RespondActivityTaskCanceledRequest);
void RespondActivityTaskCanceledById(Frontend&, CallPtr, NamespacePtr,
                                     api::RespondActivityTaskCanceledByIdRequest);

// Workers: the rest.
void PollNexusTaskQueue(Frontend&, CallPtr, NamespacePtr, api::PollNexusTaskQueueRequest);
void DescribeTaskQueue(Frontend&, CallPtr, NamespacePtr, api::DescribeTaskQueueRequest);
void ShutdownWorker(Frontend&, CallPtr, NamespacePtr, api::ShutdownWorkerRequest);
void RecordWorkerHeartbeat(Frontend&, CallPtr, NamespacePtr, api::RecordWorkerHeartbeatRequest);
void ListWorkers(Frontend&, CallPtr, NamespacePtr, api::ListWorkersRequest);
void CountWorkers(Frontend&, CallPtr, NamespacePtr, api::CountWorkersRequest);
void DescribeWorker(Frontend&, CallPtr, NamespacePtr, api::DescribeWorkerRequest);

}  // namespace perdure::server
