"""The client's side: starts, signals, reads and results, and what of them was acknowledged."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from temporalio.api.common.v1 import Payloads, WorkflowExecution, WorkflowType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import SignalWorkflowExecutionRequest, StartWorkflowExecutionRequest
from temporalio.client import Client, WorkflowFailureError
from temporalio.converter import DataConverter
from temporalio.service import RPCError, RPCStatusCode

import workload
from support import history

# What a call may end with when the server or its database dies under it. Its outcome is then unknown.
UNKNOWN_OUTCOME = {
    RPCStatusCode.UNAVAILABLE,
    RPCStatusCode.DEADLINE_EXCEEDED,
    RPCStatusCode.CANCELLED,
    RPCStatusCode.UNKNOWN,
    RPCStatusCode.INTERNAL,
    RPCStatusCode.RESOURCE_EXHAUSTED,
    RPCStatusCode.ABORTED,
}
CALL_TIMEOUT = timedelta(seconds=5)
PAUSE = 0.1

# An event as it is compared: what must not change once somebody has read it.
Seen = tuple[int, str, int]


@dataclass
class Acknowledged:
    """What the server said yes to, for one workflow."""

    run_id: str
    signals: list[int] = field(default_factory=list)
    # The longest history that was read while it ran.
    read: list[Seen] = field(default_factory=list)
    result: Any = None


async def insist(call: Callable[..., Awaitable[Any]], request: Any) -> Any:
    """Sends the same request until it is answered.

    None means that the workflow is gone, but an earlier try, whose outcome is unknown, may have ended it.
    """
    tried = False
    while True:
        try:
            return await call(request, timeout=CALL_TIMEOUT)
        except RPCError as error:
            if tried and error.status == RPCStatusCode.NOT_FOUND and "already completed" in error.message:
                return None
            if error.status not in UNKNOWN_OUTCOME:
                raise
        tried = True
        await asyncio.sleep(PAUSE)


class Driver:
    """Runs jobs to their end, whatever happens to the server, and keeps what was acknowledged."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self.acknowledged: dict[str, Acknowledged] = {}

    async def run(self, job: workload.Job) -> None:
        await asyncio.sleep(job.start_at)
        acknowledged = self.acknowledged[job.workflow_id] = await self._start(job)
        reading = asyncio.create_task(self._read(job, acknowledged))
        if job.kind.workflow is workload.Signals:
            for value in range(workload.SIGNALS):
                await self._signal(job, value)
                acknowledged.signals.append(value)
        acknowledged.result = await self._result(job, acknowledged.run_id)
        reading.cancel()

    async def _start(self, job: workload.Job) -> Acknowledged:
        request = StartWorkflowExecutionRequest(
            namespace="default",
            workflow_id=job.workflow_id,
            workflow_type=WorkflowType(name=job.kind.workflow.__name__),
            task_queue=TaskQueue(name=workload.TASK_QUEUE),
            input=await self._payloads(job.seed),
            workflow_task_timeout=timedelta(seconds=3),  # type: ignore[arg-type]
            request_id=str(uuid.uuid4()),
        )
        reply = await insist(self._client.workflow_service.start_workflow_execution, request)
        assert reply is not None
        return Acknowledged(reply.run_id)

    async def _signal(self, job: workload.Job, value: int) -> None:
        request = SignalWorkflowExecutionRequest(
            namespace="default",
            workflow_execution=WorkflowExecution(workflow_id=job.workflow_id),
            signal_name="add",
            input=await self._payloads(value),
            request_id=str(uuid.uuid4()),
        )
        await insist(self._client.workflow_service.signal_workflow_execution, request)

    async def _result(self, job: workload.Job, run_id: str) -> Any:
        handle = self._client.get_workflow_handle(job.workflow_id, run_id=run_id)
        while True:
            try:
                return await handle.result()
            except WorkflowFailureError as error:
                return error.cause
            except RPCError as error:
                if error.status not in UNKNOWN_OUTCOME:
                    raise
                await asyncio.sleep(PAUSE)

    async def _read(self, job: workload.Job, acknowledged: Acknowledged) -> None:
        """Reads the history again and again, as somebody with a web page open would."""
        handle = self._client.get_workflow_handle(job.workflow_id, run_id=acknowledged.run_id)
        while True:
            await asyncio.sleep(1)
            try:
                acknowledged.read = seen(await history.events(handle))
            except RPCError as error:
                if error.status not in UNKNOWN_OUTCOME:
                    raise

    async def _payloads(self, value: Any) -> Payloads:
        return Payloads(payloads=await DataConverter.default.encode([value]))


def seen(events: list[Any]) -> list[Seen]:
    """Without a workflow task at the end, which readers are shown before it is part of the history."""
    found = [(event.event_id, history.name(event), event.event_time.ToNanoseconds()) for event in events]
    while found and found[-1][1] in ("WorkflowTaskScheduled", "WorkflowTaskStarted"):
        found.pop()
    return found
