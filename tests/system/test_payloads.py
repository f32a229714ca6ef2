"""Payloads up to the limit arrive whole; beyond it they are refused as the real server refuses them."""

import asyncio

import grpc
import pytest
from temporalio import activity
from temporalio.api.common.v1 import Payload, Payloads, WorkflowExecution
from temporalio.api.workflowservice.v1 import SignalWorkflowExecutionRequest
from temporalio.api.workflowservice.v1.service_pb2_grpc import WorkflowServiceStub
from temporalio.client import WorkflowFailureError
from temporalio.exceptions import ActivityError, TerminatedError
from temporalio.service import RPCError, RPCStatusCode

from support import history
from support.env import Env
from support.workflows import ActivityCall, Collect, Echo, OneActivity

KB = 1024
LIMIT = 2 * KB * KB
JUST_BELOW = LIMIT - 4 * KB
ABOVE = LIMIT + KB


def big(size: int) -> str:
    return "x" * size


async def test_just_below_the_limit_through_workflow_and_activity(env: Env) -> None:
    @activity.defn(name="act")
    async def length_and_value(value: str) -> list:
        return [len(value), value]

    async with env.worker([OneActivity], [length_and_value]):
        value = big(JUST_BELOW)
        result = await env.execute(OneActivity.run, ActivityCall(args=[value]))
    assert result == [JUST_BELOW, value]


async def test_history_larger_than_a_message(env: Env) -> None:
    """Several events of 1.5 MB each: history pages and workflow tasks are cut, and nothing is missing."""
    values = [big(KB * KB + KB * KB // 2) + str(i) for i in range(4)]
    handle = await env.start(Collect.run)
    for value in values:
        await handle.signal(Collect.add, value)
    await handle.signal(Collect.finish)
    async with env.worker([Collect], disable_payload_error_limit=True):
        # The result is larger than a message too: its worker says so, and the run is terminated.
        with pytest.raises(WorkflowFailureError) as failed:
            await handle.result()
    assert isinstance(failed.value.cause, TerminatedError)
    signaled = history.of_type(await history.events(handle), "WorkflowExecutionSignaled")
    assert [len(s.input.payloads[0].data) - 2 for s in signaled[:4]] == [len(value) for value in values]


async def test_start_above_the_limit_is_refused(env: Env) -> None:
    with pytest.raises(RPCError, match="limit") as refused:
        await env.start(Echo.run, big(ABOVE))
    assert refused.value.status == RPCStatusCode.INVALID_ARGUMENT


async def test_signal_above_the_limit_is_refused_and_changes_nothing(env: Env) -> None:
    handle = await env.start(Collect.run)
    with pytest.raises(RPCError, match="limit") as refused:
        await handle.signal(Collect.add, big(ABOVE))
    assert refused.value.status == RPCStatusCode.INVALID_ARGUMENT
    assert len(await history.events(handle)) == 2
    await handle.terminate()


async def test_memo_above_the_limit_is_refused(env: Env) -> None:
    with pytest.raises(RPCError) as refused:
        await env.start(Echo.run, memo={"much": big(ABOVE)})
    assert refused.value.status == RPCStatusCode.INVALID_ARGUMENT


async def test_activity_result_above_the_limit_fails_the_activity(env: Env) -> None:
    """The completion itself is answered OK."""
    tokens: asyncio.Queue[bytes] = asyncio.Queue()

    @activity.defn(name="act")
    async def hand_over() -> None:
        tokens.put_nowait(activity.info().task_token)
        activity.raise_complete_async()

    async with env.worker([OneActivity], [hand_over]):
        handle = await env.start(OneActivity.run, ActivityCall(maximum_attempts=1))
        token = await asyncio.wait_for(tokens.get(), 10)
        await env.client.get_async_activity_handle(task_token=token).complete(big(ABOVE))
        with pytest.raises(WorkflowFailureError) as failed:
            await handle.result()
        failure = history.only(await history.events(handle), "ActivityTaskFailed").failure
    assert isinstance(failed.value.cause, ActivityError)
    assert "exceeds" in failure.message


async def test_heartbeat_above_the_limit_fails_the_activity(env: Env) -> None:
    tokens: asyncio.Queue[bytes] = asyncio.Queue()

    @activity.defn(name="act")
    async def hand_over() -> None:
        tokens.put_nowait(activity.info().task_token)
        activity.raise_complete_async()

    async with env.worker([OneActivity], [hand_over]):
        handle = await env.start(OneActivity.run, ActivityCall(maximum_attempts=1))
        token = await asyncio.wait_for(tokens.get(), 10)
        found = env.client.get_async_activity_handle(task_token=token)
        try:
            await found.heartbeat(big(ABOVE))
        except Exception as error:  # the reply may tell that the activity is to stop
            assert not isinstance(error, RPCError), error
        with pytest.raises(WorkflowFailureError):
            await handle.result()


def test_message_above_the_limit_names_the_limit(env: Env) -> None:
    """SDKs look for these words to tell a message that is too large from an overloaded server."""
    request = SignalWorkflowExecutionRequest(
        namespace="default",
        workflow_execution=WorkflowExecution(workflow_id="any"),
        signal_name="add",
        input=Payloads(payloads=[Payload(data=b"x" * (5 * KB * KB))]),
    )
    with grpc.insecure_channel(env.server.address) as channel:
        with pytest.raises(grpc.RpcError) as refused:
            WorkflowServiceStub(channel).SignalWorkflowExecution(request, timeout=10)
    assert refused.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
    assert "grpc: received message larger than max" in refused.value.details()


async def test_large_request_headers_are_accepted(env: Env) -> None:
    handle = await env.start(Collect.run, rpc_metadata={"x-large": big(12 * KB)})
    await handle.terminate(rpc_metadata={"x-large": big(12 * KB)})
