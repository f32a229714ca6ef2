"""Lists that cost much, in a namespace with many runs: they starve neither starts nor another's lists."""

import asyncio
import time
import urllib.request
import uuid
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from temporalio.api.workflowservice.v1 import RegisterNamespaceRequest
from temporalio.client import Client
from temporalio.runtime import Runtime
from temporalio.service import RPCError, RPCStatusCode

from support.copies import EXPENSIVE_FILTER, copy_runs
from support.postgres import create_database
from support.processes import free_port
from support.servers import PostgresServer, Server, SqliteServer
from support.workflows import Echo

RUNS = 40_000
CLIENTS = 24
SECONDS = 12


class Flooded:
    """A server whose namespace `default` has many runs, copies of one, beside one that has none."""

    def __init__(self, folder: Path, kind: str, dsn: str) -> None:
        self.metrics = free_port()
        self.dsn = dsn
        self.server: Server
        if kind == "postgres":
            keys = {"metrics.listen": f"127.0.0.1:{self.metrics}"}
            self.server = PostgresServer(folder, dsn, keys)
        else:
            self.server = SqliteServer(folder)
            flags = ["--metrics-port", str(self.metrics)]
            command = self.server.command
            self.server.command = lambda: [*command(), *flags]  # type: ignore[method-assign]

    async def fill(self, runtime: Runtime) -> None:
        self.server.start()
        client = await Client.connect(self.server.address, runtime=runtime)
        await client.start_workflow(Echo.run, 1, id="copied", task_queue="nobody")
        assert self.server.stop() == 0
        copy_runs(self.server, self.dsn, RUNS)
        self.server.start()

    def metric(self, name: str) -> float:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.metrics}/metrics") as page:
            lines = page.read().decode().splitlines()
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(name))


@pytest.fixture
def flooded(server_kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Flooded]:
    if server_kind == "real":
        pytest.skip("bounds of our own")
    dsn = create_database(request.getfixturevalue("postgres_dsn")) if server_kind == "postgres" else ""
    made = Flooded(tmp_path, server_kind, dsn)
    yield made
    made.server.kill()


@pytest.mark.timeout(400)
async def test_starts_beside_a_flood_of_counts_are_all_answered(
    flooded: Flooded, short_lived_runtime: Runtime
) -> None:
    await flooded.fill(short_lived_runtime)
    address = flooded.server.address
    client = await Client.connect(address, runtime=short_lived_runtime)
    register = RegisterNamespaceRequest(namespace="other")
    register.workflow_execution_retention_period.FromSeconds(3600)
    await client.workflow_service.register_namespace(register)
    other = await Client.connect(address, namespace="other", runtime=short_lived_runtime)
    end = time.monotonic() + SECONDS
    counts: Counter[str] = Counter()

    async def count() -> None:
        own = await Client.connect(address, runtime=short_lived_runtime)
        while time.monotonic() < end:
            try:
                await own.count_workflows(EXPENSIVE_FILTER)
                counts["answered"] += 1
            except RPCError as error:
                counts[error.status.name] += 1

    starts = others = 0
    flood = [asyncio.create_task(count()) for _ in range(CLIENTS)]
    while time.monotonic() < end:
        async with asyncio.timeout(10):
            await client.start_workflow(Echo.run, 1, id=str(uuid.uuid4()), task_queue="nobody")
            starts += 1
        if starts % 20 == 0:
            async with asyncio.timeout(15):  # its own line, behind one list of the flood at most
                await other.count_workflows(EXPENSIVE_FILTER)
                others += 1
    await asyncio.gather(*flood)
    print(f"starts {starts}, counts of another {others}, of the flood {dict(counts)}")
    assert counts["answered"] > 0
    assert counts.keys() <= {
        "answered",
        RPCStatusCode.RESOURCE_EXHAUSTED.name,
        RPCStatusCode.DEADLINE_EXCEEDED.name,
    }
    assert starts > 20
    assert "a list was slow" in flooded.server.log.read_text()
    assert flooded.metric("perdure_slow_lists") > 0
    assert flooded.metric("perdure_waiting_lists") == 0
