"""Activities that belong to no workflow: the SDK's client and the official command line."""

import asyncio
import json
from datetime import timedelta

import pytest
from temporalio import activity
from temporalio.client import ActivityFailureError
from temporalio.common import RetryPolicy
from temporalio.exceptions import ApplicationError, CancelledError

from support.env import Env, eventually
from support.processes import run
from support.servers import TEMPORAL

TIMEOUT = timedelta(seconds=30)


@activity.defn(name="act")
async def echo(text: str) -> str:
    return f"{text}, attempt {activity.info().attempt}"


async def test_result(env: Env) -> None:
    async with env.worker([], [echo]):
        result = await env.client.execute_activity(
            echo, "hello", id=env.id(), task_queue=env.task_queue, start_to_close_timeout=TIMEOUT
        )
    assert result == "hello, attempt 1"


async def test_retries_and_failure(env: Env) -> None:
    @activity.defn(name="act")
    async def broken() -> None:
        raise ApplicationError(f"attempt {activity.info().attempt}", type="Broken")

    async with env.worker([], [broken]):
        with pytest.raises(ActivityFailureError) as failed:
            await env.client.execute_activity(
                broken,
                id=env.id(),
                task_queue=env.task_queue,
                start_to_close_timeout=TIMEOUT,
                retry_policy=RetryPolicy(initial_interval=timedelta(milliseconds=50), maximum_attempts=3),
            )
    assert isinstance(failed.value.cause, ApplicationError)
    assert failed.value.cause.message == "attempt 3"


async def test_cancel(env: Env) -> None:
    started = asyncio.Event()

    @activity.defn(name="act")
    async def waits() -> None:
        started.set()
        while True:
            activity.heartbeat()
            await asyncio.sleep(0.05)

    async with env.worker([], [waits]):
        handle = await env.client.start_activity(
            waits,
            id=env.id(),
            task_queue=env.task_queue,
            start_to_close_timeout=TIMEOUT,
            heartbeat_timeout=timedelta(seconds=1),
        )
        await started.wait()
        await handle.cancel()
        with pytest.raises(ActivityFailureError) as failed:
            await handle.result()
    assert isinstance(failed.value.cause, CancelledError)


async def test_describe_list_and_count(env: Env) -> None:
    handle = await env.client.start_activity(
        echo, "later", id=env.id(), task_queue=env.task_queue, start_to_close_timeout=TIMEOUT
    )
    described = await handle.describe()
    assert described.activity_type == "act"
    query = f"TaskQueue = '{env.task_queue}' AND ExecutionStatus = 'Running'"

    async def running(count: int) -> bool:
        return (await env.client.count_activities(query)).count == count

    await eventually("it is counted", lambda: running(1))
    assert [one.activity_id async for one in env.client.list_activities(query)] == [handle.id]
    await handle.terminate(reason="enough")
    await eventually("it is not counted any more", lambda: running(0))


def cli(address: str, *words: str) -> str:
    """The official command line's answer."""
    return run([str(TEMPORAL), *words, "--address", address, "--disable-config-file", "--disable-config-env"])


async def test_command_line(env: Env) -> None:
    activity_id = env.id()
    options = ("--activity-id", activity_id, "--type", "act", "--task-queue", env.task_queue)
    start = ("activity", "start", *options, "--start-to-close-timeout", "30s", "--input", '"cli"')
    await asyncio.to_thread(cli, env.server.address, *start)
    listed = await asyncio.to_thread(
        cli, env.server.address, "activity", "list", "--query", f"ActivityId = '{activity_id}'"
    )
    assert activity_id in listed
    async with env.worker([], [echo]):
        result = await asyncio.to_thread(
            cli, env.server.address, "activity", "result", "--activity-id", activity_id, "--output", "json"
        )
    assert "cli, attempt 1" in json.dumps(json.loads(result))


async def test_goes_on_after_a_kill(own_env: Env) -> None:
    """What waited, waits again; a retry that fell due meanwhile comes; what had ended is known."""
    env = own_env
    ids = [env.id() for _ in range(3)]
    for activity_id in ids:
        await env.client.start_activity(
            echo, "x", id=activity_id, task_queue=env.task_queue, start_to_close_timeout=TIMEOUT
        )
    await env.client.get_activity_handle(ids[0]).terminate(reason="before")
    env.server.kill()
    await asyncio.to_thread(env.server.start)
    with pytest.raises(ActivityFailureError):
        await env.client.get_activity_handle(ids[0]).result()
    async with env.worker([], [echo]):
        for activity_id in ids[1:]:
            assert await env.client.get_activity_handle(activity_id).result() == "x, attempt 1"

    async def gone() -> bool:
        query = f"TaskQueue = '{env.task_queue}' AND ExecutionStatus = 'Running'"
        return (await env.client.count_activities(query)).count == 0

    await eventually("all have ended", gone)
