"""StartWorkflowExecution: more policies and states of the run before, and what is refused."""

from ..commands import (
    cancel_workflow,
    complete_workflow,
    fail_workflow,
    keyword,
    payload,
    payloads,
    secs,
    start_timer,
)
from ..registry import scenario

FAILED_ONLY = {"workflow_id_reuse_policy": "WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE_FAILED_ONLY"}
USE_EXISTING = {"workflow_id_conflict_policy": "WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING"}
TERMINATE_EXISTING = {"workflow_id_conflict_policy": "WORKFLOW_ID_CONFLICT_POLICY_TERMINATE_EXISTING"}
TERMINATE_IF_RUNNING = {"workflow_id_reuse_policy": "WORKFLOW_ID_REUSE_POLICY_TERMINATE_IF_RUNNING"}
REJECT = {"workflow_id_reuse_policy": "WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE"}
LINK = {
    "workflow_event": {
        "namespace": "default",
        "workflow_id": "other",
        "run_id": "11111111-1111-1111-1111-111111111111",
        "event_ref": {"event_id": 1, "event_type": "EVENT_TYPE_WORKFLOW_EXECUTION_STARTED"},
    }
}


@scenario
def reuse_failed_only(c):
    """ALLOW_DUPLICATE_FAILED_ONLY after each way to end."""
    for name, end in (
        ("completed", complete_workflow()),
        ("failed", fail_workflow()),
        ("canceled", cancel_workflow()),
    ):
        with c.quiet():
            c.start(name, task_queue={"name": c.id(name)})
            c.run_workflow_task(end, queue=name)
        c.start(name, **FAILED_ONLY)
    with c.quiet():
        c.start("terminated")
        c.terminate("terminated")
        c.start("timed out", workflow_run_timeout=secs(1))
    c.start("terminated", **FAILED_ONLY)
    c.wait_for_close("timed out")
    c.start("timed out", **FAILED_ONLY)


@scenario
def use_existing_on_closed_run(c):
    """USE_EXISTING starts a new run where none is open; the reuse policy still applies."""
    with c.quiet():
        c.start()
        c.run_workflow_task(complete_workflow())
    c.start(**USE_EXISTING, **REJECT)
    c.start(**USE_EXISTING)
    c.history()


@scenario
def use_existing_with_request_id(c):
    """The request id of a start that used the open run is not remembered, unless it asks for that."""
    c.start()
    c.start(**USE_EXISTING, request_id="second")
    c.start(**USE_EXISTING, request_id="second")
    c.describe()


@scenario
def use_existing_attaches(c):
    """USE_EXISTING with options to attach request id and links writes an event."""
    c.start()
    c.start(
        **USE_EXISTING,
        request_id="second",
        links=[LINK],
        on_conflict_options={"attach_request_id": True, "attach_links": True},
    )
    c.start(
        **USE_EXISTING,
        request_id="second",
        links=[LINK],
        on_conflict_options={"attach_request_id": True, "attach_links": True},
    )
    c.history()
    c.describe()


@scenario
def terminate_existing_with_running_task(c):
    """TERMINATE_EXISTING fails the running workflow task first."""
    task = c.started()
    c.signal()
    c.start(**TERMINATE_EXISTING)
    c.complete_workflow_task(task)
    c.history(run_id=task.workflow_execution.run_id, since=3)
    c.describe()


@scenario
def terminate_existing_on_closed_run(c):
    """TERMINATE_EXISTING where no run is open is an ordinary start."""
    with c.quiet():
        c.start()
        c.run_workflow_task(complete_workflow())
    c.start(**TERMINATE_EXISTING)
    c.history()


@scenario
def terminate_if_running(c):
    """The deprecated reuse policy TERMINATE_IF_RUNNING, on an open and on a closed run."""
    first = c.start()
    c.start(**TERMINATE_IF_RUNNING)
    c.history(run_id=first.run_id)
    c.terminate()
    c.start(**TERMINATE_IF_RUNNING)


@scenario
def policies_that_contradict(c):
    """Policies that exclude each other."""
    c.start(**TERMINATE_IF_RUNNING, **USE_EXISTING)
    c.start(**TERMINATE_IF_RUNNING, **TERMINATE_EXISTING)
    c.start(**TERMINATE_IF_RUNNING, workflow_id_conflict_policy="WORKFLOW_ID_CONFLICT_POLICY_FAIL")
    c.start(**REJECT, **TERMINATE_EXISTING)
    c.start(on_conflict_options={"attach_request_id": True})
    c.start(**USE_EXISTING, on_conflict_options={"attach_completion_callbacks": True})


@scenario
def delayed_with_timeouts(c):
    """Timeouts of a delayed start count from the end of the delay."""
    c.start(workflow_start_delay=secs(2), workflow_run_timeout=secs(1))
    c.poll_workflow_task()
    c.wait_for_close()
    c.history()


@scenario
def delayed_signals_and_describe(c):
    """Several signals during a start delay: one workflow task at its end."""
    c.start(workflow_start_delay=secs(1))
    c.signal("one")
    c.signal("two")
    c.run_workflow_task(complete_workflow())
    c.history()


@scenario
def request_id_missing(c):
    """Without a request id the server makes one up."""
    c.start(request_id="")
    c.start(request_id="")


@scenario
def names_missing_or_too_long(c):
    """Ids, types and queues that are missing or have more than 1,000 characters."""
    long = "x" * 1001
    c.start("")
    c.call("StartWorkflowExecution", c.start_request(workflow_id="wf") | {"workflow_id": long})
    c.start(workflow_type=None)
    c.start(workflow_type={"name": ""})
    c.start(workflow_type={"name": long})
    c.start(task_queue=None)
    c.start(task_queue={"name": ""})
    c.start(task_queue={"name": long})
    c.start(task_queue={"name": "/_sys/made-up"})
    c.start(task_queue={"name": c.id("sticky"), "kind": "TASK_QUEUE_KIND_STICKY"})
    c.start(request_id=long)
    c.start("other", identity=long)
    c.start(namespace="")
    c.start(namespace="nowhere")


@scenario
def bad_times(c):
    """Negative timeouts and delays."""
    for field in (
        "workflow_execution_timeout",
        "workflow_run_timeout",
        "workflow_task_timeout",
        "workflow_start_delay",
    ):
        c.start(**{field: secs(-1)})
    c.start(cron_schedule="nonsense")
    c.start(cron_schedule="* * * * *", workflow_start_delay=secs(1))


@scenario
def bad_retry_policy(c):
    """Retry policies that make no sense."""
    for policy in (
        {"initial_interval": secs(-1)},
        {"backoff_coefficient": 0.5},
        {"maximum_interval": secs(-1)},
        {"initial_interval": secs(10), "maximum_interval": secs(5)},
        {"maximum_attempts": -1},
    ):
        c.start(retry_policy=policy)


@scenario
def bad_search_attributes(c):
    """Search attributes that are unknown, of a wrong type, or reserved."""
    for fields in (
        {"NobodyKnowsThis": keyword("x")},
        {"OracleInt": payload("not a number")},
        {"WorkflowId": keyword("x")},
        {"ExecutionStatus": keyword("Running")},
    ):
        c.start(search_attributes={"indexed_fields": fields})


@scenario
def too_large(c):
    """Input, memo and search attributes over their limits."""
    c.start(input=payloads("x" * 2_200_000))
    c.start(memo={"fields": {"big": payload("x" * 2_200_000)}})
    c.start(search_attributes={"indexed_fields": {"OracleKeyword": keyword("x" * 3000)}})
    c.start("summary", user_metadata={"summary": payload("x" * 500)})
    c.start("details", user_metadata={"details": payload("x" * 30_000)})


@scenario
def bad_priority(c):
    """Priorities out of range."""
    c.start(priority={"priority_key": -1})
    c.start(priority={"priority_key": 6})
    c.start(priority={"fairness_key": "x" * 65})
    c.start(priority={"fairness_weight": -1.0})


@scenario
def id_of_a_chain(c):
    """The same workflow id over three runs: the newest is found without a run id, the others by theirs."""
    runs = []
    with c.quiet():
        for _ in range(3):
            runs.append(c.start())
            c.run_workflow_task(start_timer(seconds=60), complete_workflow())
    c.describe()
    for run in runs:
        c.describe(run_id=run.run_id)


@scenario
def queue_of_kind_normal(c):
    """A task queue of kind NORMAL may be said to be so."""
    c.start(task_queue={"name": c.id("queue"), "kind": "TASK_QUEUE_KIND_NORMAL"})
    c.history()
