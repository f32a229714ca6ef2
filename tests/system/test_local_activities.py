"""Local activities: they run inside the worker and leave a marker."""

import asyncio
from datetime import timedelta

import pytest
from temporalio import activity, workflow
from temporalio.client import WorkflowFailureError
from temporalio.common import RetryPolicy
from temporalio.exceptions import ApplicationError

from support import history
from support.env import Env


@workflow.defn
class LocalActivities:
    @workflow.run
    async def run(self, count: int) -> list[int]:
        return [
            await workflow.execute_local_activity(
                "local",
                i,
                start_to_close_timeout=timedelta(seconds=5),
                retry_policy=RetryPolicy(initial_interval=timedelta(milliseconds=10), maximum_attempts=3),
            )
            for i in range(count)
        ]


async def test_results_are_markers(env: Env) -> None:
    @activity.defn
    async def local(i: int) -> int:
        return i * i

    async with env.worker([LocalActivities], [local]):
        handle = await env.start(LocalActivities.run, 3)
        assert await handle.result() == [0, 1, 4]
        events = await history.events(handle)
    assert history.names(events) == [
        "WorkflowExecutionStarted",
        "WorkflowTaskScheduled",
        "WorkflowTaskStarted",
        "WorkflowTaskCompleted",
        *["MarkerRecorded"] * 3,
        "WorkflowExecutionCompleted",
    ]
    assert {marker.marker_name for marker in history.of_type(events, "MarkerRecorded")} == {
        "core_local_activity"
    }


async def test_failure_is_retried_in_the_worker(env: Env) -> None:
    attempts = []

    @activity.defn
    async def local(i: int) -> int:
        attempts.append(activity.info().attempt)
        if len(attempts) < 3:
            raise ApplicationError("again")
        return i

    async with env.worker([LocalActivities], [local]):
        assert await env.execute(LocalActivities.run, 1) == [0]
    assert attempts == [1, 2, 3]


async def test_final_failure_fails_the_workflow(env: Env) -> None:
    @activity.defn
    async def local(i: int) -> int:
        raise ApplicationError("never")

    async with env.worker([LocalActivities], [local]):
        with pytest.raises(WorkflowFailureError) as failed:
            await env.execute(LocalActivities.run, 1)
    assert isinstance(failed.value.cause, ApplicationError)
    assert failed.value.cause.message == "never"


async def test_long_local_activity_heartbeats_its_workflow_task(env: Env) -> None:
    """Longer than the workflow task's timeout: the worker completes the task and gets a new one each time."""

    @activity.defn
    async def local(i: int) -> int:
        await asyncio.sleep(2)
        return i

    async with env.worker([LocalActivities], [local]):
        handle = await env.start(LocalActivities.run, 1, task_timeout=timedelta(seconds=1))
        assert await handle.result() == [0]
        names = history.names(await history.events(handle))
    assert "WorkflowTaskTimedOut" not in names
    assert names.count("WorkflowTaskCompleted") >= 3
    assert names.count("MarkerRecorded") == 1
