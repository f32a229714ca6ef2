"""One server a kind for the whole session; each test has workflow ids and a task queue of its own."""

import logging
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio.client import Client
from temporalio.runtime import LogForwardingConfig, LoggingConfig, Runtime, TelemetryConfig, TelemetryFilter

from support.core_log import CoreLog
from support.env import Env
from support.postgres import PostgresCluster, create_database
from support.servers import (
    PostgresServer,
    RealServer,
    Server,
    SqliteServer,
    require_binaries,
)

# What ends a test that hangs. No test needs a third of it where the machine is free.
TEST_TIMEOUT_SECONDS = 180


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(TEST_TIMEOUT_SECONDS))


@pytest.fixture(scope="session")
def core_log() -> CoreLog:
    handler = CoreLog()
    logger = logging.getLogger("sdk-core")
    logger.addHandler(handler)
    logger.setLevel(logging.WARNING)
    return handler


@pytest.fixture(scope="session")
def runtime(core_log: CoreLog) -> Runtime:
    """Heartbeats of workers come every second, so that each test's worker sends some."""
    forwarding = LogForwardingConfig(logging.getLogger("sdk-core"))
    logs = LoggingConfig(TelemetryFilter(core_level="WARN", other_level="ERROR"), forwarding=forwarding)
    return Runtime(telemetry=TelemetryConfig(logging=logs), worker_heartbeat_interval=timedelta(seconds=1))


@pytest.fixture
def short_lived_runtime() -> Runtime:
    """For clients of a server that ends within the test: no heartbeats of workers, no log of lost calls."""
    logs = LoggingConfig(TelemetryFilter(core_level="OFF", other_level="OFF"))
    return Runtime(telemetry=TelemetryConfig(logging=logs), worker_heartbeat_interval=None)


@pytest.fixture(autouse=True)
def no_rpc_trouble(core_log: CoreLog, request: pytest.FixtureRequest) -> Iterator[None]:
    """After each test: the core warned of no call that went wrong."""
    before = len(core_log.lines)
    yield
    if request.node.get_closest_marker("expects_rpc_warnings") is None:
        assert core_log.rpc_trouble(before) == []


@pytest.fixture(scope="session")
def make_server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], Server]]:
    """Makes a server of a kind on a store of its own; kills at the end of the session what still runs."""
    made: list[Server] = []

    def make(kind: str) -> Server:
        require_binaries(kind)
        folder = tmp_path_factory.mktemp(kind)
        if kind == "postgres":
            made.append(PostgresServer(folder, create_database(request.getfixturevalue("postgres_dsn"))))
        else:
            made.append(RealServer(folder) if kind == "real" else SqliteServer(folder))
        return made[-1]

    yield make
    for server in made:
        with suppress(Exception):
            server.kill()


@pytest.fixture
def own_postgres(request: pytest.FixtureRequest) -> Iterator[PostgresCluster]:
    """For a test that stops PostgreSQL, or changes its users."""
    if "postgres" not in (request.config.getoption("--server") or ["postgres"]):
        pytest.skip("PostgreSQL is not asked for")
    require_binaries("postgres")
    cluster = PostgresCluster()
    yield cluster
    cluster.remove()


@pytest.fixture(scope="session")
def server(server_kind: str, make_server: Callable[[str], Server]) -> Iterator[Server]:
    """The server that tests share. Must not be stopped: a test that stops one makes its own."""
    running = make_server(server_kind)
    running.start()
    yield running
    assert running.stop() == 0


@pytest.fixture
async def client(server: Server, runtime: Runtime) -> Client:
    return await Client.connect(server.address, runtime=runtime)


@pytest.fixture
async def env(client: Client, server: Server) -> Env:
    return Env(client, server)


@pytest.fixture
def own_server(server_kind: str, make_server: Callable[[str], Server]) -> Iterator[Server]:
    """A server for one test, which may stop or kill it."""
    server = make_server(server_kind)
    server.start()
    yield server
    server.kill()


@pytest.fixture
async def own_env(own_server: Server, short_lived_runtime: Runtime) -> Env:
    return Env(await Client.connect(own_server.address, runtime=short_lived_runtime), own_server)
