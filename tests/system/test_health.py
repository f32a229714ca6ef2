"""Probes over HTTP and the health service of gRPC, while the database goes away and comes back."""

import asyncio
import subprocess
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from temporalio.client import Client
from temporalio.runtime import Runtime
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from support.env import eventually
from support.postgres import PostgresCluster, create_database
from support.probes import Probe, probe
from support.processes import free_port, wait_until
from support.servers import PERDURE, PostgresServer, Server, write_config
from support.workflows import Collect, Echo

# Kubernetes' usual period of probes.
PATIENCE = 15


class DevServer(Server):
    kind = "sqlite"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.health_port = free_port()

    def command(self) -> list[str]:
        flags = ["--headless", "--ip", "127.0.0.1", "--port", str(self.port)]
        return [str(PERDURE), "server", "start-dev", *flags, "--health-port", str(self.health_port)]


@pytest.fixture
def postgres_server(own_postgres: PostgresCluster, tmp_path: Path) -> Iterator[PostgresServer]:
    server = PostgresServer(tmp_path, create_database(own_postgres.dsn))
    server.start()
    yield server
    server.kill()


def code(port: int, path: str) -> int | None:
    answer = probe(port, path)
    return None if answer is None else answer.code


def report(port: int, path: str) -> Probe:
    answer = probe(port, path)
    assert answer is not None
    return answer


def test_probes_of_a_server_that_runs(tmp_path: Path) -> None:
    server = DevServer(tmp_path)
    server.start()
    try:
        live = report(server.health_port, "/livez")
        ready = report(server.health_port, "/readyz")
        assert live.code == ready.code == 200
        assert {"matching", "cluster", "history-0"} <= live.report["checks"].keys()
        assert ready.report["checks"].keys() == {"store", "lease", "shards", "port"}
        both = report(server.health_port, "/healthz").report["checks"]
        assert both == live.report["checks"] | ready.report["checks"]
    finally:
        assert server.stop() == 0


def test_probes_are_answered_before_the_server_is_ready(
    own_postgres: PostgresCluster, tmp_path: Path
) -> None:
    """The second server waits for the lease of the first: live, and not ready."""
    dsn = create_database(own_postgres.dsn)
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    first = PostgresServer(tmp_path / "a", dsn, {"node.name": "first"})
    second = PostgresServer(tmp_path / "b", dsn, {"node.name": "second"})
    first.start()
    second.launch()
    try:
        assert second._process is not None
        port = second.health_port
        wait_until("probes", lambda: code(port, "/livez") == 200, second._process, second.log)
        wait_until("the wait", lambda: "lease" in str(probe(port, "/readyz")), second._process, second.log)
        assert report(port, "/readyz").failing().keys() == {"start"}
        assert first.stop() == 0
        wait_until("readiness", lambda: code(port, "/readyz") == 200, second._process, second.log)
        assert second.stop() == 0
    finally:
        first.kill()
        second.kill()


def test_a_database_that_is_away_at_the_start_is_waited_for(
    own_postgres: PostgresCluster, tmp_path: Path
) -> None:
    """Live, not ready, one line in the log; then it serves. Whom the database refuses, it ends."""
    dsn = create_database(own_postgres.dsn)
    server = PostgresServer(tmp_path, dsn, {"namespaces": "made"})
    own_postgres.crash()
    server.launch()
    try:
        assert server._process is not None
        port = server.health_port
        wait_until("probes", lambda: code(port, "/livez") == 200, server._process, server.log)
        wait_until(
            "the wait", lambda: "not answer" in str(probe(port, "/readyz")), server._process, server.log
        )
        for _ in range(5):  # attempts come and go
            assert report(port, "/readyz").failing().keys() == {"start"}
            time.sleep(0.5)
        own_postgres.start()
        wait_until("readiness", lambda: code(port, "/readyz") == 200, server._process, server.log)
        server.wait_ready()
        lines = [line for line in server.log.read_text().splitlines() if "database" in line]
        assert ["does not answer" in line for line in lines] == [True, False], lines
        assert "answers again" in lines[1]
    finally:
        server.kill()
    (tmp_path / "other").mkdir()
    write_config(tmp_path / "other/perdure.yaml", {"store.postgres": f"{dsn} user=nobody_there"})
    other = [str(PERDURE), "serve", "--config", str(tmp_path / "other/perdure.yaml")]
    refused = subprocess.run(other, capture_output=True, text=True, timeout=30)
    assert refused.returncode == 1
    assert "nobody_there" in refused.stderr


class Caller:
    """Calls of every kind, again and again; notes each error's code."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.codes: set[RPCStatusCode] = set()
        self.messages: set[str] = set()
        self.answered = 0
        self.last_ok = 0.0

    async def run(self) -> None:
        while True:
            for call in (self.start, self.describe, self.count):
                try:
                    await call()
                    self.answered += 1
                    self.last_ok = time.monotonic()
                except RPCError as error:
                    self.codes.add(error.status)
                    self.messages.add(error.message)
                await asyncio.sleep(0.02)

    async def start(self) -> None:
        await self.client.start_workflow(Echo.run, 1, id=str(uuid.uuid4()), task_queue="nobody")

    async def describe(self) -> None:
        await self.client.get_workflow_handle("waits").describe()

    async def count(self) -> None:
        await self.client.count_workflows()


@pytest.mark.timeout(300)
async def test_a_database_that_goes_away_and_comes_back(
    postgres_server: PostgresServer, own_postgres: PostgresCluster, short_lived_runtime: Runtime
) -> None:
    port = postgres_server.health_port
    client = await Client.connect(postgres_server.address, runtime=short_lived_runtime)

    async def is_ready(wanted: bool) -> bool:
        return code(port, "/readyz") == (200 if wanted else 503)

    async def store_fails() -> bool:
        return "store" in report(port, "/readyz").failing()

    async def agrees(wanted: bool) -> bool:
        return bool(await client.service_client.check_health()) == wanted

    handle = await client.start_workflow(Collect.run, id="waits", task_queue="q")
    worker = Worker(client, task_queue="q", workflows=[Collect], workflow_runner=UnsandboxedWorkflowRunner())
    async with worker:
        caller = Caller(client)
        calling = asyncio.create_task(caller.run())
        await eventually("calls are answered", lambda: is_answered(caller))
        await asyncio.to_thread(own_postgres.crash)
        await eventually("not ready", lambda: is_ready(False), PATIENCE)
        await eventually("gRPC says so too", lambda: agrees(False))
        await eventually("the store is named", store_fails)
        for _ in range(10):  # past the end of the lease, and past a liveness probe's patience
            assert report(port, "/livez").code == 200
            await asyncio.sleep(0.8)
        assert {"store", "lease"} <= report(port, "/readyz").failing().keys()
        await asyncio.to_thread(own_postgres.start)
        await eventually("ready again", lambda: is_ready(True), PATIENCE)
        await eventually("gRPC says so too", lambda: agrees(True))
        caller.answered = 0
        await eventually("calls are answered again", lambda: is_answered(caller))
        calling.cancel()
        assert caller.codes == {RPCStatusCode.UNAVAILABLE}
        # Neither host nor user, which libpq's words name.
        assert not [text for text in caller.messages if "127.0.0.1" in text or "connection to" in text]
        lines = postgres_server.log.read_text().splitlines()
        assert len([line for line in lines if "the database does not answer" in line]) == 1
        assert len([line for line in lines if "the database answers again" in line]) == 1
        assert len(lines) < 30, lines
        await handle.signal(Collect.finish)
        assert await handle.result() == []


async def is_answered(caller: Caller) -> bool:
    return caller.answered > 20
