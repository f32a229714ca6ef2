"""Real workers of four SDKs, each with its default options, in a closed loop: no task waits for a poll that
went to another queue.
"""

import asyncio
import os

import pytest
from temporalio.client import Client

from support import history
from support.closed_loop import SDKS, run_loop
from support.servers import Server

# `./dev test --full` runs it whole.
WORKFLOWS = 2000 if os.environ.get("PERDURE_TEST_FULL") else 500
AT_ONCE = 30
# A poll that waits on the wrong queue waits for a minute.
STALL_SECONDS = 10
# The first run fetches and compiles the SDKs.
pytestmark = pytest.mark.timeout(1200)


async def slowest_schedule_to_start(client: Client, workflow_id: str) -> float:
    """In seconds, of the run's workflow tasks and activities."""
    events = await history.events(client.get_workflow_handle(workflow_id))
    times = {event.event_id: event.event_time.ToNanoseconds() / 1e9 for event in events}
    return max(
        times[event.event_id] - times[history.attributes(event).scheduled_event_id]
        for event in events
        if history.name(event) in ("WorkflowTaskStarted", "ActivityTaskStarted")
    )


@pytest.mark.parametrize("sdk", SDKS)
async def test_no_task_waits(sdk: str, server: Server, client: Client) -> None:
    loop = await asyncio.to_thread(run_loop, sdk, server.address, WORKFLOWS, AT_ONCE)
    assert len(loop.milliseconds) == WORKFLOWS
    # No task of a run waits longer than the run takes.
    slow = [run for run, milliseconds in loop.milliseconds.items() if milliseconds >= STALL_SECONDS * 1000]
    waits = {run: await slowest_schedule_to_start(client, run) for run in slow[:50]}
    stalled = {run: wait for run, wait in waits.items() if wait >= STALL_SECONDS}
    assert stalled == {}, f"{len(slow)} of {WORKFLOWS} runs were slow; p50 {loop.quantile(0.5):.0f} ms"
