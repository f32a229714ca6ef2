"""Timers: they fire when due, can be cancelled, and keep their order in the history."""

import asyncio

from temporalio import workflow

from support import history
from support.env import Env


@workflow.defn
class Sleep:
    @workflow.run
    async def run(self, seconds: list[float]) -> list[float]:
        """Sleeps all at once; returns the lengths in the order in which they ended."""
        ended: list[float] = []

        async def sleep(length: float) -> None:
            await asyncio.sleep(length)
            ended.append(length)

        await asyncio.gather(*(sleep(length) for length in seconds))
        return ended


async def test_timer_fires_when_due(env: Env) -> None:
    async with env.worker([Sleep]):
        handle = await env.start(Sleep.run, [1.0])
        await handle.result()
        events = await history.events(handle)
    assert history.names(events) == [
        "WorkflowExecutionStarted",
        "WorkflowTaskScheduled",
        "WorkflowTaskStarted",
        "WorkflowTaskCompleted",
        "TimerStarted",
        "TimerFired",
        "WorkflowTaskScheduled",
        "WorkflowTaskStarted",
        "WorkflowTaskCompleted",
        "WorkflowExecutionCompleted",
    ]
    started, fired = history.only(events, "TimerStarted"), history.only(events, "TimerFired")
    assert started.start_to_fire_timeout.ToMilliseconds() == 1000
    assert (fired.timer_id, fired.started_event_id) == (started.timer_id, 5)
    fired_after = events[5].event_time.ToDatetime() - events[4].event_time.ToDatetime()
    assert fired_after.total_seconds() >= 1.0


async def test_waiting_longer_than_a_long_poll_lasts(env: Env) -> None:
    """A history poll is answered after 20 seconds, empty and with a token to go on; clients do not notice."""
    async with env.worker([Sleep]):
        assert await env.execute(Sleep.run, [22.0]) == [22.0]


async def test_timers_fire_in_order_of_time(env: Env) -> None:
    async with env.worker([Sleep]):
        assert await env.execute(Sleep.run, [1.2, 0.1, 0.7, 0.4]) == [0.1, 0.4, 0.7, 1.2]


async def test_many_timers_at_one_moment(env: Env) -> None:
    async with env.worker([Sleep]):
        handle = await env.start(Sleep.run, [0.5] * 100)
        assert await handle.result() == [0.5] * 100
        events = await history.events(handle)
    fired = [timer.timer_id for timer in history.of_type(events, "TimerFired")]
    assert len(fired) == len(set(fired)) == 100


@workflow.defn
class CancelTimer:
    """Cancels a long timer when a short one fires."""

    @workflow.run
    async def run(self) -> str:
        long = asyncio.create_task(asyncio.sleep(3600))
        await asyncio.sleep(0.1)
        long.cancel()
        try:
            await long
        except asyncio.CancelledError:
            return "cancelled"
        return "fired"


async def test_cancelled_timer_never_fires(env: Env) -> None:
    async with env.worker([CancelTimer]):
        handle = await env.start(CancelTimer.run)
        assert await handle.result() == "cancelled"
        events = await history.events(handle)
    long = next(t for t in history.of_type(events, "TimerStarted") if t.start_to_fire_timeout.seconds == 3600)
    assert history.only(events, "TimerCanceled").timer_id == long.timer_id
    assert history.only(events, "TimerFired").timer_id != long.timer_id


@workflow.defn
class CancelOtherAtOnce:
    """The first of two timers due together cancels the second, whose firing may be in the same task."""

    @workflow.run
    async def run(self) -> int:
        tasks = [asyncio.create_task(asyncio.sleep(0.3)) for _ in range(20)]
        done, pending = await workflow.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in pending:
            task.cancel()
        return len(done) + len(pending)


async def test_cancel_of_timers_that_are_just_firing(env: Env) -> None:
    async with env.worker([CancelOtherAtOnce]):
        handle = await env.start(CancelOtherAtOnce.run)
        assert await handle.result() == 20
        events = await history.events(handle)
    ended = [t.timer_id for name in ("TimerFired", "TimerCanceled") for t in history.of_type(events, name)]
    assert len(ended) == len(set(ended)) <= 20
