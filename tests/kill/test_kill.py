"""Nothing acknowledged is lost, and nothing is done twice, when server, workers and database are killed.

200 workflows of ten kinds, with their children and the runs that follow them, and 40 activities on their own
run while the server is killed with SIGKILL 20 times, workers too, and PostgreSQL once. Against the real
server fewer of all, to check the test itself.
"""

import asyncio
import random
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from temporalio.client import Client
from temporalio.runtime import LoggingConfig, Runtime, TelemetryConfig, TelemetryFilter

import ledger
from alone import ActivityDriver
from alone import check as check_activity
from alone import check_lists as check_activity_lists
from checks import Checks
from driver import Driver
from killing import Plan, Workers, crash_once, kill_server, kill_workers
from support.postgres import PostgresCluster, create_database
from support.servers import PostgresServer, RealServer, Server, SqliteServer, require_binaries
from workload import activity_jobs, jobs

FULL = Plan(workflows=200, activities=40, server_kills=20, worker_kills=10)
FOR_THE_REAL_SERVER = Plan(workflows=60, activities=12, server_kills=5, worker_kills=3, between=(3.0, 6.0))
# Seconds that the last workflows may take after the last kill, on a slow machine.
PATIENCE = 400


@pytest.fixture
def cluster(server_kind: str) -> Iterator[PostgresCluster | None]:
    """One of our own even where another is given to the tests: it is going to be crashed."""
    if server_kind != "postgres":
        yield None
        return
    cluster = PostgresCluster()
    yield cluster
    cluster.remove()


@pytest.fixture
def server(server_kind: str, tmp_path: Path, cluster: PostgresCluster | None) -> Iterator[Server]:
    require_binaries(server_kind)
    if cluster is not None:
        server: Server = PostgresServer(tmp_path, create_database(cluster.dsn))
    else:
        server = RealServer(tmp_path) if server_kind == "real" else SqliteServer(tmp_path)
    server.start()
    yield server
    server.kill()


@pytest.mark.timeout(900)
async def test_everything_finishes_once(
    server: Server, cluster: PostgresCluster | None, tmp_path: Path
) -> None:
    seed = time.time_ns()
    print(f"seed {seed}")
    rng = random.Random(seed)
    plan = FULL if server.is_perdure else FOR_THE_REAL_SERVER
    begun = tmp_path / "begun"
    client = await Client.connect(server.address, runtime=quiet_runtime())
    driver, alone = Driver(client), ActivityDriver(client)
    over = plan.seconds * 0.8
    work, activities = jobs(plan.workflows, over, rng), activity_jobs(plan.activities, over, rng)
    with ExitStack() as stack:
        workers = Workers(server.address, begun, tmp_path / "workers.log", plan.workers)
        stack.callback(workers.end)
        try:
            async with asyncio.timeout(plan.seconds * 2 + PATIENCE), asyncio.TaskGroup() as watched:
                # Lists of the real server run behind.
                watching = watched.create_task(driver.watch_open_runs()) if server.is_perdure else None
                async with asyncio.TaskGroup() as group:
                    database = asyncio.Lock()
                    for job in work:
                        group.create_task(driver.run(job))
                    for activity in activities:
                        group.create_task(alone.run(activity))
                    group.create_task(kill_server(server, plan, rng, database))
                    group.create_task(kill_workers(workers, plan, rng))
                    if cluster is not None:
                        group.create_task(crash_once(cluster.crash, cluster.start, plan, database))
                if watching is not None:
                    watching.cancel()
        except TimeoutError:
            pytest.fail(f"not finished: {sorted(driver.unfinished | alone.unfinished)}")
        workers.check()
    attempts = ledger.entries(begun)
    retries = sum(not entry.endswith(" 1") for entry in attempts)
    print(f"{len(attempts)} attempts of activities, {retries} of them retries")
    assert ledger.duplicates(begun) == []
    checks = Checks(client)
    for job in work:
        await checks.check(job, driver.acknowledged[job.id], keeps_order=server.is_perdure)
    print(f"{len(checks.runs)} runs")
    await checks.check_lists()
    for activity in activities:
        await check_activity(client, activity, alone.acknowledged[activity.id], begun)
    await check_activity_lists(client, alone.acknowledged)


def quiet_runtime() -> Runtime:
    """Lost connections are no news here."""
    logs = LoggingConfig(TelemetryFilter(core_level="OFF", other_level="OFF"))
    return Runtime(telemetry=TelemetryConfig(logging=logs), worker_heartbeat_interval=None)
