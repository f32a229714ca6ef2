"""A start and an update in one call: who starts a run for an update gets both, or an error for either."""

import asyncio

import pytest
from temporalio import workflow
from temporalio.client import WithStartWorkflowOperation, WorkflowUpdateFailedError
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError

from support import history
from support.env import Env


@workflow.defn
class Basket:
    """Takes things in until it is closed."""

    def __init__(self) -> None:
        self._things: list[str] = []
        self._closed = False

    @workflow.run
    async def run(self) -> list[str]:
        await workflow.wait_condition(lambda: self._closed)
        return self._things

    @workflow.update
    async def add(self, thing: str) -> int:
        self._things.append(thing)
        return len(self._things)

    @add.validator
    def _known(self, thing: str) -> None:
        if thing == "nothing":
            raise ApplicationError("nothing is no thing")

    @workflow.signal
    def close(self) -> None:
        self._closed = True


def start(env: Env, workflow_id: str, policy: WorkflowIDConflictPolicy) -> WithStartWorkflowOperation:
    return WithStartWorkflowOperation(
        Basket.run, id=workflow_id, task_queue=env.task_queue, id_conflict_policy=policy
    )


async def add(env: Env, operation: WithStartWorkflowOperation, thing: str, **options) -> int:
    return await env.client.execute_update_with_start_workflow(
        Basket.add, thing, start_workflow_operation=operation, **options
    )


async def test_the_first_one_starts_the_run(env: Env) -> None:
    """The run begins with the update: one workflow task does both; the next ones find it."""
    workflow_id = env.id()
    async with env.worker([Basket]):
        for i in range(3):
            operation = start(env, workflow_id, WorkflowIDConflictPolicy.USE_EXISTING)
            assert await add(env, operation, f"thing {i}") == i + 1
            handle = await operation.workflow_handle()
        await handle.signal(Basket.close)
        assert await handle.result() == ["thing 0", "thing 1", "thing 2"]
        events = await history.events(handle)
    assert history.names(events)[:6] == [
        "WorkflowExecutionStarted",
        "WorkflowTaskScheduled",
        "WorkflowTaskStarted",
        "WorkflowTaskCompleted",
        "WorkflowExecutionUpdateAccepted",
        "WorkflowExecutionUpdateCompleted",
    ]


async def test_many_at_once_start_one_run(env: Env) -> None:
    """Of twenty callers one starts the run, and each has its update done once."""
    workflow_id = env.id()
    async with env.worker([Basket]):
        operations = [start(env, workflow_id, WorkflowIDConflictPolicy.USE_EXISTING) for _ in range(20)]
        counts = await asyncio.gather(*(add(env, one, str(i)) for i, one in enumerate(operations)))
        assert sorted(counts) == list(range(1, 21))
        runs = {(await one.workflow_handle()).first_execution_run_id for one in operations} - {None}
        assert len(runs) <= 1
        handle = env.client.get_workflow_handle(workflow_id)
        await handle.signal(Basket.close)
        assert sorted(await handle.result()) == sorted(str(i) for i in range(20))


async def test_a_running_one_refuses_the_start(env: Env) -> None:
    """With FAIL neither takes effect: the start has the error, of the update nothing is known."""
    workflow_id = env.id()
    async with env.worker([Basket]):
        first = start(env, workflow_id, WorkflowIDConflictPolicy.FAIL)
        await add(env, first, "one", id="first")
        second = start(env, workflow_id, WorkflowIDConflictPolicy.FAIL)
        with pytest.raises(WorkflowAlreadyStartedError):
            await add(env, second, "two")
        with pytest.raises(WorkflowAlreadyStartedError):
            await second.workflow_handle()
        again = start(env, workflow_id, WorkflowIDConflictPolicy.FAIL)
        assert await add(env, again, "one more", id="first") == 1
        handle = await first.workflow_handle()
        await handle.signal(Basket.close)
        assert await handle.result() == ["one"]


async def test_a_rejected_update_leaves_its_run(env: Env) -> None:
    """The run that was started for an update that is rejected goes on."""
    async with env.worker([Basket]):
        operation = start(env, env.id(), WorkflowIDConflictPolicy.FAIL)
        with pytest.raises(WorkflowUpdateFailedError):
            await add(env, operation, "nothing")
        handle = await operation.workflow_handle()
        await handle.signal(Basket.close)
        assert await handle.result() == []
