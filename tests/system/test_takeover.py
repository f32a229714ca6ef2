"""Two servers on one PostgreSQL, and one that did not run for a while: who answers, who waits, who exits."""

import os
import shutil
import signal
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import grpc
import pytest
from temporalio.api.workflowservice.v1 import (
    GetWorkflowExecutionHistoryRequest,
    PollActivityTaskQueueRequest,
    SignalWorkflowExecutionRequest,
    StartActivityExecutionRequest,
    StartWorkflowExecutionRequest,
)
from temporalio.api.workflowservice.v1.service_pb2_grpc import WorkflowServiceStub

from support.postgres import PostgresCluster, create_database
from support.probes import probe
from support.processes import free_port, wait_until
from support.servers import PERDURE, PostgresServer, Server

NAME_TAKEN = 3
LEASE_SECONDS = 6


class Caller:
    """One workflow's client, without the SDK's retries."""

    def __init__(self, server: Server) -> None:
        options = [("grpc.initial_reconnect_backoff_ms", 50), ("grpc.max_reconnect_backoff_ms", 200)]
        self._stub = WorkflowServiceStub(grpc.insecure_channel(server.address, options=options))

    def start(self) -> None:
        request = StartWorkflowExecutionRequest(namespace="default", workflow_id="wf", request_id="start")
        request.workflow_type.name = "waits"
        request.task_queue.name = "nobody"
        self._stub.StartWorkflowExecution(request, timeout=5)

    def start_activity(self) -> None:
        request = StartActivityExecutionRequest(namespace="default", activity_id="act", request_id="start")
        request.activity_type.name = "waits"
        request.task_queue.name = "activities"
        request.start_to_close_timeout.FromSeconds(3600)
        self._stub.StartActivityExecution(request, timeout=5)

    def poll_activity(self) -> grpc.Future:
        request = PollActivityTaskQueueRequest(namespace="default")
        request.task_queue.name = "activities"
        return self._stub.PollActivityTaskQueue.future(request, timeout=30)

    def signal(self, name: str) -> bool:
        request = SignalWorkflowExecutionRequest(namespace="default", signal_name=name, request_id=name)
        request.workflow_execution.workflow_id = "wf"
        return self._answer(lambda: self._stub.SignalWorkflowExecution(request, timeout=5)) is not None

    def signals(self) -> list[str] | None:
        """Those in the workflow's history; None where the server does not answer."""
        request = GetWorkflowExecutionHistoryRequest(namespace="default")
        request.execution.workflow_id = "wf"
        page = self._answer(lambda: self._stub.GetWorkflowExecutionHistory(request, timeout=5))
        if page is None:
            return None
        attributes = [event.workflow_execution_signaled_event_attributes for event in page.history.events]
        return [each.signal_name for each in attributes if each.signal_name]

    @staticmethod
    def _answer(call: Callable[[], object]) -> object:
        try:
            return call()
        except grpc.RpcError as error:
            assert error.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED), error
            return None


def is_ready(server: PostgresServer) -> bool:
    answer = probe(server.health_port, "/readyz")
    return answer is not None and answer.code == 200


def wait_for(what: str, server: Server, condition: Callable[[], bool], seconds: float = 20) -> None:
    assert server._process is not None
    wait_until(what, condition, server._process, server.log, seconds)


def metric(port: int, series: str) -> float:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as reply:
        for line in reply.read().decode().splitlines():
            if line.startswith(f"{series} "):
                return float(line.split()[-1])
    raise AssertionError(f"no series {series}")


@pytest.fixture
def make_pair(own_postgres: PostgresCluster, tmp_path: Path) -> Iterator[Callable[..., list[PostgresServer]]]:
    made: list[PostgresServer] = []

    def make(names: list[str]) -> list[PostgresServer]:
        dsn = create_database(own_postgres.dsn)
        for i, name in enumerate(names):
            folder = tmp_path / str(i)
            folder.mkdir()
            made.append(PostgresServer(folder, dsn, {"node.name": name}))
        return made

    yield make
    for server in made:
        if server._process is not None:
            server.kill()


@pytest.mark.timeout(300)
def test_a_server_that_did_not_run_while_another_did(make_pair: Callable[..., list[PostgresServer]]) -> None:
    """It answers nothing of what it remembered, says why it lost its lease, and loses no task."""
    first, second = make_pair(["first", "second"])
    first.start()
    caller = Caller(first)
    caller.start()
    caller.start_activity()
    assert caller.signal("one")
    os.kill(first.pid, signal.SIGSTOP)
    lost = caller.poll_activity()
    second.start()
    assert Caller(second).signal("two")
    assert second.stop() == 0
    lost.cancel()
    os.kill(first.pid, signal.SIGCONT)
    poll = caller.poll_activity()
    deadline = time.monotonic() + 10
    answers = 0
    while answers < 50:
        seen = caller.signals()
        assert seen in (None, ["one", "two"])
        answers += seen is not None
        assert time.monotonic() < deadline, "no answers within 10 s"
    assert caller.signal("three")
    assert poll.result().activity_id == "act"
    log = first.log.read_text()
    assert "the lease on the shards lapsed" in log
    assert "this process did not run for" in log


@pytest.mark.timeout(300)
def test_two_servers_of_one_name(make_pair: Callable[..., list[PostgresServer]]) -> None:
    """The younger takes over at once and the older exits, but for one whose name was fought for: it waits."""
    first, second = make_pair(["name", "name"])
    first.start()
    caller = Caller(second)
    Caller(first).start()
    second.start()
    assert first._process is not None and second._process is not None
    assert first._process.wait(10) == NAME_TAKEN
    said = first.log.read_text()
    assert "another process of this node's name has taken its place" in said
    assert second.address in said and f"process {second.pid}" in said
    assert caller.signal("one")

    first.start()  # as a supervisor does
    assert second._process.wait(10) == NAME_TAKEN
    second.launch()
    wait_for("the wait", second, lambda: "waiting for the other's end" in second.log.read_text())
    time.sleep(LEASE_SECONDS)  # the other one renews its lease
    assert not is_ready(second) and is_ready(first)
    live = probe(second.health_port, "/livez")
    assert live is not None and live.code == 200
    assert Caller(first).signal("two")
    assert first.stop() == 0
    wait_for("readiness", second, lambda: is_ready(second))
    assert Caller(second).signals() == ["one", "two"]


@pytest.mark.timeout(300)
def test_a_killed_server_is_followed_at_once_however_often(
    make_pair: Callable[..., list[PostgresServer]],
) -> None:
    (server,) = make_pair(["name"])
    for _ in range(4):
        server.start()
        assert "waiting for its end" not in server.log.read_text()  # of the lease before
        server.kill()


@pytest.mark.timeout(300)
def test_a_dev_server_that_was_starved_has_no_lease_to_lose(tmp_path: Path) -> None:
    server = DevServer(tmp_path)
    server.start()
    try:
        caller = Caller(server)
        caller.start()
        os.kill(server.pid, signal.SIGSTOP)
        time.sleep(LEASE_SECONDS + 2)
        os.kill(server.pid, signal.SIGCONT)
        assert caller.signal("one")
        assert caller.signals() == ["one"]
        assert metric(server.metrics_port, "perdure_fences") == 0
        assert "lease" not in server.log.read_text()
    finally:
        server.kill()


class DevServer(Server):
    kind = "sqlite"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.metrics_port = free_port()

    def command(self) -> list[str]:
        flags = ["--headless", "--ip", "127.0.0.1", "--port", str(self.port)]
        flags += ["--db-filename", str(self.folder / "perdure.db"), "--metrics-port", str(self.metrics_port)]
        return [str(PERDURE), "server", "start-dev", *flags]


@pytest.mark.timeout(300)
def test_a_failover_that_lost_what_was_acknowledged(
    make_pair: Callable[..., list[PostgresServer]], own_postgres: PostgresCluster, tmp_path: Path
) -> None:
    """The database comes back without its last transactions: what is gone is answered by nobody."""
    (server,) = make_pair(["name"])
    server.start()
    caller = Caller(server)
    caller.start()
    assert caller.signal("kept")
    own_postgres.crash()
    shutil.copytree(own_postgres.data, tmp_path / "standby", symlinks=True)
    own_postgres.start()
    wait_for("the signal is taken", server, lambda: caller.signal("lost"))
    assert caller.signals() == ["kept", "lost"]
    own_postgres.crash()
    shutil.rmtree(own_postgres.data)
    shutil.copytree(tmp_path / "standby", own_postgres.data, symlinks=True)
    own_postgres.give_to_user()
    own_postgres.start()
    deadline = time.monotonic() + 10
    answers = 0
    while answers < 20:
        seen = caller.signals()
        assert seen in (None, ["kept"])
        answers += seen is not None
        assert time.monotonic() < deadline, "no answers within 10 s"
    wait_for("the next signal is taken", server, lambda: caller.signal("next"))
    assert caller.signals() == ["kept", "next"]
