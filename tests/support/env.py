"""What a whole-system test works with."""

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from support.servers import Server


class Env:
    """What a test works with: a client, and names that no other test has."""

    def __init__(self, client: Client, server: Server) -> None:
        self.client = client
        self.server = server
        self.task_queue = f"queue-{uuid.uuid4()}"

    def id(self) -> str:
        return f"workflow-{uuid.uuid4()}"

    def worker(
        self, workflows: Sequence[type] = (), activities: Sequence[Callable[..., Any]] = (), **options: Any
    ) -> Worker:
        """A worker for this test's task queue, unless options name another; use it with `async with`."""
        options.setdefault("task_queue", self.task_queue)
        options.setdefault("workflow_runner", UnsandboxedWorkflowRunner())
        client = options.pop("client", self.client)
        return Worker(client, workflows=list(workflows), activities=list(activities), **options)

    async def start(self, run: Any, *args: Any, **options: Any) -> Any:
        """Starts a workflow on this test's task queue under a new id, unless options give them."""
        options.setdefault("id", self.id())
        options.setdefault("task_queue", self.task_queue)
        return await self.client.start_workflow(run, args=args, **options)

    async def execute(self, run: Any, *args: Any, **options: Any) -> Any:
        return await (await self.start(run, *args, **options)).result()


async def eventually(what: str, condition: Callable[[], Awaitable[bool]], seconds: float = 30) -> None:
    """Waits until the condition holds: for what has no call that waits for it."""
    deadline = time.monotonic() + seconds
    while not await condition():
        assert time.monotonic() < deadline, f"{what}: not within {seconds} s"
        await asyncio.sleep(0.02)
