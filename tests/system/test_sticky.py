"""The sticky queue: used while a worker has a workflow cached, left when that worker is gone."""

import signal

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import TaskQueueKind
from temporalio.api.workflowservice.v1 import ResetStickyTaskQueueRequest
from temporalio.client import WorkflowHandle

from support import history
from support.env import Env
from support.worker_process import worker_process
from support.workflows import ActivityCall, Collect, OneActivity

STICKY = TaskQueueKind.TASK_QUEUE_KIND_STICKY
NORMAL = TaskQueueKind.TASK_QUEUE_KIND_NORMAL


async def workflow_tasks_completed(handle: WorkflowHandle, count: int) -> None:
    """Returns when that many workflow tasks have completed."""
    async for event in handle.fetch_history_events(wait_new_event=True):
        count -= history.name(event) == "WorkflowTaskCompleted"
        if count == 0:
            return


async def run_collect(env: Env) -> tuple[list[str], list]:
    handle = await env.start(Collect.run)
    await workflow_tasks_completed(handle, 1)
    await handle.signal(Collect.add, "a")
    await workflow_tasks_completed(handle, 2)
    await handle.signal(Collect.finish)
    result = await handle.result()
    events = await history.events(handle)
    return result, history.of_type(events, "WorkflowTaskScheduled")


async def test_cached_workflow_uses_the_sticky_queue(env: Env) -> None:
    async with env.worker([Collect]):
        result, scheduled = await run_collect(env)
    assert result == ["a"]
    assert [task.task_queue.kind for task in scheduled] == [NORMAL, STICKY, STICKY]
    assert scheduled[0].task_queue.name == env.task_queue
    assert {task.task_queue.normal_name for task in scheduled[1:]} == {env.task_queue}


async def test_without_a_cache_the_normal_queue_is_used(env: Env) -> None:
    async with env.worker([Collect], max_cached_workflows=0):
        result, scheduled = await run_collect(env)
    assert result == ["a"]
    assert [task.task_queue.kind for task in scheduled] == [NORMAL] * 3


async def test_after_an_orderly_shutdown_another_worker_goes_on_at_once(env: Env) -> None:
    """The worker says that it goes (ShutdownWorker), so nobody waits for the sticky timeout of 10 seconds."""
    async with env.worker([Collect]):
        handle = await env.start(Collect.run)
        await handle.signal(Collect.add, 1)
        await workflow_tasks_completed(handle, 1)
    await handle.signal(Collect.finish)
    async with env.worker([Collect]):
        assert await handle.result() == [1]
    assert "WorkflowTaskTimedOut" not in history.names(await history.events(handle))


async def test_killed_workers_task_goes_on_elsewhere(env: Env) -> None:
    """Which timeout the task meets depends on whether the server knows by then that the poll is gone; the
    oracle's scenarios tell the two apart."""
    with worker_process(env.server.address, env.task_queue) as process:
        handle = await env.start(Collect.run)
        await handle.signal(Collect.add, 1)
        await workflow_tasks_completed(handle, 1)
        process.send_signal(signal.SIGKILL)
        process.wait()
    await handle.signal(Collect.finish)
    async with env.worker([Collect]):
        assert await handle.result() == [1]
        events = await history.events(handle)
    assert history.only(events, "WorkflowTaskTimedOut").scheduled_event_id > 2
    last = history.of_type(events, "WorkflowTaskScheduled")[-1]
    assert (last.task_queue.kind, last.attempt) == (NORMAL, 1)


async def test_killed_workers_activity_is_retried_elsewhere(env: Env) -> None:
    with worker_process(env.server.address, env.task_queue) as process:
        call = ActivityCall(args=[0.5], start_to_close=1)
        handle = await env.start(OneActivity.run, call)
        await workflow_tasks_completed(handle, 1)
        process.send_signal(signal.SIGKILL)
        process.wait()
    with worker_process(env.server.address, env.task_queue):
        assert await handle.result() == 2


async def test_reset_sticky_task_queue(env: Env) -> None:
    with worker_process(env.server.address, env.task_queue) as process:
        handle = await env.start(Collect.run)
        await workflow_tasks_completed(handle, 1)
        process.send_signal(signal.SIGKILL)
        process.wait()
        execution = WorkflowExecution(workflow_id=handle.id)
        request = ResetStickyTaskQueueRequest(namespace="default", execution=execution)
        await env.client.workflow_service.reset_sticky_task_queue(request)
        await handle.signal(Collect.finish)
        last = history.of_type(await history.events(handle), "WorkflowTaskScheduled")[-1]
        assert (last.task_queue.kind, last.task_queue.name) == (NORMAL, env.task_queue)
    await handle.terminate()
