"""What is accepted is read again after a restart; a run whose rows were damaged can still be ended."""

import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.internal import encoder
from google.protobuf.message import Message
from temporalio.api.command.v1 import Command, ScheduleActivityTaskCommandAttributes
from temporalio.api.common.v1 import ActivityType, WorkflowExecution, WorkflowType
from temporalio.api.enums.v1 import CommandType, WorkflowExecutionStatus, WorkflowIdConflictPolicy
from temporalio.api.failure.v1 import Failure
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import (
    DescribeWorkflowExecutionRequest,
    DescribeWorkflowExecutionResponse,
    GetWorkflowExecutionHistoryRequest,
    PollActivityTaskQueueRequest,
    PollWorkflowTaskQueueRequest,
    RespondActivityTaskFailedRequest,
    RespondWorkflowTaskCompletedRequest,
    StartWorkflowExecutionRequest,
    TerminateWorkflowExecutionRequest,
)
from temporalio.api.workflowservice.v1.service_pb2_grpc import WorkflowServiceStub

from support.postgres import create_database, query
from support.processes import run
from support.servers import PERDURE, PostgresServer, SqliteServer

QUEUE = TaskQueue(name="orders")
RUN = WorkflowExecution(workflow_id="order")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SqliteServer]:
    server = SqliteServer(tmp_path)
    server.start()
    yield server
    server.kill()


@pytest.fixture
def stub(server: SqliteServer) -> Iterator[WorkflowServiceStub]:
    options = [("grpc.initial_reconnect_backoff_ms", 100), ("grpc.max_reconnect_backoff_ms", 200)]
    with grpc.insecure_channel(server.address, options=options) as channel:
        yield WorkflowServiceStub(channel)


def start(stub: WorkflowServiceStub, **fields: object) -> str:
    request = StartWorkflowExecutionRequest(
        namespace="default",
        workflow_id="order",
        workflow_type=WorkflowType(name="Order"),
        task_queue=QUEUE,
        **fields,  # type: ignore[arg-type]
    )
    return str(stub.StartWorkflowExecution(request, timeout=10, wait_for_ready=True).run_id)


def describe(stub: WorkflowServiceStub) -> DescribeWorkflowExecutionResponse:
    request = DescribeWorkflowExecutionRequest(namespace="default", execution=RUN)
    return stub.DescribeWorkflowExecution(request, timeout=10, wait_for_ready=True)


def terminate(stub: WorkflowServiceStub) -> None:
    request = TerminateWorkflowExecutionRequest(namespace="default", workflow_execution=RUN)
    stub.TerminateWorkflowExecution(request, timeout=10, wait_for_ready=True)


def inside(message: type[Message], field: str, value: bytes) -> bytes:
    """A field of a message, as bytes: Python's own messages go no deeper than 100."""
    tag = message.DESCRIPTOR.fields_by_name[field].number << 3 | 2
    return bytes([tag]) + encoder._VarintBytes(len(value)) + value


def nested(causes: int) -> bytes:
    """A failure with so many causes."""
    failure = b""
    for number in range(causes + 1, 0, -1):
        one = Failure(message=f"failure {number}")
        one.application_failure_info.type = "Broken"
        failure = one.SerializeToString() + (inside(Failure, "cause", failure) if failure else b"")
    return failure


def messages(failure: Failure) -> list[str]:
    found = [failure.message]
    while failure.HasField("cause"):
        failure = failure.cause
        found.append(failure.message)
    return found


def fail_activity(server: SqliteServer, stub: WorkflowServiceStub, attempts: int, causes: int) -> None:
    """Of a new run: its first activity's only or first attempt."""
    start(stub)
    task = stub.PollWorkflowTaskQueue(
        PollWorkflowTaskQueueRequest(namespace="default", task_queue=QUEUE), timeout=10
    )
    options = ScheduleActivityTaskCommandAttributes(
        activity_id="charge",
        activity_type=ActivityType(name="Charge"),
        task_queue=QUEUE,
        start_to_close_timeout=Duration(seconds=60),
    )
    options.retry_policy.maximum_attempts = attempts
    options.retry_policy.initial_interval.seconds = 3600
    options.retry_policy.maximum_interval.seconds = 3600
    command = Command(
        command_type=CommandType.COMMAND_TYPE_SCHEDULE_ACTIVITY_TASK,
        schedule_activity_task_command_attributes=options,
    )
    stub.RespondWorkflowTaskCompleted(
        RespondWorkflowTaskCompletedRequest(task_token=task.task_token, commands=[command]), timeout=10
    )
    activity = stub.PollActivityTaskQueue(
        PollActivityTaskQueueRequest(namespace="default", task_queue=QUEUE), timeout=10
    )
    request = RespondActivityTaskFailedRequest(task_token=activity.task_token).SerializeToString()
    with grpc.insecure_channel(server.address) as channel:
        call = channel.unary_unary(
            "/temporal.api.workflowservice.v1.WorkflowService/RespondActivityTaskFailed"
        )
        call(request + inside(RespondActivityTaskFailedRequest, "failure", nested(causes)), timeout=10)


def restart(server: SqliteServer) -> None:
    server.kill()
    server.start()


@pytest.mark.parametrize("causes", [95, 200])
@pytest.mark.parametrize("attempts", [1, 3])
def test_a_failure_with_many_causes_is_cut_and_read_again(
    server: SqliteServer, stub: WorkflowServiceStub, attempts: int, causes: int
) -> None:
    fail_activity(server, stub, attempts, causes)
    restart(server)
    if attempts == 1:
        history = stub.GetWorkflowExecutionHistory(
            GetWorkflowExecutionHistoryRequest(namespace="default", execution=RUN),
            timeout=10,
            wait_for_ready=True,
        ).history
        [failed] = [e for e in history.events if e.HasField("activity_task_failed_event_attributes")]
        kept = messages(failed.activity_task_failed_event_attributes.failure)
    else:
        [pending] = describe(stub).pending_activities
        kept = messages(pending.last_failure)
    assert kept[:-1] == [f"failure {number}" for number in range(1, len(kept))]
    assert len(kept) > 50
    assert kept[-1] == f"failure {len(kept)} ({causes + 1 - len(kept)} more causes were cut)"
    terminate(stub)


def damage(server: SqliteServer, run_id: str) -> None:
    """The run's last row cannot be read any more."""
    run = UUID(run_id).bytes
    server.kill()
    with sqlite3.connect(server.folder / "perdure.db") as database:
        database.execute(
            "UPDATE history SET changes = ?, events = ? WHERE run_id = ? AND sequence = "
            "(SELECT max(sequence) FROM history WHERE run_id = ?)",
            (b"\xff", b"\xff", run, run),
        )
    server.start()


def is_unreadable(stub: WorkflowServiceStub) -> bool:
    with pytest.raises(grpc.RpcError) as refused:
        describe(stub)
    return bool(refused.value.code() == grpc.StatusCode.DATA_LOSS)


def test_a_damaged_run_is_terminated_and_its_id_started_again(
    server: SqliteServer, stub: WorkflowServiceStub
) -> None:
    damage(server, start(stub))
    assert is_unreadable(stub)
    terminate(stub)
    restart(server)
    ended = describe(stub).workflow_execution_info
    assert ended.status == WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_TERMINATED
    damage(server, start(stub))
    assert is_unreadable(stub)
    policy = WorkflowIdConflictPolicy.WORKFLOW_ID_CONFLICT_POLICY_TERMINATE_EXISTING
    again = start(stub, workflow_id_conflict_policy=policy)
    restart(server)
    running = describe(stub).workflow_execution_info
    assert running.execution.run_id == again
    assert running.status == WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_RUNNING


def remove_run(server: SqliteServer, run_id: str) -> subprocess.CompletedProcess[str]:
    flags = ["--run-id", run_id, "--store.sqlite", str(server.folder / "perdure.db")]
    return subprocess.run(
        [str(PERDURE), "remove-run", "order", *flags], capture_output=True, text=True, timeout=30
    )


def test_a_damaged_run_is_removed_by_command(server: SqliteServer, stub: WorkflowServiceStub) -> None:
    run_id = start(stub)
    server.stop()
    whole = remove_run(server, run_id)
    assert whole.returncode == 1
    assert "this run can be read" in whole.stderr
    server.start()
    damage(server, run_id)
    assert remove_run(server, run_id).returncode == 1  # a server works on the store
    server.stop()
    removed = remove_run(server, run_id)
    assert removed.returncode == 0, removed.stderr
    with sqlite3.connect(server.folder / "perdure.db") as database:
        for table in ("executions", "history", "snapshots"):
            rows = database.execute(f"SELECT run_id FROM {table}").fetchall()
            assert (UUID(run_id).bytes,) not in rows, table
    server.start()
    with pytest.raises(grpc.RpcError) as gone:
        describe(stub)
    assert gone.value.code() == grpc.StatusCode.NOT_FOUND
    start(stub)


def test_a_nested_search_attribute_does_not_end_the_server(
    server: SqliteServer, stub: WorkflowServiceStub
) -> None:
    request = StartWorkflowExecutionRequest(
        namespace="default", workflow_id="order", workflow_type=WorkflowType(name="Order"), task_queue=QUEUE
    )
    payload = request.search_attributes.indexed_fields["BuildIds"]
    payload.metadata["encoding"] = b"json/plain"
    for depth in (1_000, 100_000, 1_500_000):
        payload.data = b"[" * depth + b"]" * depth
        with pytest.raises(grpc.RpcError) as refused:
            stub.StartWorkflowExecution(request, timeout=10, wait_for_ready=True)
        assert refused.value.code() == grpc.StatusCode.INVALID_ARGUMENT
        assert len(refused.value.details()) < 1000
    start(stub)


def test_a_damaged_run_is_removed_from_postgresql(postgres_dsn: str, tmp_path: Path) -> None:
    dsn = create_database(postgres_dsn)
    server = PostgresServer(tmp_path, dsn)
    server.start()
    try:
        with grpc.insecure_channel(server.address) as channel:
            run_id = start(WorkflowServiceStub(channel))
        server.kill()
        this_run = f"run_id = '{run_id}'"
        query(dsn, f"UPDATE history SET events = '\\xff', changes = '\\xff' WHERE {this_run}")
        server.start()
        command = [str(PERDURE), "remove-run", "order", "--run-id", run_id]
        command += ["--config", str(tmp_path / "perdure.yaml")]
        refused = subprocess.run(command, capture_output=True, text=True, timeout=30)
        assert refused.returncode == 1
        assert "a server works on this store" in refused.stderr
        with grpc.insecure_channel(server.address) as channel:
            assert is_unreadable(WorkflowServiceStub(channel))
        server.stop()
        run(command)
        for table in ("executions", "history", "snapshots"):
            assert query(dsn, f"SELECT count(*) FROM {table} WHERE {this_run}") == "0", table
        server.start()
        with grpc.insecure_channel(server.address) as channel:
            start(WorkflowServiceStub(channel))
    finally:
        server.kill()
