"""Workflows of several kinds, each with the one result that it must have, whatever is killed meanwhile."""

import asyncio
import os
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from temporalio import activity, workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    import ledger

TASK_QUEUE = "kill"
LEDGER = "PERDURE_KILL_LEDGER"
CHAIN_LENGTH = 20
SIGNALS = 12

OPTIONS = workflow.ActivityConfig(
    # Short, because it is how long a killed worker's activity is waited for.
    start_to_close_timeout=timedelta(seconds=3),
    heartbeat_timeout=timedelta(seconds=2),
    retry_policy=RetryPolicy(
        initial_interval=timedelta(milliseconds=50), maximum_interval=timedelta(milliseconds=500)
    ),
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
    ledger.record(Path(os.environ[LEDGER]), f"{info.workflow_run_id} {info.activity_id} {info.attempt}")
    await asyncio.sleep(work.seconds)
    if info.attempt <= work.failures:
        raise ApplicationError(f"attempt {info.attempt} fails")
    return work.value**2


@activity.defn
async def local_square(value: int) -> int:
    return value**2


@workflow.defn
class Chain:
    """One activity after the other."""

    @workflow.run
    async def run(self, seed: int) -> int:
        total = 0
        for i in range(CHAIN_LENGTH):
            total += await workflow.execute_activity(square, Work(seed + i), **OPTIONS)
        return total


@workflow.defn
class Retries:
    """Activities side by side, each of which fails a few times."""

    @workflow.run
    async def run(self, seed: int) -> int:
        works = [Work(seed + i, failures=i % 3) for i in range(6)]
        return sum(
            await asyncio.gather(*(workflow.execute_activity(square, work, **OPTIONS) for work in works))
        )


@workflow.defn
class Timers:
    """Timers one after the other and side by side; some are cancelled."""

    @workflow.run
    async def run(self, seed: int) -> int:
        fired = 0
        for i in range(8):
            never = asyncio.create_task(asyncio.sleep(3600))
            await asyncio.gather(*(asyncio.sleep(0.1 * (1 + (seed + i + k) % 5)) for k in range(3)))
            never.cancel()
            fired += 3
        return fired + seed


@workflow.defn
class Signals:
    """Collects signals in the order in which they arrive, with an activity for each."""

    def __init__(self) -> None:
        self._values: list[int] = []

    @workflow.signal
    def add(self, value: int) -> None:
        self._values.append(value)

    @workflow.run
    async def run(self, seed: int) -> list[int]:
        for i in range(SIGNALS):
            await workflow.wait_condition(lambda i=i: len(self._values) > i)  # type: ignore[misc]
            await workflow.execute_activity(square, Work(seed), **OPTIONS)
        return self._values


@workflow.defn
class Mixed:
    """Local activities, patches, random choices that must replay, timers and activities."""

    @workflow.run
    async def run(self, seed: int) -> int:
        total = 0
        for i in range(5):
            if workflow.patched(f"patch-{i}"):
                total += await workflow.execute_local_activity(
                    local_square, i, start_to_close_timeout=timedelta(seconds=3)
                )
            await workflow.sleep(0.05 + workflow.random().random() / 4)
            total += await workflow.execute_activity(square, Work(seed + i, failures=i % 2), **OPTIONS)
        return total


@dataclass
class Kind:
    workflow: type
    expected: Callable[[int], Any]


def squares(seed: int, count: int) -> int:
    return sum((seed + i) ** 2 for i in range(count))


KINDS = (
    Kind(Chain, lambda seed: squares(seed, CHAIN_LENGTH)),
    Kind(Retries, lambda seed: squares(seed, 6)),
    Kind(Timers, lambda seed: 24 + seed),
    Kind(Signals, lambda seed: list(range(SIGNALS))),
    Kind(Mixed, lambda seed: squares(seed, 5) + 30),
)


@dataclass
class Job:
    """One workflow of the run."""

    kind: Kind
    seed: int
    # Seconds after the beginning at which it is started.
    start_at: float

    @property
    def workflow_id(self) -> str:
        return f"{self.kind.workflow.__name__}-{self.seed}"

    @property
    def expected(self) -> Any:
        return self.kind.expected(self.seed)


def jobs(count: int, over_seconds: float, rng: random.Random) -> list[Job]:
    return [Job(KINDS[i % len(KINDS)], i, rng.uniform(0, over_seconds)) for i in range(count)]
