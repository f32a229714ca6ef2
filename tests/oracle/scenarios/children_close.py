"""What becomes of children when their parent closes."""

from ..commands import (
    cancel_external,
    cancel_workflow,
    complete_workflow,
    fail_workflow,
    payloads,
    secs,
    start_child,
)
from ..registry import scenario
from .children import parent_and_child

POLICIES = ("TERMINATE", "ABANDON", "REQUEST_CANCEL")


@scenario
def terminated(c):
    """By default a child is terminated with its parent."""
    parent_and_child(c)
    c.run_workflow_task(complete_workflow())
    c.wait_for_close("child")
    c.history("child")
    c.history()


@scenario
def abandoned(c):
    """An abandoned child goes on, and its end is told to nobody."""
    parent_and_child(c, parent_close_policy="PARENT_CLOSE_POLICY_ABANDON")
    c.run_workflow_task(complete_workflow())
    c.run_workflow_task(complete_workflow(), queue="children")
    c.history("child")
    c.history()


@scenario
def asked_to_cancel(c):
    """A child is asked to cancel when its parent closes."""
    parent_and_child(c, parent_close_policy="PARENT_CLOSE_POLICY_REQUEST_CANCEL")
    c.run_workflow_task(complete_workflow())
    c.wait_for_event("WORKFLOW_EXECUTION_CANCEL_REQUESTED", "child")
    c.run_workflow_task(cancel_workflow(), queue="children")
    c.history("child")
    c.history()


@scenario
def by_failure(c):
    """The parent fails."""
    parent_and_child(c)
    c.run_workflow_task(fail_workflow())
    c.wait_for_close("child")


@scenario
def by_cancellation(c):
    """The parent ends as cancelled."""
    parent_and_child(c)
    c.run_workflow_task(cancel_workflow())
    c.wait_for_close("child")


@scenario
def by_termination(c):
    """The parent is terminated; what it had asked for is done with."""
    parent_and_child(c)
    c.terminate(reason="enough")
    c.wait_for_close("child")
    c.history()


@scenario
def by_timeout(c):
    """The parent runs out of its time."""
    c.start(workflow_run_timeout=secs(2))
    c.run_workflow_task(start_child(c))
    c.wait_for_event("CHILD_WORKFLOW_EXECUTION_STARTED")
    c.wait_for_close()
    c.wait_for_close("child")
    c.history()


@scenario
def down_to_grandchildren(c):
    """Termination goes down the generations."""
    parent_and_child(c)
    c.run_workflow_task(start_child(c, "grandchild", "grandchildren"), queue="children")
    c.wait_for_event("CHILD_WORKFLOW_EXECUTION_STARTED", "child")
    c.terminate(reason="enough")
    c.wait_for_close("grandchild")
    c.history("child")
    c.history("grandchild")


@scenario
def begun_and_closed_at_once(c):
    """A parent that closes in the task that starts a child: the child never is."""
    for policy in POLICIES:
        queue = f"queue of {policy}"
        with c.quiet():
            c.start(f"wf {policy}", task_queue={"name": c.id(queue)})
        c.run_workflow_task(
            start_child(c, f"child {policy}", parent_close_policy=f"PARENT_CLOSE_POLICY_{policy}"),
            complete_workflow(),
            queue=queue,
        )
        c.history(f"wf {policy}", since=4)
    c.start("later", task_queue={"name": c.id("later")})
    c.run_workflow_task(start_child(c, "later child"), queue="later")
    c.wait_for_event("CHILD_WORKFLOW_EXECUTION_STARTED", "later")
    for policy in POLICIES:
        c.describe(f"child {policy}")


@scenario
def ended_before(c):
    """A child that has ended before its parent is left alone."""
    parent_and_child(c)
    c.run_workflow_task()
    c.run_workflow_task(complete_workflow(result=payloads("out")), queue="children")
    c.wait_for_event("CHILD_WORKFLOW_EXECUTION_COMPLETED")
    c.run_workflow_task(complete_workflow())
    c.history("child")


@scenario
def asked_before(c):
    """A child that was asked to cancel before: it is asked once."""
    parent_and_child(c, parent_close_policy="PARENT_CLOSE_POLICY_REQUEST_CANCEL")
    c.run_workflow_task(cancel_external(c, "child", child_workflow_only=True))
    c.wait_for_event("EXTERNAL_WORKFLOW_EXECUTION_CANCEL_REQUESTED")
    c.run_workflow_task(complete_workflow())
    c.run_workflow_task(cancel_workflow(), queue="children")
    c.history("child")
    c.history(since=9)


@scenario
def mixed(c):
    """Three children, a policy each."""
    c.start()
    for number, policy in enumerate(POLICIES):
        c.run_workflow_task(
            start_child(c, f"child {policy}", policy, parent_close_policy=f"PARENT_CLOSE_POLICY_{policy}")
        )
        c.wait_for_event("CHILD_WORKFLOW_EXECUTION_STARTED", count=number + 1)
    c.run_workflow_task(complete_workflow())
    c.wait_for_close("child TERMINATE")
    c.wait_for_event("WORKFLOW_EXECUTION_CANCEL_REQUESTED", "child REQUEST_CANCEL")
    for policy in POLICIES:
        if policy != "TERMINATE":
            c.run_workflow_task(complete_workflow(), queue=policy)
        c.history(f"child {policy}")


@scenario
def another_run_of_the_id(c):
    """A parent closes when its child's id belongs to a run that is not its child: that one goes on."""
    parent_and_child(c)
    c.run_workflow_task()
    c.terminate("child", reason="enough")
    c.wait_for_event("CHILD_WORKFLOW_EXECUTION_TERMINATED")
    c.start("child", task_queue={"name": c.id("others")})
    c.run_workflow_task(complete_workflow())
    c.run_workflow_task(complete_workflow(), queue="others")
    c.history("child")
