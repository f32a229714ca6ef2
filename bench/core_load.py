"""A worker of the reading of the core, by raw calls: it runs workflows of a few shapes. Sticky, as the SDKs'
are: a workflow task brings new events alone.

A workflow's type says its shape: `one` runs one activity; `bare` ends at its first task; `parent-N` starts N
children of type `one` and ends when all have; `chain-N` continues as new N times; `many-N` starts N children
which nobody works on and which time out, and is left open.
"""

import asyncio
import contextlib
import uuid
from collections import Counter
from collections.abc import AsyncIterator

import grpc
from temporalio.api.command.v1 import Command
from temporalio.api.enums.v1 import CommandType, EventType, TaskQueueKind
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import (
    PollActivityTaskQueueRequest,
    PollActivityTaskQueueResponse,
    PollWorkflowTaskQueueRequest,
    PollWorkflowTaskQueueResponse,
    RespondActivityTaskCompletedRequest,
    RespondWorkflowTaskCompletedRequest,
    StartWorkflowExecutionRequest,
)
from temporalio.api.workflowservice.v1.service_pb2_grpc import WorkflowServiceStub

NAMESPACE = "default"
LONG_POLL_SECONDS = 70
# From the answer that starts them until they time out.
MANY_SECONDS = 15


class CoreLoad:
    def __init__(self, stub: WorkflowServiceStub) -> None:
        self._stub = stub
        self._queue = TaskQueue(name=f"core-{uuid.uuid4().hex[:8]}")
        self._sticky = TaskQueue(
            name=f"{self._queue.name}-sticky",
            kind=TaskQueueKind.TASK_QUEUE_KIND_STICKY,
            normal_name=self._queue.name,
        )
        self._ended: dict[str, asyncio.Event] = {}  # by workflow id, of those that are waited for
        self._children: Counter[str] = Counter()  # closed children by run id of their parent

    async def run_workflow(self, kind: str) -> str:
        """Starts one and waits for the last task of its last run to be answered; returns its id."""
        request = StartWorkflowExecutionRequest(
            namespace=NAMESPACE, workflow_id=uuid.uuid4().hex, request_id=uuid.uuid4().hex
        )
        request.workflow_type.name = kind
        request.task_queue.CopyFrom(self._queue)
        self._ended[request.workflow_id] = asyncio.Event()
        await self._stub.StartWorkflowExecution(request)
        await self._ended[request.workflow_id].wait()
        del self._ended[request.workflow_id]
        return request.workflow_id

    async def poll_workflows(self, sticky: bool) -> None:
        request = PollWorkflowTaskQueueRequest(
            namespace=NAMESPACE, task_queue=self._sticky if sticky else self._queue
        )
        while True:
            task = await self._stub.PollWorkflowTaskQueue(request, timeout=LONG_POLL_SECONDS)
            if task.task_token:
                await self._answer_workflow(task)

    async def poll_activities(self) -> None:
        request = PollActivityTaskQueueRequest(namespace=NAMESPACE, task_queue=self._queue)
        while True:
            task = await self._stub.PollActivityTaskQueue(request, timeout=LONG_POLL_SECONDS)
            if task.task_token:
                await self._answer_activity(task)

    async def _answer_activity(self, task: PollActivityTaskQueueResponse) -> None:
        answer = RespondActivityTaskCompletedRequest(namespace=NAMESPACE, task_token=task.task_token)
        await self._stub.RespondActivityTaskCompleted(answer)

    async def _answer_workflow(self, task: PollWorkflowTaskQueueResponse) -> None:
        answer = RespondWorkflowTaskCompletedRequest(namespace=NAMESPACE, task_token=task.task_token)
        answer.sticky_attributes.worker_task_queue.CopyFrom(self._sticky)
        answer.sticky_attributes.schedule_to_start_timeout.seconds = 10
        shape, _, number = task.workflow_type.name.partition("-")
        commands = getattr(self, f"_{shape}")(task, int(number or 0))
        answer.commands.extend(commands)
        await self._stub.RespondWorkflowTaskCompleted(answer)
        ends = any(command.HasField("complete_workflow_execution_command_attributes") for command in commands)
        waiting = self._ended.get(task.workflow_execution.workflow_id)
        if waiting is not None and (ends or shape == "many"):
            waiting.set()

    def _bare(self, task: PollWorkflowTaskQueueResponse, _: int) -> list[Command]:
        return [_complete()]

    def _one(self, task: PollWorkflowTaskQueueResponse, _: int) -> list[Command]:
        if task.history.events[0].event_id != 1:
            return [_complete()]
        command = Command(command_type=CommandType.COMMAND_TYPE_SCHEDULE_ACTIVITY_TASK)
        activity = command.schedule_activity_task_command_attributes
        activity.activity_id = "1"
        activity.activity_type.name = "step"
        activity.task_queue.CopyFrom(self._queue)
        activity.start_to_close_timeout.seconds = 60
        return [command]

    def _parent(self, task: PollWorkflowTaskQueueResponse, children: int) -> list[Command]:
        run_id = task.workflow_execution.run_id
        if task.history.events[0].event_id == 1:
            return [self._start_child(f"{run_id}-{i}", "one") for i in range(children)]
        closed = EventType.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_COMPLETED
        self._children[run_id] += sum(event.event_type == closed for event in task.history.events)
        return [_complete()] if self._children[run_id] == children else []

    def _many(self, task: PollWorkflowTaskQueueResponse, children: int) -> list[Command]:
        commands = [
            self._start_child(f"{task.workflow_execution.run_id}-{i}", "idle") for i in range(children)
        ]
        for command in commands:
            child = command.start_child_workflow_execution_command_attributes
            child.task_queue.name = f"{self._queue.name}-nobody"
            child.workflow_run_timeout.seconds = MANY_SECONDS
        return commands

    def _chain(self, task: PollWorkflowTaskQueueResponse, left: int) -> list[Command]:
        if left == 0:
            return [_complete()]
        command = Command(command_type=CommandType.COMMAND_TYPE_CONTINUE_AS_NEW_WORKFLOW_EXECUTION)
        following = command.continue_as_new_workflow_execution_command_attributes
        following.workflow_type.name = f"chain-{left - 1}"
        following.task_queue.CopyFrom(self._queue)
        return [command]

    def _start_child(self, workflow_id: str, kind: str) -> Command:
        command = Command(command_type=CommandType.COMMAND_TYPE_START_CHILD_WORKFLOW_EXECUTION)
        child = command.start_child_workflow_execution_command_attributes
        child.workflow_id = workflow_id
        child.workflow_type.name = kind
        child.task_queue.CopyFrom(self._queue)
        return command


def _complete() -> Command:
    command = Command(command_type=CommandType.COMMAND_TYPE_COMPLETE_WORKFLOW_EXECUTION)
    command.complete_workflow_execution_command_attributes.SetInParent()
    return command


@contextlib.asynccontextmanager
async def working(address: str, pollers: int) -> AsyncIterator[CoreLoad]:
    """A worker with so many polls of each kind, while the context lasts."""
    async with grpc.aio.insecure_channel(address) as channel:
        load = CoreLoad(WorkflowServiceStub(channel))
        polls = []
        for _ in range(pollers):
            polls += [load.poll_workflows(False), load.poll_workflows(True), load.poll_activities()]
        tasks = [asyncio.create_task(poll) for poll in polls]
        try:
            yield load
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
