"""What a client finds around the API: health, reflection, system information, keepalive, task queues."""

import asyncio
import time
import uuid
from datetime import timedelta

import grpc
import pytest
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import (
    CreateScheduleRequest,
    DescribeTaskQueueRequest,
    DescribeTaskQueueResponse,
    GetClusterInfoRequest,
    GetSystemInfoRequest,
    PollWorkflowTaskQueueRequest,
)
from temporalio.api.workflowservice.v1.service_pb2_grpc import WorkflowServiceStub
from temporalio.client import Client
from temporalio.service import KeepAliveConfig, RPCError, RPCStatusCode

from support.env import Env, eventually
from support.servers import Server
from support.workflows import Echo

SERVICE = "temporal.api.workflowservice.v1.WorkflowService"


async def test_health(env: Env) -> None:
    assert await env.client.service_client.check_health()
    assert await env.client.service_client.check_health(service=SERVICE)


async def test_health_of_an_unknown_service(env: Env) -> None:
    with pytest.raises(RPCError) as refused:
        await env.client.service_client.check_health(service="no.such.Service")
    assert refused.value.status == RPCStatusCode.NOT_FOUND


def test_reflection_lists_the_services(server: Server) -> None:
    list_services = b"\x3a\x00"  # ServerReflectionRequest{list_services: ""}, without its generated code
    method = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"
    with grpc.insecure_channel(server.address) as channel:
        call = channel.stream_stream(method)
        reply = next(iter(call(iter([list_services]), timeout=5)))
    for service in (SERVICE, "temporal.api.operatorservice.v1.OperatorService", "grpc.health.v1.Health"):
        assert service.encode() in reply


async def test_system_info(env: Env) -> None:
    info = await env.client.workflow_service.get_system_info(GetSystemInfoRequest())
    assert info.server_version
    # Each is true where what it promises works: schedules do not yet on Perdure.
    assert info.capabilities.supports_schedules != env.server.is_perdure
    for name in (
        "signal_and_query_header",
        "internal_error_differentiation",
        "activity_failure_include_heartbeat",
        "encoded_failure_attributes",
        "upsert_memo",
        "eager_workflow_start",
        "sdk_metadata",
        "build_id_based_versioning",
        "count_group_by_execution_status",
    ):
        assert getattr(info.capabilities, name), name


async def test_cluster_info(env: Env) -> None:
    info = await env.client.workflow_service.get_cluster_info(GetClusterInfoRequest())
    assert info.cluster_id
    assert info.cluster_name
    assert info.server_version
    assert info.history_shard_count > 0


async def test_method_that_is_not_built_names_itself(env: Env) -> None:
    if not env.server.is_perdure:
        pytest.skip("the real server has every method")
    with pytest.raises(RPCError, match="CreateSchedule") as refused:
        await env.client.workflow_service.create_schedule(CreateScheduleRequest(namespace="default"))
    assert refused.value.status == RPCStatusCode.UNIMPLEMENTED


def test_unknown_method(server: Server) -> None:
    with grpc.insecure_channel(server.address) as channel:
        with pytest.raises(grpc.RpcError) as refused:
            channel.unary_unary(f"/{SERVICE}/NoSuchMethod")(b"", timeout=5)
    assert refused.value.code() == grpc.StatusCode.UNIMPLEMENTED


def test_keepalive_pings_without_data(server: Server) -> None:
    """An idle connection that pings is kept. Perdure allows a ping every 2 s, the real server every 10."""
    interval, idle = (2, 9) if server.is_perdure else (10.2, 33)
    options = [
        ("grpc.keepalive_time_ms", int(interval * 1000)),
        ("grpc.keepalive_timeout_ms", 5000),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.max_pings_without_data", 0),
    ]
    states: list[grpc.ChannelConnectivity] = []
    with grpc.insecure_channel(server.address, options=options) as channel:
        stub = WorkflowServiceStub(channel)
        stub.GetSystemInfo(GetSystemInfoRequest(), timeout=5)
        channel.subscribe(states.append)
        time.sleep(idle)
        stub.GetSystemInfo(GetSystemInfoRequest(), timeout=5)
    assert states == [grpc.ChannelConnectivity.READY]


async def test_keepalive_pings_during_a_long_poll(env: Env) -> None:
    """A connection on which nothing but pings happens while a poll waits: the task comes through."""
    interval, idle = (2, 9) if env.server.is_perdure else (10.2, 33)
    keep_alive = KeepAliveConfig(interval_millis=int(interval * 1000), timeout_millis=5000)
    pinging = await Client.connect(env.server.address, keep_alive_config=keep_alive)
    poll = PollWorkflowTaskQueueRequest(namespace="default", task_queue=TaskQueue(name=env.task_queue))
    call = pinging.workflow_service.poll_workflow_task_queue(poll, timeout=timedelta(seconds=60))
    polling = asyncio.create_task(call)
    await asyncio.sleep(idle)
    assert not polling.done()
    handle = await env.start(Echo.run)
    task = await asyncio.wait_for(polling, 30)
    assert task.workflow_execution.workflow_id == handle.id
    await handle.terminate()


@pytest.mark.parametrize("deadline", [None, 1.0], ids=["no deadline", "short deadline"])
def test_poll_with_an_unusable_deadline_is_refused(server: Server, deadline: float | None) -> None:
    request = PollWorkflowTaskQueueRequest(namespace="default", task_queue=TaskQueue(name=str(uuid.uuid4())))
    with grpc.insecure_channel(server.address) as channel:
        with pytest.raises(grpc.RpcError) as refused:
            WorkflowServiceStub(channel).PollWorkflowTaskQueue(request, timeout=deadline)
    expected = grpc.StatusCode.FAILED_PRECONDITION if deadline else grpc.StatusCode.INVALID_ARGUMENT
    assert refused.value.code() == expected


def test_poll_answers_empty_before_its_deadline(server: Server) -> None:
    request = PollWorkflowTaskQueueRequest(namespace="default", task_queue=TaskQueue(name=str(uuid.uuid4())))
    with grpc.insecure_channel(server.address) as channel:
        begin = time.monotonic()
        reply = WorkflowServiceStub(channel).PollWorkflowTaskQueue(request, timeout=3)
    assert reply.task_token == b""
    assert time.monotonic() - begin >= 1


async def describe_queue(env: Env) -> DescribeTaskQueueResponse:
    return await env.client.workflow_service.describe_task_queue(
        DescribeTaskQueueRequest(
            namespace="default",
            task_queue=TaskQueue(name=env.task_queue),
            task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
            report_stats=True,
        )
    )


async def test_task_queue_shows_its_backlog_and_its_pollers(env: Env) -> None:
    handles = [await env.start(Echo.run) for _ in range(3)]

    async def backlog_of(count: int) -> bool:
        return (await describe_queue(env)).stats.approximate_backlog_count == count

    assert (await describe_queue(env)).pollers == []
    await eventually("a backlog of 3", lambda: backlog_of(3))
    async with env.worker([Echo]):
        for handle in handles:
            await handle.result()
        await eventually("no backlog", lambda: backlog_of(0), seconds=30)
        pollers = (await describe_queue(env)).pollers
    assert {poller.identity for poller in pollers} == {env.client.identity}
