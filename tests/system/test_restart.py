"""A server that stops, in order or by SIGKILL, and starts again on its store: everything goes on."""

import asyncio
import signal
from datetime import timedelta

import pytest
from temporalio import activity, workflow
from temporalio.api.enums.v1 import WorkflowExecutionStatus

from support import history
from support.env import Env
from support.servers import Server
from support.workflows import ActivityCall, Collect, Echo, OneActivity


async def restart(server: Server, how: str) -> None:
    if how == "kill":
        server.kill()
    else:
        assert server.stop() == 0
    await asyncio.to_thread(server.start)


@workflow.defn
class SleepThenAct:
    @workflow.run
    async def run(self, seconds: float) -> str:
        await asyncio.sleep(seconds)
        return await workflow.execute_activity("act", start_to_close_timeout=timedelta(seconds=10))


@pytest.mark.parametrize("how", ["kill", "stop"])
async def test_open_workflows_go_on(own_env: Env, how: str) -> None:
    """A timer that falls due while the server is down, a retry, signals, and a workflow not yet begun."""

    @activity.defn(name="act")
    async def act() -> str:
        if activity.info().workflow_type == "OneActivity" and activity.info().attempt == 1:
            raise RuntimeError("first attempt")
        return f"attempt {activity.info().attempt}"

    env = own_env
    async with env.worker([SleepThenAct, OneActivity, Collect], [act]):
        sleeping = await env.start(SleepThenAct.run, 1.0)
        retrying = await env.start(OneActivity.run, ActivityCall(initial_interval=1.5))
        collecting = await env.start(Collect.run)
        await collecting.signal(Collect.add, "before")
        not_begun = await env.start(Echo.run, "later", task_queue=f"{env.task_queue}-later")
        await asyncio.sleep(0.5)
        await restart(env.server, how)
        await collecting.signal(Collect.add, "after")
        await collecting.signal(Collect.finish)
        assert await collecting.result() == ["before", "after"]
        assert await sleeping.result() == "attempt 1"
        assert await retrying.result() == "attempt 2"
        async with env.worker([Echo], task_queue=f"{env.task_queue}-later"):
            assert await not_begun.result() == "later"


async def test_everything_acknowledged_is_there_after_a_kill(own_env: Env) -> None:
    env = own_env
    async with env.worker([Echo]):
        done = await env.start(Echo.run, {"kept": True}, memo={"m": 1})
        await done.result()
    signalled = await env.start(Collect.run)
    await signalled.signal(Collect.add, 1)
    terminated = await env.start(Collect.run)
    await terminated.terminate()
    handles = (done, signalled, terminated)
    before = [await history.events(handle) for handle in handles]
    await restart(env.server, "kill")
    assert [await history.events(handle) for handle in handles] == before
    assert await done.result() == {"kept": True}
    assert await (await done.describe()).memo() == {"m": 1}
    description = await terminated.describe()
    assert description.status == WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_TERMINATED
    listed = {found.id async for found in env.client.list_workflows("ExecutionStatus = 'Running'")}
    assert listed == {signalled.id}


async def test_stop_while_pollers_wait(own_env: Env) -> None:
    """SIGTERM: long polls are answered, the exit code is 0, and nothing is waited for in vain."""
    env = own_env
    async with env.worker([Collect]):
        handle = await env.start(Collect.run)
        await handle.signal(Collect.add, 1)
        waiting = asyncio.create_task(handle.result())
        await asyncio.sleep(0.3)
        async with asyncio.timeout(10):
            assert await asyncio.to_thread(env.server.stop) == 0
        await asyncio.to_thread(env.server.start)
        await handle.signal(Collect.finish)
        assert await asyncio.wait_for(waiting, 30) == [1]


async def test_interrupt_stops_too(own_server: Server) -> None:
    """Ctrl-C in a terminal."""
    assert await asyncio.to_thread(own_server.stop, signal.SIGINT) == 0
