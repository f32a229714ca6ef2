"""Retry policies: when the next attempt comes, when none does, and what the last failure leaves behind."""

import time
from datetime import timedelta

import pytest
from temporalio import activity
from temporalio.api.enums.v1 import PendingActivityState
from temporalio.client import WorkflowFailureError
from temporalio.exceptions import ActivityError, ApplicationError, RetryState

from support import history
from support.env import Env, eventually
from support.workflows import ActivityCall, OneActivity


class Flaky:
    """An activity that fails until the given attempt, and knows when each attempt began."""

    def __init__(self, succeeds_at: int, **error: object) -> None:
        self._succeeds_at = succeeds_at
        self._error = error
        self.began: list[float] = []

    @activity.defn(name="act")
    async def run(self) -> int:
        self.began.append(time.monotonic())
        attempt = activity.info().attempt
        assert attempt == len(self.began)
        if attempt < self._succeeds_at:
            raise ApplicationError(f"attempt {attempt} failed", **self._error)  # type: ignore[arg-type]
        return attempt

    def gaps(self) -> list[float]:
        return [b - a for a, b in zip(self.began, self.began[1:], strict=False)]


async def final_error(env: Env, call: ActivityCall, flaky: Flaky) -> ActivityError:
    async with env.worker([OneActivity], [flaky.run]):
        with pytest.raises(WorkflowFailureError) as failed:
            await env.execute(OneActivity.run, call)
    assert isinstance(failed.value.cause, ActivityError)
    return failed.value.cause


async def test_backoff_grows(env: Env) -> None:
    flaky = Flaky(succeeds_at=4)
    async with env.worker([OneActivity], [flaky.run]):
        call = ActivityCall(initial_interval=0.1, backoff_coefficient=2)
        assert await env.execute(OneActivity.run, call) == 4
    for gap, least in zip(flaky.gaps(), (0.1, 0.2, 0.4), strict=True):
        assert gap >= least


async def test_maximum_interval_bounds_the_backoff(env: Env) -> None:
    flaky = Flaky(succeeds_at=4)
    async with env.worker([OneActivity], [flaky.run]):
        call = ActivityCall(initial_interval=0.1, backoff_coefficient=100, maximum_interval=0.2)
        assert await env.execute(OneActivity.run, call) == 4


async def test_history_has_one_start_event_of_the_last_attempt(env: Env) -> None:
    flaky = Flaky(succeeds_at=3)
    async with env.worker([OneActivity], [flaky.run]):
        handle = await env.start(OneActivity.run, ActivityCall())
        assert await handle.result() == 3
        events = await history.events(handle)
    assert history.names(events, without_workflow_tasks=True) == [
        "WorkflowExecutionStarted",
        "ActivityTaskScheduled",
        "ActivityTaskStarted",
        "ActivityTaskCompleted",
        "WorkflowExecutionCompleted",
    ]
    started = history.only(events, "ActivityTaskStarted")
    assert started.attempt == 3
    assert started.last_failure.message == "attempt 2 failed"


async def test_maximum_attempts(env: Env) -> None:
    flaky = Flaky(succeeds_at=100)
    error = await final_error(env, ActivityCall(maximum_attempts=3), flaky)
    assert error.retry_state == RetryState.MAXIMUM_ATTEMPTS_REACHED
    assert isinstance(error.cause, ApplicationError)
    assert error.cause.message == "attempt 3 failed"
    assert len(flaky.began) == 3


async def test_non_retryable_by_the_failure(env: Env) -> None:
    flaky = Flaky(succeeds_at=2, non_retryable=True)
    error = await final_error(env, ActivityCall(), flaky)
    assert error.retry_state == RetryState.NON_RETRYABLE_FAILURE
    assert len(flaky.began) == 1


async def test_non_retryable_by_the_policy(env: Env) -> None:
    flaky = Flaky(succeeds_at=2, type="Hopeless")
    error = await final_error(env, ActivityCall(non_retryable=["Other", "Hopeless"]), flaky)
    assert error.retry_state == RetryState.NON_RETRYABLE_FAILURE
    assert isinstance(error.cause, ApplicationError)
    assert error.cause.type == "Hopeless"
    assert len(flaky.began) == 1


async def test_next_retry_delay_of_the_failure_overrides_the_policy(env: Env) -> None:
    flaky = Flaky(succeeds_at=2, next_retry_delay=timedelta(milliseconds=300))
    async with env.worker([OneActivity], [flaky.run]):
        assert await env.execute(OneActivity.run, ActivityCall(initial_interval=60)) == 2
    assert flaky.gaps()[0] >= 0.3


async def test_details_of_the_failure_arrive(env: Env) -> None:
    @activity.defn(name="act")
    async def fail() -> None:
        raise ApplicationError("broken", {"code": 7}, "x", type="Broken", non_retryable=True)

    async with env.worker([OneActivity], [fail]):
        with pytest.raises(WorkflowFailureError) as failed:
            await env.execute(OneActivity.run, ActivityCall())
    error = failed.value.cause.cause
    assert isinstance(error, ApplicationError)
    assert (error.type, list(error.details)) == ("Broken", [{"code": 7}, "x"])


async def test_pending_activity_shows_its_retry(env: Env) -> None:
    flaky = Flaky(succeeds_at=100)
    async with env.worker([OneActivity], [flaky.run]):
        handle = await env.start(OneActivity.run, ActivityCall(initial_interval=60, maximum_attempts=5))

        async def waits_for_attempt_2() -> bool:
            pending = (await handle.describe()).raw_description.pending_activities
            return len(pending) == 1 and pending[0].attempt == 2

        await eventually("a pending activity at attempt 2", waits_for_attempt_2)
        pending = (await handle.describe()).raw_description.pending_activities[0]
        await handle.terminate()
    assert pending.activity_id == "1"
    assert pending.activity_type.name == "act"
    assert pending.state == PendingActivityState.PENDING_ACTIVITY_STATE_SCHEDULED
    assert pending.maximum_attempts == 5
    assert pending.last_failure.message == "attempt 1 failed"
    assert pending.last_worker_identity == env.client.identity
    wait = pending.scheduled_time.ToDatetime() - pending.last_attempt_complete_time.ToDatetime()
    assert timedelta(seconds=59) < wait < timedelta(seconds=61)
