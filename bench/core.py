"""The core: what children, next runs and activities on their own cost beside a workflow of one activity, on
PostgreSQL: ./dev bench core

Workflows of all shapes are driven alike, by a worker in this process (core_load.py); an activity on its own
is held against a workflow of one activity as perdure_load drives both. Read the ratios. The exit code says
whether those hold that no neighbour on the machine changes: WAL, and commits.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from common import Measured, Table, cluster_for, process_cpu_ms, running
from core_load import MANY_SECONDS, CoreLoad, working
from support.postgres import query

# PostgreSQL counts what a connection did within a second of its going idle.
QUIET_SECONDS = 1.5
# Asked in the database that has pg_stat_statements, of the server's.
COUNTERS = """
    SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint, xact_commit,
           (SELECT coalesce(sum(calls), 0) FROM pg_stat_statements WHERE dbid = datid)
    FROM pg_stat_database WHERE datname = '{database}'
"""


@dataclass
class Use:
    """What one of a shape took of server and database."""

    server_ms: float
    postgres_ms: float
    wal_bytes: float
    commits: float
    statements: float

    def beyond(self, other: "Use", times: int) -> "Use":
        """What is left without `other`, shared by so many."""
        return Use(
            *((mine - theirs) / times for mine, theirs in zip(self.values(), other.values(), strict=True))
        )

    def values(self) -> tuple[float, ...]:
        return (self.server_ms, self.postgres_ms, self.wal_bytes, self.commits, self.statements)

    @property
    def cpu_ms(self) -> float:
        return self.server_ms + self.postgres_ms


def _read(measured: Measured) -> list[float]:
    assert measured.dsn is not None
    time.sleep(QUIET_SECONDS)
    pids = measured.pids()
    counters = COUNTERS.format(database=measured.dsn.rpartition("dbname=")[2])
    return [
        process_cpu_ms(pids["server"]),
        process_cpu_ms(pids["postgres"]),
        *map(float, query(f"{measured.dsn} dbname=postgres", counters).split("|")),
    ]


async def _together(run: Callable[[], Awaitable[object]], count: int, at_once: int) -> None:
    left = iter(range(count))

    async def one_after_the_other() -> None:
        for _ in left:
            await run()

    await asyncio.gather(*(one_after_the_other() for _ in range(min(at_once, count))))


async def _use(
    measured: Measured, run: Callable[[], Awaitable[object]], count: int, at_once: int, warm_up: int
) -> Use:
    await _together(run, warm_up, at_once)
    before = _read(measured)
    await _together(run, count, at_once)
    after = _read(measured)
    return Use(*((late - early) / count for early, late in zip(before, after, strict=True)))


def _use_of_load(measured: Measured, options: argparse.Namespace, *how: str) -> Use:
    figures = measured.load(
        "--in-flight", options.in_flight, "--seconds", options.seconds, "--drain", 10, *how
    )
    used, workflows = figures["used"], max(figures["workflows"], 1)
    names = ("server_cpu_ms", "postgres_cpu_ms", "wal_bytes", "commits", "statements")
    return Use(*(used[name] / workflows for name in names))


def _commits_of_a_run(dsn: str, run_id: str) -> int:
    """Transactions that left a row in the run's history."""
    rows = f"SELECT count(DISTINCT xmin::text) FROM history WHERE run_id = '{run_id}'"
    return int(query(dsn, rows))


def _links_in_one_commit(dsn: str, workflow_id: str) -> tuple[int, int]:
    """Of a workflow's runs: how many follow on another, and how many of them began in the transaction that
    closed that one."""
    runs = f"""
        WITH edges AS (
            SELECT (array_agg(h.xmin::text ORDER BY h.sequence))[1] AS began,
                   (array_agg(h.xmin::text ORDER BY h.sequence DESC))[1] AS closed
            FROM executions AS e JOIN history AS h USING (shard, kind, run_id)
            WHERE e.id = '{workflow_id}' GROUP BY e.run_id)
        SELECT (SELECT count(*) - 1 FROM edges),
               (SELECT count(*) FROM edges AS late WHERE EXISTS (
                    SELECT FROM edges AS early WHERE early.closed = late.began AND early <> late))
    """
    links, shared = query(dsn, runs).split("|")
    return int(links), int(shared)


async def _ends_together(measured: Measured, load: CoreLoad, children: int) -> tuple[int, int]:
    """Starts a parent of so many children, which time out together. Returns how many commits wrote to the
    parent when they ended, and how many ends its history is short of."""
    assert measured.dsn is not None
    workflow_id = await load.run_workflow(f"many-{children}")
    run_id = query(measured.dsn, f"SELECT run_id FROM executions WHERE id = '{workflow_id}'")
    events = f"SELECT sum(event_count) FROM history WHERE run_id = '{run_id}'"
    # Its start, a task's three, and two of each child. The ends make another of each, and a task.
    all_started = 4 + 2 * children
    begin = time.monotonic()
    while (
        seen := int(query(measured.dsn, events))
    ) < all_started and time.monotonic() < begin + MANY_SECONDS:
        await asyncio.sleep(0.2)
    commits = _commits_of_a_run(measured.dsn, run_id)
    while seen < all_started + children and time.monotonic() < begin + 10 * MANY_SECONDS:
        await asyncio.sleep(0.5)
        seen = int(query(measured.dsn, events))
    missing = max(0, all_started + children - seen)
    return _commits_of_a_run(measured.dsn, run_id) - commits, missing


class Bounds:
    """Rows of what was seen beside what must be."""

    def __init__(self) -> None:
        print()
        self._table = Table(f"{'':48}", "seen", "at most")
        self.failed = False

    def row(self, what: str, seen: float, bound: float, counted: bool = True) -> None:
        """`counted`: no neighbour on the machine changes it, so it fails the reading."""
        self._table.row(what, seen, bound)
        self.failed |= counted and seen > bound


async def _reading(measured: Measured, options: argparse.Namespace) -> bool:
    assert measured.dsn is not None
    table = Table(f"{'':44}", "CPU ms", "of it server", "WAL B", "commits", "statements")

    def row(what: str, use: Use) -> Use:
        table.row(what, use.cpu_ms, use.server_ms, *use.values()[2:])
        return use

    async with working(measured.server.address, options.pollers) as load:
        count, at_once = options.workflows, options.in_flight

        async def use(run: Callable[[], Awaitable[object]], of: int, together: int) -> Use:
            return await _use(measured, run, of, together, max(1, of // 10))

        one = row("workflow of one activity", await use(lambda: load.run_workflow("one"), count, at_once))
        bare = row("workflow of nothing", await use(lambda: load.run_workflow("bare"), count, at_once))
        fan = options.children
        parents = max(1, count // fan)
        together = max(1, at_once // fan)
        parent = await use(lambda: load.run_workflow(f"parent-{fan}"), parents, together)
        row(f"parent of {fan} children of one activity each", parent)
        child = row("a child of them", parent.beyond(bare, fan))
        links = options.links
        chain = await _use(measured, lambda: load.run_workflow(f"chain-{links}"), 1, 1, 1)
        row("continue-as-new", chain.beyond(bare, links))
        chained = await load.run_workflow(f"chain-{links}")
        followed, shared = _links_in_one_commit(measured.dsn, chained)
        commits, missing = await _ends_together(measured, load, options.many)
    whole = row("workflow of one activity, by perdure_load", _use_of_load(measured, options))
    alone = row("activity on its own, by perdure_load", _use_of_load(measured, options, "--alone"))

    bounds = Bounds()
    bounds.row("CPU of a child / workflow of one activity", child.cpu_ms / one.cpu_ms, 1.6, counted=False)
    bounds.row("WAL of a child / workflow of one activity", child.wal_bytes / one.wal_bytes, 2.0)
    share = alone.server_ms / whole.server_ms
    bounds.row("server's CPU of an activity alone / workflow", share, 0.5, counted=False)
    bounds.row("next runs that did not begin with the close", followed - shared, 0)
    bounds.row("chains that lack a run", int(followed != links), 0)
    bounds.row(f"commits of a parent when {options.many} children end", commits, 99)
    bounds.row("ends that its history lacks", missing, 0)
    return not bounds.failed


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--workflows", type=int, default=1000, help="of each shape; a tenth more before them")
    parser.add_argument("--in-flight", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=7, help="of each load by perdure_load")
    parser.add_argument("--pollers", type=int, default=16, help="of each kind")
    parser.add_argument("--children", type=int, default=10, help="of a parent")
    parser.add_argument("--links", type=int, default=10, help="of a chain of runs, a second each")
    parser.add_argument("--many", type=int, default=2000, help="children that end together")
    options = parser.parse_args()
    with cluster_for(["postgres"]) as cluster, running("postgres", cluster) as measured:
        held = asyncio.run(_reading(measured, options))
    sys.exit(0 if held else 1)


if __name__ == "__main__":
    main()
