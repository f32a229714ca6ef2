"""Activities that belong to no workflow: the client's side, and what must be true of them at the end."""

import asyncio
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from google.protobuf.duration_pb2 import Duration
from temporalio.api.common.v1 import ActivityType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import PollActivityExecutionRequest, StartActivityExecutionRequest
from temporalio.client import ActivityExecutionStatus, Client
from temporalio.converter import DataConverter

import activities
import ledger
import workload
from calls import answered, insist
from driver import payloads
from support.env import eventually
from workload import ActivityJob


@dataclass
class Acknowledged:
    run_id: str
    result: int | None = None


class ActivityDriver:
    """Starts them and waits for their results, whatever happens to the server."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self.acknowledged: dict[str, Acknowledged] = {}
        self.unfinished: set[str] = set()

    async def run(self, job: ActivityJob) -> None:
        self.unfinished.add(job.id)
        await asyncio.sleep(job.start_at)
        request = StartActivityExecutionRequest(
            namespace="default",
            request_id=str(uuid.uuid4()),
            activity_id=job.id,
            activity_type=ActivityType(name=activities.square.__name__),
            task_queue=TaskQueue(name=workload.TASK_QUEUE),
            input=await payloads(job.work),
            start_to_close_timeout=Duration(seconds=activities.START_TO_CLOSE.seconds),
            heartbeat_timeout=Duration(seconds=activities.HEARTBEAT.seconds),
        )
        activities.RETRY.apply_to_proto(request.retry_policy)
        reply = await insist(self._client.workflow_service.start_activity_execution, request)
        acknowledged = self.acknowledged[job.id] = Acknowledged(reply.run_id)
        acknowledged.result = await self._result(job.id, reply.run_id)
        self.unfinished.remove(job.id)

    async def _result(self, activity_id: str, run_id: str) -> Any:
        """Not by the SDK's handle: to it a call cut off by a kill is a cancellation of the caller."""
        request = PollActivityExecutionRequest(namespace="default", activity_id=activity_id, run_id=run_id)
        while True:
            reply = await answered(lambda: self._client.workflow_service.poll_activity_execution(request))
            if reply.HasField("outcome"):
                assert reply.outcome.HasField("result"), activity_id
                return (await DataConverter.default.decode(reply.outcome.result.payloads, [int]))[0]


async def check(client: Client, job: ActivityJob, acknowledged: Acknowledged, begun: Path) -> None:
    """It has ended as was told, and the attempt that did it is one that a worker began."""
    assert acknowledged.result == job.expected, job.id
    handle = client.get_activity_handle(job.id, run_id=acknowledged.run_id, result_type=int)
    described = await handle.describe()
    assert described.status == ActivityExecutionStatus.COMPLETED
    assert await handle.result() == acknowledged.result
    attempts = [int(e.split()[2]) for e in ledger.entries(begun) if e.startswith(acknowledged.run_id)]
    assert max(attempts) == described.attempt > job.work.failures, job.id


async def check_lists(client: Client, acknowledged: dict[str, Acknowledged]) -> None:
    async def all_completed() -> bool:
        return (await client.count_activities("ExecutionStatus = 'Completed'")).count == len(acknowledged)

    await eventually("all activities are listed as completed", all_completed)
    assert {(one.activity_id, one.activity_run_id) async for one in client.list_activities("")} == {
        (activity_id, one.run_id) for activity_id, one in acknowledged.items()
    }
