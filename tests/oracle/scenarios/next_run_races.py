"""Calls at the same time as a run is followed by the next one: each takes effect on one of the two."""

from temporalio.api.enums.v1 import EventType

from ..commands import complete_workflow, continue_as_new, fail_workflow, secs
from ..registry import scenario

SIGNALED = EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED
CANCEL_REQUESTED = EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CANCEL_REQUESTED
CONTINUED = EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW


def completion(c, task, *commands):
    return c.begin(
        "RespondWorkflowTaskCompleted",
        {
            "namespace": "default",
            "task_token": task.task_token,
            "commands": list(commands),
            "identity": "oracle",
        },
    )


def runs_of_chain(c, first):
    """The events of each run of the chain, from the first on, by type."""
    runs, run_id = [], first
    while run_id:
        request = {"namespace": c.namespace, "execution": c.execution(run_id=run_id)}
        events = c.quietly("GetWorkflowExecutionHistory", request).history.events
        runs.append([event.event_type for event in events])
        run_id = next(
            (
                event.workflow_execution_continued_as_new_event_attributes.new_execution_run_id
                for event in events
                if event.event_type == CONTINUED
            ),
            "",
        )
    return runs


@scenario
def two_continuations(c):
    """Of two completions of one task that continue as new, one finds no task: there is one next run."""
    task = c.started()
    c.race(*[completion(c, task, continue_as_new()) for _ in range(2)])
    c.note("runs", len(runs_of_chain(c, task.workflow_execution.run_id)))


@scenario
def signals_and_continuation(c):
    """Signals beside a run that continues as new: none is lost, none comes twice."""
    task = c.started()
    execution = c.execution()
    signals = [
        c.begin(
            "SignalWorkflowExecution",
            {
                "namespace": "default",
                "workflow_execution": execution,
                "signal_name": f"s{i}",
                "identity": "oracle",
                "request_id": f"signal-{i}",
            },
        )
        for i in range(6)
    ]
    done = completion(c, task, continue_as_new())
    c.quiet_race(done, *signals)
    runs = runs_of_chain(c, task.workflow_execution.run_id)
    c.note("signals", sum(run.count(SIGNALED) for run in runs))


@scenario
def cancel_and_continuation(c):
    """A cancel request beside a run that continues as new reaches one of the two runs."""
    task = c.started()
    cancel = c.begin(
        "RequestCancelWorkflowExecution",
        {
            "namespace": "default",
            "workflow_execution": c.execution(),
            "first_execution_run_id": task.workflow_execution.run_id,
            "identity": "oracle",
            "request_id": "cancel",
        },
    )
    canceled, _ = c.quiet_race(cancel, completion(c, task, continue_as_new()))
    runs = runs_of_chain(c, task.workflow_execution.run_id)
    c.note("it succeeded", canceled is not None and not hasattr(canceled, "code"))
    c.note("requests", sum(run.count(CANCEL_REQUESTED) for run in runs))


@scenario
def terminate_and_failure_with_retry(c):
    """A terminate by the first run's id beside a failure that is retried: no run stays open."""
    task = c.started(retry_policy={"initial_interval": secs(60)})
    terminate = c.begin(
        "TerminateWorkflowExecution",
        {
            "namespace": "default",
            "workflow_execution": c.execution(),
            "first_execution_run_id": task.workflow_execution.run_id,
            "identity": "oracle",
        },
    )
    c.quiet_race(terminate, completion(c, task, fail_workflow()))
    status = c.quietly(
        "DescribeWorkflowExecution", {"namespace": c.namespace, "execution": c.execution()}
    ).workflow_execution_info.status
    c.note("status of the current run", status)


@scenario
def start_and_continuation(c):
    """A start beside a run that continues as new finds the id taken."""
    task = c.started()
    start = c.begin("StartWorkflowExecution", c.start_request(request_id="another"))
    outcome, _ = c.quiet_race(start, completion(c, task, continue_as_new()))
    c.note("the start", getattr(outcome, "code", "succeeded"))
    c.note("runs", len(runs_of_chain(c, task.workflow_execution.run_id)))


@scenario
def starts_between_attempts(c):
    """Starts that terminate the existing run, beside a failure that is retried: the last one has the id."""
    task = c.started(retry_policy={"initial_interval": secs(60)})
    start = c.begin(
        "StartWorkflowExecution",
        c.start_request(
            request_id="another",
            workflow_id_conflict_policy="WORKFLOW_ID_CONFLICT_POLICY_TERMINATE_EXISTING",
        ),
    )
    outcome, _ = c.quiet_race(start, completion(c, task, fail_workflow()))
    described = c.quietly("DescribeWorkflowExecution", {"namespace": c.namespace, "execution": c.execution()})
    c.note("it has the id", described.workflow_execution_info.execution.run_id == outcome.run_id)
    with c.quiet():
        c.run_workflow_task(complete_workflow())
    c.history()
