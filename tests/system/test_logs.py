"""The server's log: one line an event, its fields, and what must not be in it."""

import json
from pathlib import Path
from typing import Any

import grpc
import pytest
from temporalio.client import Client
from temporalio.runtime import Runtime
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from support.servers import PERDURE, Server, write_config
from support.workflows import Echo

SECRET = "very-secret"


class LoggingServer(Server):
    kind = "sqlite"

    def __init__(self, folder: Path, log_format: str) -> None:
        super().__init__(folder)
        secret = folder / "secret"
        secret.write_text(SECRET)
        keys = {
            "listen": self.address,
            "health.listen": "",
            "store.sqlite": str(folder / "perdure.db"),
            "namespaces": "default",
            "tokens.secret_file": str(secret),
            "log.level": "debug",
            "log.format": log_format,
        }
        write_config(folder / "perdure.yaml", keys)

    def command(self) -> list[str]:
        return [str(PERDURE), "serve", "--config", str(self.folder / "perdure.yaml")]

    def lines(self) -> list[str]:
        return self.log.read_text().splitlines()

    def objects(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.lines()]


@pytest.mark.parametrize("log_format", ["json", "text"])
async def test_a_run_leaves_no_payload_in_the_log(
    tmp_path: Path, short_lived_runtime: Runtime, log_format: str
) -> None:
    server = LoggingServer(tmp_path, log_format)
    server.start()
    try:
        client = await Client.connect(server.address, runtime=short_lived_runtime)
        runner = UnsandboxedWorkflowRunner()
        async with Worker(client, task_queue="q", workflows=[Echo], workflow_runner=runner):
            await client.execute_workflow(Echo.run, SECRET, id="echo", task_queue="q", memo={"a": SECRET})
        assert server.stop() == 0
    finally:
        server.kill()
    assert SECRET not in server.log.read_text()
    if log_format == "json":
        assert all({"time", "level", "msg"} <= line.keys() for line in server.objects())
        messages = [line["msg"] for line in server.objects()]
        [serving] = [line for line in server.objects() if line["msg"] == "serving"]
        assert serving["port"] == str(server.port)
    else:
        assert all(line.startswith("time=") and " level=" in line for line in server.lines())
        messages = [line.split('msg="')[1].split('"')[0] for line in server.lines()]
    # Once, at the start.
    assert [message.startswith("calls are not authorised") for message in messages].count(True) == 1


def test_a_client_cannot_fill_the_log(tmp_path: Path) -> None:
    """Bytes that are no request are answered INTERNAL, as by gRPC in Go; the mistake is the client's."""
    server = LoggingServer(tmp_path, "json")
    server.start()
    try:
        with grpc.insecure_channel(server.address) as channel:
            name = "/temporal.api.workflowservice.v1.WorkflowService/StartWorkflowExecution"
            call = channel.unary_unary(name)
            for _ in range(500):
                with pytest.raises(grpc.RpcError) as refused:
                    call(b"\xff\xff\xff", timeout=5)
                assert refused.value.code() == grpc.StatusCode.INTERNAL
        assert server.stop() == 0
        assert our_errors(server) == []
        assert len(server.lines()) < 50
    finally:
        server.kill()


def our_errors(server: LoggingServer) -> list[dict[str, Any]]:
    return [
        line for line in server.objects() if line["msg"] == "a call was answered with an error of the server"
    ]
