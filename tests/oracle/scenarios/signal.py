"""SignalWorkflowExecution."""

from ..commands import complete_workflow, payload, payloads, secs
from ..registry import scenario

NO_RUN = "11111111-2222-3333-4444-555555555555"


@scenario
def everything_given(c):
    """Input, header, links and request id are kept."""
    c.start()
    c.signal(
        input=payloads("a", "b"),
        header={"fields": {"trace": payload("t")}},
        links=[
            {
                "workflow_event": {
                    "namespace": "default",
                    "workflow_id": "other",
                    "run_id": NO_RUN,
                    "event_ref": {"event_id": 1, "event_type": "EVENT_TYPE_WORKFLOW_EXECUTION_STARTED"},
                }
            }
        ],
    )
    c.history()


@scenario
def before_the_first_task_starts(c):
    """Signals find a task scheduled already and bring no other."""
    c.start()
    c.signal("one")
    c.signal("two")
    c.run_workflow_task(complete_workflow())
    c.history()


@scenario
def same_request_id(c):
    """A repeated request id is one signal, before and after a workflow task."""
    c.start()
    c.signal(request_id="same")
    c.signal(request_id="same")
    c.run_workflow_task()
    c.signal(request_id="same")
    c.history()


@scenario
def same_request_id_while_buffered(c):
    """A repeated request id is one signal while the first waits behind a running task, too."""
    task = c.started()
    c.signal(request_id="same")
    c.signal(request_id="same")
    c.complete_workflow_task(task)
    c.history(since=4)


@scenario
def without_request_id(c):
    """Without a request id the server makes one up; equal signals are then two."""
    c.start()
    c.signal(request_id="")
    c.signal(request_id="")
    c.history()


@scenario
def brings_a_task(c):
    """A signal to an idle run schedules a workflow task; the next one does not schedule another."""
    c.start()
    c.run_workflow_task()
    c.signal("one")
    c.signal("two")
    c.history()


@scenario
def refused(c):
    """Unknown workflow, unknown and malformed run ids, empty and overlong names."""
    c.start()
    c.signal(workflow_id="nobody")
    c.signal(run_id=NO_RUN)
    c.signal(run_id="not-a-uuid")
    c.signal(workflow_id="")
    c.signal(name="")
    c.signal(name="x" * 1001)
    c.signal(request_id="x" * 1001)
    c.signal(namespace="")
    c.signal(namespace="nowhere")
    c.call("SignalWorkflowExecution", {"namespace": "default", "signal_name": "go"})
    c.signal(input=payloads("x" * 2_200_000))
    c.history()


@scenario
def closed_run(c):
    """A closed run, named or not, takes no signal."""
    with c.quiet():
        run = c.start()
        c.run_workflow_task(complete_workflow())
    c.signal()
    c.signal(run_id=run.run_id)


@scenario
def older_run(c):
    """A signal to an older run by its run id does not reach the newer one."""
    with c.quiet():
        older = c.start()
        c.run_workflow_task(complete_workflow())
        c.start()
    c.signal(run_id=older.run_id)
    c.history()


@scenario
def before_a_transient_task_starts(c):
    """After a failed task a signal makes the next task an ordinary one: Scheduled is written, attempt 1."""
    task = c.started()
    c.fail_workflow_task(task)
    c.signal()
    c.history()
    c.describe()
    c.run_workflow_task(complete_workflow())
    c.history()


@scenario
def while_a_transient_task_runs(c):
    """A signal during attempt 2 is buffered; if that attempt fails, it is recorded and a task follows."""
    task = c.started()
    c.fail_workflow_task(task)
    second = c.poll_workflow_task()
    c.signal()
    c.history()
    c.fail_workflow_task(second)
    c.history()
    c.run_workflow_task(complete_workflow())
    c.history()


@scenario
def while_a_transient_task_runs_and_completes(c):
    """A signal during attempt 2, which then succeeds."""
    task = c.started()
    c.fail_workflow_task(task)
    second = c.poll_workflow_task()
    c.signal()
    c.complete_workflow_task(second)
    c.history()


@scenario
def task_times_out_with_a_signal_behind_it(c):
    """The running task times out while a signal waits: then the signal, then a task of attempt 1."""
    c.started(workflow_task_timeout=secs(1))
    c.signal()
    c.wait_for_event("WORKFLOW_TASK_TIMED_OUT")
    c.history()
    c.run_workflow_task(complete_workflow())
    c.history()
