"""RequestCancelWorkflowExecution and TerminateWorkflowExecution in more states, and refused."""

from ..commands import cancel_workflow, complete_workflow, payloads, schedule_activity, secs, start_timer
from ..registry import scenario

NO_RUN = "11111111-2222-3333-4444-555555555555"
LINK = {
    "workflow_event": {
        "namespace": "default",
        "workflow_id": "other",
        "run_id": NO_RUN,
        "event_ref": {"event_id": 1, "event_type": "EVENT_TYPE_WORKFLOW_EXECUTION_STARTED"},
    }
}


@scenario
def cancel_while_a_task_runs(c):
    """A cancel request during a workflow task is buffered; completing meanwhile is UNHANDLED_COMMAND."""
    task = c.started()
    c.cancel(reason="please", links=[LINK])
    c.describe()
    c.history()
    c.complete_workflow_task(task, complete_workflow())
    c.history()
    c.run_workflow_task(cancel_workflow())
    c.history()


@scenario
def cancel_again(c):
    """Repeated cancel requests, with the same and with another request id, are one event."""
    c.start()
    c.cancel(request_id="same")
    c.cancel(request_id="same")
    c.cancel(request_id="other")
    c.cancel(request_id="")
    c.history()


@scenario
def cancel_is_not_obeyed(c):
    """A run may complete although its cancellation was requested."""
    c.start()
    c.cancel()
    c.run_workflow_task(complete_workflow(result=payloads("anyway")))
    c.history()
    c.describe()


@scenario
def cancel_during_start_delay(c):
    """A cancel request during a start delay."""
    c.start(workflow_start_delay=secs(1))
    c.cancel()
    c.history()
    c.poll_workflow_task()
    c.history()


@scenario
def terminate_during_start_delay(c):
    """Terminating during a start delay."""
    c.start(workflow_start_delay=secs(60))
    c.terminate(reason="no more")
    c.history()
    c.describe()


@scenario
def terminate_with_pending_work(c):
    """Terminating with an activity, a timer and a buffered signal: the signal is written first."""
    c.start()
    c.run_workflow_task(schedule_activity(c), start_timer(seconds=60))
    c.signal("zero")
    c.poll_workflow_task()
    c.signal("one")
    c.terminate(links=[LINK])
    c.history()
    c.describe()


@scenario
def terminate_twice(c):
    """The second termination finds the run closed; by the same first run id, too."""
    run = c.start()
    c.terminate(reason="one")
    c.terminate(reason="two")
    c.terminate(reason="three", run_id=run.run_id)
    c.terminate(reason="four", first_execution_run_id=run.run_id)
    c.history()


@scenario
def first_execution_run_id(c):
    """The chain's first run id must be that of the run."""
    run = c.start()
    c.cancel(first_execution_run_id=NO_RUN)
    c.terminate(first_execution_run_id=NO_RUN)
    c.cancel(first_execution_run_id=run.run_id)
    c.terminate(first_execution_run_id=run.run_id)
    c.cancel(first_execution_run_id="not-a-uuid")
    c.terminate(first_execution_run_id="not-a-uuid")
    c.history()


@scenario
def refused(c):
    """Unknown workflow, unknown and malformed run ids, missing fields."""
    c.start()
    for call in (c.cancel, c.terminate):
        call(workflow_id="nobody")
        call(run_id=NO_RUN)
        call(run_id="not-a-uuid")
        call(workflow_id="")
        call(workflow_execution=None)
        call(namespace="")
        call(namespace="nowhere")
        call(reason="x" * 1001)
    c.cancel(request_id="x" * 1001)
    c.history()


@scenario
def cancel_of_a_closed_run(c):
    """A cancel request to a closed run succeeds and does nothing, by run id, too."""
    with c.quiet():
        run = c.start()
        c.run_workflow_task(complete_workflow())
    c.cancel()
    c.cancel(run_id=run.run_id)
    c.cancel(first_execution_run_id=NO_RUN)
    c.history(since=4)
