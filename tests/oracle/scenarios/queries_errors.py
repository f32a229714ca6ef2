"""Queries that fail, and answers that are refused."""

from ..asking import (
    ANSWERED,
    answer,
    answered,
    begin_query,
    closed,
    failed,
    idle,
    query,
    query_request,
    waits,
)
from ..commands import complete_workflow, failure, payloads, schedule_activity, secs, start_timer
from ..registry import scenario

MUCH = "x" * 2_200_000


@scenario
def worker_says_why(c):
    """A failure with its details: the client gets both words and failure."""
    idle(c)
    asked = begin_query(c, "unknown")
    failed(c, c.poll_workflow_task(), failure=failure("no query of that name"))
    asked.result()


@scenario
def worker_says_little(c):
    """A failure of an older worker is words alone, or a cause with it, or nothing at all."""
    idle(c)
    for fields in (
        {},
        {"cause": "WORKFLOW_TASK_FAILED_CAUSE_NON_DETERMINISTIC_ERROR"},
        {"message": ""},
    ):
        asked = begin_query(c)
        failed(c, c.poll_workflow_task(), **fields)
        asked.result()


@scenario
def failed_with_a_workflow_task(c):
    """A query that came with a workflow task fails with the completion, which counts."""
    with c.quiet():
        c.start()
    asked = begin_query(c)
    waits(c)
    task = c.poll_workflow_task()
    results = answered(
        task,
        result_type="QUERY_RESULT_TYPE_FAILED",
        answer=None,
        error_message="no such query",
        failure=failure("no query of that name"),
    )
    c.complete_workflow_task(task, query_results=results)
    asked.result()
    c.history()


@scenario
def neither_answer_nor_failure(c):
    """A result that contradicts itself is none: the query is asked by itself."""
    for number, fields in enumerate(
        (
            {"answer": None},
            {"error_message": "but"},
            {"result_type": "QUERY_RESULT_TYPE_FAILED", "error_message": "why"},
            {"result_type": "QUERY_RESULT_TYPE_FAILED", "answer": None},
            {"result_type": None},
        )
    ):
        workflow_id = f"wf-{number}"
        with c.quiet():
            c.start(workflow_id)
        asked = begin_query(c, workflow_id=workflow_id)
        waits(c, workflow_id)
        with c.quiet():
            task = c.poll_workflow_task()
        c.complete_workflow_task(task, query_results=answered(task, **fields))
        with c.quiet():
            by_itself = c.poll_workflow_task()
        answer(c, by_itself)
        asked.result()


@scenario
def unknown_result(c):
    """Results of queries that nobody asked are passed over."""
    with c.quiet():
        c.start()
    c.run_workflow_task(query_results={"made-up": {"result_type": "QUERY_RESULT_TYPE_ANSWERED"}})
    c.history()


@scenario
def too_large_answer(c):
    """An answer over the limit of payloads fails the query, not the worker's call."""
    idle(c)
    asked = begin_query(c)
    answer(c, c.poll_workflow_task(), query_result=payloads(MUCH))
    asked.result()


@scenario
def too_large_answer_with_a_workflow_task(c):
    """The same of one that came with a workflow task."""
    with c.quiet():
        c.start()
    asked = begin_query(c)
    waits(c)
    task = c.poll_workflow_task()
    c.complete_workflow_task(task, query_results=answered(task, answer=payloads(MUCH)))
    asked.result()


@scenario
def malformed(c):
    """What a query must say."""
    idle(c)
    full = query_request(c)
    for change in (
        {"execution": None},
        {"execution": {"workflow_id": ""}},
        {"execution": {"workflow_id": c.id("wf"), "run_id": "no-run"}},
        {"query": None},
        {"query": {"query_type": ""}},
        {"namespace": ""},
        {"namespace": "nowhere"},
        {"query": {"query_type": "state", "query_args": payloads(MUCH)}},
    ):
        request = {key: value for key, value in (full | change).items() if value is not None}
        c.call("QueryWorkflow", request)


@scenario
def nobody(c):
    """Runs that are not there."""
    query(c, workflow_id="nobody")
    query(c, run_id="b8f4a1b0-0000-4000-8000-000000000000")
    idle(c)
    query(c, run_id="b8f4a1b0-0000-4000-8000-000000000000")


@scenario
def closed_unseen(c):
    """A run that ended before a worker saw it has nothing to tell."""
    with c.quiet():
        c.start()
        c.terminate()
    query(c)


@scenario
def begins_too_late(c):
    """The run's first workflow task comes later than the query can wait."""
    with c.quiet():
        c.start(workflow_start_delay={"seconds": 60})
    query(c, timeout=5)


@scenario
def failing_workflow(c):
    """From the third attempt of a workflow task on, its run is not asked."""
    with c.quiet():
        c.start()
        for _ in range(2):
            c.fail_workflow_task(c.poll_workflow_task())
    query(c)
    with c.quiet():
        c.run_workflow_task()
    asked = begin_query(c)
    answer(c, c.poll_workflow_task())
    asked.result()


@scenario
def one_waits(c):
    """Of the queries that would wait for one workflow task, one finds place."""
    with c.quiet():
        c.start()
    asked = begin_query(c)
    waits(c)
    query(c)
    task = c.poll_workflow_task()
    query(c)
    c.complete_workflow_task(task, query_results=answered(task))
    asked.result()


@scenario
def no_worker(c):
    """Nobody has polled the run's queue for long."""
    with c.quiet():
        eager = c.start(request_eager_execution=True).eager_workflow_task
        c.complete_workflow_task(eager)
    query(c, timeout=4)


@scenario
def no_answer(c):
    """The worker has the query and says nothing until its client's time is over."""
    idle(c)
    asked = begin_query(c, timeout=3)
    task = c.poll_workflow_task()
    asked.result()
    late = ANSWERED | {"namespace": "default", "task_token": task.task_token}
    c.until("nobody waits", lambda: not c.attempt("RespondQueryTaskCompleted", late))
    c.note("an answer then", c.refusal_of("RespondQueryTaskCompleted", late))


@scenario
def no_worker_at_the_moment(c):
    """The run's worker was there a moment ago: the query waits for it, to the end."""
    idle(c)
    query(c, timeout=3)
    c.poll_workflow_task(timeout=3)


@scenario
def answered_twice(c):
    """A second answer comes too late."""
    idle(c)
    asked = begin_query(c)
    task = c.poll_workflow_task()
    answer(c, task)
    asked.result()
    failed(c, task)


@scenario
def bad_tokens(c):
    """Answers with tokens of nothing, and of something else."""
    task = c.started()
    for token in (b"", b"made-up", task.task_token):
        c.call("RespondQueryTaskCompleted", {"namespace": "default", "task_token": token})


@scenario
def query_task_is_no_workflow_task(c):
    """A query's token completes no workflow task and no activity."""
    idle(c)
    asked = begin_query(c)
    task = c.poll_workflow_task()
    c.note("completed", bool(c.attempt("RespondWorkflowTaskCompleted", {"task_token": task.task_token})))
    c.note("failed", bool(c.attempt("RespondWorkflowTaskFailed", {"task_token": task.task_token})))
    c.note("an activity", bool(c.attempt("RespondActivityTaskCompleted", {"task_token": task.task_token})))
    answer(c, task)
    asked.result()


@scenario
def foreign_namespace(c):
    """An answer in the name of another namespace is refused."""
    idle(c)
    space = c.id("space")
    with c.quiet():
        c.call("RegisterNamespace", {"namespace": space, "workflow_execution_retention_period": secs(86400)})
    c.until("the namespace", lambda: c.attempt("ListWorkflowExecutions", {"namespace": space}))
    asked = begin_query(c)
    task = c.poll_workflow_task()
    c.call("RespondQueryTaskCompleted", {"namespace": space, "task_token": task.task_token})
    answer(c, task)
    asked.result()


@scenario
def leaves_no_trace(c):
    """Neither answers nor failures of queries stand in the history, nor do they count as anything."""
    with c.quiet():
        c.start()
        c.run_workflow_task(start_timer(seconds=60), schedule_activity(c))
        before = c.describe()
    for way in (answer, failed):
        asked = begin_query(c)
        with c.quiet():
            task = c.poll_workflow_task()
        way(c, task)
        asked.result()
    with c.quiet():
        after = c.describe()
    c.note("the description is as before", before == after)
    c.history()


@scenario
def stale_completion(c):
    """A completion that comes too late answers nothing."""
    with c.quiet():
        c.start(workflow_task_timeout={"seconds": 3})
    asked = begin_query(c)
    waits(c)
    with c.quiet():
        late = c.poll_workflow_task()
        second = c.poll_workflow_task()
    c.complete_workflow_task(late, query_results=answered(late, answer=payloads("late")))
    c.complete_workflow_task(second, complete_workflow(), query_results=answered(second))
    asked.result()


@scenario
def closed_run_without_worker(c):
    """A closed run is asked by a worker, too: without one, its client's time passes."""
    closed(c, "wf", complete_workflow())
    query(c, timeout=3)
