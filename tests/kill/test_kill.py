"""Nothing acknowledged is lost, and nothing is done twice, when server, workers and database are killed.

200 workflows of five kinds run while the server is killed with SIGKILL 20 times, workers too, and
PostgreSQL once. Against the real server fewer of both, to check the test itself.
"""

import asyncio
import random
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from temporalio.api.enums.v1 import WorkflowTaskFailedCause
from temporalio.client import Client
from temporalio.runtime import LoggingConfig, Runtime, TelemetryConfig, TelemetryFilter

import ledger
from driver import Acknowledged, Driver, seen
from killing import Plan, Workers, crash_once, kill_server, kill_workers
from support import history
from support.env import eventually
from support.postgres import PostgresCluster, create_database
from support.servers import PostgresServer, RealServer, Server, SqliteServer, require_binaries
from workload import Job, jobs

FULL = Plan(workflows=200, server_kills=20, worker_kills=10)
FOR_THE_REAL_SERVER = Plan(workflows=60, server_kills=5, worker_kills=3, between=(3.0, 6.0))
# Seconds that the last workflows may take after the last kill.
PATIENCE = 60


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


@pytest.mark.timeout(300)
async def test_everything_finishes_once(
    server: Server, cluster: PostgresCluster | None, tmp_path: Path
) -> None:
    seed = time.time_ns()
    print(f"seed {seed}")
    rng = random.Random(seed)
    plan = FULL if server.is_perdure else FOR_THE_REAL_SERVER
    begun = tmp_path / "begun"
    client = await Client.connect(server.address, runtime=quiet_runtime())
    driver = Driver(client)
    work = jobs(plan.workflows, plan.seconds * 0.8, rng)
    with ExitStack() as stack:
        workers = Workers(server.address, begun, tmp_path / "workers.log", plan.workers)
        stack.callback(workers.end)
        async with asyncio.timeout(plan.seconds * 2 + PATIENCE), asyncio.TaskGroup() as group:
            database = asyncio.Lock()
            for job in work:
                group.create_task(driver.run(job))
            group.create_task(kill_server(server, plan, rng, database))
            group.create_task(kill_workers(workers, plan, rng))
            if cluster is not None:
                group.create_task(crash_once(cluster.crash, cluster.start, plan, database))
        workers.check()
    attempts = ledger.entries(begun)
    retries = sum(not entry.endswith(" 1") for entry in attempts)
    print(f"{len(attempts)} attempts of activities, {retries} of them retries")
    assert ledger.duplicates(begun) == []
    for job in work:
        await check(client, job, driver.acknowledged[job.workflow_id])
    await check_visibility(client, work)


async def check(client: Client, job: Job, acknowledged: Acknowledged) -> None:
    assert acknowledged.result == job.expected, job.workflow_id
    handle = client.get_workflow_handle(job.workflow_id)
    assert (await handle.describe()).run_id == acknowledged.run_id
    events = await history.events(handle)
    assert history.name(events[-1]) == "WorkflowExecutionCompleted"
    # What was read while it ran has stayed as it was.
    assert seen(events)[: len(acknowledged.read)] == acknowledged.read
    signals = [s.input.payloads[0].data for s in history.of_type(events, "WorkflowExecutionSignaled")]
    assert signals == [str(value).encode() for value in acknowledged.signals]
    # A task fails only because something arrived while it was being completed.
    causes = {failed.cause for failed in history.of_type(events, "WorkflowTaskFailed")}
    assert causes <= {WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND}, job.workflow_id


async def check_visibility(client: Client, work: list[Job]) -> None:
    async def all_completed() -> bool:
        return (await client.count_workflows("ExecutionStatus = 'Completed'")).count == len(work)

    await eventually("all workflows are listed as completed", all_completed)
    assert (await client.count_workflows("ExecutionStatus = 'Running'")).count == 0
    listed = {found.id async for found in client.list_workflows("ExecutionStatus = 'Completed'")}
    assert listed == {job.workflow_id for job in work}


def quiet_runtime() -> Runtime:
    """Lost connections are no news here."""
    logs = LoggingConfig(TelemetryFilter(core_level="OFF", other_level="OFF"))
    return Runtime(telemetry=TelemetryConfig(logging=logs), worker_heartbeat_interval=None)
