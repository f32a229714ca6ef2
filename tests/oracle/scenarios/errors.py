"""What requests that are wrong in themselves get, beyond what the topics show."""

from ..registry import scenario


@scenario
def poll_deadlines(c):
    """Polls without a deadline and with one that is too short; an empty answer before a long enough one."""
    for poll in (c.poll_workflow_task, c.poll_activity):
        poll(timeout=None)
        poll(timeout=1.5)
        poll(timeout=3)


@scenario
def not_built(c):
    """An RPC that no server knows."""
    c.call_raw("/temporal.api.workflowservice.v1.WorkflowService/Nonsense")
    c.call_raw("/nobody.knows.this.Service/Nonsense")


@scenario
def garbage_instead_of_a_message(c):
    """Bytes that are no protobuf message."""
    c.call_raw("/temporal.api.workflowservice.v1.WorkflowService/DescribeNamespace", b"\xff\xff\xff\xff")
