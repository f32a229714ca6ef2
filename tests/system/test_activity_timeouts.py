"""An activity's four timeouts: which one fires, what the workflow sees, what the history says."""

import asyncio

import pytest
from temporalio import activity
from temporalio.api.enums.v1 import RetryState as ProtoRetryState
from temporalio.client import WorkflowFailureError
from temporalio.exceptions import ActivityError, ApplicationError, RetryState, TimeoutError, TimeoutType

from support import history
from support.env import Env
from support.workflows import ActivityCall, OneActivity


async def failure_of(env: Env, call: ActivityCall, *activities):
    """Runs the activity in a workflow that fails with it; returns its error and the history."""
    async with env.worker([OneActivity], activities):
        handle = await env.start(OneActivity.run, call)
        with pytest.raises(WorkflowFailureError) as failed:
            await handle.result()
        error = failed.value.cause
        assert isinstance(error, ActivityError)
        return error, await history.events(handle)


async def test_start_to_close(env: Env) -> None:
    @activity.defn(name="act")
    async def hang() -> None:
        await asyncio.Event().wait()

    error, events = await failure_of(env, ActivityCall(start_to_close=0.5, maximum_attempts=1), hang)
    assert isinstance(error.cause, TimeoutError)
    assert error.cause.type == TimeoutType.START_TO_CLOSE
    assert error.retry_state == RetryState.MAXIMUM_ATTEMPTS_REACHED
    assert history.names(events, without_workflow_tasks=True) == [
        "WorkflowExecutionStarted",
        "ActivityTaskScheduled",
        "ActivityTaskStarted",
        "ActivityTaskTimedOut",
        "WorkflowExecutionFailed",
    ]


async def test_start_to_close_is_retried(env: Env) -> None:
    attempts = []

    @activity.defn(name="act")
    async def hang_once() -> int:
        attempts.append(activity.info().attempt)
        if len(attempts) == 1:
            await asyncio.Event().wait()
        return activity.info().attempt

    async with env.worker([OneActivity], [hang_once]):
        handle = await env.start(OneActivity.run, ActivityCall(start_to_close=0.5))
        assert await handle.result() == 2
        started = history.only(await history.events(handle), "ActivityTaskStarted")
        assert started.attempt == 2
        assert started.last_failure.HasField("timeout_failure_info")
    assert attempts == [1, 2]


async def test_schedule_to_start(env: Env) -> None:
    """Nobody polls the activity's queue; that timeout is never retried."""
    call = ActivityCall(task_queue=f"{env.task_queue}-nobody", schedule_to_start=0.5, start_to_close=10)
    error, events = await failure_of(env, call)
    assert isinstance(error.cause, TimeoutError)
    assert error.cause.type == TimeoutType.SCHEDULE_TO_START
    timed_out = history.only(events, "ActivityTaskTimedOut")
    assert timed_out.started_event_id == 0
    assert timed_out.retry_state == ProtoRetryState.RETRY_STATE_TIMEOUT


async def test_schedule_to_close_of_a_running_attempt(env: Env) -> None:
    @activity.defn(name="act")
    async def hang() -> None:
        await asyncio.Event().wait()

    error, events = await failure_of(env, ActivityCall(schedule_to_close=0.5), hang)
    assert isinstance(error.cause, TimeoutError)
    scheduled = history.only(events, "ActivityTaskScheduled")
    # The server fills in what was not given from schedule-to-close.
    for field in ("schedule_to_close_timeout", "schedule_to_start_timeout", "start_to_close_timeout"):
        assert getattr(scheduled, field).ToMilliseconds() == 500
    assert len(history.of_type(events, "ActivityTaskTimedOut")) == 1


async def test_schedule_to_close_ends_retries(env: Env) -> None:
    """A retry that could not begin before the limit is not waited for: the activity fails at once."""
    attempts = []

    @activity.defn(name="act")
    async def fail() -> None:
        attempts.append(activity.info().attempt)
        raise ApplicationError("no luck")

    call = ActivityCall(schedule_to_close=10, start_to_close=10, initial_interval=20)
    error, _ = await asyncio.wait_for(failure_of(env, call, fail), timeout=5)
    assert isinstance(error.cause, ApplicationError)
    assert error.retry_state == RetryState.TIMEOUT
    assert attempts == [1]


async def test_heartbeat(env: Env) -> None:
    """The timeout carries what the last heartbeat said."""

    @activity.defn(name="act")
    async def stop_beating() -> None:
        activity.heartbeat("alive")
        await asyncio.Event().wait()

    call = ActivityCall(start_to_close=10, heartbeat=0.5, maximum_attempts=1)
    error, _ = await failure_of(env, call, stop_beating)
    assert isinstance(error.cause, TimeoutError)
    assert error.cause.type == TimeoutType.HEARTBEAT
    assert list(error.cause.last_heartbeat_details) == ["alive"]


async def test_heartbeats_keep_an_activity_alive(env: Env) -> None:
    @activity.defn(name="act")
    async def beat() -> str:
        for i in range(12):
            activity.heartbeat(i)
            await asyncio.sleep(0.1)
        return "done"

    async with env.worker([OneActivity], [beat]):
        call = ActivityCall(start_to_close=10, heartbeat=0.6, maximum_attempts=1)
        assert await env.execute(OneActivity.run, call) == "done"
