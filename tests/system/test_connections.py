"""What this SDK meets at the limits of a connection: an error in words, or nothing at all."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from temporalio.api.common.v1 import Payload, Payloads, WorkflowExecution
from temporalio.api.workflowservice.v1 import SignalWorkflowExecutionRequest
from temporalio.client import Client
from temporalio.runtime import Runtime
from temporalio.service import KeepAliveConfig, RPCError, RPCStatusCode

from support import history
from support.env import Env
from support.servers import PERDURE, Server, write_config
from support.workflows import Collect, Echo


class ShortConnections(Server):
    """Tells each connection to go after a second."""

    kind = "sqlite"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        keys = {
            "listen": self.address,
            "health.listen": "",
            "store.memory": "true",
            "namespaces": "default",
            "connections.age": "1s",
            "connections.idle": "1s",
        }
        write_config(folder / "perdure.yaml", keys)

    def command(self) -> list[str]:
        return [str(PERDURE), "serve", "--config", str(self.folder / "perdure.yaml")]


def client_ports(server: Server) -> set[str]:
    """Of the connections that stand."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return {row[2] for row in rows if row[1].endswith(f":{server.port:04X}") and row[3] == "01"}


@pytest.fixture
def short_connections(tmp_path: Path) -> Iterator[ShortConnections]:
    server = ShortConnections(tmp_path)
    server.start()
    yield server
    server.kill()


async def test_connections_that_are_told_to_go(short_connections: ShortConnections, runtime: Runtime) -> None:
    """Calls in flight, polls among them, end as they would have, and new ones go to a new connection. That
    the core warns of nothing is looked at after each test."""
    env = Env(await Client.connect(short_connections.address, runtime=runtime), short_connections)
    ports: set[str] = set()
    deadline = time.monotonic() + 30
    async with env.worker([Echo]):
        while len(ports) < 4:
            assert time.monotonic() < deadline, "connections stand for longer than a second"
            assert await env.execute(Echo.run, 7) == 7
            ports |= client_ports(short_connections)


@contextlib.asynccontextmanager
async def slow_line(server: Server, bytes_a_second: int) -> AsyncIterator[str]:
    """An address through which what the server sends arrives so slowly."""

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, rate: float) -> None:
        with contextlib.suppress(OSError):
            while chunk := await reader.read(4096):
                writer.write(chunk)
                await writer.drain()
                await asyncio.sleep(len(chunk) / rate)
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        to = await asyncio.open_connection("127.0.0.1", server.port, limit=4096)
        await asyncio.gather(pump(reader, to[1], float("inf")), pump(to[0], writer, bytes_a_second))

    line = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with line:
        yield f"127.0.0.1:{line.sockets[0].getsockname()[1]}"


async def test_a_slow_reader_is_not_cut(short_connections: ShortConnections, runtime: Runtime) -> None:
    """Not even when its connection is told to go meanwhile."""
    quick = Env(await Client.connect(short_connections.address, runtime=runtime), short_connections)
    handle = await quick.start(Collect.run)
    await handle.signal(Collect.add, "x" * 150_000)
    async with slow_line(short_connections, 50_000) as address:
        slow = await Client.connect(address, runtime=runtime)
        began = time.monotonic()
        events = await history.events(slow.get_workflow_handle(handle.id))
        assert time.monotonic() - began > 1, "the line was not slow"
    assert history.names(events)[-1] == "WorkflowExecutionSignaled"


async def test_keepalives_meet_no_limit(env: Env) -> None:
    """Many more than an SDK sends by itself."""
    others = client_ports(env.server)
    client = await Client.connect(
        env.server.address, keep_alive_config=KeepAliveConfig(interval_millis=50, timeout_millis=5000)
    )
    await client.service_client.check_health()
    own = client_ports(env.server) - others
    await asyncio.sleep(1.5)  # without a call: the pings are what is tried
    await client.service_client.check_health()
    assert own & client_ports(env.server), "the connection was lost"


def signal_with(size: int) -> SignalWorkflowExecutionRequest:
    return SignalWorkflowExecutionRequest(
        namespace="default",
        workflow_execution=WorkflowExecution(workflow_id="nobody"),
        signal_name="add",
        input=Payloads(payloads=[Payload(data=b"x" * size)]),
    )


async def test_too_many_headers_are_refused_in_words(env: Env) -> None:
    many = {f"x-{at}": "value" for at in range(300)}
    with pytest.raises(RPCError) as refused:
        await env.client.workflow_service.signal_workflow_execution(signal_with(1), metadata=many)
    # The real server has no such limit.
    expected = RPCStatusCode.RESOURCE_EXHAUSTED if env.server.is_perdure else RPCStatusCode.NOT_FOUND
    assert refused.value.status == expected


async def test_many_calls_at_once_are_all_answered(env: Env) -> None:
    """More than one connection takes half-sent: those over the limit are refused, and made again."""
    service = env.client.workflow_service
    calls = [service.signal_workflow_execution(signal_with(1000), retry=True) for _ in range(1100)]
    answers = await asyncio.gather(*calls, return_exceptions=True)
    assert {type(answer) for answer in answers} == {RPCError}
    assert {answer.status for answer in answers if isinstance(answer, RPCError)} == {RPCStatusCode.NOT_FOUND}
