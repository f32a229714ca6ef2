"""Listing and counting workflows."""

from datetime import UTC, datetime, timedelta

import pytest
from temporalio.api.workflowservice.v1 import ListWorkflowExecutionsRequest
from temporalio.client import WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from support.env import Env, eventually
from support.workflows import Collect, Echo


async def listed(env: Env, query: str) -> set[str]:
    return {found.id async for found in env.client.list_workflows(query)}


async def expect(env: Env, query: str, ids: set[str]) -> None:
    """The list and the count. Perdure shows what was acknowledged at once; the real server shows it soon."""
    if not env.server.is_perdure:

        async def visible() -> bool:
            return await listed(env, query) == ids

        await eventually(query, visible)
    assert await listed(env, query) == ids
    assert (await env.client.count_workflows(query)).count == len(ids)


async def test_by_workflow_id(env: Env) -> None:
    handle = await env.start(Collect.run)
    await expect(env, f"WorkflowId = '{handle.id}'", {handle.id})
    await expect(env, f"WorkflowId = '{env.id()}'", set())
    await handle.terminate()


async def test_by_run_id(env: Env) -> None:
    handle = await env.start(Collect.run)
    await expect(env, f"RunId = '{handle.first_execution_run_id}'", {handle.id})
    await handle.terminate()


async def test_by_workflow_type(env: Env) -> None:
    workflow_type = f"Type-{env.id()}"
    handles = [await env.start(workflow_type) for _ in range(3)]
    await expect(env, f"WorkflowType = '{workflow_type}'", {handle.id for handle in handles})
    for handle in handles:
        await handle.terminate()


async def test_by_status(env: Env) -> None:
    workflow_type = f"Type-{env.id()}"
    open_one, closed_one = await env.start(workflow_type), await env.start(workflow_type)
    await closed_one.terminate()
    of_type = f"WorkflowType = '{workflow_type}'"
    await expect(env, f"{of_type} AND ExecutionStatus = 'Running'", {open_one.id})
    await expect(env, f"{of_type} AND ExecutionStatus = 'Terminated'", {closed_one.id})
    await expect(env, f"ExecutionStatus = 'Completed' AND {of_type}", set())
    await expect(env, f"{of_type} AND ExecutionStatus != 'Running'", {closed_one.id})
    await open_one.terminate()


async def test_by_start_and_close_time(env: Env) -> None:
    workflow_type = f"Type-{env.id()}"
    handle, still_open = await env.start(workflow_type), await env.start(workflow_type)
    await handle.terminate()
    of_type = f"WorkflowType = '{workflow_type}'"
    both = {handle.id, still_open.id}
    before = (datetime.now(UTC) - timedelta(minutes=1)).isoformat()
    after = (datetime.now(UTC) + timedelta(minutes=1)).isoformat()
    await expect(env, f"{of_type} AND StartTime > '{before}'", both)
    await expect(env, f"{of_type} AND StartTime < '{before}'", set())
    await expect(env, f"{of_type} AND StartTime >= '{before}' AND StartTime <= '{after}'", both)
    await expect(env, f"{of_type} AND CloseTime > '{before}'", {handle.id})
    await expect(env, f"{of_type} AND CloseTime < '{before}'", set())
    exactly = (await handle.describe()).start_time.isoformat()
    await expect(env, f"{of_type} AND StartTime = '{exactly}'", {handle.id})
    await still_open.terminate()


async def test_what_a_row_tells(env: Env) -> None:
    async with env.worker([Echo]):
        handle = await env.start(Echo.run, 1, memo={"note": "n"})
        await handle.result()
    query = f"WorkflowId = '{handle.id}' AND ExecutionStatus = 'Completed'"
    await expect(env, query, {handle.id})
    [row] = [found async for found in env.client.list_workflows(query)]
    described = await handle.describe()
    assert row.run_id == described.run_id
    assert row.workflow_type == "Echo"
    assert row.task_queue == env.task_queue
    assert row.status == WorkflowExecutionStatus.COMPLETED
    assert row.start_time == described.start_time
    assert row.close_time == described.close_time
    assert row.history_length == 5
    assert await row.memo() == {"note": "n"}


@pytest.mark.parametrize("page_size", [1, 2, 100])
async def test_pages_make_up_the_whole(env: Env, page_size: int) -> None:
    workflow_type = f"Type-{env.id()}"
    handles = [await env.start(workflow_type) for _ in range(5)]
    await handles[0].terminate()
    query = f"WorkflowType = '{workflow_type}'"
    await expect(env, query, {handle.id for handle in handles})
    await expect(env, f"{query} AND ExecutionStatus = 'Terminated'", {handles[0].id})
    request = ListWorkflowExecutionsRequest(namespace="default", page_size=page_size, query=query)
    found: list[str] = []
    while True:
        page = await env.client.workflow_service.list_workflow_executions(request)
        assert len(page.executions) <= page_size
        found += [row.execution.workflow_id for row in page.executions]
        if not page.next_page_token:
            break
        request.next_page_token = page.next_page_token
    # Running ones come first, the latest started before the others; then closed ones.
    assert found == [handle.id for handle in reversed(handles[1:])] + [handles[0].id]
    for handle in handles[1:]:
        await handle.terminate()


async def test_empty_query_lists_everything(env: Env) -> None:
    handle = await env.start(Collect.run)

    async def is_listed() -> bool:
        return handle.id in await listed(env, "")

    if env.server.is_perdure:
        assert await is_listed()
    await eventually("listed without a query", is_listed)
    assert (await env.client.count_workflows("")).count >= 1
    await handle.terminate()


@pytest.mark.parametrize(
    "query",
    [
        "WorkflowId =",
        "WorkflowId = 'x",
        "Nonsense = 'x'",
        "ExecutionStatus = 'Sleeping'",
        "StartTime > 'yesterday'",
        "WorkflowId = 'x' AND",
        "(((((",
    ],
)
async def test_invalid_queries_are_refused(env: Env, query: str) -> None:
    for call in (listed(env, query), env.client.count_workflows(query)):
        with pytest.raises(RPCError) as refused:
            await call
        assert refused.value.status == RPCStatusCode.INVALID_ARGUMENT


async def test_a_page_is_one_that_a_client_can_take(env: Env) -> None:
    """Twelve memos of 900 KB: gRPC's clients take 4 MB. The real server's page would be one of 10.8 MB."""
    if not env.server.is_perdure:
        pytest.skip("the real server bounds its pages in rows alone")
    workflow_type = f"Type-{env.id()}"
    memo = {"large": "m" * 900_000}
    handles = [await env.start(workflow_type, memo=memo) for _ in range(12)]
    request = ListWorkflowExecutionsRequest(namespace="default", query=f"WorkflowType = '{workflow_type}'")
    found: list[str] = []
    while True:
        page = await env.client.workflow_service.list_workflow_executions(request)
        assert page.ByteSize() < 2 * 1024 * 1024
        found += [row.execution.workflow_id for row in page.executions]
        if not page.next_page_token:
            break
        request.next_page_token = page.next_page_token
    assert found == [handle.id for handle in reversed(handles)]
    for handle in handles:
        await handle.terminate()
