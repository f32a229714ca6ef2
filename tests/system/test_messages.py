"""What workflows owe each other, when there is much of it at once, and over a server that is killed."""

import asyncio

from temporalio import workflow

from support import history
from support.env import Env


@workflow.defn
class Double:
    @workflow.run
    async def run(self, number: int) -> int:
        return 2 * number


@workflow.defn
class SumOfDoubles:
    """The sum of what so many children return."""

    @workflow.run
    async def run(self, children: int) -> int:
        me = workflow.info().workflow_id
        results = await asyncio.gather(
            *(workflow.execute_child_workflow(Double.run, i, id=f"{me}-{i}") for i in range(children))
        )
        return sum(results)


@workflow.defn
class Count:
    """Returns what it was signalled, once that are so many."""

    def __init__(self) -> None:
        self.got: list[int] = []

    @workflow.run
    async def run(self, signals: int) -> list[int]:
        await workflow.wait_condition(lambda: len(self.got) >= signals)
        return self.got

    @workflow.signal
    def give(self, number: int) -> None:
        self.got.append(number)


@workflow.defn
class SignalMany:
    @workflow.run
    async def run(self, other: str, signals: int) -> None:
        handle = workflow.get_external_workflow_handle_for(Count.run, other)
        await asyncio.gather(*(handle.signal(Count.give, i) for i in range(signals)))


async def test_a_parent_hears_of_many_children(env: Env) -> None:
    async with env.worker([SumOfDoubles, Double]):
        handle = await env.start(SumOfDoubles.run, 100)
        assert await handle.result() == 9900
        names = history.names(await history.events(handle))
    for event in ("Started", "Completed"):
        assert names.count(f"ChildWorkflowExecution{event}") == 100


async def test_signals_of_one_workflow_to_another_keep_their_order(env: Env) -> None:
    async with env.worker([Count, SignalMany]):
        other = await env.start(Count.run, 150)
        await (await env.start(SignalMany.run, other.id, 150)).result()
        assert await other.result() == list(range(150))


async def test_children_and_signals_outlive_a_server_that_is_killed(own_env: Env) -> None:
    env = own_env
    async with env.worker([SumOfDoubles, Double, Count, SignalMany]):
        parent = await env.start(SumOfDoubles.run, 40)
        other = await env.start(Count.run, 40)
        signalling = await env.start(SignalMany.run, other.id, 40)
        for _ in range(2):
            await asyncio.sleep(0.3)
            env.server.kill()
            await asyncio.to_thread(env.server.start)
        assert await parent.result() == 1560
        await signalling.result()
        assert await other.result() == list(range(40))
        names = history.names(await history.events(parent))
    assert names.count("ChildWorkflowExecutionCompleted") == 40
