#!/usr/bin/env python3
"""Starts one workflow, or decides on a draft that waits for approval; needs a running worker.py."""

import argparse
import asyncio
import dataclasses
import json
import os
import sys
import uuid
from collections.abc import Coroutine
from typing import Any, NoReturn

from temporalio.client import Client, WorkflowFailureError, WorkflowHandle
from temporalio.exceptions import FailureError

import activities
from history import print_history
from models import ApprovalRequest, BlogPostRequest, Decision
from worker import TASK_QUEUE
from workflows import BlogPostApprovalWorkflow, BlogPostSagaWorkflow, BlogPostWorkflow

WORKFLOWS = ("blog_post", "saga", "approval")


async def start(
    client: Client,
    kind: str,
    request: BlogPostRequest,
    deadline: float = 24 * 3600,
    task_queue: str = TASK_QUEUE,
) -> WorkflowHandle[Any, Any]:
    workflow_id = f"{kind.replace('_', '-')}-{uuid.uuid4()}"
    if kind == "blog_post":
        return await client.start_workflow(
            BlogPostWorkflow.run, request, id=workflow_id, task_queue=task_queue
        )
    if kind == "saga":
        # Nobody can post to an archived channel, so the last step fails and the others are undone.
        request = dataclasses.replace(request, channel=activities.ARCHIVED_CHANNEL)
        return await client.start_workflow(
            BlogPostSagaWorkflow.run, request, id=workflow_id, task_queue=task_queue
        )
    return await client.start_workflow(
        BlogPostApprovalWorkflow.run,
        ApprovalRequest(request, deadline),
        id=workflow_id,
        task_queue=task_queue,
    )


async def decide(client: Client, workflow_id: str, approved: bool) -> None:
    handle = client.get_workflow_handle_for(BlogPostApprovalWorkflow.run, workflow_id)
    await handle.signal(BlogPostApprovalWorkflow.decide, Decision(approved, reviewer="you"))


async def show_outcome(handle: WorkflowHandle[Any, Any]) -> bool:
    """Waits for the end and prints the result and the event history; true if the workflow succeeded."""
    try:
        result = await handle.result()
        print("Result:", json.dumps(dataclasses.asdict(result), indent=2))
        succeeded = True
    except WorkflowFailureError as error:
        print("Failed:", " <- ".join(_causes(error.cause)))
        succeeded = False
    print()
    print_history([event async for event in handle.fetch_history_events()])
    return succeeded


def _causes(error: BaseException | None) -> list[str]:
    messages = []
    while error is not None:
        messages.append(error.message if isinstance(error, FailureError) else str(error))
        error = error.__cause__
    return messages


async def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--address", default="localhost:7233", help="server, as HOST:PORT")
    parser.add_argument("--namespace", default="default")
    parser.add_argument("--workflow", choices=WORKFLOWS, default="blog_post")
    parser.add_argument("--topic", default="durable execution")
    parser.add_argument("--pace", type=float, default=2.0, help="seconds that each piece of work takes")
    parser.add_argument("--deadline", type=float, default=24 * 3600, help="seconds to wait for an approval")
    parser.add_argument(
        "--approve", metavar="WORKFLOW_ID", help="approve a draft instead of starting a workflow"
    )
    parser.add_argument(
        "--reject", metavar="WORKFLOW_ID", help="reject a draft instead of starting a workflow"
    )
    args = parser.parse_args()

    client = await Client.connect(args.address, namespace=args.namespace)
    if args.approve or args.reject:
        await decide(client, args.approve or args.reject, approved=bool(args.approve))
        return 0
    handle = await start(client, args.workflow, BlogPostRequest(args.topic, pace=args.pace), args.deadline)
    print(f"Started {handle.id}", flush=True)
    if args.workflow == "approval":
        print(f"It waits for: starter.py --address {args.address} --approve {handle.id}", flush=True)
    return 0 if await show_outcome(handle) else 1


def run_and_exit(main: Coroutine[Any, Any, int]) -> NoReturn:
    """Runs main and ends the process with its exit code, without tearing down the interpreter.

    The SDK's native threads may still let go of what the last call left when a program ends right
    after it, and Python before 3.13 can crash at that (github.com/temporalio/sdk-python/issues/300).
    A program that runs on, such as worker.py, has no need of this.
    """
    code = asyncio.run(main)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    run_and_exit(main())
