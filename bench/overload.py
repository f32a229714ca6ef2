"""Overload: many workflows in flight while the store is slow: ./dev bench overload

The server reaches PostgreSQL through a proxy that, for two minutes, holds back every answer. Checked, and the
exit code says so: every acknowledged start finishes; no activity waits for its timeout (a second attempt is
one that was handed to nobody); calls are refused with RESOURCE_EXHAUSTED alone; and afterwards the throughput
is what it was before.
"""

import argparse
import asyncio
import sys
import time

from common import Figures, Table, cluster_for, finish, running
from relay import CHUNK, Relay

WARM_UP_SECONDS = 3
EDGE_SECONDS = 15  # measured before, and after
SETTLE_SECONDS = 10  # between the end of the overload and what is measured after it
DRAIN_SECONDS = 120
ACTIVITY_TIMEOUT_SECONDS = 30


class SlowProxy(Relay):
    """Answers come `delay` seconds late, in order."""

    delay = 0.0

    async def _pass_answers(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        late: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        await asyncio.gather(self._hold(reader, late), self._release(late, writer))

    async def _hold(self, reader: asyncio.StreamReader, late: "asyncio.Queue[tuple[float, bytes]]") -> None:
        data = b"?"
        while data:
            data = await reader.read(CHUNK)
            await late.put((self._loop.time() + self.delay, data))

    async def _release(
        self, late: "asyncio.Queue[tuple[float, bytes]]", writer: asyncio.StreamWriter
    ) -> None:
        while True:
            at, data = await late.get()
            if not data:
                break
            if at > self._loop.time():
                await asyncio.sleep(at - self._loop.time())
            writer.write(data)
            await writer.drain()
        writer.close()


def _rate(figures: Figures, begin: float, end: float) -> float:
    """Workflows/s between two moments."""
    inside = [(at, count) for at, count in figures["finished_by"] if begin <= at <= end]
    return (inside[-1][1] - inside[0][1]) / (inside[-1][0] - inside[0][0])


def _run(options: argparse.Namespace) -> tuple[Figures, list[float]]:
    with cluster_for(["postgres"]) as cluster:
        assert cluster is not None
        with SlowProxy(cluster.port).serving() as proxy, running("postgres", cluster, proxy.port) as measured:
            seconds = EDGE_SECONDS + options.seconds + SETTLE_SECONDS + EDGE_SECONDS
            load = measured.begin_load(
                *("--in-flight", options.in_flight, "--warm-up", WARM_UP_SECONDS, "--seconds", seconds),
                *("--window", 1, "--drain", DRAIN_SECONDS, "--poll-patience", options.poll_patience),
                *("--activity-timeout", ACTIVITY_TIMEOUT_SECONDS),
            )
            time.sleep(WARM_UP_SECONDS + EDGE_SECONDS)
            slow_from = time.time()
            proxy.delay = options.delay
            time.sleep(options.seconds)
            proxy.delay = 0
            slow_to = time.time()
            figures = finish(load)
    after = slow_to + SETTLE_SECONDS
    return figures, [
        _rate(figures, slow_from - EDGE_SECONDS, slow_from),
        _rate(figures, slow_from, slow_to),
        _rate(figures, after, after + EDGE_SECONDS),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--in-flight", type=int, default=512)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--delay", type=float, default=1.0, help="seconds that PostgreSQL's answers are late")
    parser.add_argument("--poll-patience", type=float, default=10, help="seconds that a long poll may take")
    parser.add_argument("--least", type=float, default=0.8, help="throughput afterwards against before")
    options = parser.parse_args()

    figures, (before, slow, after) = _run(options)
    errors = {what: count for what, count in figures["errors"].items()}
    table = Table(f"{'':33}", "seen", "must be")
    table.row("workflows/s before", before, "")
    table.row("workflows/s while slow", slow, "")
    table.row("workflows/s afterwards", after, "")
    table.row("afterwards / before", after / before, f">= {options.least}")
    table.row("starts acknowledged", figures["acknowledged"], "")
    table.row("of them not finished", figures["unfinished"], 0)
    table.row("second attempts of activities", figures["retried_activities"], 0)
    table.row("second attempts of workflow tasks", figures["retried_workflow_tasks"], "")
    table.row("refused, RESOURCE_EXHAUSTED", figures["refused"], "")
    table.row("failed otherwise", sum(errors.values()), 0)
    for what, count in errors.items():
        table.row(f"- {what}", count, "")
    failed = (
        figures["unfinished"] or figures["retried_activities"] or errors or after / before < options.least
    )
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
