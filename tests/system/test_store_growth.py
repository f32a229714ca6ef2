"""What the store and memory hold does not grow with what has been: heartbeats, events past retention, and
runs that a server takes up when it starts."""

import os
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from temporalio.api.command.v1 import (
    Command,
    CompleteWorkflowExecutionCommandAttributes,
    ScheduleActivityTaskCommandAttributes,
)
from temporalio.api.common.v1 import ActivityType, Payload, Payloads, WorkflowType
from temporalio.api.enums.v1 import CommandType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import (
    PollActivityTaskQueueRequest,
    PollActivityTaskQueueResponse,
    PollWorkflowTaskQueueRequest,
    RecordActivityTaskHeartbeatRequest,
    RespondActivityTaskCompletedRequest,
    RespondWorkflowTaskCompletedRequest,
    StartWorkflowExecutionRequest,
)
from temporalio.api.workflowservice.v1.service_pb2_grpc import WorkflowServiceStub

from support.copies import write_expired_runs
from support.postgres import create_database, query
from support.sanitizers import REPORTS
from support.servers import PostgresServer, Server, SqliteServer

QUEUE = TaskQueue(name="growth")
MIB = 1024 * 1024


class Store:
    """One server and its database."""

    def __init__(self, kind: str, folder: Path, postgres_dsn: str) -> None:
        self.dsn = create_database(postgres_dsn) if kind == "postgres" else None
        self._file = folder / "perdure.db"
        self.server: Server = PostgresServer(folder, self.dsn) if self.dsn else SqliteServer(folder)

    def count(self, what: str) -> int:
        sql = f"SELECT count(*) FROM {what}"
        if self.dsn is not None:
            return int(query(self.dsn, sql))
        with sqlite3.connect(self._file, timeout=30) as database:
            return int(database.execute(sql).fetchone()[0])


@pytest.fixture
def store(server_kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Store]:
    if server_kind == "real":
        pytest.skip("of our own store")
    dsn = request.getfixturevalue("postgres_dsn") if server_kind == "postgres" else ""
    store = Store(server_kind, tmp_path, dsn)
    store.server.start()
    yield store
    store.server.kill()


@pytest.fixture
def stub(store: Store) -> Iterator[WorkflowServiceStub]:
    options = [
        ("grpc.initial_reconnect_backoff_ms", 100),
        ("grpc.max_reconnect_backoff_ms", 200),
        ("grpc.max_receive_message_length", 64 * MIB),
    ]
    with grpc.insecure_channel(store.server.address, options=options) as channel:
        yield WorkflowServiceStub(channel)


def start(stub: WorkflowServiceStub, workflow_id: str, input_bytes: int = 0) -> None:
    request = StartWorkflowExecutionRequest(
        namespace="default",
        workflow_id=workflow_id,
        workflow_type=WorkflowType(name="Growing"),
        task_queue=QUEUE,
        input=Payloads(payloads=[Payload(data=b"x" * input_bytes)]),
    )
    stub.StartWorkflowExecution(request, timeout=10)


def complete(stub: WorkflowServiceStub, *commands: Command) -> None:
    """The next workflow task, with these commands."""
    task = stub.PollWorkflowTaskQueue(
        PollWorkflowTaskQueueRequest(namespace="default", task_queue=QUEUE), timeout=30
    )
    assert task.task_token
    stub.RespondWorkflowTaskCompleted(
        RespondWorkflowTaskCompletedRequest(task_token=task.task_token, commands=commands), timeout=10
    )


def end_of_run() -> Command:
    return Command(
        command_type=CommandType.COMMAND_TYPE_COMPLETE_WORKFLOW_EXECUTION,
        complete_workflow_execution_command_attributes=CompleteWorkflowExecutionCommandAttributes(),
    )


def start_activity(stub: WorkflowServiceStub) -> PollActivityTaskQueueResponse:
    start(stub, "heartbeating")
    options = ScheduleActivityTaskCommandAttributes(
        activity_id="act",
        activity_type=ActivityType(name="Act"),
        task_queue=QUEUE,
        start_to_close_timeout=Duration(seconds=3600),
    )
    schedule = Command(
        command_type=CommandType.COMMAND_TYPE_SCHEDULE_ACTIVITY_TASK,
        schedule_activity_task_command_attributes=options,
    )
    complete(stub, schedule)
    return stub.PollActivityTaskQueue(
        PollActivityTaskQueueRequest(namespace="default", task_queue=QUEUE), timeout=30
    )


def test_heartbeats_do_not_pile_up(store: Store, stub: WorkflowServiceStub) -> None:
    task = start_activity(stub)
    beats, most = 2_000, 0
    for number in range(beats):
        details = Payloads(payloads=[Payload(data=str(number).encode())])
        beat = RecordActivityTaskHeartbeatRequest(task_token=task.task_token, details=details)
        stub.RecordActivityTaskHeartbeat(beat, timeout=10)
        if number % 250 == 0:
            most = max(most, store.count("history"))
    assert most < 500
    assert store.count("history") < 500
    store.server.kill()
    store.server.start()
    done = RespondActivityTaskCompletedRequest(task_token=task.task_token)
    stub.RespondActivityTaskCompleted(done, timeout=10, wait_for_ready=True)
    complete(stub, end_of_run())


RUNS, EVENTS = 200, 5_000


@pytest.mark.timeout(600)
def test_a_million_events_go_while_clients_go_on(store: Store, stub: WorkflowServiceStub) -> None:
    store.server.stop()
    write_expired_runs(store.server, store.dsn, RUNS, EVENTS)
    assert store.count("history") == RUNS * EVENTS
    store.server.start()
    started = 0
    deadline = time.monotonic() + 200
    while store.count("wake WHERE at = 3") > 0:  # a run's wake goes with its last rows
        assert time.monotonic() < deadline, f"{store.count('history')} rows are left"
        for _ in range(20):
            start(stub, f"new-{started}")
            complete(stub, end_of_run())
            started += 1
    of_gone = "IN (SELECT run_id FROM gone)"
    assert store.count(f"history WHERE run_id {of_gone}") == 0
    assert store.count(f"executions WHERE run_id {of_gone}") == 0
    assert started >= 20
    assert store.count("executions") == started


def most_memory(server: Server) -> int:
    """In bytes, over the life of the process."""
    status = Path(f"/proc/{server.pid}/status").read_text()
    [line] = [line for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(line.split()[1]) * 1024


@pytest.mark.timeout(600)
def test_a_takeover_of_heavy_runs_keeps_to_its_memory(store: Store, stub: WorkflowServiceStub) -> None:
    if REPORTS in os.environ:
        pytest.skip("a sanitizer's memory is not the server's")
    runs = 400
    for number in range(runs):
        start(stub, f"heavy-{number}", input_bytes=MIB)
    store.server.kill()
    store.server.start()
    for _ in range(runs):
        complete(stub, end_of_run())
    assert most_memory(store.server) < 450 * MIB
