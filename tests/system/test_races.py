"""What happens while a workflow task runs, and what is wrong in its answer."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest
from temporalio import activity, workflow
from temporalio.api.enums.v1 import WorkflowTaskFailedCause
from temporalio.client import WorkflowHandle

from support import history
from support.env import Env
from support.workflows import ActivityCall, start_activity


class Gate:
    """A local activity that lasts until it is opened, so that a workflow task lasts as long."""

    def __init__(self) -> None:
        self.reached = asyncio.Event()
        self.open = asyncio.Event()

    @activity.defn(name="gate")
    async def hold(self) -> None:
        self.reached.set()
        await self.open.wait()


async def pass_gate() -> None:
    await workflow.execute_local_activity("gate", start_to_close_timeout=timedelta(seconds=10))


@workflow.defn
class CompleteAfterGate:
    def __init__(self) -> None:
        self._values: list[str] = []

    @workflow.signal
    def add(self, value: str) -> None:
        self._values.append(value)

    @workflow.run
    async def run(self) -> list[str]:
        await pass_gate()
        return self._values


@pytest.mark.expects_rpc_warnings
async def test_signal_while_the_workflow_completes(env: Env) -> None:
    """The completion does not count; the workflow is asked again, with the signal."""
    gate = Gate()
    async with env.worker([CompleteAfterGate], [gate.hold]):
        handle = await env.start(CompleteAfterGate.run)
        await gate.reached.wait()
        await handle.signal(CompleteAfterGate.add, "just in time")
        gate.open.set()
        assert await handle.result() == ["just in time"]
        events = await history.events(handle)
    cause = WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND
    assert history.only(events, "WorkflowTaskFailed").cause == cause


async def test_cancel_while_a_workflow_task_runs(env: Env) -> None:
    gate = Gate()
    async with env.worker([CompleteAfterGate], [gate.hold]):
        handle = await env.start(CompleteAfterGate.run)
        await gate.reached.wait()
        await handle.terminate("now")
        gate.open.set()
        names = history.names(await history.events(handle))
    assert names[-1] == "WorkflowExecutionTerminated"
    assert "MarkerRecorded" not in names


@workflow.defn
class CancelFiringTimer:
    """A timer fires while a workflow task runs that cancels it."""

    def __init__(self) -> None:
        self._go_on = False

    @workflow.signal
    def go_on(self) -> None:
        self._go_on = True

    @workflow.run
    async def run(self) -> str:
        timer = asyncio.create_task(asyncio.sleep(1))
        await workflow.wait_condition(lambda: self._go_on)
        await pass_gate()
        timer.cancel()
        return "done"


@pytest.mark.expects_rpc_warnings
async def test_cancelled_timer_that_fired_meanwhile_is_forgotten(env: Env) -> None:
    """Its buffered firing goes, so that nothing stands against the completion."""
    gate = Gate()
    async with env.worker([CancelFiringTimer], [gate.hold]):
        handle = await env.start(CancelFiringTimer.run)
        async for event in handle.fetch_history_events(wait_new_event=True):
            if history.name(event) == "TimerStarted":
                break
        await handle.signal(CancelFiringTimer.go_on)
        await gate.reached.wait()
        await asyncio.sleep(2)  # there is no call that tells that a timer's event has been buffered
        gate.open.set()
        assert await handle.result() == "done"
        names = history.names(await history.events(handle))
    assert "TimerFired" not in names
    assert names.count("TimerCanceled") == 1
    assert "WorkflowTaskFailed" not in names


class OnlyOnce:
    """Whether an invalid command has been sent already: a workflow's bug that is then mended."""

    done = False


@workflow.defn
class SameActivityIdTwice:
    @workflow.run
    async def run(self) -> str:
        if not OnlyOnce.done:
            OnlyOnce.done = True
            calls = [start_activity(ActivityCall(activity_id="same")) for _ in range(2)]
            await asyncio.gather(*calls)
        return "mended"


@workflow.defn
class UnusableActivity:
    """Its activity's queue has a name over the limit."""

    @workflow.run
    async def run(self) -> str:
        if not OnlyOnce.done:
            OnlyOnce.done = True
            await start_activity(ActivityCall(task_queue="x" * 2000))
        return "mended"


@pytest.mark.expects_rpc_warnings
@pytest.mark.parametrize(
    ("run", "cause"),
    [
        (SameActivityIdTwice.run, "SCHEDULE_ACTIVITY_DUPLICATE_ID"),
        (UnusableActivity.run, "BAD_SCHEDULE_ACTIVITY_ATTRIBUTES"),
    ],
)
async def test_invalid_command_fails_the_workflow_task(env: Env, run: Callable, cause: str) -> None:
    """Nothing of the task's other commands takes effect, and the worker may do better."""
    OnlyOnce.done = False
    async with env.worker([SameActivityIdTwice, UnusableActivity]):
        handle: WorkflowHandle = await env.start(run)
        assert await handle.result() == "mended"
        events = await history.events(handle)
    failed = history.only(events, "WorkflowTaskFailed")
    assert WorkflowTaskFailedCause.Name(failed.cause) == f"WORKFLOW_TASK_FAILED_CAUSE_{cause}"
    assert "ActivityTaskScheduled" not in history.names(events)
