"""Workflows of several kinds, each with the one result that it must have, whatever is killed meanwhile."""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():
    import chains
    import family
    from activities import OPTIONS, Work, local_square, square

TASK_QUEUE = "kill"
CHAIN_LENGTH = 15
SIGNALS = 12
# What a run "returns" that was terminated.
TERMINATED = "terminated"


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
    # The result that follows from the seed.
    expected: Callable[[int], Any]
    retry_policy: RetryPolicy | None = None
    cron_schedule: str = ""


def squares(seed: int, count: int) -> int:
    return sum((seed + i) ** 2 for i in range(count))


KINDS = (
    Kind(Chain, lambda seed: squares(seed, CHAIN_LENGTH)),
    Kind(Retries, lambda seed: squares(seed, 6)),
    Kind(Timers, lambda seed: 24 + seed),
    Kind(Signals, lambda seed: list(range(SIGNALS))),
    Kind(Mixed, lambda seed: squares(seed, 5) + 30),
    Kind(family.Parent, lambda seed: [seed**2, "Meant", squares(seed, 2)]),
    Kind(family.Sender, lambda seed: [list(range(family.MESSAGES)), "CancelledError", "nobody"]),
    Kind(chains.Continued, lambda seed: squares(seed, chains.CONTINUED_RUNS)),
    Kind(
        chains.Retried,
        lambda seed: seed**2 + chains.RETRIED_RUNS,
        retry_policy=RetryPolicy(
            initial_interval=timedelta(milliseconds=100), maximum_attempts=chains.RETRIED_RUNS
        ),
    ),
    Kind(chains.Cron, lambda seed: TERMINATED, cron_schedule="@every 1s"),
)
CHILDREN = (family.Leaf, family.Waits, family.Collector)


@dataclass
class Job:
    """One workflow of the run."""

    kind: Kind
    seed: int
    # Seconds after the beginning at which it is started.
    start_at: float

    @property
    def id(self) -> str:
        return f"{self.kind.workflow.__name__}-{self.seed}"

    @property
    def expected(self) -> Any:
        return self.kind.expected(self.seed)


@dataclass
class ActivityJob:
    """One activity that belongs to no workflow."""

    seed: int
    start_at: float

    @property
    def id(self) -> str:
        return f"activity-{self.seed}"

    @property
    def work(self) -> Work:
        return Work(self.seed, failures=self.seed % 3)

    @property
    def expected(self) -> int:
        return self.seed**2


def jobs(count: int, over_seconds: float, rng: random.Random) -> list[Job]:
    return [Job(KINDS[i % len(KINDS)], i, rng.uniform(0, over_seconds)) for i in range(count)]


def activity_jobs(count: int, over_seconds: float, rng: random.Random) -> list[ActivityJob]:
    return [ActivityJob(i, rng.uniform(0, over_seconds)) for i in range(count)]
