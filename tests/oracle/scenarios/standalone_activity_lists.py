"""Activities on their own: lists and counts.

The real server's visibility lags behind; scenarios wait until a count is what it must become, unrecorded.
"""

from ..commands import failure, keyword, secs
from ..registry import scenario
from ..standalone import ask, start, wait_for_count


def list_all(c, query: str, **fields):
    return c.call("ListActivityExecutions", {"namespace": c.namespace, "query": query, **fields})


def count(c, query: str):
    return c.call("CountActivityExecutions", {"namespace": c.namespace, "query": query})


def four_activities(c) -> str:
    """Preparation: one completed, one failed, one terminated, one running; returns their type."""
    kind = c.id("Kind")
    with c.quiet():
        for name in ("a1", "a2", "a3", "a4"):
            start(c, name, queue=name, activity_type={"name": kind})
        c.complete_activity(c.poll_activity("a1"))
        c.fail_activity(c.poll_activity("a2"), failure=failure())
        ask(c, "Terminate", "a3", reason="away")
    wait_for_count(c, f"ActivityType = '{kind}' AND ExecutionStatus = 'Running'", 1)
    wait_for_count(c, f"ActivityType = '{kind}'", 4)
    return kind


@scenario
def a_running_one(c):
    """What the list shows of a running activity."""
    with c.quiet():
        start(
            c,
            start_delay=secs(30),
            search_attributes={"indexed_fields": {"OracleKeyword": keyword("blue")}},
        )
    query = f"ActivityId = '{c.id('act')}'"
    wait_for_count(c, query, 1)
    list_all(c, query)
    count(c, query)


@scenario
def closed_ones(c):
    """By type and status; newest first."""
    kind = four_activities(c)
    for status in ("Running", "Completed", "Failed", "Terminated", "Canceled", "TimedOut"):
        list_all(c, f"ActivityType = '{kind}' AND ExecutionStatus = '{status}'")
    count(c, f"ActivityType = '{kind}' AND ExecutionStatus != 'Running'")


@scenario
def groups(c):
    """Counts by status."""
    kind = four_activities(c)
    reply = c.quietly(
        "CountActivityExecutions",
        {"namespace": c.namespace, "query": f"ActivityType = '{kind}' GROUP BY ExecutionStatus"},
    )
    c.note("count", reply.count)
    c.note(
        "groups",
        sorted([group.group_values[0].data.decode(), group.count] for group in reply.groups),
    )
    count(c, f"ActivityType = '{kind}' GROUP BY TaskQueue")


@scenario
def by_fields(c):
    """Queue, times, a prefix of the id; two clauses."""
    kind = four_activities(c)
    count(c, f"ActivityType = '{kind}' AND TaskQueue = '{c.id('a1')}'")
    count(c, f"ActivityType = '{kind}' AND ActivityId STARTS_WITH 'a'")
    count(c, f"ActivityType = '{kind}' AND CloseTime IS NULL")
    count(c, f"ActivityType = '{kind}' AND StartTime > '2020-01-01T00:00:00Z'")
    count(c, f"ActivityType = '{kind}' AND ExecutionTime > '2020-01-01T00:00:00Z'")
    count(c, f"ActivityType = '{kind}' AND (TaskQueue = 'x' OR ExecutionStatus = 'Failed')")


@scenario
def pages(c):
    """Pages of three: the second has the last one, and no token."""
    kind = four_activities(c)
    query = f"ActivityType = '{kind}'"
    first = list_all(c, query, page_size=3)
    list_all(c, query, page_size=3, next_page_token=first.next_page_token)


@scenario
def workflows_are_not_activities(c):
    """Neither list shows the other kind."""
    with c.quiet():
        start(c, "same")
        c.start("same")
    wait_for_count(c, f"ActivityId = '{c.id('same')}'", 1)
    workflows = {"namespace": c.namespace, "query": f"WorkflowId = '{c.id('same')}'"}
    c.until("the workflow", lambda: c.quietly("CountWorkflowExecutions", workflows).count == 1)
    c.call("CountWorkflowExecutions", workflows)
    c.call(
        "CountWorkflowExecutions",
        {"namespace": c.namespace, "query": f"TaskQueue = '{c.id('queue')}'"},
    )
    count(c, f"TaskQueue = '{c.id('queue')}'")


@scenario
def bad_queries(c):
    """What the filter language does not know."""
    count(c, "Nobody = 'x'")
    list_all(c, "Nobody = 'x'")
    list_all(c, "ActivityType LIKE 'x'")
    count(c, "ExecutionStatus = 'Nobody'")
    count(c, "WorkflowType = 'x'")
    count(c, "WorkflowId = 'x'")
    list_all(c, "ActivityType = 'x' ORDER BY StartTime")
    list_all(c, "ActivityType = 'nobody'", page_size=-1)
    list_all(c, "", next_page_token=b"made-up")
