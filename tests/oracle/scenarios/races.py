"""Calls at the same time: one of them wins, whatever the order."""

from uuid import uuid4

from temporalio.api.enums.v1 import EventType

from ..commands import complete_workflow, payloads, schedule_activity, start_timer
from ..registry import scenario

SIGNALED = EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED
FAILED = EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED
COMPLETED = EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED


def begin(c, name, task, **fields):
    request = {"namespace": "default", "task_token": task.task_token, "identity": "oracle", **fields}
    return c.begin(name, request)


@scenario
def two_starts(c):
    """Of two starts of one id, one is told that the other has started."""
    calls = [c.begin("StartWorkflowExecution", c.start_request(request_id=str(uuid4()))) for _ in range(2)]
    won = c.race(*calls)
    c.history(since=2, run_id=won[0].run_id)


@scenario
def two_starts_with_one_request_id(c):
    """Two starts with one request id are one start."""
    calls = [c.begin("StartWorkflowExecution", c.start_request(request_id="same")) for _ in range(2)]
    c.race(*calls)
    c.history()


@scenario
def two_starts_that_use_the_existing(c):
    """Of two starts that would use an open run, one starts it."""
    policy = {"workflow_id_conflict_policy": "WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING"}
    calls = [
        c.begin("StartWorkflowExecution", c.start_request(request_id=str(uuid4()), **policy))
        for _ in range(2)
    ]
    outcomes = c.quiet_race(*calls)
    runs = {outcome.run_id for outcome in outcomes}
    c.note("runs and starts", [len(runs), sorted(outcome.started for outcome in outcomes)])
    c.history(since=2)


@scenario
def two_completions(c):
    """Of two completions with one token, one finds no task."""
    task = c.started()
    calls = [begin(c, "RespondWorkflowTaskCompleted", task, commands=[complete_workflow()]) for _ in range(2)]
    c.race(*calls)
    c.history(since=4)


@scenario
def completion_and_failure(c):
    """Of a completion and a failure of one task, one finds no task; the history has the other."""
    task = c.started()
    failed, completed = c.quiet_race(
        begin(c, "RespondWorkflowTaskFailed", task), begin(c, "RespondWorkflowTaskCompleted", task)
    )
    with c.quiet():
        fourth = c.history().history.events[3].event_type
    c.note("one succeeded", sorted([bool(failed), bool(completed)]))
    c.note("the other", (completed if failed else failed).message)
    c.note("it is in the history", fourth == (FAILED if failed else COMPLETED))


@scenario
def two_activity_completions(c):
    """Of two completions of one activity, one finds no activity."""
    task = c.started()
    with c.quiet():
        c.complete_workflow_task(task, schedule_activity(c))
        activity = c.poll_activity()
    calls = [begin(c, "RespondActivityTaskCompleted", activity, result=payloads("out")) for _ in range(2)]
    c.race(*calls)
    c.history(since=5)


@scenario
def two_terminations(c):
    """Of two terminations, one finds the run closed."""
    with c.quiet():
        c.start()
    request = {
        "namespace": "default",
        "workflow_execution": c.execution(),
        "reason": "race",
        "identity": "oracle",
    }
    c.race(*[c.begin("TerminateWorkflowExecution", request) for _ in range(2)])
    c.history()


@scenario
def equal_signals(c):
    """Five signals at once with one request id are one event."""
    with c.quiet():
        c.start()
    request = {
        "namespace": "default",
        "workflow_execution": c.execution(),
        "signal_name": "go",
        "request_id": "same",
        "identity": "oracle",
    }
    c.race(*[c.begin("SignalWorkflowExecution", request) for _ in range(5)])
    c.history()


@scenario
def many_signals(c):
    """Ten signals at once are ten events and one workflow task."""
    with c.quiet():
        c.start()
        c.run_workflow_task()
    base = {
        "namespace": "default",
        "workflow_execution": c.execution(),
        "signal_name": "go",
        "identity": "oracle",
    }
    c.quiet_race(*[c.begin("SignalWorkflowExecution", base) for _ in range(10)])
    with c.quiet():
        task = c.poll_workflow_task()
    kinds = [event.event_type for event in task.history.events]
    c.note("signals, events, started", [kinds.count(SIGNALED), len(kinds), task.started_event_id])


@scenario
def cancel_requests(c):
    """Five cancel requests at once are one event."""
    with c.quiet():
        c.start()
    request = {"namespace": "default", "workflow_execution": c.execution(), "identity": "oracle"}
    c.race(*[c.begin("RequestCancelWorkflowExecution", request) for _ in range(5)])
    c.history()


@scenario
def ten_runs_on_one_queue(c):
    """Ten runs, ten pollers: each run's task is handed out once."""
    with c.quiet():
        for number in range(10):
            c.start(f"wf{number}")
    polls = c.quiet_race(*[c.begin_poll_workflow_task() for _ in range(10)])
    c.note("runs", sorted(c.shown(task.workflow_execution.workflow_id) for task in polls))


@scenario
def signal_and_completion(c):
    """A signal and a completion that closes the run: the signal is in the history or was refused."""
    task = c.started()
    signal = {
        "namespace": "default",
        "workflow_execution": c.execution(),
        "signal_name": "go",
        "request_id": "racer",
        "identity": "oracle",
    }
    completion = begin(c, "RespondWorkflowTaskCompleted", task, commands=[complete_workflow()])
    signalled = c.begin("SignalWorkflowExecution", signal)
    completed, accepted = c.quiet_race(completion, signalled)
    with c.quiet():
        types = [event.event_type for event in c.history().history.events]
    c.note("the signal is in the history exactly if it was accepted", bool(accepted) == (SIGNALED in types))
    c.note("one of them succeeded", bool(completed) or bool(accepted))


@scenario
def timer_and_signal_bring_one_task(c):
    """A timer that fires while a signal's task waits brings no second task."""
    task = c.started()
    with c.quiet():
        c.complete_workflow_task(task, start_timer(seconds=1))
        c.signal()
    c.wait_for_event("TIMER_FIRED")
    c.history(since=4)
    c.run_workflow_task(complete_workflow())
    c.history(since=4)
