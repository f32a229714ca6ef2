"""Children, signals and cancels into another namespace, where the server is set to allow them."""

import contextlib

from ..commands import (
    cancel_external,
    cancel_workflow,
    complete_workflow,
    fail_workflow,
    failure,
    payloads,
    secs,
    signal_external,
    start_child,
)
from ..registry import scenario
from .bad_commands import refused
from .visibility import list_all, wait_for_count

SWITCHED_ON = ("system.enableCrossNamespaceCommands",)


def with_space(c) -> str:
    """Preparation: a second namespace; returns its name."""
    space = c.id("space")
    with c.quiet():
        c.call("RegisterNamespace", {"namespace": space, "workflow_execution_retention_period": secs(86400)})
    return space


@contextlib.contextmanager
def inside(c, namespace: str):
    """What is called is called in that namespace."""
    before, c.namespace = c.namespace, namespace
    try:
        yield
    finally:
        c.namespace = before


def parent_and_child_in(c, space: str, **child):
    c.start()
    c.run_workflow_task(start_child(c, namespace=space, **child))
    c.wait_for_event("CHILD_WORKFLOW_EXECUTION_STARTED")


@scenario
def child_completes(c):
    """A child in another namespace completes; both histories name the other's namespace."""
    space = with_space(c)
    parent_and_child_in(c, space, input=payloads("in"))
    c.run_workflow_task()
    with inside(c, space):
        c.run_workflow_task(complete_workflow(result=payloads("out")), queue="children")
    c.wait_for_event("CHILD_WORKFLOW_EXECUTION_COMPLETED")
    c.run_workflow_task(complete_workflow())
    c.history()
    with inside(c, space):
        c.history("child")


@scenario
def child_fails(c):
    """A child in another namespace fails, and its parent is told."""
    space = with_space(c)
    parent_and_child_in(c, space)
    c.run_workflow_task()
    with inside(c, space):
        c.run_workflow_task(fail_workflow(failure=failure("no")), queue="children")
    c.wait_for_event("CHILD_WORKFLOW_EXECUTION_FAILED")
    c.history(since=5)


@scenario
def child_whose_id_is_taken(c):
    """Ids are taken in the child's namespace, not in its parent's."""
    space = with_space(c)
    with c.quiet(), inside(c, space):
        c.start("taken", task_queue={"name": c.id("taken")})
    with c.quiet():
        c.start("free", task_queue={"name": c.id("free")})
    c.start()
    c.run_workflow_task(start_child(c, "taken", namespace=space))
    c.wait_for_event("START_CHILD_WORKFLOW_EXECUTION_FAILED")
    c.run_workflow_task(start_child(c, "free", namespace=space))
    c.wait_for_event("CHILD_WORKFLOW_EXECUTION_STARTED")
    c.history(since=5)


@scenario
def pending_and_listed(c):
    """How parent and child are described, and found by the fields of family."""
    space = with_space(c)
    parent_and_child_in(c, space)
    c.describe()
    with inside(c, space):
        c.describe("child")
        query = f"ParentWorkflowId = '{c.id('wf')}'"
        wait_for_count(c, query, 1)
        list_all(c, query)
        list_all(c, f"RootWorkflowId = '{c.id('wf')}'")


@scenario
def child_terminated_with_its_parent(c):
    """The default policy of a parent's close reaches into the other namespace."""
    space = with_space(c)
    parent_and_child_in(c, space)
    c.run_workflow_task(complete_workflow())
    with inside(c, space):
        c.wait_for_close("child")
        c.history("child")


@scenario
def child_asked_to_cancel(c):
    """So does the request to cancel."""
    space = with_space(c)
    parent_and_child_in(c, space, parent_close_policy="PARENT_CLOSE_POLICY_REQUEST_CANCEL")
    c.run_workflow_task(complete_workflow())
    with inside(c, space):
        c.wait_for_event("WORKFLOW_EXECUTION_CANCEL_REQUESTED", "child")
        c.run_workflow_task(cancel_workflow(), queue="children")
        c.history("child")


@scenario
def child_signalled_and_canceled(c):
    """A parent signals and cancels its child in another namespace, as its child alone."""
    space = with_space(c)
    parent_and_child_in(c, space)
    c.run_workflow_task(signal_external(c, "child", namespace=space, child_workflow_only=True))
    c.wait_for_event("EXTERNAL_WORKFLOW_EXECUTION_SIGNALED")
    c.run_workflow_task(cancel_external(c, "child", namespace=space, child_workflow_only=True))
    c.wait_for_event("EXTERNAL_WORKFLOW_EXECUTION_CANCEL_REQUESTED")
    with inside(c, space):
        c.run_workflow_task(cancel_workflow(), queue="children")
    c.wait_for_event("CHILD_WORKFLOW_EXECUTION_CANCELED")
    c.history(since=5)


@scenario
def signals(c):
    """A workflow signals one of another namespace."""
    space = with_space(c)
    with c.quiet(), inside(c, space):
        c.start("other", task_queue={"name": c.id("other")})
    c.start()
    c.run_workflow_task(signal_external(c, namespace=space, input=payloads("in"), control="ctl"))
    c.wait_for_event("EXTERNAL_WORKFLOW_EXECUTION_SIGNALED")
    c.history(since=5)
    with inside(c, space):
        c.history("other")


@scenario
def cancels(c):
    """A workflow cancels one of another namespace."""
    space = with_space(c)
    with c.quiet(), inside(c, space):
        c.start("other", task_queue={"name": c.id("other")})
    c.start()
    c.run_workflow_task(cancel_external(c, namespace=space, reason="enough"))
    c.wait_for_event("EXTERNAL_WORKFLOW_EXECUTION_CANCEL_REQUESTED")
    c.history(since=5)
    with inside(c, space):
        c.history("other")


@scenario
def signals_and_cancels_nobody(c):
    """One's own namespace has the id, the other has not."""
    space = with_space(c)
    with c.quiet():
        c.start("other", task_queue={"name": c.id("other")})
    c.start()
    c.run_workflow_task(signal_external(c, namespace=space))
    c.wait_for_event("SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_FAILED")
    c.run_workflow_task(cancel_external(c, namespace=space))
    c.wait_for_event("REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_FAILED")
    c.history(since=5)


@scenario
def signals_its_own_id(c):
    """The id that a workflow has is another workflow in another namespace."""
    space = with_space(c)
    with c.quiet(), inside(c, space):
        c.start("wf", task_queue={"name": c.id("other")})
    c.start()
    c.run_workflow_task(signal_external(c, "wf", namespace=space))
    c.wait_for_event("EXTERNAL_WORKFLOW_EXECUTION_SIGNALED")
    c.history(since=5)


@scenario
def a_namespace_that_is_not(c):
    """The setting makes no namespace."""
    refused(c, start_child(c, namespace="nowhere"))
    refused(c, signal_external(c, namespace="nowhere"))
    refused(c, cancel_external(c, namespace="nowhere"))
