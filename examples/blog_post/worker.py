#!/usr/bin/env python3
"""Runs the workflows and activities until it is stopped (or killed: the work goes on elsewhere)."""

import argparse
import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from temporalio import activity
from temporalio.client import Client
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor, Worker

import activities
import workflows

TASK_QUEUE = "blog-post"
ACTIVITY_THREADS = 8


class LogAttempts(Interceptor):
    """Logs a line when an attempt of an activity starts: what a reader wants to watch during a retry."""

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        return _LogAttemptsInbound(next)


class _LogAttemptsInbound(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        info = activity.info()
        logging.info("%s attempt %d (%s)", info.activity_type, info.attempt, info.workflow_id)
        return await super().execute_activity(input)


def log_to_stderr() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")


def create_worker(client: Client, executor: ThreadPoolExecutor, task_queue: str = TASK_QUEUE) -> Worker:
    return Worker(
        client,
        task_queue=task_queue,
        workflows=workflows.ALL,
        activities=activities.ALL,
        activity_executor=executor,
        max_concurrent_activities=ACTIVITY_THREADS,
        interceptors=[LogAttempts()],
    )


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--address", default="localhost:7233", help="server, as HOST:PORT")
    parser.add_argument("--namespace", default="default")
    args = parser.parse_args()
    log_to_stderr()

    client = await Client.connect(args.address, namespace=args.namespace)
    with ThreadPoolExecutor(ACTIVITY_THREADS) as executor:
        logging.info("worker for task queue %s at %s", TASK_QUEUE, args.address)
        await create_worker(client, executor).run()


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        pass
