"""Heartbeat details across attempts, and cancellation that an activity learns from its heartbeat."""

import asyncio
from datetime import timedelta

import pytest
from temporalio import activity, workflow
from temporalio.client import WorkflowFailureError
from temporalio.exceptions import ActivityError, ApplicationError, CancelledError
from temporalio.workflow import ActivityCancellationType

from support import history
from support.env import Env
from support.workflows import ActivityCall, OneActivity, start_activity

# The SDK holds heartbeats back by default; here each one is to be sent soon.
PROMPT = {"max_heartbeat_throttle_interval": timedelta(milliseconds=50)}


async def test_details_survive_a_failed_attempt(env: Env) -> None:
    @activity.defn(name="act")
    async def resume() -> list:
        if activity.info().attempt == 1:
            activity.heartbeat("step", 7)
            raise ApplicationError("after step 7")
        return list(activity.info().heartbeat_details)

    async with env.worker([OneActivity], [resume], **PROMPT):
        assert await env.execute(OneActivity.run, ActivityCall(heartbeat=5)) == ["step", 7]


async def test_details_survive_a_heartbeat_timeout(env: Env) -> None:
    @activity.defn(name="act")
    async def resume() -> list:
        if activity.info().attempt == 1:
            activity.heartbeat("before the crash")
            await asyncio.Event().wait()
        return list(activity.info().heartbeat_details)

    async with env.worker([OneActivity], [resume], **PROMPT):
        call = ActivityCall(heartbeat=0.4)
        assert await env.execute(OneActivity.run, call) == ["before the crash"]


async def test_details_survive_an_attempt_without_heartbeats(env: Env) -> None:
    @activity.defn(name="act")
    async def resume() -> list:
        if activity.info().attempt == 1:
            activity.heartbeat("first")
        if activity.info().attempt < 3:
            raise ApplicationError("again")
        return list(activity.info().heartbeat_details)

    async with env.worker([OneActivity], [resume], **PROMPT):
        assert await env.execute(OneActivity.run, ActivityCall(heartbeat=5)) == ["first"]


@pytest.fixture
def patient():
    """An activity that beats until it is cancelled, and an event that tells that it began."""
    began = asyncio.Event()

    @activity.defn(name="act")
    async def beat(then: str) -> str:
        began.set()
        try:
            while True:
                activity.heartbeat()
                await asyncio.sleep(0.05)
        except asyncio.CancelledError:
            if then == "complete":
                return "completed all the same"
            if then == "fail":
                raise ApplicationError("failed instead", non_retryable=True) from None
            raise

    return beat, began


async def cancel_when_begun(env: Env, patient, call: ActivityCall):
    beat, began = patient
    async with env.worker([OneActivity], [beat], **PROMPT):
        handle = await env.start(OneActivity.run, call)
        await began.wait()
        await handle.cancel()
        with pytest.raises(WorkflowFailureError) as failed:
            await handle.result()
        return failed.value.cause, await history.events(handle)


async def test_cancellation_is_delivered_by_heartbeat(env: Env, patient) -> None:
    call = ActivityCall(
        args=["raise"], heartbeat=5, cancellation_type=ActivityCancellationType.WAIT_CANCELLATION_COMPLETED
    )
    error, events = await cancel_when_begun(env, patient, call)
    assert isinstance(error, CancelledError)
    assert history.names(events, without_workflow_tasks=True) == [
        "WorkflowExecutionStarted",
        "ActivityTaskScheduled",
        "WorkflowExecutionCancelRequested",
        "ActivityTaskCancelRequested",
        "ActivityTaskStarted",
        "ActivityTaskCanceled",
        "WorkflowExecutionCanceled",
    ]
    requested = history.only(events, "ActivityTaskCancelRequested")
    assert requested.scheduled_event_id == history.only(events, "ActivityTaskCanceled").scheduled_event_id


async def test_activity_may_complete_in_spite_of_cancellation(env: Env, patient) -> None:
    beat, began = patient
    call = ActivityCall(
        args=["complete"], heartbeat=5, cancellation_type=ActivityCancellationType.WAIT_CANCELLATION_COMPLETED
    )
    async with env.worker([OneActivity], [beat], **PROMPT):
        handle = await env.start(OneActivity.run, call)
        await began.wait()
        await handle.cancel()
        assert await handle.result() == "completed all the same"


async def test_activity_may_fail_in_spite_of_cancellation(env: Env, patient) -> None:
    call = ActivityCall(
        args=["fail"], heartbeat=5, cancellation_type=ActivityCancellationType.WAIT_CANCELLATION_COMPLETED
    )
    error, _ = await cancel_when_begun(env, patient, call)
    assert isinstance(error, ActivityError)
    assert isinstance(error.cause, ApplicationError)


async def test_try_cancel_does_not_wait(env: Env, patient) -> None:
    call = ActivityCall(args=["raise"], heartbeat=5)
    error, events = await cancel_when_begun(env, patient, call)
    assert isinstance(error, CancelledError)
    found = history.names(events, without_workflow_tasks=True)
    assert found[-2:] == ["ActivityTaskCancelRequested", "WorkflowExecutionCanceled"]


async def test_abandon_asks_for_nothing(env: Env, patient) -> None:
    call = ActivityCall(args=["raise"], heartbeat=5, cancellation_type=ActivityCancellationType.ABANDON)
    error, events = await cancel_when_begun(env, patient, call)
    assert isinstance(error, CancelledError)
    assert "ActivityTaskCancelRequested" not in history.names(events)


@workflow.defn
class CancelUnstarted:
    """Cancels an activity that no worker took."""

    @workflow.run
    async def run(self, task_queue: str) -> str:
        handle = start_activity(
            ActivityCall(
                task_queue=task_queue,
                cancellation_type=ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
            )
        )
        await workflow.sleep(0.1)
        handle.cancel()
        try:
            await handle
        except ActivityError as error:
            return type(error.cause).__name__
        return "completed"


async def test_cancel_of_an_activity_that_has_not_started(env: Env) -> None:
    async with env.worker([CancelUnstarted]):
        handle = await env.start(CancelUnstarted.run, f"{env.task_queue}-nobody")
        assert await handle.result() == "CancelledError"
        events = await history.events(handle)
    assert history.names(events)[-7:] == [
        "WorkflowTaskCompleted",
        "ActivityTaskCancelRequested",
        "ActivityTaskCanceled",
        "WorkflowTaskScheduled",
        "WorkflowTaskStarted",
        "WorkflowTaskCompleted",
        "WorkflowExecutionCompleted",
    ]
    assert history.only(events, "ActivityTaskCanceled").started_event_id == 0
