"""Signals: all arrive, in order, once, whatever the workflow is doing."""

import asyncio
import uuid
from datetime import timedelta

import pytest
from temporalio import activity, workflow
from temporalio.api.common.v1 import Payloads, WorkflowExecution
from temporalio.api.workflowservice.v1 import SignalWorkflowExecutionRequest
from temporalio.client import WorkflowExecutionStatus
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.converter import DataConverter
from temporalio.service import RPCError, RPCStatusCode

from support import history
from support.env import Env
from support.workflows import Collect, Echo


async def test_signals_arrive_in_order(env: Env) -> None:
    async with env.worker([Collect]):
        handle = await env.start(Collect.run)
        for i in range(50):
            await handle.signal(Collect.add, i)
        await handle.signal(Collect.finish)
        assert await handle.result() == list(range(50))
        signaled = history.of_type(await history.events(handle), "WorkflowExecutionSignaled")
    assert [s.signal_name for s in signaled] == ["add"] * 50 + ["finish"]
    assert signaled[0].identity == env.client.identity


async def test_signals_before_the_first_workflow_task(env: Env) -> None:
    handle = await env.start(Collect.run)
    for i in range(3):
        await handle.signal(Collect.add, i)
    await handle.signal(Collect.finish)
    async with env.worker([Collect]):
        assert await handle.result() == [0, 1, 2]
        events = await history.events(handle)
    assert history.names(events) == [
        "WorkflowExecutionStarted",
        "WorkflowTaskScheduled",
        *["WorkflowExecutionSignaled"] * 4,
        "WorkflowTaskStarted",
        "WorkflowTaskCompleted",
        "WorkflowExecutionCompleted",
    ]


async def test_a_signal_starts_the_workflow_that_it_is_for(env: Env) -> None:
    """The first one starts it and stands before its first task; the others find it, open or closed."""
    workflow_id = env.id()
    for i in range(3):
        handle = await env.start(Collect.run, id=workflow_id, start_signal="add", start_signal_args=[i])
    await handle.signal(Collect.finish)
    async with env.worker([Collect]):
        assert await handle.result() == [0, 1, 2]
        events = await history.events(handle)
        next_run = await env.start(Collect.run, id=workflow_id, start_signal="finish")
        assert await next_run.result() == []
        replaced = await env.start(Collect.run, id=workflow_id)
        last = await env.start(
            Collect.run,
            id=workflow_id,
            id_conflict_policy=WorkflowIDConflictPolicy.TERMINATE_EXISTING,
            start_signal="finish",
        )
        assert await last.result() == []
    status = (
        await env.client.get_workflow_handle(workflow_id, run_id=replaced.result_run_id).describe()
    ).status
    assert status == WorkflowExecutionStatus.TERMINATED
    assert history.names(events) == [
        "WorkflowExecutionStarted",
        "WorkflowExecutionSignaled",
        "WorkflowTaskScheduled",
        *["WorkflowExecutionSignaled"] * 3,
        "WorkflowTaskStarted",
        "WorkflowTaskCompleted",
        "WorkflowExecutionCompleted",
    ]


async def test_many_signals_at_once(env: Env) -> None:
    async with env.worker([Collect]):
        handle = await env.start(Collect.run)
        await asyncio.gather(*(handle.signal(Collect.add, i) for i in range(100)))
        await handle.signal(Collect.finish)
        assert sorted(await handle.result()) == list(range(100))


@workflow.defn
class SlowTask:
    """Its first workflow task takes a while, through a local activity; returns the signals of that time."""

    def __init__(self) -> None:
        self._values: list[int] = []

    @workflow.signal
    def add(self, value: int) -> None:
        self._values.append(value)

    @workflow.run
    async def run(self) -> list[int]:
        await workflow.execute_local_activity("hold", start_to_close_timeout=timedelta(seconds=10))
        await workflow.wait_condition(lambda: len(self._values) == 3)
        return self._values


async def test_signals_during_a_workflow_task_are_buffered(env: Env) -> None:
    """They come after the task's completion, and cause the next task."""
    holding, go_on = asyncio.Event(), asyncio.Event()

    @activity.defn
    async def hold() -> None:
        holding.set()
        await go_on.wait()

    async with env.worker([SlowTask], [hold]):
        handle = await env.start(SlowTask.run)
        await holding.wait()
        for i in range(3):
            await handle.signal(SlowTask.add, i)
        go_on.set()
        assert await handle.result() == [0, 1, 2]
        events = await history.events(handle)
    assert history.names(events) == [
        "WorkflowExecutionStarted",
        "WorkflowTaskScheduled",
        "WorkflowTaskStarted",
        "WorkflowTaskCompleted",
        "MarkerRecorded",
        *["WorkflowExecutionSignaled"] * 3,
        "WorkflowTaskScheduled",
        "WorkflowTaskStarted",
        "WorkflowTaskCompleted",
        "WorkflowExecutionCompleted",
    ]


async def test_request_id_makes_a_signal_count_once(env: Env) -> None:
    async with env.worker([Collect]):
        handle = await env.start(Collect.run)
        value = await DataConverter.default.encode(["once"])
        request = SignalWorkflowExecutionRequest(
            namespace="default",
            workflow_execution=WorkflowExecution(workflow_id=handle.id),
            signal_name="add",
            input=Payloads(payloads=value),
            request_id=str(uuid.uuid4()),
        )
        for _ in range(3):
            await env.client.workflow_service.signal_workflow_execution(request)
        await handle.signal(Collect.finish)
        assert await handle.result() == ["once"]


async def test_signal_of_a_closed_workflow(env: Env) -> None:
    async with env.worker([Echo]):
        handle = await env.start(Echo.run, 1)
        await handle.result()
        with pytest.raises(RPCError, match="workflow execution already completed") as refused:
            await handle.signal("add", 1)
    assert refused.value.status == RPCStatusCode.NOT_FOUND


async def test_signal_of_an_unknown_workflow(env: Env) -> None:
    with pytest.raises(RPCError) as refused:
        await env.client.get_workflow_handle(env.id()).signal("add", 1)
    assert refused.value.status == RPCStatusCode.NOT_FOUND


async def test_signal_to_a_given_run_does_not_reach_another(env: Env) -> None:
    async with env.worker([Collect]):
        first = await env.start(Collect.run)
        await first.signal(Collect.finish)
        await first.result()
        second = await env.start(Collect.run, id=first.id)
        with pytest.raises(RPCError) as refused:
            await env.client.get_workflow_handle(first.id, run_id=first.first_execution_run_id).signal(
                "add", 1
            )
        assert refused.value.status == RPCStatusCode.NOT_FOUND
        await second.signal(Collect.finish)
        assert await second.result() == []
