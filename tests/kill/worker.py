"""A worker in a process of its own, to be killed: worker.py ADDRESS."""

import asyncio
import sys
from datetime import timedelta

from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

import activities
import workload


async def connect(address: str) -> Client:
    """Waits for a server that happens to be down."""
    while True:
        try:
            return await Client.connect(address)
        except RuntimeError:
            await asyncio.sleep(0.1)


async def main(address: str) -> None:
    await Worker(
        await connect(address),
        task_queue=workload.TASK_QUEUE,
        workflows=[*(kind.workflow for kind in workload.KINDS), *workload.CHILDREN],
        activities=[activities.square, activities.local_square],
        workflow_runner=UnsandboxedWorkflowRunner(),
        debug_mode=True,  # else a worker that gets no processor for 2 s fails its workflow task
        max_cached_workflows=100,
        sticky_queue_schedule_to_start_timeout=timedelta(seconds=1),
    ).run()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
