"""What requests that are wrong in themselves get."""

from ..registry import scenario


@scenario
def poll_deadlines(c):
    """Polls without a deadline and with one that is too short."""
    c.poll_workflow_task(timeout=None)
    c.poll_workflow_task(timeout=1.5)
    c.poll_activity(timeout=None)
    c.poll_activity(timeout=1.5)
    c.poll_workflow_task(timeout=3)
    c.poll_activity(timeout=3)


@scenario
def start(c):
    """Starts that are refused."""
    c.start(namespace="")
    c.start(namespace="nowhere")
    c.start(workflow_id="")
