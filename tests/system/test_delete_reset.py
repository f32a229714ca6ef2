"""Workflows that are deleted, and reset: by the SDK and the `temporal` command; over a kill of the server."""

import asyncio
from typing import Any

import pytest
from temporalio import workflow
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import DeleteWorkflowExecutionRequest, ResetWorkflowExecutionRequest
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowFailureError, WorkflowHandle
from temporalio.exceptions import TerminatedError
from temporalio.service import RPCError, RPCStatusCode

from support import history
from support.cli import Cli
from support.env import Env, eventually
from support.workflows import ActivityCall, Collect, OneActivity


async def delete(client: Client, workflow_id: str, run_id: str = "") -> None:
    execution = WorkflowExecution(workflow_id=workflow_id, run_id=run_id)
    await client.workflow_service.delete_workflow_execution(
        DeleteWorkflowExecutionRequest(namespace=client.namespace, workflow_execution=execution)
    )


async def reset(handle: WorkflowHandle[Any, Any], client: Client, event_id: int) -> WorkflowHandle[Any, Any]:
    answer = await client.workflow_service.reset_workflow_execution(
        ResetWorkflowExecutionRequest(
            namespace=client.namespace,
            workflow_execution=WorkflowExecution(workflow_id=handle.id),
            reason="for the test",
            workflow_task_finish_event_id=event_id,
            request_id=f"reset-{handle.id}-{event_id}",
        )
    )
    return client.get_workflow_handle(handle.id, run_id=answer.run_id)


async def is_gone(handle: WorkflowHandle[Any, Any]) -> bool:
    try:
        await handle.describe()
    except RPCError as error:
        assert error.status == RPCStatusCode.NOT_FOUND
        return True
    return False


@workflow.defn
class CountUp:
    """Adds up what it is signalled until it is told to finish."""

    def __init__(self) -> None:
        self.total = 0
        self.done = False

    @workflow.signal
    def add(self, value: int) -> None:
        self.total += value

    @workflow.signal
    def finish(self) -> None:
        self.done = True

    @workflow.run
    async def run(self) -> int:
        await workflow.wait_condition(lambda: self.done)
        return self.total


async def test_delete_an_open_workflow(env: Env) -> None:
    async with env.worker([CountUp]):
        handle = await env.start(CountUp.run)
        result = asyncio.create_task(handle.result())
        await delete(env.client, handle.id)
        assert await is_gone(handle)
        with pytest.raises((WorkflowFailureError, RPCError)) as ended:
            await result
        if isinstance(ended.value, WorkflowFailureError):
            assert isinstance(ended.value.cause, TerminatedError)
        again = await env.client.start_workflow(CountUp.run, id=handle.id, task_queue=env.task_queue)
        await again.signal(CountUp.finish)
        assert await again.result() == 0


async def test_delete_by_the_command_line(env: Env) -> None:
    cli = Cli(env.server.address)
    async with env.worker([CountUp]):
        handle = await env.start(CountUp.run)
        await handle.signal(CountUp.finish)
        await handle.result()
    await cli.text("workflow", "delete", "--workflow-id", handle.id, "--yes")
    await eventually("the run is gone", lambda: is_gone(handle))
    listed = await cli.json("workflow", "list", "--query", f"WorkflowId = '{handle.id}'")
    assert listed == []


async def test_reset_takes_signals_over(env: Env) -> None:
    async with env.worker([CountUp]):
        handle = await env.start(CountUp.run)
        for value in (1, 2, 3):
            await handle.signal(CountUp.add, value)
        await handle.signal(CountUp.finish)
        assert await handle.result() == 6
        events = await history.events(handle)
        first = next(e for e in events if history.name(e) == "WorkflowTaskCompleted")
        again = await reset(handle, env.client, first.event_id)
        assert await again.result() == 6
        assert (await handle.describe()).status == WorkflowExecutionStatus.COMPLETED


async def test_reset_an_open_workflow_with_an_activity(env: Env) -> None:
    async with env.worker([OneActivity]):
        handle = await env.start(OneActivity.run, ActivityCall(task_queue="nobody"))
        await eventually(
            "the activity is scheduled",
            lambda: _has_event(handle, "ActivityTaskScheduled"),
        )
        again = await reset(handle, env.client, 4)
        await eventually("it is scheduled again", lambda: _has_event(again, "ActivityTaskScheduled"))
        base = env.client.get_workflow_handle(handle.id, run_id=handle.first_execution_run_id)
        assert (await base.describe()).status == WorkflowExecutionStatus.TERMINATED
        await again.terminate()


async def _has_event(handle: WorkflowHandle[Any, Any], name: str) -> bool:
    return name in history.names(await history.events(handle))


@pytest.mark.parametrize(
    "point", [("--type", "FirstWorkflowTask"), ("--type", "LastWorkflowTask"), ("--event-id", "4")]
)
async def test_reset_by_the_command_line(env: Env, point: tuple[str, str]) -> None:
    cli = Cli(env.server.address)
    async with env.worker([CountUp]):
        handle = await env.start(CountUp.run)
        await handle.signal(CountUp.add, 7)
        await handle.signal(CountUp.finish)
        assert await handle.result() == 7
        words = ("workflow", "reset", "--workflow-id", handle.id, "--reason", "for the test", *point)
        answer = await cli.json(*words)
        again = env.client.get_workflow_handle(handle.id, run_id=answer["runId"])
        assert await again.result() == 7


async def test_a_killed_server_keeps_what_was_deleted_and_reset(own_env: Env) -> None:
    env = own_env
    async with env.worker([CountUp]):
        deleted = [await env.start(CountUp.run) for _ in range(5)]
        for handle in deleted:
            await delete(env.client, handle.id)
        handle = await env.start(CountUp.run)
        await handle.signal(CountUp.add, 5)
        await eventually("it has begun", lambda: _has_event(handle, "WorkflowTaskCompleted"))
        again = await reset(handle, env.client, 4)
        env.server.kill()
        await asyncio.to_thread(env.server.start)
        for gone in deleted:
            assert await is_gone(gone)
        await again.signal(CountUp.finish)
        assert await again.result() == 5
        assert "WorkflowExecutionSignaled" in history.names(await history.events(again))


async def test_collect_goes_on_after_a_reset(env: Env) -> None:
    async with env.worker([Collect]):
        handle = await env.start(Collect.run)
        await handle.signal(Collect.add, "one")
        await eventually("it has begun", lambda: _has_event(handle, "WorkflowTaskCompleted"))
        events = await history.events(handle)
        first = next(e for e in events if history.name(e) == "WorkflowTaskCompleted")
        again = await reset(handle, env.client, first.event_id)
        await again.signal(Collect.finish)
        await again.result()
        assert (await again.describe()).status == WorkflowExecutionStatus.COMPLETED
