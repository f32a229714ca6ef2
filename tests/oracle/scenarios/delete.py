"""DeleteWorkflowExecution: of open and closed runs, and what is left of them for others."""

import time

from ..commands import (
    cancel_workflow,
    complete_workflow,
    continue_as_new,
    payloads,
    schedule_activity,
    signal_external,
    start_child,
    start_timer,
)
from ..registry import scenario


def delete(c, workflow_id="wf", run_id="", **fields):
    request = {"namespace": c.namespace, "workflow_execution": c.execution(workflow_id, run_id), **fields}
    return c.call("DeleteWorkflowExecution", request)


def gone(c, workflow_id="wf", run_id=""):
    """Returns when nobody is shown the run; writes no step. The real server takes its time for that."""
    request = {"namespace": c.namespace, "execution": c.execution(workflow_id, run_id)}
    deadline = time.monotonic() + 300
    while c.quiet_race(c.begin("DescribeWorkflowExecution", request))[0]:
        assert time.monotonic() < deadline, "the run is not gone"
        time.sleep(0.1)


def run_id_of(c, workflow_id="wf"):
    request = {"namespace": c.namespace, "execution": c.execution(workflow_id)}
    info = c.quietly("DescribeWorkflowExecution", request).workflow_execution_info
    return info.execution.run_id


@scenario
def closed_run(c):
    """A closed run is deleted: describe, history, signal, cancel and terminate do not find it."""
    c.start()
    c.run_workflow_task(complete_workflow())
    run_id = run_id_of(c)
    delete(c)
    gone(c)
    c.describe()
    c.describe(run_id=run_id)
    c.history()
    c.history(run_id=run_id)
    c.signal()
    c.cancel(run_id=run_id)
    c.terminate(run_id=run_id)


@scenario
def open_run(c):
    """An open run is deleted: its workflow task's worker finds nothing."""
    c.start()
    task = c.poll_workflow_task()
    delete(c)
    gone(c)
    c.complete_workflow_task(task, complete_workflow())
    c.describe()


@scenario
def waiting_task(c):
    """The workflow task of a run that was deleted is handed to nobody."""
    c.start()
    delete(c)
    gone(c)
    c.poll_workflow_task(timeout=3)


@scenario
def running_activity(c):
    """The worker of an activity of a deleted run is told that it is gone."""
    c.start()
    c.run_workflow_task(schedule_activity(c))
    task = c.poll_activity()
    delete(c)
    gone(c)
    c.heartbeat(task)
    c.complete_activity(task)


@scenario
def named_run(c):
    """By its run id."""
    run_id = c.start().run_id
    delete(c, run_id=run_id)
    gone(c)
    c.describe(run_id=run_id)


@scenario
def again(c):
    """Deleting what is gone finds nothing."""
    run_id = c.start().run_id
    delete(c)
    gone(c)
    delete(c)
    delete(c, run_id=run_id)


@scenario
def id_is_free(c):
    """The id of a deleted run can be started again, whatever the policy says of closed runs."""
    c.start()
    delete(c)
    gone(c)
    c.start(workflow_id_reuse_policy="WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE")
    c.describe()


@scenario
def earlier_run(c):
    """Of two runs of an id the earlier one is deleted; the other goes on."""
    first = c.start().run_id
    c.run_workflow_task(complete_workflow())
    c.start()
    delete(c, run_id=first)
    gone(c, run_id=first)
    c.describe(run_id=first)
    c.run_workflow_task(complete_workflow())
    c.history()


@scenario
def current_of_a_chain(c):
    """The current run of a chain is deleted; the one before stays, under its run id alone."""
    first = c.start().run_id
    c.run_workflow_task(continue_as_new())
    delete(c)
    gone(c)
    c.describe()
    c.describe(run_id=first)


@scenario
def unknown(c):
    """Runs and ids that are not there."""
    delete(c, "nobody")
    c.start()
    delete(c, run_id="00000000-0000-4000-8000-000000000000")
    delete(c, "nobody", run_id="00000000-0000-4000-8000-000000000000")


@scenario
def bad_input(c):
    """Missing and malformed fields."""
    c.call("DeleteWorkflowExecution", {"namespace": c.namespace})
    c.call("DeleteWorkflowExecution", {"namespace": c.namespace, "workflow_execution": {}})
    delete(c, run_id="no-uuid")
    c.call("DeleteWorkflowExecution", {"workflow_execution": c.execution()})
    c.call("DeleteWorkflowExecution", {"namespace": "nowhere", "workflow_execution": c.execution()})


@scenario
def child(c):
    """A parent is told of the end of a child that is deleted."""
    c.start()
    c.run_workflow_task(start_child(c))
    c.wait_for_event("CHILD_WORKFLOW_EXECUTION_STARTED")
    delete(c, "child")
    c.wait_for_event("CHILD_WORKFLOW_EXECUTION_TERMINATED")
    c.history()


@scenario
def parent(c):
    """The children of a deleted parent meet its close policy."""
    c.start()
    c.run_workflow_task(
        start_child(c),
        start_child(c, "left", parent_close_policy="PARENT_CLOSE_POLICY_ABANDON"),
        start_child(c, "asked", parent_close_policy="PARENT_CLOSE_POLICY_REQUEST_CANCEL"),
    )
    c.wait_for_event("CHILD_WORKFLOW_EXECUTION_STARTED", count=3)
    delete(c)
    gone(c)
    c.wait_for_close("child")
    c.wait_for_event("WORKFLOW_EXECUTION_CANCEL_REQUESTED", "asked")
    c.describe("left")


@scenario
def open_timer_and_signals(c):
    """What an open run has pending goes with it."""
    c.start()
    c.run_workflow_task(start_timer(seconds=1))
    c.signal()
    delete(c)
    gone(c)
    c.signal()
    c.describe()


@scenario
def signalled_by_another(c):
    """A signal of another workflow does not find what was deleted."""
    c.start("target")
    delete(c, "target")
    gone(c, "target")
    c.start()
    c.run_workflow_task(signal_external(c, "target"))
    c.wait_for_event("SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_FAILED")
    c.history()


@scenario
def lists(c):
    """Lists and counts do not show what was deleted."""
    c.start()
    c.start("other")
    mine = f"WorkflowId = '{c.id('wf')}'"
    both = f"TaskQueue = '{c.id('queue')}'"
    count = {"namespace": c.namespace, "query": both}
    c.until("both are listed", lambda: c.quietly("CountWorkflowExecutions", count).count == 2)
    delete(c)
    c.until("one is listed", lambda: c.quietly("CountWorkflowExecutions", count).count == 1)
    c.call("ListWorkflowExecutions", {"namespace": c.namespace, "query": mine})
    c.call("CountWorkflowExecutions", {"namespace": c.namespace, "query": both})


@scenario
def long_poll(c):
    """Who waits for a run's events when it is deleted is answered."""
    c.start()
    c.run_workflow_task()
    waiting = c.begin_history(
        wait_new_event=True, history_event_filter_type="HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT"
    )
    delete(c)
    c.record(waiting, waiting.outcome())
    gone(c)
    c.describe()


@scenario
def deletes_beside_each_other(c):
    """Of many deletes of one run at once each succeeds or finds nothing."""
    c.start()
    request = {"namespace": c.namespace, "workflow_execution": c.execution()}
    c.quiet_race(*[c.begin("DeleteWorkflowExecution", request) for _ in range(5)])
    gone(c)
    c.describe()


@scenario
def delete_beside_its_end(c):
    """A run completes while it is deleted: it is gone all the same."""
    task = c.started()
    request = {"namespace": c.namespace, "workflow_execution": c.execution()}
    completion = {
        "namespace": c.namespace,
        "task_token": task.task_token,
        "commands": [complete_workflow(result=payloads("done"))],
        "identity": "oracle",
    }
    c.quiet_race(
        c.begin("DeleteWorkflowExecution", request), c.begin("RespondWorkflowTaskCompleted", completion)
    )
    gone(c)
    c.describe()


@scenario
def canceled_run(c):
    """A run that was canceled is deleted like any other."""
    c.start()
    c.cancel()
    c.run_workflow_task(cancel_workflow())
    delete(c)
    gone(c)
    c.history()
