"""RequestCancelWorkflowExecution and TerminateWorkflowExecution."""

from ..commands import cancel_workflow, complete_workflow, payloads
from ..registry import scenario


@scenario
def terminate(c):
    """Terminate ends the run at once; its task is gone."""
    c.start()
    task = c.poll_workflow_task()
    c.terminate(reason="enough", details=payloads("d"))
    c.complete_workflow_task(task, complete_workflow())
    c.history()
    c.describe()


@scenario
def cancel(c):
    """Cancel twice: one event; the workflow then closes as canceled."""
    c.start()
    c.run_workflow_task()
    c.cancel(reason="please")
    c.cancel(reason="please")
    c.run_workflow_task(cancel_workflow(details=payloads("ok")))
    c.history()
    c.describe()


@scenario
def closed_run(c):
    """Signal, cancel and terminate of a closed run."""
    c.start()
    c.run_workflow_task(complete_workflow())
    c.signal()
    c.cancel()
    c.terminate()
