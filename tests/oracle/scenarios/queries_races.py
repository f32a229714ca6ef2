"""Queries beside each other, and beside what changes their run."""

from temporalio.api.enums.v1 import EventType

from ..asking import ANSWERED, QUERY_TIMEOUT, begin_query, idle, query_request
from ..commands import complete_workflow, payloads
from ..registry import scenario

SIGNALED = EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED


def echo(c, task):
    """A worker that answers with the query's own argument, or with the name of what came."""
    result = payloads(task.query.query_type)
    request = ANSWERED | {"namespace": "default", "task_token": task.task_token, "query_result": result}
    return c.attempt("RespondQueryTaskCompleted", request)


@scenario
def many_by_themselves(c):
    """Five queries of one run at once: each client gets its own answer."""
    idle(c)
    asked = [begin_query(c, f"state-{number}") for number in range(5)]
    for _ in asked:
        with c.quiet():
            task = c.poll_workflow_task()
        echo(c, task)
    answers = [one.query_result.payloads[0].data.decode() for one in c.quiet_race(*asked)]
    c.note("answers", answers)
    c.history()


@scenario
def answers_of_two_workers(c):
    """Of two answers to one query, one finds it."""
    idle(c)
    asked = begin_query(c)
    with c.quiet():
        task = c.poll_workflow_task()
    request = ANSWERED | {"namespace": "default", "task_token": task.task_token}
    c.race(*[c.begin("RespondQueryTaskCompleted", request) for _ in range(2)])
    asked.result()


@scenario
def sees_the_signal_before_it(c):
    """A query that is asked after a signal was accepted is answered from what the signal did, every time."""
    idle(c)
    for number in range(5):
        with c.quiet():
            c.signal(f"go-{number}")
        asked = begin_query(c)
        with c.quiet():
            task = c.poll_workflow_task()
            c.note(
                "the signal is there",
                [event.event_type for event in task.history.events].count(SIGNALED) == number + 1,
            )
            by_itself = task.HasField("query")
            if not by_itself:
                results = dict.fromkeys(
                    task.queries, {"result_type": "QUERY_RESULT_TYPE_ANSWERED", "answer": payloads("answer")}
                )
                c.complete_workflow_task(task, query_results=results)
            if by_itself or not task.queries:
                echo(c, task if by_itself else c.poll_workflow_task())
        c.note("answered", bool(c.quiet_race(asked)[0].query_result.payloads))


@scenario
def query_and_completion(c):
    """A query beside the completion that closes its run is answered, whichever comes first."""
    task = c.started()
    completion = c.begin(
        "RespondWorkflowTaskCompleted",
        {"namespace": "default", "task_token": task.task_token, "commands": [complete_workflow()]},
    )
    asked = begin_query(c)
    completed = c.quiet_race(completion)[0]
    with c.quiet():
        echo(c, c.poll_workflow_task())
    c.note("completed", bool(completed is not None))
    c.note("answered", c.quiet_race(asked)[0].query_result.payloads[0].data.decode())


@scenario
def queries_of_many_runs(c):
    """Five runs on one queue: each query is answered for its own run."""
    for number in range(5):
        idle(c, f"wf-{number}")
    asked = [
        c.begin("QueryWorkflow", query_request(c, f"of-{number}", f"wf-{number}"), QUERY_TIMEOUT)
        for number in range(5)
    ]
    seen = []
    for _ in range(5):
        with c.quiet():
            task = c.poll_workflow_task()
        seen.append([c.shown(task.workflow_execution.workflow_id), task.query.query_type])
        echo(c, task)
    c.note("runs and their queries", sorted(seen))
    c.note("answers", [one.query_result.payloads[0].data.decode() for one in c.quiet_race(*asked)])


@scenario
def client_gives_up(c):
    """A query whose client has gone is given to no worker, or its answer finds nobody."""
    idle(c)
    asked = begin_query(c)
    with c.quiet():
        task = c.poll_workflow_task()
    asked.cancel()

    c.until("the answer finds nobody", lambda: not echo(c, task))
    request = {"namespace": "default", "task_token": task.task_token}
    c.note("then", c.refusal_of("RespondQueryTaskCompleted", request))
