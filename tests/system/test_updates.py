"""Updates: accepted, rejected, completed and failed, known by their ids; when a run or a server ends."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from temporalio import workflow
from temporalio.api.update.v1 import UpdateRef
from temporalio.api.workflowservice.v1 import PollWorkflowExecutionUpdateRequest
from temporalio.client import (
    WorkflowHandle,
    WorkflowUpdateFailedError,
    WorkflowUpdateStage,
)
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from support import history
from support.env import Env, eventually


@workflow.defn
class Ledger:
    """Adds up what updates bring, until one ends it."""

    def __init__(self) -> None:
        self._sum = 0
        self._seen: list[str] = []
        self._released = False
        self._finished = False

    @workflow.run
    async def run(self, runs: int = 1, total: int = 0) -> int:
        self._sum += total
        await workflow.wait_condition(lambda: self._finished)
        if runs > 1:
            workflow.continue_as_new(args=[runs - 1, self._sum])
        return self._sum

    @workflow.update
    def add(self, value: int) -> int:
        self._seen.append(workflow.current_update_info().id)  # type: ignore[union-attr]
        self._sum += value
        return self._sum

    @add.validator
    def _only_positive(self, value: int) -> None:
        if value < 0:
            raise ApplicationError("only more", type="Negative")

    @workflow.update
    async def add_later(self, value: int) -> int:
        await workflow.wait_condition(lambda: self._released)
        self._sum += value
        return self._sum

    @workflow.update
    async def fail(self) -> None:
        await workflow.sleep(0.01)
        raise ApplicationError("broken", type="Broken")

    @workflow.update
    def finish(self) -> int:
        self._finished = True
        return self._sum

    @workflow.signal
    def release(self) -> None:
        self._released = True

    @workflow.signal
    def end(self) -> None:
        self._finished = True

    @workflow.query
    def seen(self) -> list[str]:
        return list(self._seen)


async def names(handle: WorkflowHandle[Any, Any]) -> list[str]:
    return history.names(await history.events(handle))


async def test_updates_are_answered_in_order(env: Env) -> None:
    async with env.worker([Ledger]):
        handle = await env.start(Ledger.run)
        assert [await handle.execute_update(Ledger.add, i) for i in range(1, 11)] == [
            sum(range(i + 1)) for i in range(1, 11)
        ]
        assert await handle.execute_update(Ledger.finish) == 55
        assert await handle.result() == 55


async def test_many_at_once(env: Env) -> None:
    async with env.worker([Ledger]):
        handle = await env.start(Ledger.run)
        answers = await asyncio.gather(*(handle.execute_update(Ledger.add, 1) for _ in range(10)))
        assert sorted(answers) == list(range(1, 11))


async def test_a_rejected_update_leaves_no_trace(env: Env) -> None:
    async with env.worker([Ledger]):
        handle = await env.start(Ledger.run)
        await handle.execute_update(Ledger.add, 1)
        before = await names(handle)
        for _ in range(3):
            with pytest.raises(WorkflowUpdateFailedError) as refused:
                await handle.execute_update(Ledger.add, -1)
            assert isinstance(refused.value.cause, ApplicationError)
            assert refused.value.cause.type == "Negative"
        assert await names(handle) == before
        assert await handle.execute_update(Ledger.add, 1) == 2


async def test_a_failed_update(env: Env) -> None:
    async with env.worker([Ledger]):
        handle = await env.start(Ledger.run)
        update = await handle.start_update(
            Ledger.fail, wait_for_stage=WorkflowUpdateStage.ACCEPTED, id="failing"
        )
        for _ in range(2):
            with pytest.raises(WorkflowUpdateFailedError) as failed:
                await update.result()
            assert isinstance(failed.value.cause, ApplicationError)
            assert failed.value.cause.type == "Broken"
            update = handle.get_update_handle("failing")


async def test_an_accepted_update_goes_on_over_a_restart(own_env: Env) -> None:
    """What was accepted is durable: its outcome comes after the restart, under the same id."""
    env = own_env
    async with env.worker([Ledger]):
        handle = await env.start(Ledger.run)
        update = await handle.start_update(
            Ledger.add_later, 5, wait_for_stage=WorkflowUpdateStage.ACCEPTED, id="the-update"
        )
        env.server.kill()
        await asyncio.to_thread(env.server.start)
        again = asyncio.create_task(handle.execute_update(Ledger.add_later, 5, id="the-update"))
        await handle.signal(Ledger.release)
        assert await update.result() == 5
        assert await again == 5
        env.server.kill()
        await asyncio.to_thread(env.server.start)
        assert await handle.get_update_handle("the-update", result_type=int).result() == 5
        assert (await names(handle)).count("WorkflowExecutionUpdateAccepted") == 1


async def test_what_waits_when_the_server_dies_is_asked_again(own_env: Env) -> None:
    """No worker has seen the update: the server forgets it, and its client asks again."""
    env = own_env
    handle = await env.start(Ledger.run)
    waiting = asyncio.create_task(handle.execute_update(Ledger.add, 3, id="waiting"))

    async def is_known() -> bool:
        try:
            await env.client.workflow_service.poll_workflow_execution_update(
                poll_request(env, handle, "waiting")
            )
        except RPCError as error:
            assert error.status == RPCStatusCode.NOT_FOUND
            return False
        return True

    await eventually("the update is known", is_known)
    env.server.kill()
    await asyncio.to_thread(env.server.start)
    async with env.worker([Ledger]):
        assert await waiting == 3
        assert await handle.query(Ledger.seen) == ["waiting"]


def poll_request(env: Env, handle: WorkflowHandle[Any, Any], update_id: str) -> Any:
    ref = UpdateRef(update_id=update_id)
    ref.workflow_execution.workflow_id = handle.id
    return PollWorkflowExecutionUpdateRequest(namespace=env.client.namespace, update_ref=ref)


async def test_an_update_comes_to_the_run_that_follows(env: Env) -> None:
    async with env.worker([Ledger]):
        handle = await env.start(Ledger.run, 2)
        assert await handle.execute_update(Ledger.add, 7) == 7
        await handle.signal(Ledger.end)
        workflow_handle = env.client.get_workflow_handle(handle.id)
        assert await workflow_handle.execute_update(Ledger.add, 1) in (1, 8)
        await workflow_handle.execute_update(Ledger.finish)


async def test_an_update_that_its_run_leaves_behind_fails(env: Env) -> None:
    async with env.worker([Ledger]):
        handle = await env.start(Ledger.run)
        update = await handle.start_update(Ledger.add_later, 1, wait_for_stage=WorkflowUpdateStage.ACCEPTED)
        await handle.terminate()
        with pytest.raises(WorkflowUpdateFailedError) as failed:
            await update.result()
        assert isinstance(failed.value.cause, ApplicationError)
        assert failed.value.cause.type == "AcceptedUpdateCompletedWorkflow"
        with pytest.raises(RPCError) as closed:
            await handle.execute_update(Ledger.add, 1)
        assert closed.value.status == RPCStatusCode.NOT_FOUND


async def test_workers_without_a_cache(env: Env) -> None:
    """Each task replays the history, with the updates in it."""
    async with env.worker([Ledger], max_cached_workflows=0):
        handle = await env.start(Ledger.run)
        assert await handle.execute_update(Ledger.add, 1) == 1
        with pytest.raises(WorkflowUpdateFailedError):
            await handle.execute_update(Ledger.add, -1)
        assert await handle.execute_update(Ledger.add, 1) == 2
        assert await handle.execute_update(Ledger.finish) == 2
        assert await handle.result() == 2


async def test_no_worker_and_then_one(env: Env) -> None:
    """API fact 9: after 5 s the task of the update is in the history, and an ordinary one follows."""
    async with env.worker([Ledger]):
        handle = await env.start(Ledger.run)
        assert await handle.execute_update(Ledger.add, 1) == 1
    waiting = asyncio.create_task(handle.execute_update(Ledger.add, 1))
    first = len(await history.events(handle))

    async def timed_out() -> bool:
        return "WorkflowTaskTimedOut" in (await names(handle))[first:]

    await eventually("the task of the update timed out", timed_out, 60)
    async with env.worker([Ledger], sticky_queue_schedule_to_start_timeout=timedelta(seconds=1)):
        assert await waiting == 2
