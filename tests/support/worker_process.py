"""A worker in a process of its own, to be killed: python -m support.worker_process ADDRESS TASK_QUEUE

Tells that it runs by a line on standard output. Its activity `act` takes as many seconds as its argument
says, and returns its attempt.
"""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from temporalio import activity
from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from support.workflows import Collect, OneActivity

STICKY_TIMEOUT = timedelta(seconds=1)


@activity.defn
async def act(seconds: float) -> int:
    await asyncio.sleep(seconds)
    return activity.info().attempt


@contextmanager
def worker_process(address: str, task_queue: str) -> Iterator[subprocess.Popen[bytes]]:
    """Runs such a process and waits until it polls; kills it at the end, if it is not dead already."""
    command = [sys.executable, "-m", "support.worker_process", address, task_queue]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[1])
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"running\n"
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


async def main(address: str, task_queue: str) -> None:
    worker = Worker(
        await Client.connect(address),
        task_queue=task_queue,
        workflows=[Collect, OneActivity],
        activities=[act],
        workflow_runner=UnsandboxedWorkflowRunner(),
        sticky_queue_schedule_to_start_timeout=STICKY_TIMEOUT,
    )
    async with worker:
        print("running", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
