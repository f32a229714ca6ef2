"""Child workflows, signals and cancels of other workflows, as the SDK makes them."""

import asyncio
from datetime import timedelta

import pytest
from temporalio import workflow
from temporalio.client import WorkflowExecutionStatus, WorkflowFailureError
from temporalio.common import RetryPolicy
from temporalio.exceptions import ApplicationError, ChildWorkflowError
from temporalio.service import RPCError
from temporalio.workflow import ParentClosePolicy

from support import history
from support.env import Env, eventually

QUICK = RetryPolicy(initial_interval=timedelta(milliseconds=100), maximum_attempts=2)


@workflow.defn
class Child:
    def __init__(self) -> None:
        self.words: list[str] = []

    @workflow.run
    async def run(self, does: str) -> str:
        if does == "waits":
            await workflow.wait_condition(lambda: bool(self.words))
            return self.words[0]
        if does == "fails" or (does == "fails once" and workflow.info().attempt == 1):
            raise ApplicationError(does)
        if does == "goes on":
            workflow.continue_as_new("ends")
        return does

    @workflow.signal
    def go(self, word: str) -> None:
        self.words.append(word)


@workflow.defn
class Parent:
    """Returns what its child returned, or what kind of error it ended with."""

    @workflow.run
    async def run(self, does: str, child_id: str) -> str:
        try:
            return await workflow.execute_child_workflow(Child.run, does, id=child_id, retry_policy=QUICK)
        except ChildWorkflowError as error:
            return type(error.cause).__name__


@workflow.defn
class Closing:
    """Begins a child and closes."""

    @workflow.run
    async def run(self, policy: int, child_id: str) -> None:
        await workflow.start_child_workflow(
            Child.run, "waits", id=child_id, parent_close_policy=ParentClosePolicy(policy)
        )


@workflow.defn
class Signaling:
    @workflow.run
    async def run(self, child_id: str) -> str:
        child = await workflow.start_child_workflow(Child.run, "waits", id=child_id)
        await child.signal(Child.go, "from the parent")
        return await child


@workflow.defn
class Canceling:
    @workflow.run
    async def run(self, child_id: str) -> str:
        child = await workflow.start_child_workflow(Child.run, "waits", id=child_id)
        child.cancel()
        try:
            return await child
        except ChildWorkflowError as error:
            return type(error.cause).__name__


@workflow.defn
class Outsider:
    """Signals or cancels a workflow that is not its child."""

    @workflow.run
    async def run(self, target: str, does: str) -> None:
        handle = workflow.get_external_workflow_handle(target)
        if does == "signal":
            await handle.signal("go", "from outside")
        else:
            await handle.cancel()


@workflow.defn
class Many:
    @workflow.run
    async def run(self, prefix: str, count: int) -> int:
        ends = [
            workflow.execute_child_workflow(Child.run, "ends", id=f"{prefix}-{number}")
            for number in range(count)
        ]
        return len(await asyncio.gather(*ends))


WORKFLOWS = [Child, Parent, Closing, Signaling, Canceling, Outsider, Many]


async def test_a_child_gives_its_result(env: Env) -> None:
    async with env.worker(WORKFLOWS):
        handle = await env.start(Parent.run, "ends", env.id())
        assert await handle.result() == "ends"
        names = history.names(await history.events(handle))
    assert names.count("ChildWorkflowExecutionStarted") == 1
    assert names.count("ChildWorkflowExecutionCompleted") == 1


async def test_a_child_is_retried_and_goes_on_before_its_parent_hears(env: Env) -> None:
    async with env.worker(WORKFLOWS):
        assert await env.execute(Parent.run, "fails once", env.id()) == "fails once"
        assert await env.execute(Parent.run, "goes on", env.id()) == "ends"
        assert await env.execute(Parent.run, "fails", env.id()) == "ApplicationError"


async def test_an_id_that_is_taken(env: Env) -> None:
    async with env.worker(WORKFLOWS):
        taken = await env.start(Child.run, "waits")
        handle = await env.start(Closing.run, ParentClosePolicy.TERMINATE, taken.id)
        with pytest.raises(WorkflowFailureError):
            await handle.result()
        await taken.terminate()


async def test_what_becomes_of_children_when_their_parent_closes(env: Env) -> None:
    async with env.worker(WORKFLOWS):
        ends = {
            ParentClosePolicy.TERMINATE: WorkflowExecutionStatus.TERMINATED,
            ParentClosePolicy.REQUEST_CANCEL: WorkflowExecutionStatus.CANCELED,
            ParentClosePolicy.ABANDON: WorkflowExecutionStatus.RUNNING,
        }
        for policy, status in ends.items():
            child = env.client.get_workflow_handle(env.id())
            await env.execute(Closing.run, policy, child.id)

            async def has_ended(child=child, status=status) -> bool:
                return (await child.describe()).status == status

            await eventually(f"a child is {status.name}", has_ended)
        await child.signal(Child.go, "alone")
        assert await child.result() == "alone"


async def test_a_parent_signals_and_cancels_its_child(env: Env) -> None:
    async with env.worker(WORKFLOWS):
        assert await env.execute(Signaling.run, env.id()) == "from the parent"
        assert await env.execute(Canceling.run, env.id()) == "CancelledError"


async def test_signals_and_cancels_from_outside(env: Env) -> None:
    async with env.worker(WORKFLOWS):
        first, second = await env.start(Child.run, "waits"), await env.start(Child.run, "waits")
        await env.execute(Outsider.run, first.id, "signal")
        assert await first.result() == "from outside"
        await env.execute(Outsider.run, second.id, "cancel")
        with pytest.raises(WorkflowFailureError):
            await second.result()
        # Nobody is there any more.
        with pytest.raises(WorkflowFailureError):
            await env.execute(Outsider.run, first.id, "signal")


async def test_many_children_at_once(env: Env) -> None:
    async with env.worker(WORKFLOWS):
        assert await env.execute(Many.run, env.id(), 50) == 50


async def test_a_family_in_lists(env: Env) -> None:
    async with env.worker(WORKFLOWS):
        child = env.id()
        handle = await env.start(Closing.run, ParentClosePolicy.ABANDON, child)
        await handle.result()
        listed = [found async for found in env.client.list_workflows(f"ParentWorkflowId = '{handle.id}'")]
        assert [(found.id, found.parent_id, found.root_id) for found in listed] == [
            (child, handle.id, handle.id)
        ]
        await env.client.get_workflow_handle(child).terminate()


async def test_families_go_on_after_a_kill(own_env: Env) -> None:
    """Killed while fifty children start and end and five wait, and again when a parent has just closed."""
    env = own_env

    async def kill() -> None:
        env.server.kill()
        await asyncio.to_thread(env.server.start)

    async with env.worker(WORKFLOWS):
        ids = [env.id() for _ in range(5)]
        waiting = [await env.start(Parent.run, "waits", child_id) for child_id in ids]
        many = await env.start(Many.run, env.id(), 50)
        await asyncio.sleep(0.3)
        await kill()
        closing = await env.start(Closing.run, ParentClosePolicy.TERMINATE, env.id() + "-closing")
        await closing.result()
        await kill()
        assert await many.result() == 50
        for child_id, parent in zip(ids, waiting, strict=True):
            child = env.client.get_workflow_handle(child_id)

            async def is_there(child=child) -> bool:
                try:
                    return (await child.describe()).status == WorkflowExecutionStatus.RUNNING
                except RPCError:
                    return False

            await eventually("a child runs", is_there)
            await child.signal(Child.go, "after")
            assert await parent.result() == "after"
