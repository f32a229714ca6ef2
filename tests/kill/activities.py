"""The activities of all kinds, and how they are called."""

import asyncio
import os
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from temporalio import activity, workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ApplicationError

import ledger

LEDGER = "PERDURE_KILL_LEDGER"

# Short, because it is how long a killed worker's activity is waited for.
START_TO_CLOSE = timedelta(seconds=3)
HEARTBEAT = timedelta(seconds=2)
RETRY = RetryPolicy(initial_interval=timedelta(milliseconds=50), maximum_interval=timedelta(milliseconds=500))
OPTIONS = workflow.ActivityConfig(
    start_to_close_timeout=START_TO_CLOSE, heartbeat_timeout=HEARTBEAT, retry_policy=RETRY
)


@dataclass
class Work:
    value: int
    seconds: float = 0.05
    # Attempts up to this one fail.
    failures: int = 0


@activity.defn
async def square(work: Work) -> int:
    info = activity.info()
    run_id = info.workflow_run_id or info.activity_run_id
    ledger.record(Path(os.environ[LEDGER]), f"{run_id} {info.activity_id} {info.attempt}")
    await asyncio.sleep(work.seconds)
    if info.attempt <= work.failures:
        raise ApplicationError(f"attempt {info.attempt} fails")
    return work.value**2


@activity.defn
async def local_square(value: int) -> int:
    return value**2
