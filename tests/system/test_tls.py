"""TLS and mutual TLS for clients, and certificates that are renewed under a running server."""

import asyncio
import socket
import ssl
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import grpc
import pytest
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import GetSystemInfoRequest, PollWorkflowTaskQueueRequest
from temporalio.api.workflowservice.v1.service_pb2_grpc import WorkflowServiceStub
from temporalio.client import Client, TLSConfig
from temporalio.runtime import Runtime
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from support.certificates import Authority, replace
from support.env import eventually
from support.processes import wait_until
from support.servers import PERDURE, Server, write_config
from support.workflows import Echo


class TlsServer(Server):
    """`perdure serve` on a SQLite file, with certificates of its own."""

    kind = "sqlite"

    def __init__(self, folder: Path, authority: Authority, wire: str, client_ca: Path | None = None) -> None:
        super().__init__(folder)
        self.authority = authority
        self.certificate, self.key = authority.issue("server")
        keys = {
            "listen": self.address,
            "wire": wire,
            "health.listen": "",
            "store.sqlite": str(folder / "perdure.db"),
            "namespaces": "default",
            "tls.certificate_file": str(self.certificate),
            "tls.key_file": str(self.key),
        }
        if client_ca is not None:
            keys["tls.client_ca_file"] = str(client_ca)
        write_config(folder / "perdure.yaml", keys)

    def command(self) -> list[str]:
        return [str(PERDURE), "serve", "--config", str(self.folder / "perdure.yaml")]

    def wait_ready(self) -> None:
        assert self._process is not None
        wait_until("serving", lambda: "serving" in self.log.read_text(), self._process, self.log)

    def served_certificate(self) -> bytes:
        """Of a new connection."""
        context = ssl.create_default_context(cafile=self.authority.path)
        context.set_alpn_protocols(["h2"])
        with socket.create_connection(("127.0.0.1", self.port)) as plain:
            with context.wrap_socket(plain, server_hostname="localhost") as secured:
                found = secured.getpeercert(binary_form=True)
        assert found is not None
        return found


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture(params=["grpc", "nghttp2"])
def wire(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def tls_server(tmp_path: Path, authority: Authority, wire: str) -> Iterator[TlsServer]:
    server = TlsServer(tmp_path, authority, wire)
    server.start()
    yield server
    server.kill()


async def run_echo(client: Client) -> None:
    runner = UnsandboxedWorkflowRunner()
    async with Worker(client, task_queue="q", workflows=[Echo], workflow_runner=runner):
        assert await client.execute_workflow(Echo.run, 7, id="echo", task_queue="q") == 7


def answers(server: TlsServer, credentials: grpc.ChannelCredentials | None) -> bool:
    """Whether a call is answered, with TLS or in plain text."""
    address = f"localhost:{server.port}"
    channel = grpc.secure_channel(address, credentials) if credentials else grpc.insecure_channel(address)
    with channel:
        try:
            WorkflowServiceStub(channel).GetSystemInfo(GetSystemInfoRequest(), timeout=3)
        except grpc.RpcError as error:
            assert error.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED)
            return False
        return True


async def test_a_worker_over_tls(tls_server: TlsServer, short_lived_runtime: Runtime) -> None:
    tls = TLSConfig(server_root_ca_cert=tls_server.authority.path.read_bytes(), domain="localhost")
    await run_echo(await Client.connect(tls_server.address, tls=tls, runtime=short_lived_runtime))


def test_plain_text_and_other_authorities_are_refused(tls_server: TlsServer, tmp_path: Path) -> None:
    assert answers(tls_server, grpc.ssl_channel_credentials(tls_server.authority.path.read_bytes()))
    assert not answers(tls_server, None)
    other = Authority(tmp_path, "other")
    assert not answers(tls_server, grpc.ssl_channel_credentials(other.path.read_bytes()))


async def test_mutual_tls(
    tmp_path: Path, authority: Authority, wire: str, short_lived_runtime: Runtime
) -> None:
    clients = Authority(tmp_path, "clients")
    server = TlsServer(tmp_path, authority, wire, client_ca=clients.path)
    server.start()
    try:
        root = authority.path.read_bytes()
        certificate, key = (path.read_bytes() for path in clients.issue("client", "a worker"))
        strange, strange_key = (path.read_bytes() for path in authority.issue("stranger", "a stranger"))
        assert answers(server, grpc.ssl_channel_credentials(root, key, certificate))
        assert not answers(server, grpc.ssl_channel_credentials(root))
        assert not answers(server, grpc.ssl_channel_credentials(root, strange_key, strange))
        tls = TLSConfig(root, "localhost", client_cert=certificate, client_private_key=key)
        await run_echo(await Client.connect(server.address, tls=tls, runtime=short_lived_runtime))
        with pytest.raises(RuntimeError):
            await Client.connect(
                server.address, tls=TLSConfig(root, "localhost"), runtime=short_lived_runtime
            )
    finally:
        server.kill()


async def test_a_renewed_certificate_while_a_long_poll_waits(
    tls_server: TlsServer, short_lived_runtime: Runtime
) -> None:
    tls = TLSConfig(server_root_ca_cert=tls_server.authority.path.read_bytes(), domain="localhost")
    client = await Client.connect(tls_server.address, tls=tls, runtime=short_lived_runtime)
    request = PollWorkflowTaskQueueRequest(namespace="default", task_queue=TaskQueue(name="waits"))
    call = client.workflow_service.poll_workflow_task_queue(request, timeout=timedelta(seconds=30))
    poll = asyncio.create_task(call)
    old = tls_server.served_certificate()
    certificate, key = tls_server.authority.issue("renewed")

    # In between the two do not match: the old pair stays in use, and the log says why.
    replace(tls_server.certificate, certificate)
    assert tls_server.served_certificate() == old
    assert "is not the key of" in tls_server.log.read_text()
    replace(tls_server.key, key)
    assert tls_server.served_certificate() != old
    assert "is in use from now on" in tls_server.log.read_text()

    assert not poll.done()
    await client.start_workflow(Echo.run, 1, id="echo", task_queue="waits")
    await eventually("the poll is answered", lambda: is_done(poll))
    assert (await poll).workflow_execution.workflow_id == "echo"


async def is_done(task: asyncio.Task[object]) -> bool:
    return task.done()


def test_a_certificate_file_that_goes_away_changes_nothing(tls_server: TlsServer) -> None:
    old = tls_server.served_certificate()
    tls_server.certificate.unlink()
    assert tls_server.served_certificate() == old
    assert "cannot read" in tls_server.log.read_text()
