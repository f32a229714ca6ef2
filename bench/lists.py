"""Lists: how late starts are beside clients that count without an end: ./dev bench lists

Twenty-four clients count the runs of a namespace that has many, by 500 ids joined with OR, while one client
starts workflows, one after the other. Checked, and the exit code says so: every start is answered.
"""

import argparse
import asyncio
import sys
import time
import uuid
from collections import Counter

from temporalio.client import Client
from temporalio.runtime import LoggingConfig, Runtime, TelemetryConfig, TelemetryFilter
from temporalio.service import RPCError

from common import Table, cluster_for, running
from support.copies import IDS_FILTER, copy_runs


class Starts:
    """Starts one after the other, until a moment; notes how long each takes, in milliseconds."""

    def __init__(self) -> None:
        self.took: list[float] = []
        self.failed: Counter[str] = Counter()

    async def run(self, client: Client, end: float) -> None:
        while time.monotonic() < end:
            begin = time.monotonic()
            try:
                await client.start_workflow("any", id=str(uuid.uuid4()), task_queue="nobody")
                self.took.append(1000 * (time.monotonic() - begin))
            except RPCError as error:
                self.failed[error.status.name] += 1

    def quantile(self, part: float) -> float:
        return sorted(self.took)[int(part * (len(self.took) - 1))]


async def _count(address: str, runtime: Runtime, end: float, answers: Counter[str]) -> None:
    client = await Client.connect(address, runtime=runtime)
    while time.monotonic() < end:
        try:
            await client.count_workflows(IDS_FILTER)
            answers["counts answered"] += 1
        except RPCError as error:
            answers[f"counts answered {error.status.name}"] += 1


async def _measure(address: str, options: argparse.Namespace) -> tuple[Starts, Starts, Counter[str]]:
    quiet = LoggingConfig(TelemetryFilter(core_level="OFF", other_level="OFF"))
    runtime = Runtime(telemetry=TelemetryConfig(logging=quiet), worker_heartbeat_interval=None)
    client = await Client.connect(address, runtime=runtime)
    without, beside, answers = Starts(), Starts(), Counter[str]()
    await without.run(client, time.monotonic() + options.seconds)
    end = time.monotonic() + options.seconds
    flood = [_count(address, runtime, end, answers) for _ in range(options.clients)]
    await asyncio.gather(beside.run(client, end), *flood)
    return without, beside, answers


async def _first_run(address: str) -> None:
    client = await Client.connect(address)
    await client.start_workflow("any", id="copied", task_queue="nobody")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--servers", nargs="+", choices=("postgres", "sqlite"), default=["postgres", "sqlite"]
    )
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--clients", type=int, default=24)
    parser.add_argument("--seconds", type=float, default=20)
    options = parser.parse_args()

    failed = 0
    with cluster_for(options.servers) as cluster:
        for kind in options.servers:
            with running(kind, cluster) as measured:
                asyncio.run(_first_run(measured.server.address))
                measured.server.stop()
                copy_runs(measured.server, measured.dsn, options.runs)
                measured.server.start()
                without, beside, answers = asyncio.run(_measure(measured.server.address, options))
            table = Table(f"{kind:33}", "without", "beside", "ratio")
            table.row("starts answered", len(without.took), len(beside.took), "")
            for name, part in (("ms of a start, half", 0.5), ("ms of a start, 99 of 100", 0.99)):
                ratio = beside.quantile(part) / without.quantile(part)
                table.row(name, without.quantile(part), beside.quantile(part), ratio)
            table.row("starts that failed", sum(without.failed.values()), sum(beside.failed.values()), "")
            for what, count in sorted(answers.items()):
                table.row(what, "", count, "")
            failed += sum(beside.failed.values())
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
