"""The client's side: starts, signals, reads and results, and what of them was acknowledged."""

import asyncio
import uuid
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from temporalio.api.common.v1 import Payloads, WorkflowExecution, WorkflowType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import (
    SignalWorkflowExecutionRequest,
    StartWorkflowExecutionRequest,
    TerminateWorkflowExecutionRequest,
)
from temporalio.client import Client, WorkflowFailureError
from temporalio.converter import DataConverter
from temporalio.exceptions import TerminatedError
from temporalio.service import RPCError
from temporalio.workflow import ParentClosePolicy

import chains
import family
import workload
from calls import UNKNOWN_OUTCOME, answered, insist
from support import history

# An event as it is compared: what must not change once somebody has read it.
Seen = tuple[int, str, int]


@dataclass
class Acknowledged:
    """What the server said yes to, for one workflow."""

    run_id: str
    signals: list[int] = field(default_factory=list)
    # The longest history of its first run that was read while it ran.
    read: list[Seen] = field(default_factory=list)
    result: Any = None


class Driver:
    """Runs jobs to their end, whatever happens to the server, and keeps what was acknowledged."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self.acknowledged: dict[str, Acknowledged] = {}
        self.unfinished: set[str] = set()

    async def run(self, job: workload.Job) -> None:
        self.unfinished.add(job.id)
        await asyncio.sleep(job.start_at)
        acknowledged = self.acknowledged[job.id] = await self._start(job)
        reading = asyncio.create_task(self._read(job.id, acknowledged))
        if job.kind.workflow is workload.Signals:
            for value in range(workload.SIGNALS):
                await self._signal(job.id, "add", value)
                acknowledged.signals.append(value)
        if job.kind.workflow is chains.Cron:
            await self._terminate_schedule(job.id, acknowledged.run_id)
        acknowledged.result = await self._result(job.id, acknowledged.run_id)
        reading.cancel()
        if job.kind.workflow is family.Parent:
            await self._see_to_those_left(job.id)
        self.unfinished.remove(job.id)

    async def _start(self, job: workload.Job) -> Acknowledged:
        request = StartWorkflowExecutionRequest(
            namespace="default",
            workflow_id=job.id,
            workflow_type=WorkflowType(name=job.kind.workflow.__name__),
            task_queue=TaskQueue(name=workload.TASK_QUEUE),
            input=await payloads(job.seed),
            workflow_task_timeout=timedelta(seconds=3),  # type: ignore[arg-type]
            request_id=str(uuid.uuid4()),
            cron_schedule=job.kind.cron_schedule,
        )
        if job.kind.retry_policy is not None:
            job.kind.retry_policy.apply_to_proto(request.retry_policy)
        reply = await insist(self._client.workflow_service.start_workflow_execution, request)
        assert reply is not None
        return Acknowledged(reply.run_id)

    async def _signal(self, workflow_id: str, name: str, value: Any) -> None:
        request = SignalWorkflowExecutionRequest(
            namespace="default",
            workflow_execution=WorkflowExecution(workflow_id=workflow_id),
            signal_name=name,
            input=await payloads(value),
            request_id=str(uuid.uuid4()),
        )
        await insist(self._client.workflow_service.signal_workflow_execution, request)

    async def _terminate_schedule(self, workflow_id: str, first_run_id: str) -> None:
        """When enough of its runs have been listed."""
        query = f"WorkflowId = '{workflow_id}'"
        while (await answered(lambda: self._client.count_workflows(query))).count < chains.CRON_RUNS:
            await asyncio.sleep(0.5)
        request = TerminateWorkflowExecutionRequest(
            namespace="default",
            workflow_execution=WorkflowExecution(workflow_id=workflow_id),
            first_execution_run_id=first_run_id,
        )
        await insist(self._client.workflow_service.terminate_workflow_execution, request)

    async def _see_to_those_left(self, parent_id: str) -> None:
        """The abandoned child ends by a signal; the others must end because their parent did."""
        await self._signal(family.left_id(parent_id, ParentClosePolicy.ABANDON), "go", None)
        for policy in family.LEFT:
            await self._result(family.left_id(parent_id, policy), None)

    async def _result(self, workflow_id: str, run_id: str | None) -> Any:
        handle = self._client.get_workflow_handle(workflow_id, run_id=run_id)
        try:
            return await answered(handle.result)
        except WorkflowFailureError as error:
            return workload.TERMINATED if isinstance(error.cause, TerminatedError) else error.cause

    async def _read(self, workflow_id: str, acknowledged: Acknowledged) -> None:
        """Reads the history again and again, as somebody with a web page open would."""
        handle = self._client.get_workflow_handle(workflow_id, run_id=acknowledged.run_id)
        while True:
            await asyncio.sleep(1)
            try:
                acknowledged.read = seen(await history.events(handle))
            except RPCError as error:
                if error.status not in UNKNOWN_OUTCOME:
                    raise

    async def watch_open_runs(self) -> None:
        """No list shows two open runs of one workflow: a run is followed by the next in one commit."""
        while True:
            await asyncio.sleep(1)
            try:
                open_runs = [
                    run.id async for run in self._client.list_workflows("ExecutionStatus = 'Running'")
                ]
            except RPCError as error:
                if error.status not in UNKNOWN_OUTCOME:
                    raise
                continue
            assert [found for found, runs in Counter(open_runs).items() if runs > 1] == []


async def payloads(value: Any) -> Payloads:
    return Payloads(payloads=await DataConverter.default.encode([] if value is None else [value]))


def seen(events: list[Any]) -> list[Seen]:
    """Without a workflow task at the end, which readers are shown before it is part of the history."""
    found = [(event.event_id, history.name(event), event.event_time.ToNanoseconds()) for event in events]
    while found and found[-1][1] in ("WorkflowTaskScheduled", "WorkflowTaskStarted"):
        found.pop()
    return found
