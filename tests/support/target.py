"""A server that is attacked, and an honest caller beside the attack."""

import re
import threading
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

import grpc
from temporalio.api.common.v1 import Payload, Payloads, WorkflowType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import GetSystemInfoRequest, StartWorkflowExecutionRequest
from temporalio.api.workflowservice.v1.service_pb2_grpc import WorkflowServiceStub

from support.certificates import Authority
from support.probes import probe
from support.processes import free_port, wait_until
from support.raw_h2 import RawConnection
from support.servers import PERDURE, Server, write_config

MEMORY_LIMIT = 300 << 20
DEADLINE = 10.0  # of each honest call


class Target(Server):
    """`perdure serve` in memory, with probes and metrics on ports that are known."""

    kind = "sqlite"

    def __init__(self, folder: Path, tls: bool, settings: dict[str, str] | None = None) -> None:
        super().__init__(folder)
        self.metrics_port = free_port()
        self.health_port = free_port()
        self.authority: Path | None = None
        keys = {
            "listen": self.address,
            "health.listen": f"127.0.0.1:{self.health_port}",
            "metrics.listen": f"127.0.0.1:{self.metrics_port}",
            "store.memory": "true",
            "namespaces": "default",
        }
        if tls:
            authority = Authority(folder)
            certificate, key = authority.issue("server")
            self.authority = authority.path
            keys |= {"tls.certificate_file": str(certificate), "tls.key_file": str(key)}
        write_config(folder / "perdure.yaml", keys | (settings or {}))

    def command(self) -> list[str]:
        return [str(PERDURE), "serve", "--config", str(self.folder / "perdure.yaml")]

    def wait_ready(self) -> None:
        assert self._process is not None
        wait_until("serving", lambda: "serving" in self.log.read_text(), self._process, self.log)

    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def channel(self) -> grpc.Channel:
        """A connection of its own."""
        options = [("grpc.use_local_subchannel_pool", 1), ("grpc.initial_reconnect_backoff_ms", 100)]
        address = f"localhost:{self.port}"
        if self.authority is None:
            return grpc.insecure_channel(address, options)
        return grpc.secure_channel(
            address, grpc.ssl_channel_credentials(self.authority.read_bytes()), options
        )

    def connect(self, settings: dict[int, int] | None = None) -> RawConnection:
        return RawConnection(self.port, self.authority, settings)

    def memory_peak(self) -> int:
        found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{self.pid}/status").read_text())
        assert found is not None
        return int(found[1]) << 10

    def metrics(self) -> dict[str, float]:
        """The series by name and labels, as the text has them."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.metrics_port}/metrics", timeout=3) as reply:
            lines = reply.read().decode().splitlines()
        pairs = [line.rsplit(" ", 1) for line in lines if not line.startswith("#")]
        return {name: float(value) for name, value in pairs}

    def limits_met(self, kind: str) -> float:
        return self.metrics().get(f'perdure_wire_limits{{kind="{kind}"}}', 0)

    def log_lines(self, containing: str) -> list[str]:
        return [line for line in self.log.read_text().splitlines() if containing in line]


@dataclass
class HonestCaller:
    """Calls one after the other on a connection that stands and on new ones, until it is told to stop."""

    target: Target
    waits: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    probes_failed: int = 0

    def __post_init__(self) -> None:
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=work) for work in (self._calls, self._probes)]

    def __enter__(self) -> "HonestCaller":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def one_call(self, channel: grpc.Channel) -> None:
        began = time.monotonic()
        try:
            WorkflowServiceStub(channel).GetSystemInfo(
                GetSystemInfoRequest(), timeout=DEADLINE, wait_for_ready=True
            )
        except grpc.RpcError as error:
            self.errors.append(f"{error.code()}: {error.details()}")
        self.waits.append(time.monotonic() - began)

    def _calls(self) -> None:
        with self.target.channel() as standing:
            while True:
                self.one_call(standing)
                with self.target.channel() as fresh:
                    self.one_call(fresh)
                if self._stop.wait(0.02):
                    return

    def _probes(self) -> None:
        while True:
            answer = probe(self.target.health_port, "/livez")
            self.probes_failed += answer is None or answer.code != 200
            if self._stop.wait(0.2):
                return

    def wait_calls(self, count: int) -> None:
        """Until it has made so many."""
        while len(self.waits) < count and self._threads[0].is_alive():
            self._threads[0].join(0.05)

    def was_served(self) -> None:
        assert self.target.alive(), "the server has ended"
        peak = self.target.memory_peak()
        print(f"peak {peak >> 20} MB, calls {len(self.waits)}, worst {max(self.waits):.2f} s")
        assert not self.errors, (len(self.errors), self.errors[0])
        assert max(self.waits) < DEADLINE
        assert self.probes_failed == 0
        assert peak < MEMORY_LIMIT, f"{peak >> 20} MB"


def long_history(target: Target, workflow_id: str, size: int) -> None:
    """A run whose one page of history is of that size."""
    request = StartWorkflowExecutionRequest(
        namespace="default",
        workflow_id=workflow_id,
        request_id=workflow_id,
        workflow_type=WorkflowType(name="w"),
        task_queue=TaskQueue(name="nobody"),
        input=Payloads(payloads=[Payload(data=b"x" * size)]),
    )
    with target.channel() as channel:
        WorkflowServiceStub(channel).StartWorkflowExecution(request, timeout=DEADLINE)
