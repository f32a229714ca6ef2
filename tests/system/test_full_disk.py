"""A disk that is full under SQLite: calls are refused retryably, and all goes on when there is room again."""

import asyncio
import json
import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from temporalio.api.workflowservice.v1 import SignalWorkflowExecutionRequest
from temporalio.api.workflowservice.v1.service_pb2_grpc import WorkflowServiceStub
from temporalio.client import Client
from temporalio.runtime import Runtime
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from support.env import eventually
from support.probes import probe
from support.processes import free_port
from support.servers import PERDURE, Server
from support.workflows import Collect

MEGABYTES = 16


@pytest.fixture
def small_disk() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="perdure-disk-"))
    mount = ["mount", "-t", "tmpfs", "-o", f"size={MEGABYTES}m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, stderr=subprocess.DEVNULL).returncode != 0:
        folder.rmdir()
        pytest.skip("a small disk needs the right to mount one")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)
    folder.rmdir()


class SmallServer(Server):
    kind = "sqlite"

    def __init__(self, folder: Path, disk: Path) -> None:
        super().__init__(folder)
        self.disk = disk
        self.health_port = free_port()

    def command(self) -> list[str]:
        flags = ["--headless", "--ip", "127.0.0.1", "--port", str(self.port)]
        flags += ["--db-filename", str(self.disk / "perdure.db"), "--health-port", str(self.health_port)]
        return [str(PERDURE), "server", "start-dev", *flags]


class Signaller:
    """Signals without the SDK's retries."""

    def __init__(self, address: str) -> None:
        self._stub = WorkflowServiceStub(grpc.insecure_channel(address))

    def signal(self, text: str) -> grpc.StatusCode | None:
        """The error's code; None when it was taken."""
        request = SignalWorkflowExecutionRequest(namespace="default", signal_name="add")
        request.workflow_execution.workflow_id = "collects"
        request.input.payloads.add(metadata={"encoding": b"json/plain"}, data=json.dumps(text).encode())
        try:
            self._stub.SignalWorkflowExecution(request, timeout=10)
        except grpc.RpcError as error:
            return error.code()  # type: ignore[no-any-return]
        return None


@pytest.mark.timeout(300)
async def test_full_disk(small_disk: Path, tmp_path: Path, short_lived_runtime: Runtime) -> None:
    server = SmallServer(tmp_path, small_disk)
    server.start()
    try:
        client = await Client.connect(server.address, runtime=short_lived_runtime)
        signaller = Signaller(server.address)
        handle = await client.start_workflow(Collect.run, id="collects", task_queue="q")
        assert signaller.signal("before") is None
        filler = small_disk / "filler"
        with pytest.raises(OSError):
            filler.write_bytes(b"x" * MEGABYTES * 1024 * 1024)

        codes = set()
        taken = ["before"]
        for i in range(40):
            text = f"{i}" + "x" * 50_000
            code = await asyncio.to_thread(signaller.signal, text)
            if code is None:
                taken.append(text)
            codes.add(code)
        assert codes - {None}
        assert codes <= {None, grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED}
        live = probe(server.health_port, "/livez")
        assert live is not None and live.code == 200

        filler.unlink()

        async def is_ready() -> bool:
            ready = probe(server.health_port, "/readyz")
            return ready is not None and ready.code == 200 and signaller.signal("after") is None

        await eventually("signals are taken again", is_ready, 30)
        await handle.signal(Collect.finish)
        runner = UnsandboxedWorkflowRunner()
        async with Worker(client, task_queue="q", workflows=[Collect], workflow_runner=runner):
            collected = await asyncio.wait_for(handle.result(), 30)
        # What was acknowledged is there, in order; what was refused may be there too.
        assert [text for text in collected if text in taken] == taken
        assert collected[-1] == "after"
    finally:
        server.kill()
