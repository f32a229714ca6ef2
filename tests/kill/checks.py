"""What must be true of workflows when all has ended: of single histories, of chains of runs, of families."""

from collections import Counter
from dataclasses import dataclass

from temporalio.api.enums.v1 import WorkflowTaskFailedCause
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client
from temporalio.workflow import ParentClosePolicy

import chains
import family
from driver import Acknowledged, seen
from support import history
from support.env import eventually
from workload import TERMINATED, Job

# What a command to another workflow may come to: exactly one of these.
OUTCOMES = {
    "StartChildWorkflowExecutionInitiated": (
        "ChildWorkflowExecutionStarted",
        "StartChildWorkflowExecutionFailed",
    ),
    "SignalExternalWorkflowExecutionInitiated": (
        "ExternalWorkflowExecutionSignaled",
        "SignalExternalWorkflowExecutionFailed",
    ),
    "RequestCancelExternalWorkflowExecutionInitiated": (
        "ExternalWorkflowExecutionCancelRequested",
        "RequestCancelExternalWorkflowExecutionFailed",
    ),
}
# The last event of a child left behind, and what it was told before.
ENDS_OF_THOSE_LEFT = {
    ParentClosePolicy.TERMINATE: ("WorkflowExecutionTerminated", []),
    ParentClosePolicy.REQUEST_CANCEL: ("WorkflowExecutionCanceled", ["WorkflowExecutionCancelRequested"]),
    ParentClosePolicy.ABANDON: ("WorkflowExecutionCompleted", ["WorkflowExecutionSignaled"]),
}


@dataclass
class Run:
    workflow_id: str
    run_id: str
    events: list[HistoryEvent]

    @property
    def end(self) -> str:
        return history.name(self.events[-1])


class Checks:
    """Of one server, to which no one else has started anything. Keeps what runs it has found."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self.runs: list[Run] = []

    async def check(self, job: Job, acknowledged: Acknowledged, keeps_order: bool) -> None:
        """`keeps_order`: whether the server promises it for what one workflow sends another."""
        assert acknowledged.result == job.expected, job.id
        runs = await self._chain(job.id, acknowledged.run_id)
        assert (await self._client.get_workflow_handle(job.id).describe()).run_id == runs[-1].run_id
        assert len(runs) == expected_runs(job, runs), job.id
        assert (
            runs[-1].end == f"WorkflowExecution{'Terminated' if job.expected == TERMINATED else 'Completed'}"
        )
        # What was read while it ran has stayed as it was.
        assert seen(runs[0].events)[: len(acknowledged.read)] == acknowledged.read
        if job.kind.workflow is not family.Parent:
            assert signals(runs[0]) == [str(value).encode() for value in acknowledged.signals]
        if job.kind.workflow is family.Parent:
            await self._check_those_left(job.id)
        if job.kind.workflow is family.Sender:
            await self._check_receivers(job.id, keeps_order)

    async def check_lists(self) -> None:
        """They show each run that was found, as it ended, and no other."""
        ends = {(run.workflow_id, run.run_id): status(run.events[-1]) for run in self.runs}

        async def all_ended() -> bool:
            listed = [run async for run in self._client.list_workflows("")]
            shown = {(run.id, run.run_id): run.status.name for run in listed if run.status is not None}
            return len(listed) == len(shown) and shown == ends

        await eventually("each run is listed as it ended", all_ended)
        assert (await self._client.count_workflows("ExecutionStatus = 'Running'")).count == 0

    async def _chain(self, workflow_id: str, first_run_id: str) -> list[Run]:
        """The runs that follow on each other, each checked, and their children."""
        runs: list[Run] = []
        following = first_run_id
        while following:
            handle = self._client.get_workflow_handle(workflow_id, run_id=following)
            runs.append(Run(workflow_id, following, await history.events(handle)))
            following = getattr(history.attributes(runs[-1].events[-1]), "new_execution_run_id", "")
        self.runs += runs
        check_links(runs)
        for run in runs:
            check_failed_tasks(run)
            check_outcomes(run)
            await self._check_children(run)
        return runs

    async def _check_children(self, parent: Run) -> None:
        """The parent has learned the end of each child once, as it was, but of those that it left behind."""
        ends: dict[int, list[str]] = {}
        for event in parent.events:
            name = history.name(event)
            if name.startswith("ChildWorkflowExecution") and name != "ChildWorkflowExecutionStarted":
                ends.setdefault(history.attributes(event).initiated_event_id, []).append(name)
        left = {family.left_id(parent.workflow_id, policy) for policy in family.LEFT}
        for started in history.of_type(parent.events, "ChildWorkflowExecutionStarted"):
            child = started.workflow_execution
            runs = await self._chain(child.workflow_id, child.run_id)
            begun = history.only(runs[0].events, "WorkflowExecutionStarted")
            assert begun.parent_workflow_execution.run_id == parent.run_id
            assert begun.parent_initiated_event_id == started.initiated_event_id
            expected = [] if child.workflow_id in left else [f"Child{runs[-1].end}"]
            assert ends.get(started.initiated_event_id, []) == expected, child.workflow_id

    async def _check_those_left(self, parent_id: str) -> None:
        for policy, (end, told) in ENDS_OF_THOSE_LEFT.items():
            run = self._only_run(family.left_id(parent_id, policy))
            assert run.end == end, run.workflow_id
            messages = ("WorkflowExecutionSignaled", "WorkflowExecutionCancelRequested")
            assert [name for name in history.names(run.events) if name in messages] == told, run.workflow_id

    async def _check_receivers(self, sender_id: str, keeps_order: bool) -> None:
        """Each signal and the cancel have come once."""
        came = signals(self._only_run(family.collector_id(sender_id)))
        sent = [str(value).encode() for value in range(family.MESSAGES)]
        assert (came if keeps_order else sorted(came)) == sent, sender_id
        canceled = self._only_run(f"{sender_id}-canceled")
        history.only(canceled.events, "WorkflowExecutionCancelRequested")
        assert canceled.end == "WorkflowExecutionCanceled"

    def _only_run(self, workflow_id: str) -> Run:
        (run,) = [run for run in self.runs if run.workflow_id == workflow_id]
        return run


def expected_runs(job: Job, runs: list[Run]) -> int:
    if job.kind.workflow is chains.Cron:
        return max(len(runs), chains.CRON_RUNS)
    return {chains.Continued: chains.CONTINUED_RUNS, chains.Retried: chains.RETRIED_RUNS}.get(
        job.kind.workflow, 1
    )


def check_links(runs: list[Run]) -> None:
    """A chain has no gap, and no run in it begins before the one before has ended."""
    before: Run | None = None
    for run in runs:
        started = history.only(run.events, "WorkflowExecutionStarted")
        assert started.first_execution_run_id == runs[0].run_id
        assert started.original_execution_run_id == run.run_id
        assert started.continued_execution_run_id == (before.run_id if before else "")
        if before is not None:
            ended = before.events[-1].event_time.ToNanoseconds()
            assert ended <= run.events[0].event_time.ToNanoseconds(), run.workflow_id
        before = run


def check_failed_tasks(run: Run) -> None:
    """Only because something arrived while it was being completed, or because the run was closed."""
    causes = {failed.cause for failed in history.of_type(run.events, "WorkflowTaskFailed")}
    expected = {WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND}
    if run.end == "WorkflowExecutionTerminated":
        expected.add(WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_FORCE_CLOSE_COMMAND)
    assert causes <= expected, f"{run.workflow_id}: {causes}"


def check_outcomes(run: Run) -> None:
    """Each child that was initiated, signal and cancel has one outcome."""
    outcomes = Counter(
        (history.attributes(event).initiated_event_id, history.name(event))
        for event in run.events
        if any(history.name(event) in names for names in OUTCOMES.values())
    )
    for event in run.events:
        names = OUTCOMES.get(history.name(event), ())
        assert not names or sum(outcomes[event.event_id, name] for name in names) == 1, run.workflow_id


def signals(run: Run) -> list[bytes]:
    return [s.input.payloads[0].data for s in history.of_type(run.events, "WorkflowExecutionSignaled")]


def status(last: HistoryEvent) -> str:
    """COMPLETED of WorkflowExecutionCompleted, as lists name it."""
    return history.EventType.Name(last.event_type).removeprefix("EVENT_TYPE_WORKFLOW_EXECUTION_")
