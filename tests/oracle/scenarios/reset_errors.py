"""ResetWorkflowExecution: what is refused, what is repeated, and what happens at the same time."""

from ..commands import complete_workflow, payloads
from ..registry import scenario
from .reset import reset


@scenario
def bad_input(c):
    """Missing and malformed fields."""
    c.start()
    reset(c, 3, request_id=None)
    reset(c, 3, request_id="x" * 1001)
    reset(c, 3, workflow_execution=None)
    reset(c, 3, run_id="no-uuid")
    reset(c, 3, namespace="nowhere")


@scenario
def unknown(c):
    """Runs and ids that are not there."""
    reset(c, 3, workflow_id="nobody")
    c.start()
    reset(c, 3, run_id="00000000-0000-4000-8000-000000000000")


@scenario
def events_out_of_range(c):
    """The event must be one of the run, and not its first."""
    c.start()
    c.run_workflow_task(complete_workflow())
    reset(c, None)
    for event_id in (-1, 0, 1, 6, 7, 1000):
        reset(c, event_id)


@scenario
def no_workflow_task_there(c):
    """Only where a workflow task waits or runs."""
    c.start()
    c.run_workflow_task()
    c.signal()
    c.run_workflow_task(complete_workflow())
    for event_id in (2, 5, 6, 9):
        reset(c, event_id)
    c.describe()


@scenario
def refused_reset_changes_nothing(c):
    """An open run goes on when a reset is refused."""
    c.start()
    c.run_workflow_task()
    c.signal()
    reset(c, 5)
    c.run_workflow_task(complete_workflow())
    c.history()


@scenario
def same_request_id(c):
    """The same request again."""
    c.start()
    c.run_workflow_task()
    request_id = c.request_id()
    c.note("same run", reset(c, 4, request_id=request_id).run_id == reset(c, 4, request_id=request_id).run_id)


@scenario
def request_id_of_the_start(c):
    """A reset with the request id of the run's start."""
    request_id = c.request_id()
    run_id = c.start(request_id=request_id).run_id
    c.run_workflow_task()
    c.note("same run", reset(c, 4, request_id=request_id).run_id == run_id)


@scenario
def repeated_start(c):
    """The start of the base, sent again after the reset."""
    request_id = c.request_id()
    c.start(request_id=request_id)
    c.run_workflow_task()
    reset(c, 4)
    c.start(request_id=request_id)


@scenario
def two_resets_at_once(c):
    """Both succeed: the later one ends the run of the other."""
    c.start()
    c.run_workflow_task()
    request = {
        "namespace": c.namespace,
        "workflow_execution": c.execution(),
        "reason": "again",
        "workflow_task_finish_event_id": 4,
    }
    c.quiet_race(
        *[c.begin("ResetWorkflowExecution", request | {"request_id": c.request_id()}) for _ in range(2)]
    )
    c.run_workflow_task(complete_workflow(result=payloads("done")))
    c.history()


@scenario
def reset_beside_signals(c):
    """Signals at the same time reach one of the two runs, and the new one has all of them."""
    c.start()
    c.run_workflow_task()
    request = {
        "namespace": c.namespace,
        "workflow_execution": c.execution(),
        "reason": "again",
        "workflow_task_finish_event_id": 4,
        "request_id": c.request_id(),
    }
    signals = [
        c.begin(
            "SignalWorkflowExecution",
            {
                "namespace": c.namespace,
                "workflow_execution": c.execution(),
                "signal_name": f"s{number}",
                "request_id": c.request_id(),
            },
        )
        for number in range(10)
    ]
    c.quiet_race(*signals, c.begin("ResetWorkflowExecution", request))
    events = c.quietly(
        "GetWorkflowExecutionHistory", {"namespace": c.namespace, "execution": c.execution()}
    ).history.events
    names = [event.workflow_execution_signaled_event_attributes.signal_name for event in events]
    c.note("signals", sorted(name for name in names if name))


@scenario
def reset_beside_completion(c):
    """A worker completes the run that is being reset: the new run goes on all the same."""
    task = c.started()
    with c.quiet():
        c.complete_workflow_task(task)
        c.signal()
    task = c.poll_workflow_task()
    completion = {
        "namespace": c.namespace,
        "task_token": task.task_token,
        "commands": [complete_workflow()],
        "identity": "oracle",
    }
    request = {
        "namespace": c.namespace,
        "workflow_execution": c.execution(),
        "reason": "again",
        "workflow_task_finish_event_id": 4,
        "request_id": c.request_id(),
    }
    c.quiet_race(
        c.begin("ResetWorkflowExecution", request), c.begin("RespondWorkflowTaskCompleted", completion)
    )
    c.run_workflow_task(complete_workflow())
    c.history()
