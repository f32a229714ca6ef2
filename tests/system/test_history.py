"""Reading a history: in pages, backwards, waiting for what comes, only the end."""

import asyncio

import pytest
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import HistoryEventFilterType
from temporalio.api.workflowservice.v1 import (
    GetWorkflowExecutionHistoryRequest,
    GetWorkflowExecutionHistoryReverseRequest,
)
from temporalio.client import WorkflowHandle
from temporalio.service import RPCError, RPCStatusCode

from support import history
from support.env import Env
from support.workflows import Collect, Echo

CLOSE_EVENT = HistoryEventFilterType.HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT


async def long_workflow(env: Env) -> WorkflowHandle:
    handle = await env.start(Collect.run)
    for i in range(10):
        await handle.signal(Collect.add, i)
    await handle.terminate()
    return handle


def request_for(handle: WorkflowHandle, **fields: object) -> GetWorkflowExecutionHistoryRequest:
    return GetWorkflowExecutionHistoryRequest(
        namespace="default",
        execution=WorkflowExecution(workflow_id=handle.id),
        **fields,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize("page_size", [1, 2, 5, 13, 1000])
async def test_pages_make_up_the_whole(env: Env, page_size: int) -> None:
    handle = await long_workflow(env)
    service = env.client.workflow_service
    request = request_for(handle, maximum_page_size=page_size)
    ids: list[int] = []
    while True:
        page = await service.get_workflow_execution_history(request)
        ids += [event.event_id for event in page.history.events]
        if not page.next_page_token:
            break
        request.next_page_token = page.next_page_token
    assert ids == list(range(1, 14))


@pytest.mark.parametrize("page_size", [1, 3, 13, 1000])
async def test_reverse_pages_make_up_the_whole(env: Env, page_size: int) -> None:
    handle = await long_workflow(env)
    request = GetWorkflowExecutionHistoryReverseRequest(
        namespace="default",
        execution=WorkflowExecution(workflow_id=handle.id),
        maximum_page_size=page_size,
    )
    ids: list[int] = []
    while True:
        page = await env.client.workflow_service.get_workflow_execution_history_reverse(request)
        ids += [event.event_id for event in page.history.events]
        if not page.next_page_token:
            break
        request.next_page_token = page.next_page_token
    assert ids == list(range(13, 0, -1))


async def test_page_token_keeps_to_its_run(env: Env) -> None:
    """A new run under the same id, begun between two pages, does not show up in the second."""
    handle = await long_workflow(env)
    service = env.client.workflow_service
    request = request_for(handle, maximum_page_size=5)
    first = await service.get_workflow_execution_history(request)
    second = await env.start(Collect.run, id=handle.id)
    request.maximum_page_size = 100
    request.next_page_token = first.next_page_token
    rest = await service.get_workflow_execution_history(request)
    ids = [event.event_id for page in (first, rest) for event in page.history.events]
    assert ids == list(range(1, 14))
    await second.terminate()


async def test_waiting_reader_sees_each_event(env: Env) -> None:
    async with env.worker([Collect]):
        handle = await env.start(Collect.run)
        names: list[str] = []

        async def read() -> None:
            async for event in handle.fetch_history_events(wait_new_event=True):
                names.append(history.name(event))

        reader = asyncio.create_task(read())
        for i in range(5):
            await handle.signal(Collect.add, i)
            await asyncio.sleep(0.02)
        await handle.signal(Collect.finish)
        await asyncio.wait_for(reader, 10)
        assert names == history.names(await history.events(handle))


async def test_close_event_filter(env: Env) -> None:
    async with env.worker([Echo]):
        handle = await env.start(Echo.run, 1)
        await handle.result()
    request = request_for(handle, history_event_filter_type=CLOSE_EVENT)
    page = await env.client.workflow_service.get_workflow_execution_history(request)
    assert history.names(page.history.events) == ["WorkflowExecutionCompleted"]


async def test_close_event_filter_waits_for_the_end(env: Env) -> None:
    handle = await env.start(Collect.run)
    request = request_for(handle, history_event_filter_type=CLOSE_EVENT, wait_new_event=True)
    waiting = asyncio.create_task(env.client.workflow_service.get_workflow_execution_history(request))
    await handle.signal(Collect.add, 1)
    await asyncio.sleep(0.2)
    assert not waiting.done()
    await handle.terminate()
    page = await asyncio.wait_for(waiting, 30)
    assert history.names(page.history.events) == ["WorkflowExecutionTerminated"]


async def test_history_of_an_earlier_run(env: Env) -> None:
    first = await long_workflow(env)
    second = await env.start(Collect.run, id=first.id)
    old = env.client.get_workflow_handle(first.id, run_id=first.first_execution_run_id)
    assert len(await history.events(old)) == 13
    assert len(await history.events(second)) == 2
    await second.terminate()


async def test_unknown_workflow(env: Env) -> None:
    with pytest.raises(RPCError) as refused:
        await history.events(env.client.get_workflow_handle(env.id()))
    assert refused.value.status == RPCStatusCode.NOT_FOUND


async def test_foreign_page_token_is_refused(env: Env) -> None:
    handle = await env.start(Collect.run)
    with pytest.raises(RPCError) as refused:
        await env.client.workflow_service.get_workflow_execution_history(
            request_for(handle, next_page_token=b"no token of ours")
        )
    assert refused.value.status == RPCStatusCode.INVALID_ARGUMENT
    await handle.terminate()


async def test_malformed_run_id_is_refused(env: Env) -> None:
    with pytest.raises(RPCError) as refused:
        await history.events(env.client.get_workflow_handle(env.id(), run_id="not-a-uuid"))
    assert refused.value.status == RPCStatusCode.INVALID_ARGUMENT
