#!/usr/bin/env python3
"""Runs one workflow with a worker in this process, and prints its result and its event history."""

import argparse
import uuid
from concurrent.futures import ThreadPoolExecutor

from temporalio.client import Client

from models import BlogPostRequest
from starter import WORKFLOWS, decide, run_and_exit, show_outcome, start
from worker import ACTIVITY_THREADS, create_worker, log_to_stderr


async def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--address", default="localhost:7233", help="server, as HOST:PORT")
    parser.add_argument("--namespace", default="default")
    parser.add_argument("--workflow", choices=WORKFLOWS, default="blog_post")
    parser.add_argument("--topic", default="durable execution")
    parser.add_argument("--pace", type=float, default=0.1, help="seconds that each piece of work takes")
    parser.add_argument(
        "--decision",
        choices=("approve", "reject", "none"),
        default="approve",
        help="what the human says to an approval; with none, the deadline of 3 seconds passes",
    )
    args = parser.parse_args()
    log_to_stderr()

    client = await Client.connect(args.address, namespace=args.namespace)
    # A queue of its own, so that no other worker of this example takes part.
    task_queue = f"blog-post-{uuid.uuid4()}"
    with ThreadPoolExecutor(ACTIVITY_THREADS) as executor:
        async with create_worker(client, executor, task_queue):
            request = BlogPostRequest(args.topic, pace=args.pace)
            handle = await start(client, args.workflow, request, deadline=3, task_queue=task_queue)
            print(f"Started {handle.id}")
            if args.workflow == "approval" and args.decision != "none":
                await decide(client, handle.id, approved=args.decision == "approve")
            return 0 if await show_outcome(handle) else 1


if __name__ == "__main__":
    run_and_exit(main())
