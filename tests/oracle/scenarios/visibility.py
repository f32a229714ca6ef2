"""ListWorkflowExecutions and CountWorkflowExecutions.

The real server's visibility lags behind; scenarios wait until a count is what it must become, unrecorded.
"""

from ..commands import complete_workflow, fail_workflow, keyword, payload
from ..registry import scenario


def wait_for_count(c, query: str, count: int):
    request = {"namespace": c.namespace, "query": query}
    c.until(f"{count} by {query}", lambda: c.quietly("CountWorkflowExecutions", request).count == count)


def list_all(c, query: str, **fields):
    return c.call("ListWorkflowExecutions", {"namespace": c.namespace, "query": query, **fields})


def count(c, query: str):
    return c.call("CountWorkflowExecutions", {"namespace": c.namespace, "query": query})


def four_runs(c) -> str:
    """Preparation: one run completed, one failed, one terminated, one running; returns their type."""
    kind = c.id("Kind")
    with c.quiet():
        ends = {"wf1": [complete_workflow()], "wf2": [fail_workflow()], "wf3": [], "wf4": []}
        for name, commands in ends.items():
            c.start(name, workflow_type={"name": kind}, task_queue={"name": c.id(name)})
            c.run_workflow_task(*commands, queue=name)
        c.terminate("wf3")
    wait_for_count(c, f"WorkflowType = '{kind}' AND ExecutionStatus = 'Running'", 1)
    wait_for_count(c, f"WorkflowType = '{kind}'", 4)
    return kind


@scenario
def a_running_run(c):
    """What the list shows of a running run: no length, size or duration."""
    with c.quiet():
        c.start(
            memo={"fields": {"note": payload("x")}},
            search_attributes={"indexed_fields": {"OracleKeyword": keyword("blue")}},
        )
    query = f"WorkflowId = '{c.id('wf')}'"
    wait_for_count(c, query, 1)
    list_all(c, query)
    count(c, query)


@scenario
def a_closed_run(c):
    """What the list shows of a closed run."""
    with c.quiet():
        c.start()
        c.run_workflow_task(complete_workflow())
    query = f"WorkflowId = '{c.id('wf')}'"
    wait_for_count(c, f"{query} AND ExecutionStatus = 'Completed'", 1)
    list_all(c, query)
    count(c, query)


@scenario
def by_id_and_run(c):
    """WorkflowId and RunId, equal and not."""
    kind = four_runs(c)
    with c.quiet():
        run = c.describe("wf2").workflow_execution_info.execution.run_id
    list_all(c, f"RunId = '{run}'")
    count(c, f"WorkflowType = '{kind}' AND RunId != '{run}'")
    count(c, f"WorkflowType = '{kind}' AND WorkflowId != '{c.id('wf1')}'")
    count(c, "WorkflowId = 'nobody'")


@scenario
def by_status(c):
    """ExecutionStatus by name and number; newest first."""
    kind = four_runs(c)
    for status in ("Running", "Completed", "Failed", "Terminated", "Canceled"):
        list_all(c, f"WorkflowType = '{kind}' AND ExecutionStatus = '{status}'")
    count(c, f"WorkflowType = '{kind}' AND ExecutionStatus != 'Running'")
    count(c, f"WorkflowType = '{kind}' AND ExecutionStatus = 2")


@scenario
def by_time(c):
    """StartTime and CloseTime with all comparisons; a running run has no CloseTime."""
    kind = four_runs(c)
    for condition in (
        "StartTime > '2020-01-01T00:00:00Z'",
        "StartTime < '2020-01-01T00:00:00Z'",
        "StartTime >= '2020-01-01T00:00:00.123456789Z'",
        "StartTime <= '2100-01-01T00:00:00Z'",
        "CloseTime > '2020-01-01T00:00:00Z'",
        "CloseTime < '2100-01-01T00:00:00Z'",
        "StartTime = '2020-01-01T00:00:00Z'",
        "StartTime != '2020-01-01T00:00:00Z'",
    ):
        count(c, f"WorkflowType = '{kind}' AND {condition}")


@scenario
def pages(c):
    """Two at a time, in the order of their start, the newest first, closed after running."""
    kind = four_runs(c)
    query = f"WorkflowType = '{kind}'"
    first = list_all(c, query, page_size=3)
    list_all(c, query, page_size=3, next_page_token=first.next_page_token)


@scenario
def syntax(c):
    """Quoting, spaces, case of keywords, parentheses."""
    kind = four_runs(c)
    count(c, f'WorkflowType="{kind}"')
    count(c, f"  WorkflowType  =  '{kind}'  and  ExecutionStatus='Running'  ")
    count(c, f"(WorkflowType = '{kind}') AND (ExecutionStatus = 'Running')")
    count(c, f"WorkflowType = '{kind}' AND WorkflowId = 'it''s'")


@scenario
def logic(c):
    """AND, OR, NOT, IN, BETWEEN, STARTS_WITH; what is null satisfies no comparison, nor its opposite."""
    kind = four_runs(c)
    with c.quiet():
        run = c.describe("wf2").workflow_execution_info.execution.run_id
    for condition in (
        f"WorkflowId = '{c.id('wf1')}' OR WorkflowId = '{c.id('wf2')}' AND ExecutionStatus = 'Running'",
        f"(WorkflowId = '{c.id('wf1')}' OR WorkflowId = '{c.id('wf4')}') AND ExecutionStatus = 'Running'",
        f"WorkflowId IN ('{c.id('wf1')}', '{c.id('wf2')}', 'nobody')",
        f"WorkflowId NOT IN ('{c.id('wf1')}', '{c.id('wf2')}', 'nobody')",
        f"TaskQueue = '{c.id('wf1')}'",
        f"TaskQueue STARTS_WITH '{c.id('wf')}'",
        f"TaskQueue NOT STARTS_WITH '{c.id('wf1')}'",
        f"RunId STARTS_WITH '{run}' OR RunId STARTS_WITH 'x'",
        f"RootWorkflowId = '{c.id('wf3')}' AND RootRunId != '{run}'",
        "ExecutionStatus IN ('Running', 'Failed')",
        "ExecutionStatus NOT IN ('Running', 'Failed')",
        "ExecutionStatus BETWEEN 2 AND 3",
        "NOT ExecutionStatus = 'Running'",
        "NOT (ExecutionStatus = 'Running' OR ExecutionStatus = 'Failed')",
        "NOT NOT ExecutionStatus = 'Running'",
        "CloseTime IS NULL",
        "CloseTime IS NOT NULL",
        "NOT CloseTime > '2020-01-01T00:00:00Z'",
        "StartTime NOT BETWEEN '2020-01-01T00:00:00Z' AND '2021-01-01T00:00:00Z'",
        "ExecutionTime > '2020-01-01T00:00:00Z'",
        "ParentWorkflowId IS NULL",
        "NOT ParentWorkflowId = 'x'",
        "HistoryLength >= 5 AND HistorySizeBytes > 10 AND StateTransitionCount > 1",
        "NOT HistoryLength >= 5",
        "ExecutionDuration >= 0 AND ExecutionDuration < '1h' AND ExecutionDuration < '01:00:00'",
        "ExecutionDuration IS NULL",
    ):
        count(c, f"WorkflowType = '{kind}' AND ({condition})")


@scenario
def grouped(c):
    """Counts by status."""
    kind = four_runs(c)
    count(c, f"WorkflowType = '{kind}' GROUP BY ExecutionStatus")
    count(c, "WorkflowType = 'nobody' GROUP BY ExecutionStatus")
    count(c, "GROUP BY WorkflowType")
    count(c, "GROUP BY ExecutionStatus, WorkflowType")


@scenario
def refused(c):
    """Queries that make no sense, unknown attributes, wrong values, bad tokens and page sizes."""
    for query in (
        "nonsense",
        "WorkflowType =",
        "NobodyKnowsThis = 'x'",
        "ExecutionStatus = 'Sleeping'",
        "ExecutionStatus = 77",
        "StartTime > 'yesterday'",
        "WorkflowType = 'x' AND",
        "WorkflowType = 'unclosed",
        "WorkflowType = 5",
        "WorkflowType = true",
        "WorkflowType = unquoted",
        "WorkflowType LIKE 'x'",
        "WorkflowType IN ()",
        "WorkflowType IN ('x', 5)",
        "HistoryLength = 'x'",
        "ExecutionDuration > 'x'",
        "StartTime STARTS_WITH '2020'",
        "WorkflowType = 'x' ORDER BY StartTime",
        "WorkflowType = 'x' LIMIT 5",
    ):
        list_all(c, query)
        count(c, query)
    list_all(c, "WorkflowId = 'nobody'", page_size=-1)
    for name in ("ListWorkflowExecutions", "CountWorkflowExecutions"):
        c.call(name, {"namespace": ""})
        c.call(name, {"namespace": "nowhere"})


@scenario
def bad_page_token(c):
    """A page token that no server made."""
    list_all(c, "WorkflowId = 'nobody'", next_page_token=b"made-up")


@scenario
def page_size_above_the_limit(c):
    """A page size above the maximum is cut, not refused."""
    list_all(c, "WorkflowId = 'nobody'", page_size=100_000)


@scenario
def reused_id(c):
    """Two runs of one workflow id are two rows."""
    with c.quiet():
        c.start()
        c.run_workflow_task(complete_workflow())
        c.start()
    query = f"WorkflowId = '{c.id('wf')}'"
    wait_for_count(c, query, 2)
    wait_for_count(c, f"{query} AND ExecutionStatus = 'Completed'", 1)
    list_all(c, query)
