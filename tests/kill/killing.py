"""Kills and restarts: the server, its workers, the database."""

import asyncio
import os
import random
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import activities
from support.servers import Server

HERE = Path(__file__).parent


@dataclass
class Plan:
    workflows: int
    activities: int
    server_kills: int
    worker_kills: int
    workers: int = 3
    # Seconds from one kill of the server to the next.
    between: tuple[float, float] = (1.0, 3.0)
    # One restart in so many is killed before the server is ready.
    kill_starting_server_every: int = 5

    @property
    def seconds(self) -> float:
        return self.server_kills * sum(self.between) / 2


class Workers:
    """Worker processes, any of which can be replaced by killing it."""

    def __init__(self, address: str, ledger: Path, log: Path, count: int) -> None:
        self._address = address
        self._environment = {**os.environ, activities.LEDGER: str(ledger), "PYTHONPATH": str(HERE)}
        self._log = log
        self._running = [self._start() for _ in range(count)]

    def kill_one(self, rng: random.Random) -> None:
        self.check()
        i = rng.randrange(len(self._running))
        self._end(self._running[i])
        self._running[i] = self._start()

    def check(self) -> None:
        """A worker must not end by itself."""
        for process in self._running:
            assert process.poll() is None, f"a worker ended by itself: {self._log.read_text()[-4000:]}"

    def end(self) -> None:
        for process in self._running:
            self._end(process)

    def _start(self) -> subprocess.Popen[bytes]:
        with self._log.open("ab") as log:
            command = [sys.executable, str(HERE / "worker.py"), self._address]
            return subprocess.Popen(command, env=self._environment, stdout=log, stderr=log)

    @staticmethod
    def _end(process: subprocess.Popen[bytes]) -> None:
        process.kill()
        process.wait()


async def kill_server(server: Server, plan: Plan, rng: random.Random, database: asyncio.Lock) -> None:
    """Kills the server as often as planned; leaves it running. A server does not start while its database is
    away (it says so and exits), so the two take turns."""
    for i in range(plan.server_kills):
        await asyncio.sleep(rng.uniform(*plan.between))
        async with database:
            server.kill()
            if i % plan.kill_starting_server_every == 0:
                server.launch()
                await asyncio.sleep(rng.uniform(0, 0.3))
                server.kill()
            await asyncio.to_thread(server.start)


async def kill_workers(workers: Workers, plan: Plan, rng: random.Random) -> None:
    for _ in range(plan.worker_kills):
        await asyncio.sleep(plan.seconds / plan.worker_kills)
        await asyncio.to_thread(workers.kill_one, rng)


async def crash_once(
    crash: Callable[[], None], restart: Callable[[], None], plan: Plan, database: asyncio.Lock
) -> None:
    """In the middle, under a running server; the database stays away for a second."""
    await asyncio.sleep(plan.seconds / 2)
    async with database:
        await asyncio.to_thread(crash)
        await asyncio.sleep(1)
        await asyncio.to_thread(restart)
