"""An activity that ends outside its worker, by task token or by workflow and activity id."""

import asyncio
from collections.abc import Callable

import pytest
from temporalio import activity
from temporalio.client import (
    AsyncActivityCancelledError,
    AsyncActivityHandle,
    WorkflowFailureError,
    WorkflowHandle,
)
from temporalio.exceptions import ActivityError, ApplicationError, CancelledError
from temporalio.service import RPCError, RPCStatusCode
from temporalio.workflow import ActivityCancellationType

from support import history
from support.env import Env
from support.workflows import ActivityCall, OneActivity

Find = Callable[[Env, activity.Info], AsyncActivityHandle]


def by_token(env: Env, info: activity.Info) -> AsyncActivityHandle:
    return env.client.get_async_activity_handle(task_token=info.task_token)


def by_id(env: Env, info: activity.Info) -> AsyncActivityHandle:
    return env.client.get_async_activity_handle(
        workflow_id=info.workflow_id, run_id=info.workflow_run_id, activity_id=info.activity_id
    )


def by_id_without_run(env: Env, info: activity.Info) -> AsyncActivityHandle:
    return env.client.get_async_activity_handle(
        workflow_id=info.workflow_id, run_id=None, activity_id=info.activity_id
    )


@pytest.fixture(params=[by_token, by_id, by_id_without_run])
def find(request: pytest.FixtureRequest) -> Find:
    return request.param


class Handed:
    """An activity that leaves its completion to the test."""

    def __init__(self) -> None:
        self.infos: asyncio.Queue[activity.Info] = asyncio.Queue()

    @activity.defn(name="act")
    async def run(self) -> None:
        self.infos.put_nowait(activity.info())
        activity.raise_complete_async()


async def started(env: Env, handed: Handed, **call) -> tuple[WorkflowHandle, activity.Info]:
    handle = await env.start(OneActivity.run, ActivityCall(**call))
    return handle, await asyncio.wait_for(handed.infos.get(), 10)


async def test_complete(env: Env, find: Find) -> None:
    handed = Handed()
    async with env.worker([OneActivity], [handed.run]):
        handle, info = await started(env, handed)
        await find(env, info).complete({"answer": 42})
        assert await handle.result() == {"answer": 42}


async def test_fail(env: Env, find: Find) -> None:
    handed = Handed()
    async with env.worker([OneActivity], [handed.run]):
        handle, info = await started(env, handed)
        await find(env, info).fail(ApplicationError("said no", non_retryable=True))
        with pytest.raises(WorkflowFailureError) as failed:
            await handle.result()
    assert isinstance(failed.value.cause, ActivityError)
    assert str(failed.value.cause.cause) == "said no"


async def test_failure_is_retried(env: Env, find: Find) -> None:
    handed = Handed()
    async with env.worker([OneActivity], [handed.run]):
        handle, info = await started(env, handed)
        await find(env, info).fail(ApplicationError("once more"))
        again = await asyncio.wait_for(handed.infos.get(), 10)
        assert again.attempt == 2
        await find(env, again).complete("second")
        assert await handle.result() == "second"


async def test_heartbeat_learns_of_cancellation(env: Env, find: Find) -> None:
    handed = Handed()
    async with env.worker([OneActivity], [handed.run]):
        wait = ActivityCancellationType.WAIT_CANCELLATION_COMPLETED
        handle, info = await started(env, handed, heartbeat=10, cancellation_type=wait)
        found = find(env, info)
        await found.heartbeat("still here")
        await handle.cancel()
        with pytest.raises(AsyncActivityCancelledError):
            async with asyncio.timeout(10):
                while True:
                    await found.heartbeat("still here")
                    await asyncio.sleep(0.05)
        await found.report_cancellation("tidied up")
        with pytest.raises(WorkflowFailureError) as failed:
            await handle.result()
        assert isinstance(failed.value.cause, CancelledError)
        canceled = history.only(await history.events(handle), "ActivityTaskCanceled")
    assert b"tidied up" in canceled.details.payloads[0].data


async def test_second_completion_is_not_found(env: Env, find: Find) -> None:
    handed = Handed()
    async with env.worker([OneActivity], [handed.run]):
        handle, info = await started(env, handed)
        await find(env, info).complete("first")
        with pytest.raises(RPCError) as refused:
            await find(env, info).complete("second")
        assert refused.value.status == RPCStatusCode.NOT_FOUND
        assert await handle.result() == "first"


async def test_completion_after_a_timeout_is_not_found(env: Env, find: Find) -> None:
    handed = Handed()
    async with env.worker([OneActivity], [handed.run]):
        handle, info = await started(env, handed, start_to_close=0.3, maximum_attempts=1)
        with pytest.raises(WorkflowFailureError):
            await handle.result()
        with pytest.raises(RPCError) as refused:
            await find(env, info).complete("too late")
    assert refused.value.status == RPCStatusCode.NOT_FOUND


async def test_token_of_an_earlier_attempt_is_not_found(env: Env) -> None:
    handed = Handed()
    async with env.worker([OneActivity], [handed.run]):
        handle, first = await started(env, handed)
        await by_token(env, first).fail(ApplicationError("once more"))
        second = await asyncio.wait_for(handed.infos.get(), 10)
        with pytest.raises(RPCError) as refused:
            await by_token(env, first).complete("from the past")
        assert refused.value.status == RPCStatusCode.NOT_FOUND
        await by_token(env, second).complete("from now")
        assert await handle.result() == "from now"


async def test_canceled_without_a_request_is_refused(env: Env, find: Find) -> None:
    handed = Handed()
    async with env.worker([OneActivity], [handed.run]):
        handle, info = await started(env, handed)
        with pytest.raises(RPCError) as refused:
            await find(env, info).report_cancellation()
        assert refused.value.status == RPCStatusCode.INVALID_ARGUMENT
        await find(env, info).complete("went on")
        assert await handle.result() == "went on"
