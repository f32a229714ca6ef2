"""Runs that follow on each other: continue-as-new, retry policies, cron schedules, seen through an SDK."""

import asyncio
from datetime import timedelta

import pytest
from temporalio import workflow
from temporalio.client import WorkflowExecutionStatus, WorkflowFailureError, WorkflowHandle
from temporalio.common import RetryPolicy
from temporalio.exceptions import ApplicationError

from support import history
from support.env import Env, eventually

QUICK = RetryPolicy(initial_interval=timedelta(seconds=1), backoff_coefficient=1.0, maximum_attempts=3)


@workflow.defn
class CountDown:
    """Goes on in a new run until nothing is left; the last one returns how many runs it took."""

    @workflow.run
    async def run(self, left: int, done: int = 0) -> int:
        if left > 0:
            workflow.continue_as_new(args=[left - 1, done + 1])
        return done + 1


@workflow.defn
class FailsTwice:
    @workflow.run
    async def run(self) -> int:
        if workflow.info().attempt < 3:
            raise ApplicationError(f"attempt {workflow.info().attempt}")
        return workflow.info().attempt


@workflow.defn
class AlwaysFails:
    @workflow.run
    async def run(self) -> None:
        raise ApplicationError(f"attempt {workflow.info().attempt}")


@workflow.defn
class Tally:
    """Of a schedule: adds one to what its last run returned."""

    @workflow.run
    async def run(self) -> int:
        if workflow.has_last_completion_result():
            return workflow.get_last_completion_result(int) + 1
        return 1


def run_of(env: Env, handle: WorkflowHandle, run_id: str) -> WorkflowHandle:
    return env.client.get_workflow_handle(handle.id, run_id=run_id)


async def chain(env: Env, handle: WorkflowHandle) -> list[list[str]]:
    """The events of each run from the handle's first one on, by name."""
    runs, run_id = [], handle.first_execution_run_id
    while run_id:
        events = await history.events(run_of(env, handle, run_id))
        runs.append(history.names(events, without_workflow_tasks=True))
        run_id = getattr(history.attributes(events[-1]), "new_execution_run_id", "")
    return runs


async def test_continue_as_new(env: Env) -> None:
    async with env.worker([CountDown]):
        handle = await env.start(CountDown.run, 2)
        assert await handle.result() == 3
        assert await chain(env, handle) == [
            ["WorkflowExecutionStarted", "WorkflowExecutionContinuedAsNew"],
            ["WorkflowExecutionStarted", "WorkflowExecutionContinuedAsNew"],
            ["WorkflowExecutionStarted", "WorkflowExecutionCompleted"],
        ]
        first = await run_of(env, handle, str(handle.first_execution_run_id)).describe()
    assert first.status == WorkflowExecutionStatus.CONTINUED_AS_NEW


async def test_retried_until_it_succeeds(env: Env) -> None:
    async with env.worker([FailsTwice]):
        handle = await env.start(FailsTwice.run, retry_policy=QUICK)
        assert await handle.result() == 3
        assert [run[-1] for run in await chain(env, handle)] == [
            "WorkflowExecutionFailed",
            "WorkflowExecutionFailed",
            "WorkflowExecutionCompleted",
        ]


async def test_attempts_run_out(env: Env) -> None:
    async with env.worker([AlwaysFails]):
        handle = await env.start(AlwaysFails.run, retry_policy=QUICK)
        with pytest.raises(WorkflowFailureError) as failed:
            await handle.result()
    assert isinstance(failed.value.cause, ApplicationError)
    assert failed.value.cause.message == "attempt 3"


async def test_schedule(env: Env) -> None:
    """Runs come a second apart, until the one that is current is terminated."""
    async with env.worker([Tally]):
        handle = await env.start(Tally.run, cron_schedule="@every 1s")

        async def three_runs() -> bool:
            return len(await chain(env, handle)) > 3

        await eventually("three runs and the next", three_runs, 20)
        await env.client.get_workflow_handle(handle.id).terminate()
        runs = await chain(env, handle)
    assert [run[-1] for run in runs[:3]] == ["WorkflowExecutionCompleted"] * 3
    assert runs[-1][-1] == "WorkflowExecutionTerminated"


async def test_terminate_by_the_first_run(env: Env) -> None:
    """A handle that a start gave names the chain: it ends the run that is current."""
    async with env.worker([AlwaysFails]):
        forever = RetryPolicy(initial_interval=timedelta(seconds=60))
        handle = await env.start(AlwaysFails.run, retry_policy=forever)

        async def second() -> bool:
            return len(await chain(env, handle)) == 2

        await eventually("the second attempt waits", second)
        await env.client.get_workflow_handle(
            handle.id, first_execution_run_id=handle.first_execution_run_id
        ).terminate()
        runs = await chain(env, handle)
    assert runs[1] == ["WorkflowExecutionStarted", "WorkflowExecutionTerminated"]


async def test_a_chain_goes_on_after_kills(own_env: Env) -> None:
    """The server is killed again and again while a chain runs: no run is lost, none comes twice."""
    env = own_env
    async with env.worker([CountDown]):
        handle = await env.start(CountDown.run, 6)
        for _ in range(3):
            await asyncio.sleep(1.2)
            env.server.kill()
            await asyncio.to_thread(env.server.start)
        assert await handle.result() == 7
        assert len(await chain(env, handle)) == 7
