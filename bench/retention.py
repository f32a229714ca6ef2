"""Retention: how late starts are while very many events go: ./dev bench retention

One client starts workflows, one after the other, on a quiet server; then while the server removes runs of a
million events in all, which it finds due when it starts. Checked, and the exit code says so: every start is
answered, and all that was due is gone in the end.
"""

import argparse
import asyncio
import sqlite3
import sys
import time

from temporalio.client import Client
from temporalio.runtime import LoggingConfig, Runtime, TelemetryConfig, TelemetryFilter

from common import Measured, Table, cluster_for, running
from lists import Starts
from support.copies import write_expired_runs
from support.postgres import query

# The wake of an expired run goes with its last rows.
LEFT = "SELECT count(*) FROM wake WHERE at = 3"


def _left(measured: Measured) -> int:
    if measured.dsn is not None:
        return int(query(measured.dsn, LEFT))
    with sqlite3.connect(measured.server.folder / "perdure.db", timeout=30) as database:
        return int(database.execute(LEFT).fetchone()[0])


async def _connect(measured: Measured) -> Client:
    quiet = LoggingConfig(TelemetryFilter(core_level="OFF", other_level="OFF"))
    runtime = Runtime(telemetry=TelemetryConfig(logging=quiet), worker_heartbeat_interval=None)
    return await Client.connect(measured.server.address, runtime=runtime)


async def _without(measured: Measured, seconds: float) -> Starts:
    starts = Starts()
    await starts.run(await _connect(measured), time.monotonic() + seconds)
    return starts


async def _beside(measured: Measured, longest: float) -> tuple[Starts, float]:
    """And how many seconds it took until all was gone."""
    starts, begin = Starts(), time.monotonic()
    client = await _connect(measured)
    while await asyncio.to_thread(_left, measured) > 0 and time.monotonic() < begin + longest:
        await starts.run(client, time.monotonic() + 1)
    return starts, time.monotonic() - begin


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--servers", nargs="+", choices=("postgres", "sqlite"), default=["postgres", "sqlite"]
    )
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--events", type=int, default=5_000)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--longest", type=float, default=600)
    options = parser.parse_args()

    failed = 0
    with cluster_for(options.servers) as cluster:
        for kind in options.servers:
            with running(kind, cluster) as measured:
                without = asyncio.run(_without(measured, options.seconds))
                measured.server.stop()
                write_expired_runs(measured.server, measured.dsn, options.runs, options.events)
                measured.server.start()
                beside, took = asyncio.run(_beside(measured, options.longest))
                left = _left(measured)
            table = Table(f"{kind:33}", "without", "beside", "ratio")
            table.row("starts answered", len(without.took), len(beside.took), "")
            for name, part in (("ms of a start, half", 0.5), ("ms of a start, 99 of 100", 0.99)):
                ratio = beside.quantile(part) / without.quantile(part)
                table.row(name, without.quantile(part), beside.quantile(part), ratio)
            table.row("starts that failed", sum(without.failed.values()), sum(beside.failed.values()), "")
            table.row("events removed a second", "", options.runs * options.events / took, "")
            failed += sum(beside.failed.values()) + left
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
