"""What this SDK meets at the limits of a connection: an error in words, or nothing at all."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from temporalio.api.common.v1 import Payload, Payloads, WorkflowExecution
from temporalio.api.workflowservice.v1 import SignalWorkflowExecutionRequest
from temporalio.client import Client
from temporalio.runtime import Runtime
from temporalio.service import RPCError, RPCStatusCode

from support.env import Env
from support.servers import PERDURE, Server, write_config
from support.workflows import Echo


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

    def client_ports(self) -> set[str]:
        """Of the connections that stand."""
        rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        return {row[2] for row in rows if row[1].endswith(f":{self.port:04X}") and row[3] == "01"}


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
            ports |= short_connections.client_ports()


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
