"""What a server answers for good: methods that were taken away, and those that it ships switched off."""

import datetime

from ..commands import secs
from ..registry import scenario

RULE = {"id": "rule"}
DAY_1, DAY_2 = (datetime.datetime(2020, 1, day, tzinfo=datetime.UTC) for day in (1, 2))


def each(c, *methods, **fields):
    for method in methods:
        c.call(method, {"namespace": c.namespace, **fields})


@scenario
def old_deployments(c):
    """Deployments before worker deployments."""
    each(c, "DescribeDeployment", "GetDeploymentReachability", deployment={"series_name": "s"})
    each(c, "ListDeployments", "GetCurrentDeployment")
    each(c, "SetCurrentDeployment", deployment={"series_name": "s", "build_id": "b"})


@scenario
def version_sets(c):
    """Sets of compatible build ids."""
    each(c, "UpdateWorkerBuildIdCompatibility", task_queue="queue", add_new_build_id_in_new_default_set="b")
    each(c, "GetWorkerBuildIdCompatibility", task_queue="queue")
    each(c, "GetWorkerTaskReachability", build_ids=["b"])


@scenario
def version_rules(c):
    """Rules of versions."""
    each(c, "UpdateWorkerVersioningRules", task_queue="queue")
    each(c, "GetWorkerVersioningRules", task_queue="queue")


@scenario
def workflow_rules(c):
    """Rules of workflows."""
    each(c, "CreateWorkflowRule", spec=RULE)
    each(c, "DescribeWorkflowRule", "DeleteWorkflowRule", rule_id="rule")
    each(c, "ListWorkflowRules")
    each(c, "TriggerWorkflowRule", execution=c.execution(), id="rule")


@scenario
def worker_config(c):
    """Configuration of workers."""
    each(c, "FetchWorkerConfig", "UpdateWorkerConfig")


@scenario
def pause(c):
    """Pausing workflows."""
    each(c, "PauseWorkflowExecution", workflow_id=c.id("wf"))
    each(c, "PauseWorkflowExecution")


@scenario
def nexus_operations(c):
    """Nexus operations on their own."""
    each(c, "StartNexusOperationExecution", operation_id="op", endpoint="e", service="s", operation="o")
    for method in ("Describe", "Poll", "RequestCancel", "Terminate", "Delete"):
        each(c, f"{method}NexusOperationExecution", operation_id="op")
    each(c, "ListNexusOperationExecutions", "CountNexusOperationExecutions")


@scenario
def other_namespace(c):
    """The namespace is looked at first."""
    for method in (
        "DescribeDeployment",
        "GetWorkerVersioningRules",
        "ListWorkflowRules",
        "FetchWorkerConfig",
    ):
        c.call(method, {})
        c.call(method, {"namespace": "nowhere"})


@scenario
def archived(c):
    """Archived executions of a cluster without an archive."""
    each(c, "ListArchivedWorkflowExecutions")
    each(c, "ListArchivedWorkflowExecutions", page_size=-1, query="nonsense")
    each(c, "ListArchivedWorkflowExecutions", page_size=10_001)
    c.call("ListArchivedWorkflowExecutions", {})
    c.call("ListArchivedWorkflowExecutions", {"namespace": "nowhere"})


def lists(c):
    """Two runs, one closed; and a time between none of their times."""
    with c.quiet():
        c.start("open")
        c.start("closed", workflow_type={"name": "Other"})
        c.terminate("closed")

    def both():
        query = f"TaskQueue = '{c.id('queue')}'"
        counted = c.quietly("CountWorkflowExecutions", {"namespace": c.namespace, "query": query})
        return counted.count == 2

    c.until("both are listed", both)


def old_list(c, method, **fields):
    """Asks for one workflow id unless the fields filter otherwise: other scenarios have runs, too."""
    c.call(method, {"namespace": c.namespace, **fields})


@scenario
def open_executions(c):
    """ListOpenWorkflowExecutions by id, type and time, and what it refuses."""
    lists(c)
    method = "ListOpenWorkflowExecutions"
    for workflow_id in ("open", "closed", "none"):
        old_list(c, method, execution_filter={"workflow_id": c.id(workflow_id)})
    past = {"earliest_time": DAY_1, "latest_time": DAY_2}
    named = {"workflow_id": c.id("open")}
    old_list(c, method, start_time_filter=past, execution_filter=named)
    old_list(c, method, start_time_filter={"earliest_time": past["earliest_time"]}, execution_filter=named)
    old_list(c, method, start_time_filter={"latest_time": past["latest_time"]}, execution_filter=named)
    turned = {"earliest_time": past["latest_time"], "latest_time": past["earliest_time"]}
    old_list(c, method, start_time_filter=turned)
    old_list(c, method, type_filter={"name": c.id("no such type")})
    old_list(c, method, execution_filter=named, maximum_page_size=-1)
    c.call(method, {})
    c.call(method, {"namespace": "nowhere"})


@scenario
def closed_executions(c):
    """ListClosedWorkflowExecutions by id, type, status and close time, and what it refuses."""
    lists(c)
    method = "ListClosedWorkflowExecutions"
    for workflow_id in ("open", "closed"):
        old_list(c, method, execution_filter={"workflow_id": c.id(workflow_id)})
    past = {"earliest_time": DAY_1, "latest_time": DAY_2}
    named = {"workflow_id": c.id("closed")}
    old_list(c, method, start_time_filter=past, execution_filter=named)
    old_list(c, method, start_time_filter={"earliest_time": past["earliest_time"]}, execution_filter=named)
    old_list(c, method, status_filter={"status": "WORKFLOW_EXECUTION_STATUS_RUNNING"})
    old_list(c, method, status_filter={})
    old_list(c, method, status_filter={"status": 77})
    old_list(c, method, type_filter={"name": c.id("no such type")})
    turned = {"earliest_time": past["latest_time"], "latest_time": past["earliest_time"]}
    old_list(c, method, start_time_filter=turned)
    old_list(c, method, execution_filter=named, maximum_page_size=100_000)
    c.call(method, {})


@scenario
def scanned(c):
    """ScanWorkflowExecutions lists as ListWorkflowExecutions does."""
    lists(c)
    query = f"TaskQueue = '{c.id('queue')}'"
    for fields in ({"query": query}, {"query": query + " AND WorkflowType = 'Other'"}, {"query": "nonsense"}):
        old_list(c, "ScanWorkflowExecutions", **fields)
    c.call("ScanWorkflowExecutions", {})


@scenario
def odd_requests(c):
    """Unknown enums and negative durations where the methods of namespaces take them."""
    space = c.id("space")
    c.call(
        "RegisterNamespace",
        {
            "namespace": space,
            "workflow_execution_retention_period": secs(7200),
            "history_archival_state": 77,
            "visibility_archival_state": 78,
        },
    )
    c.call("UpdateNamespace", {"namespace": space, "config": {"history_archival_state": 77}})
    c.call("UpdateNamespace", {"namespace": space, "replication_config": {"state": 77}})
    c.call("DescribeNamespace", {"namespace": space})
