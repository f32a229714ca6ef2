"""Cancelling and terminating workflows."""

import asyncio

import pytest
from temporalio import activity, workflow
from temporalio.client import WorkflowExecutionStatus, WorkflowFailureError
from temporalio.exceptions import CancelledError, TerminatedError
from temporalio.service import RPCError, RPCStatusCode

from support import history
from support.env import Env
from support.workflows import ActivityCall, Collect, Echo, OneActivity


@workflow.defn
class WaitForCancel:
    """Waits until it is cancelled, and then ends as its input says."""

    @workflow.run
    async def run(self, then: str) -> str:
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            if then == "complete":
                await asyncio.sleep(0.05)
                return "tidied up"
            raise
        return "not cancelled"


async def test_cancel(env: Env) -> None:
    async with env.worker([WaitForCancel]):
        handle = await env.start(WaitForCancel.run, "raise")
        await handle.cancel()
        with pytest.raises(WorkflowFailureError) as failed:
            await handle.result()
        assert isinstance(failed.value.cause, CancelledError)
        assert (await handle.describe()).status == WorkflowExecutionStatus.CANCELED
        events = await history.events(handle)
    requested = history.only(events, "WorkflowExecutionCancelRequested")
    assert requested.identity == env.client.identity
    assert history.names(events)[-1] == "WorkflowExecutionCanceled"


async def test_cancelled_workflow_may_complete(env: Env) -> None:
    async with env.worker([WaitForCancel]):
        handle = await env.start(WaitForCancel.run, "complete")
        await handle.cancel()
        assert await handle.result() == "tidied up"
        assert (await handle.describe()).status == WorkflowExecutionStatus.COMPLETED


async def test_cancel_twice_is_one_event(env: Env) -> None:
    handle = await env.start(WaitForCancel.run, "raise")
    await handle.cancel()
    await handle.cancel()
    async with env.worker([WaitForCancel]):
        with pytest.raises(WorkflowFailureError):
            await handle.result()
        history.only(await history.events(handle), "WorkflowExecutionCancelRequested")


async def test_terminate(env: Env) -> None:
    async with env.worker([Collect]):
        handle = await env.start(Collect.run)
        await handle.signal(Collect.add, 1)
        await handle.terminate("because", reason="enough")
        with pytest.raises(WorkflowFailureError) as failed:
            await handle.result()
        assert isinstance(failed.value.cause, TerminatedError)
        assert failed.value.cause.message == "enough"
        assert (await handle.describe()).status == WorkflowExecutionStatus.TERMINATED
        terminated = history.only(await history.events(handle), "WorkflowExecutionTerminated")
    assert terminated.reason == "enough"
    assert b"because" in terminated.details.payloads[0].data
    assert terminated.identity == env.client.identity


async def test_terminate_without_a_worker(env: Env) -> None:
    handle = await env.start(Collect.run)
    await handle.terminate()
    events = await history.events(handle)
    assert history.names(events) == [
        "WorkflowExecutionStarted",
        "WorkflowTaskScheduled",
        "WorkflowExecutionTerminated",
    ]


async def test_activity_of_a_terminated_workflow_cannot_complete(env: Env) -> None:
    tokens: asyncio.Queue[bytes] = asyncio.Queue()

    @activity.defn(name="act")
    async def hand_over() -> None:
        tokens.put_nowait(activity.info().task_token)
        activity.raise_complete_async()

    async with env.worker([OneActivity], [hand_over]):
        handle = await env.start(OneActivity.run, ActivityCall())
        token = await asyncio.wait_for(tokens.get(), 10)
        await handle.terminate()
        with pytest.raises(RPCError, match="workflow execution already completed") as refused:
            await env.client.get_async_activity_handle(task_token=token).complete()
    assert refused.value.status == RPCStatusCode.NOT_FOUND


async def test_terminate_of_a_closed_workflow_is_not_found(env: Env) -> None:
    handle = await env.start(Echo.run)
    await handle.terminate()
    with pytest.raises(RPCError, match="workflow execution already completed") as refused:
        await handle.terminate()
    assert refused.value.status == RPCStatusCode.NOT_FOUND


async def test_cancel_of_a_closed_workflow_does_nothing(env: Env) -> None:
    handle = await env.start(Echo.run)
    await handle.terminate()
    await handle.cancel()
    assert history.names(await history.events(handle))[-1] == "WorkflowExecutionTerminated"


@pytest.mark.parametrize("call", ["cancel", "terminate"])
async def test_unknown_workflow_is_not_found(env: Env, call: str) -> None:
    with pytest.raises(RPCError) as refused:
        await getattr(env.client.get_workflow_handle(env.id()), call)()
    assert refused.value.status == RPCStatusCode.NOT_FOUND


async def test_wrong_first_run_id_is_not_found(env: Env) -> None:
    """A handle from a start cancels and terminates only its own chain of runs."""
    first = await env.start(Collect.run)
    await first.terminate()
    second = await env.start(Collect.run, id=first.id)
    for call in (first.cancel, first.terminate):
        with pytest.raises(RPCError) as refused:
            await call()
        assert refused.value.status == RPCStatusCode.NOT_FOUND
    await second.terminate()
