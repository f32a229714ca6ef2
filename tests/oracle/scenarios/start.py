"""StartWorkflowExecution: what the server fills in, deduplication, id policies."""

from ..commands import complete_workflow, keyword, payload, payloads, secs
from ..registry import scenario


@scenario
def defaults(c):
    """A minimal start: what the server fills in."""
    c.start()
    c.describe()
    c.history()


@scenario
def everything_given(c):
    """Whatever a start may carry is kept and shown."""
    c.start(
        input=payloads("hello"),
        workflow_execution_timeout=secs(300),
        workflow_run_timeout=secs(200),
        workflow_task_timeout=secs(5),
        memo={"fields": {"note": payload("a memo")}},
        search_attributes={"indexed_fields": {"OracleKeyword": keyword("blue")}},
        header={"fields": {"trace": payload("t-1")}},
        user_metadata={"summary": payload("a summary"), "details": payload("the details")},
        priority={"priority_key": 2, "fairness_key": "tenant", "fairness_weight": 1.5},
        links=[
            {
                "workflow_event": {
                    "namespace": "default",
                    "workflow_id": "other",
                    "run_id": "11111111-1111-1111-1111-111111111111",
                    "event_ref": {"event_id": 1, "event_type": "EVENT_TYPE_WORKFLOW_EXECUTION_STARTED"},
                }
            }
        ],
    )
    c.describe()
    c.history()
    c.poll_workflow_task()


@scenario
def with_a_retry_policy(c):
    """A workflow that is tried again when it fails."""
    c.start(retry_policy={"maximum_attempts": 3})


@scenario
def run_timeout_above_execution_timeout(c):
    """A run timeout is cut to the execution timeout, a workflow task timeout to the run timeout."""
    c.start(
        workflow_execution_timeout=secs(50), workflow_run_timeout=secs(200), workflow_task_timeout=secs(100)
    )
    c.history()
    c.describe()


@scenario
def only_execution_timeout(c):
    """An execution timeout alone becomes the run timeout."""
    c.start(workflow_execution_timeout=secs(50))
    c.history()


@scenario
def only_run_timeout(c):
    """A run timeout alone leaves the execution timeout at zero."""
    c.start(workflow_run_timeout=secs(50))
    c.history()
    c.describe()


@scenario
def task_timeout_above_the_maximum(c):
    """A workflow task timeout above the server's maximum is cut."""
    c.start(workflow_task_timeout=secs(1000))
    c.history()


@scenario
def same_request_id_on_open_run(c):
    """A repeated request id answers the first start's run."""
    c.start(request_id="same")
    c.start(request_id="same")
    c.run_workflow_task()
    c.start(request_id="same")
    c.history()


@scenario
def same_request_id_on_closed_run(c):
    """A repeated request id on a closed run answers that run and starts nothing."""
    c.start(request_id="same")
    c.run_workflow_task(complete_workflow())
    c.start(request_id="same")
    c.start(request_id="same", workflow_id_reuse_policy="WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE")
    c.describe()


@scenario
def already_running(c):
    """A second start of an open workflow id is refused."""
    c.start()
    c.start()
    c.start(workflow_id_reuse_policy="WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE")
    c.start(workflow_id_conflict_policy="WORKFLOW_ID_CONFLICT_POLICY_FAIL")
    c.history()


@scenario
def conflict_use_existing(c):
    """USE_EXISTING answers the open run."""
    c.start()
    c.start(workflow_id_conflict_policy="WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING")
    c.history()


@scenario
def conflict_terminate_existing(c):
    """TERMINATE_EXISTING ends the open run and starts a new one."""
    first = c.start()
    c.start(workflow_id_conflict_policy="WORKFLOW_ID_CONFLICT_POLICY_TERMINATE_EXISTING")
    c.history(run_id=first.run_id)
    c.history()


@scenario
def reuse_allow_duplicate(c):
    """The default reuse policy starts a new run after a completed one, at once."""
    c.start()
    c.run_workflow_task(complete_workflow())
    c.start()
    c.history()


@scenario
def reuse_reject_duplicate(c):
    """REJECT_DUPLICATE refuses after a completed run."""
    c.start()
    c.run_workflow_task(complete_workflow())
    c.start(workflow_id_reuse_policy="WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE")


@scenario
def start_delay(c):
    """A delayed start has its first workflow task later; a signal does not hasten it."""
    c.start(workflow_start_delay=secs(1))
    c.describe()
    c.signal()
    c.history()
    c.poll_workflow_task()
    c.history()
