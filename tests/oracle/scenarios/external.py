"""Signals and cancels of other workflows from a workflow."""

from ..commands import (
    cancel_external,
    cancel_workflow,
    complete_workflow,
    fail_workflow,
    payload,
    payloads,
    signal_external,
    start_child,
    start_timer,
)
from ..registry import scenario
from .bad_commands import refused
from .children import parent_and_child

NOBODY = "11111111-2222-4333-8444-555555555555"


def other(c, name="other", **fields):
    """Preparation: another workflow on its own queue, its first task taken."""
    return c.started(name, queue=name, **fields).workflow_execution.run_id


@scenario
def signals(c):
    """A workflow signals another one, with all that a signal can carry."""
    with c.quiet():
        c.start("other", task_queue={"name": c.id("other")})
    c.start()
    c.run_workflow_task(
        {
            **signal_external(
                c, input=payloads("in"), header={"fields": {"trace": payload("1")}}, control="ctl"
            ),
            "user_metadata": {"summary": payload("a signal")},
        }
    )
    c.wait_for_event("EXTERNAL_WORKFLOW_EXECUTION_SIGNALED")
    c.run_workflow_task(complete_workflow())
    c.history()
    c.history("other")


@scenario
def signals_a_named_run(c):
    """By run id, of the current run and of one that is not."""
    run_id = other(c)
    c.start()
    c.run_workflow_task(signal_external(c, run_id=run_id))
    c.wait_for_event("EXTERNAL_WORKFLOW_EXECUTION_SIGNALED")
    c.run_workflow_task(signal_external(c, run_id=NOBODY))
    c.wait_for_event("SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_FAILED")
    c.history(since=5)


@scenario
def signals_nobody(c):
    """Nobody has the id, or its run has closed."""
    c.start()
    c.run_workflow_task(signal_external(c, "nobody", control="ctl"))
    c.wait_for_event("SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_FAILED")
    with c.quiet():
        c.start("closed", task_queue={"name": c.id("closed")})
        c.run_workflow_task(complete_workflow(), queue="closed")
    c.run_workflow_task(signal_external(c, "closed"))
    c.wait_for_event("SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_FAILED", count=2)
    c.history(since=5)


@scenario
def signals_itself(c):
    """A workflow cannot signal its own id."""
    run = c.start()
    c.run_workflow_task(signal_external(c, "wf"), start_timer(seconds=60))
    c.wait_for_event("SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_FAILED")
    c.run_workflow_task(signal_external(c, "wf", run.run_id))
    c.wait_for_event("SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_FAILED", count=2)
    c.run_workflow_task(signal_external(c, "wf", NOBODY))
    c.wait_for_event("SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_FAILED", count=3)
    c.history(since=5)


@scenario
def signals_a_child_that_is_none(c):
    """Child-only signals to a run without a parent, and to another's child."""
    parent_and_child(c)
    with c.quiet():
        c.run_workflow_task()
        c.start("stranger", task_queue={"name": c.id("strangers")})
        c.start("other", task_queue={"name": c.id("other")})
    c.run_workflow_task(signal_external(c, "child", child_workflow_only=True), queue="strangers")
    c.wait_for_event("SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_FAILED", "stranger")
    c.run_workflow_task(signal_external(c, "other", child_workflow_only=True), queue="strangers")
    c.wait_for_event("SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_FAILED", "stranger", count=2)
    c.history("stranger", since=5)


@scenario
def several_signals(c):
    """Three signals of one task all arrive; the real server keeps no order among them."""
    with c.quiet():
        c.start("other", task_queue={"name": c.id("other")})
    c.start()
    c.run_workflow_task(*(signal_external(c, signal_name=f"signal {n}") for n in range(3)))
    c.wait_for_event("EXTERNAL_WORKFLOW_EXECUTION_SIGNALED", count=3)
    request = {"namespace": c.namespace, "execution": c.execution("other")}
    reply = c.quietly("GetWorkflowExecutionHistory", request)
    names = [event.workflow_execution_signaled_event_attributes.signal_name for event in reply.history.events]
    c.note("signals", sorted(name for name in names if name))


@scenario
def signals_and_closes(c):
    """A workflow that closes in the task that signals: nothing is sent."""
    with c.quiet():
        c.start("other", task_queue={"name": c.id("other")})
        c.start()
    c.run_workflow_task(signal_external(c), cancel_external(c), complete_workflow())
    c.history()
    c.start("later", task_queue={"name": c.id("later")})
    c.run_workflow_task(signal_external(c, signal_name="later"), queue="later")
    c.wait_for_event("EXTERNAL_WORKFLOW_EXECUTION_SIGNALED", "later")
    c.history("other")


@scenario
def signal_comes_while_a_task_runs(c):
    """The other's workflow task runs: the signal is buffered there."""
    with c.quiet():
        c.start("other", task_queue={"name": c.id("other")})
    task = c.poll_workflow_task("other")
    c.start()
    c.run_workflow_task(signal_external(c))
    c.wait_for_event("EXTERNAL_WORKFLOW_EXECUTION_SIGNALED")
    c.complete_workflow_task(task)
    c.history("other")


@scenario
def outcome_comes_while_a_task_runs(c):
    """The sender's next task runs when it is told: that is buffered."""
    with c.quiet():
        c.start("other", task_queue={"name": c.id("other")})
        other_task = c.poll_workflow_task("other")
    c.start()
    c.run_workflow_task(signal_external(c, signal_name="first"), force_create_new_workflow_task=True)
    task = c.poll_workflow_task()
    c.complete_workflow_task(other_task)
    c.wait_for_event("WORKFLOW_EXECUTION_SIGNALED", "other")
    c.run_workflow_task(complete_workflow(), queue="other")
    c.complete_workflow_task(task, start_timer(seconds=60))
    c.wait_for_event("EXTERNAL_WORKFLOW_EXECUTION_SIGNALED")
    c.history(since=8)


@scenario
def cancels(c):
    """A workflow asks another one to cancel."""
    with c.quiet():
        c.start("other", task_queue={"name": c.id("other")})
    c.start()
    c.run_workflow_task(cancel_external(c, reason="enough", control="ctl"))
    c.wait_for_event("EXTERNAL_WORKFLOW_EXECUTION_CANCEL_REQUESTED")
    c.run_workflow_task(complete_workflow())
    c.run_workflow_task(cancel_workflow(), queue="other")
    c.history()
    c.history("other")


@scenario
def cancels_nobody(c):
    """Nobody has the id; its run is another one; its run has closed, which is as good as cancelled."""
    other(c)
    c.start()
    c.run_workflow_task(cancel_external(c, "nobody", control="ctl"))
    c.wait_for_event("REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_FAILED")
    c.run_workflow_task(cancel_external(c, run_id=NOBODY))
    c.wait_for_event("REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_FAILED", count=2)
    with c.quiet():
        c.start("closed", task_queue={"name": c.id("closed")})
        c.run_workflow_task(fail_workflow(), queue="closed")
    c.run_workflow_task(cancel_external(c, "closed"))
    c.wait_for_event("EXTERNAL_WORKFLOW_EXECUTION_CANCEL_REQUESTED")
    c.run_workflow_task(cancel_external(c, "closed", child_workflow_only=True))
    c.wait_for_event("EXTERNAL_WORKFLOW_EXECUTION_CANCEL_REQUESTED", count=2)
    c.history(since=5)


@scenario
def cancels_twice(c):
    """The second request changes nothing and is answered as the first."""
    with c.quiet():
        c.start("other", task_queue={"name": c.id("other")})
    c.start()
    c.run_workflow_task(cancel_external(c))
    c.wait_for_event("EXTERNAL_WORKFLOW_EXECUTION_CANCEL_REQUESTED")
    c.run_workflow_task(cancel_external(c))
    c.wait_for_event("EXTERNAL_WORKFLOW_EXECUTION_CANCEL_REQUESTED", count=2)
    c.history(since=10)
    c.history("other")


@scenario
def cancels_itself(c):
    """A workflow cannot cancel its own id."""
    c.start()
    c.run_workflow_task(cancel_external(c, "wf"))
    c.wait_for_event("REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_FAILED")
    c.history(since=5)


@scenario
def cancels_a_child_that_is_none(c):
    """A child-only cancel of another's child."""
    parent_and_child(c)
    with c.quiet():
        c.run_workflow_task()
        c.start("stranger", task_queue={"name": c.id("strangers")})
    c.run_workflow_task(cancel_external(c, "child", child_workflow_only=True), queue="strangers")
    c.wait_for_event("REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_FAILED", "stranger")
    c.history("stranger", since=5)


@scenario
def starts_and_cancels_at_once(c):
    """A child cannot be started and cancelled in one task; nothing of the task counts."""
    refused(c, start_child(c), cancel_external(c, "child"))


@scenario
def bad_signals(c):
    """SignalExternalWorkflowExecution that lacks something."""
    refused(c, {"command_type": "COMMAND_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION"})
    refused(c, signal_external(c, execution=None))
    refused(c, signal_external(c, ""))
    refused(c, signal_external(c, signal_name=None))
    refused(c, signal_external(c, run_id="nonsense"))
    refused(c, signal_external(c, namespace="nowhere"))


@scenario
def bad_cancels(c):
    """RequestCancelExternalWorkflowExecution that lacks something."""
    refused(c, {"command_type": "COMMAND_TYPE_REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION"})
    refused(c, cancel_external(c, ""))
    refused(c, cancel_external(c, run_id="nonsense"))
    refused(c, cancel_external(c, namespace="nowhere"))


@scenario
def a_signal_that_is_too_large(c):
    """A signal's input over the limit ends the sender."""
    big = {"payloads": [{"metadata": {"encoding": b"json/plain"}, "data": b"y" * (2 * 1024 * 1024 + 1)}]}
    task = c.started()
    with c.quiet():
        c.begin(
            "RespondWorkflowTaskCompleted",
            c._in({}, task_token=task.task_token, commands=[signal_external(c, input=big)]),
        ).outcome()
    c.history(since=4)
