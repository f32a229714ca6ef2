"""How a workflow ends or does not: results, failures, timeouts, failing workflow tasks."""

import time
from datetime import timedelta

import pytest
from temporalio import workflow
from temporalio.api.enums.v1 import PendingWorkflowTaskState
from temporalio.api.enums.v1 import TimeoutType as ProtoTimeoutType
from temporalio.client import WorkflowExecutionStatus, WorkflowFailureError
from temporalio.exceptions import ApplicationError, TimeoutError, TimeoutType

from support import history
from support.env import Env, eventually
from support.workflows import Collect, Echo


async def test_result(env: Env) -> None:
    async with env.worker([Echo]):
        value = {"text": "ü", "list": [1, 2.5, None, True], "empty": {}}
        handle = await env.start(Echo.run, value)
        assert await handle.result() == value
        description = await handle.describe()
        events = await history.events(handle)
    assert description.status == WorkflowExecutionStatus.COMPLETED
    assert description.history_length == len(events) == 5
    assert history.names(events) == [
        "WorkflowExecutionStarted",
        "WorkflowTaskScheduled",
        "WorkflowTaskStarted",
        "WorkflowTaskCompleted",
        "WorkflowExecutionCompleted",
    ]
    assert description.start_time == events[0].event_time.ToDatetime(description.start_time.tzinfo)
    assert description.close_time == events[-1].event_time.ToDatetime(description.start_time.tzinfo)


async def test_result_of_nothing(env: Env) -> None:
    async with env.worker([Echo]):
        assert await env.execute(Echo.run) is None


@workflow.defn
class Fail:
    @workflow.run
    async def run(self) -> None:
        try:
            raise ApplicationError("the cause", type="Inner")
        except ApplicationError as cause:
            raise ApplicationError("the failure", {"detail": 1}, type="Outer", non_retryable=True) from cause


async def test_failure_with_its_cause(env: Env) -> None:
    async with env.worker([Fail]):
        handle = await env.start(Fail.run)
        with pytest.raises(WorkflowFailureError) as failed:
            await handle.result()
        assert (await handle.describe()).status == WorkflowExecutionStatus.FAILED
    error = failed.value.cause
    assert isinstance(error, ApplicationError)
    assert (error.message, error.type, error.non_retryable) == ("the failure", "Outer", True)
    assert list(error.details) == [{"detail": 1}]
    assert isinstance(error.cause, ApplicationError)
    assert (error.cause.message, error.cause.type) == ("the cause", "Inner")


@pytest.mark.parametrize("which", ["execution_timeout", "run_timeout"])
async def test_timeout_of_the_workflow(env: Env, which: str) -> None:
    async with env.worker([Collect]):
        handle = await env.start(Collect.run, **{which: timedelta(seconds=1)})
        with pytest.raises(WorkflowFailureError) as failed:
            await handle.result()
        assert isinstance(failed.value.cause, TimeoutError)
        assert failed.value.cause.type == TimeoutType.START_TO_CLOSE
        assert (await handle.describe()).status == WorkflowExecutionStatus.TIMED_OUT
        assert history.names(await history.events(handle))[-1] == "WorkflowExecutionTimedOut"


async def test_run_timeout_is_bounded_by_the_execution_timeout(env: Env) -> None:
    timeouts = {"execution_timeout": timedelta(seconds=60), "run_timeout": timedelta(hours=1)}
    handle = await env.start(Collect.run, **timeouts)
    started = history.only(await history.events(handle), "WorkflowExecutionStarted")
    assert started.workflow_execution_timeout.seconds == 60
    assert started.workflow_run_timeout.seconds == 60
    await handle.terminate()


@workflow.defn
class FailTaskTwice:
    """Raises what is no Temporal failure, so that the workflow task fails, until its third attempt."""

    failures = 0

    @workflow.run
    async def run(self) -> str:
        if FailTaskTwice.failures < 2:
            FailTaskTwice.failures += 1
            raise RuntimeError("a bug")
        return "fixed"


async def test_failed_workflow_task_is_retried(env: Env) -> None:
    """One failure is in the history; later ones are not, and the attempt that succeeds tells its number."""
    FailTaskTwice.failures = 0
    async with env.worker([FailTaskTwice]):
        # The SDK answers only the first failure; the second attempt times out.
        handle = await env.start(FailTaskTwice.run, task_timeout=timedelta(seconds=1))
        assert await handle.result() == "fixed"
        events = await history.events(handle)
    assert history.names(events) == [
        "WorkflowExecutionStarted",
        "WorkflowTaskScheduled",
        "WorkflowTaskStarted",
        "WorkflowTaskFailed",
        "WorkflowTaskScheduled",
        "WorkflowTaskStarted",
        "WorkflowTaskCompleted",
        "WorkflowExecutionCompleted",
    ]
    failed = history.only(events, "WorkflowTaskFailed")
    assert failed.failure.message == "a bug"
    assert [scheduled.attempt for scheduled in history.of_type(events, "WorkflowTaskScheduled")] == [1, 3]


@workflow.defn
class FailTaskAlways:
    @workflow.run
    async def run(self) -> None:
        raise RuntimeError("a bug")


async def test_describe_shows_a_failing_workflow_task(env: Env) -> None:
    async with env.worker([FailTaskAlways]):
        handle = await env.start(FailTaskAlways.run)

        async def second_attempt() -> bool:
            return (await handle.describe()).raw_description.pending_workflow_task.attempt >= 2

        await eventually("a second attempt of the workflow task", second_attempt)
        assert (await handle.describe()).status == WorkflowExecutionStatus.RUNNING
        await handle.terminate()


@workflow.defn
class BlockOnce:
    """Its first workflow task takes longer than its timeout."""

    blocked = 0

    @workflow.run
    async def run(self) -> str:
        BlockOnce.blocked += 1
        if BlockOnce.blocked == 1:
            time.sleep(1.6)
        return "done"


async def test_workflow_task_timeout(env: Env) -> None:
    BlockOnce.blocked = 0
    async with env.worker([BlockOnce], debug_mode=True):
        handle = await env.start(BlockOnce.run, task_timeout=timedelta(seconds=1))
        assert await handle.result() == "done"
        events = await history.events(handle)
    timed_out = history.only(events, "WorkflowTaskTimedOut")
    assert timed_out.timeout_type == ProtoTimeoutType.TIMEOUT_TYPE_START_TO_CLOSE
    assert [scheduled.attempt for scheduled in history.of_type(events, "WorkflowTaskScheduled")] == [1, 2]


async def test_pending_workflow_task_without_a_worker(env: Env) -> None:
    handle = await env.start(Echo.run)
    pending = (await handle.describe()).raw_description.pending_workflow_task
    assert pending.state == PendingWorkflowTaskState.PENDING_WORKFLOW_TASK_STATE_SCHEDULED
    assert pending.attempt == 1
    await handle.terminate()
