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

from support.postgres import create_database, query
from support.sanitizers import REPORTS
from support.servers import PostgresServer, Server, SqliteServer

QUEUE = TaskQueue(name="growth")
MIB = 1024 * 1024


class Store:
    """One server and its database."""

    def __init__(self, kind: str, folder: Path, postgres_dsn: str) -> None:
        self._dsn = create_database(postgres_dsn) if kind == "postgres" else None
        self._file = folder / "perdure.db"
        self.server: Server = PostgresServer(folder, self._dsn) if self._dsn else SqliteServer(folder)

    @property
    def is_postgres(self) -> bool:
        return self._dsn is not None

    def run(self, *statements: str) -> None:
        if self._dsn is not None:
            query(self._dsn, "; ".join(statements))
            return
        with sqlite3.connect(self._file) as database:
            for statement in statements:
                database.execute(statement)

    def count(self, what: str) -> int:
        sql = f"SELECT count(*) FROM {what}"
        if self._dsn is not None:
            return int(query(self._dsn, sql))
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


def past_retention(store: Store) -> list[str]:
    """Statements that write a million events of runs that may go. Nothing of them can be read."""
    if store.is_postgres:
        numbers = f"generate_series(1, {RUNS}) AS n (i)"
        runs = f"SELECT i, i % 4096 AS shard, gen_random_uuid() AS run_id FROM {numbers}"
        events = f"generate_series(1, {EVENTS}) AS n (e)"
        nothing, name, event = "''::bytea", "('old-' || i)::bytea", "repeat('x', 100)::bytea"
        current, nobody = "true", "gen_random_uuid()"
    else:
        count = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {}) "
        runs = count.format(RUNS) + "SELECT i, i % 4096 AS shard, randomblob(16) AS run_id FROM n"
        events = f"({count.format(EVENTS)} SELECT i AS e FROM n)"
        nothing, name, event = "x''", "CAST('old-' || i AS BLOB)", "zeroblob(100)"
        current, nobody = "1", "randomblob(16)"
    return [
        f"CREATE TABLE gone AS {runs}",
        "INSERT INTO executions (shard, run_id, namespace_id, workflow_id, is_current, status, "
        "workflow_type, task_queue, start_time, execution_time, close_time, history_length, "
        "history_size_bytes, state_transition_count, memo, search_attributes, extra, delete_at) "
        f"SELECT shard, run_id, {nobody}, {name}, {current}, 2, {nothing}, {nothing}, 1, 1, 2, {EVENTS}, "
        f"{100 * EVENTS}, {EVENTS}, {nothing}, {nothing}, {nothing}, 3 FROM gone",
        "INSERT INTO history (shard, run_id, first_event_id, sequence, event_count, events, changes) "
        f"SELECT shard, run_id, e, e, 1, {event}, {nothing} FROM gone CROSS JOIN {events}",
        "INSERT INTO wake (at, shard, run_id) SELECT 3, shard, run_id FROM gone",
    ]


@pytest.mark.timeout(300)
def test_a_million_events_go_while_clients_go_on(store: Store, stub: WorkflowServiceStub) -> None:
    store.server.stop()
    store.run(*past_retention(store))
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


@pytest.mark.timeout(300)
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
