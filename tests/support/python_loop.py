"""The Python SDK's program of closed_loop.py. The SDK's sandbox loads this module for each workflow."""

import asyncio
import json
import os
import sys
import time
import uuid
from datetime import timedelta

from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.worker import Worker


@activity.defn
async def act() -> None:
    pass


@workflow.defn
class OneActivity:
    @workflow.run
    async def run(self) -> None:
        await workflow.execute_activity(act, start_to_close_timeout=timedelta(minutes=1))


async def main(address: str, workflows: str, at_once: str) -> None:
    client = await Client.connect(address)
    task_queue = f"loop-{uuid.uuid4()}"
    left = int(workflows)
    done = []

    async def run_one() -> None:
        nonlocal left
        while left > 0:
            left -= 1
            name = f"loop-{uuid.uuid4()}"
            began = time.monotonic()
            await client.execute_workflow(OneActivity.run, id=name, task_queue=task_queue)
            done.append({"id": name, "ms": (time.monotonic() - began) * 1000})

    async with Worker(client, task_queue=task_queue, workflows=[OneActivity], activities=[act]):
        began = time.monotonic()
        await asyncio.gather(*[run_one() for _ in range(int(at_once))])
        print(json.dumps({"seconds": time.monotonic() - began, "done": done}))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
    sys.stdout.flush()
    # Threads of the SDK may still run, and the interpreter's own end then aborts the process now and then.
    os._exit(0)
