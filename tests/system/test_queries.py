"""Queries: they see what came before them, by warm and cold workers, of open and closed runs; failures."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from temporalio import workflow
from temporalio.client import (
    WorkflowExecutionStatus,
    WorkflowHandle,
    WorkflowQueryFailedError,
    WorkflowQueryRejectedError,
)
from temporalio.common import QueryRejectCondition
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from support import history
from support.env import Env
from support.worker_process import worker_process
from support.workflows import Collect


@workflow.defn
class Queried:
    """Counts signals until `finish`."""

    def __init__(self) -> None:
        self._seen: list[int] = []
        self._finished = False

    @workflow.signal
    def see(self, value: int) -> None:
        self._seen.append(value)

    @workflow.signal
    def finish(self) -> None:
        self._finished = True

    @workflow.query(description="what it has seen")
    def seen(self) -> list[int]:
        return list(self._seen)

    @workflow.query
    def plus(self, number: int) -> int:
        return sum(self._seen) + number

    @workflow.query
    def broken(self) -> None:
        raise ApplicationError("cannot tell", type="Broken")

    @workflow.query
    def large(self) -> str:
        return "x" * 2_200_000

    @workflow.run
    async def run(self) -> int:
        await workflow.wait_condition(lambda: self._finished)
        return len(self._seen)


async def length(handle: WorkflowHandle) -> int:
    return len(await history.events(handle))


async def test_a_query_sees_every_signal_before_it(env: Env) -> None:
    async with env.worker([Queried]):
        handle = await env.start(Queried.run)
        for i in range(20):
            await handle.signal(Queried.see, i)
            assert await handle.query(Queried.seen) == list(range(i + 1))
        assert await handle.query(Queried.plus, 5) == sum(range(20)) + 5


async def test_queries_leave_no_trace(env: Env) -> None:
    async with env.worker([Queried]):
        handle = await env.start(Queried.run)
        assert await handle.query(Queried.seen) == []
        before = await length(handle)
        answers = await asyncio.gather(*[handle.query(Queried.plus, i) for i in range(30)])
        assert answers == list(range(30))
        assert await length(handle) == before


async def test_a_worker_without_the_run_in_its_cache_answers_from_the_history(env: Env) -> None:
    async with env.worker([Queried]):
        handle = await env.start(Queried.run)
        await handle.signal(Queried.see, 1)
        assert await handle.query(Queried.seen) == [1]
    async with env.worker([Queried]):
        assert await handle.query(Queried.seen) == [1]
    async with env.worker([Queried], max_cached_workflows=0):
        for _ in range(3):
            assert await handle.query(Queried.seen) == [1]


async def test_a_history_of_several_pages_is_replayed_for_a_query(env: Env) -> None:
    async with env.worker([Queried], max_cached_workflows=0):
        handle = await env.start(Queried.run)
        for i in range(300):
            await handle.signal(Queried.see, i)
        assert await handle.query(Queried.seen) == list(range(300))


async def test_a_killed_worker_gives_way_to_another(env: Env) -> None:
    with worker_process(env.server.address, env.task_queue) as process:
        handle = await env.start(Collect.run)
        await handle.signal(Collect.add, "a")
        await handle.query("__stack_trace")
        process.kill()
        process.wait()
    async with env.worker([Collect]):
        # The first one asks the dead worker; its sticky timeout is a second.
        assert handle.id in await handle.query("__stack_trace")
        await handle.signal(Collect.finish)
        assert await handle.result() == ["a"]


async def test_closed_runs_are_queried(env: Env) -> None:
    async with env.worker([Queried]):
        handle = await env.start(Queried.run)
        await handle.signal(Queried.see, 1)
        await handle.signal(Queried.finish)
        await handle.result()
        assert await handle.query(Queried.seen) == [1]
        stopped = await env.start(Queried.run)
        await stopped.signal(Queried.see, 2)
        assert await stopped.query(Queried.seen) == [2]
        await stopped.terminate()
        assert await stopped.query(Queried.seen) == [2]
        clean = QueryRejectCondition.NOT_COMPLETED_CLEANLY
        assert await handle.query(Queried.seen, reject_condition=clean) == [1]
        for run, condition, status in (
            (stopped, clean, WorkflowExecutionStatus.TERMINATED),
            (handle, QueryRejectCondition.NOT_OPEN, WorkflowExecutionStatus.COMPLETED),
        ):
            with pytest.raises(WorkflowQueryRejectedError) as rejected:
                await run.query(Queried.seen, reject_condition=condition)
            assert rejected.value.status == status


async def test_failures_of_queries(env: Env) -> None:
    async with env.worker([Queried]):
        handle = await env.start(Queried.run)
        for _ in range(2):  # with a workflow task, and by itself
            with pytest.raises(WorkflowQueryFailedError, match="cannot tell"):
                await handle.query(Queried.broken)
            with pytest.raises(WorkflowQueryFailedError, match="unknown"):
                await handle.query("unknown")
        await handle.signal(Queried.see, 1)
        assert await handle.query(Queried.seen) == [1]


async def test_an_answer_that_is_too_large(env: Env) -> None:
    async with env.worker([Queried]):
        handle = await env.start(Queried.run)
        assert await handle.query(Queried.seen) == []
        with pytest.raises(WorkflowQueryFailedError, match="Blob data size exceeds limit"):
            await handle.query(Queried.large)
        assert await handle.query(Queried.seen) == []


async def test_without_a_worker(env: Env) -> None:
    handle = await env.start(Queried.run)
    with pytest.raises(RPCError) as late:
        await handle.query(Queried.seen, rpc_timeout=timedelta(seconds=1))
    assert late.value.status in (RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.CANCELLED)
    await handle.terminate()
    with pytest.raises(RPCError, match="closed before WorkflowTaskStarted") as unseen:
        await handle.query(Queried.seen)
    assert unseen.value.status == RPCStatusCode.FAILED_PRECONDITION


async def test_queries_of_sdks(env: Env) -> None:
    async with env.worker([Queried]):
        handle = await env.start(Queried.run)
        assert handle.id in await handle.query("__stack_trace")
        metadata: Any = await handle.query("__temporal_workflow_metadata")
        assert "what it has seen" in str(metadata)


async def test_queries_go_on_after_a_kill(own_env: Env) -> None:
    """What was acknowledged before the server died is seen by the queries after it."""
    env = own_env
    async with env.worker([Queried]):
        handle = await env.start(Queried.run)
        await handle.signal(Queried.see, 1)
        assert await handle.query(Queried.seen) == [1]
        await handle.signal(Queried.see, 2)
        env.server.kill()
        await asyncio.to_thread(env.server.start)
        assert await handle.query(Queried.seen) == [1, 2]
