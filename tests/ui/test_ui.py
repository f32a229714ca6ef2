"""The official Web UI on Perdure: lists and filters, a run's page and its views, workers, and its buttons.

Screenshots go to build/test/ui/. A test is first seen to pass with `--server real`.
"""

import asyncio
import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import expect
from temporalio.api.workflowservice.v1 import ListWorkersRequest
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowFailureError, WorkflowHandle
from temporalio.worker import Worker

from support.env import eventually

from .page import Ui
from .workflows import QUEUE, Failing, Order, Stuck, Waiting


async def completed(client: Client, name: str) -> WorkflowHandle:
    handle = await client.start_workflow(Order.run, "7", id=name, task_queue=QUEUE)
    await handle.result()
    return handle


async def failed(client: Client, name: str) -> WorkflowHandle:
    handle = await client.start_workflow(Failing.run, id=name, task_queue=QUEUE)
    with pytest.raises(WorkflowFailureError):
        await handle.result()
    return handle


async def waiting(client: Client, name: str) -> WorkflowHandle:
    return await client.start_workflow(Waiting.run, id=name, task_queue=QUEUE)


async def stuck(client: Client, name: str) -> WorkflowHandle:
    """A run whose activity has failed once and waits for its next attempt."""
    handle = await client.start_workflow(Stuck.run, id=name, task_queue=QUEUE)

    async def tried() -> bool:
        pending = (await handle.describe()).raw_description.pending_activities
        return len(pending) == 1 and pending[0].attempt == 2

    await eventually("a second attempt", tried)
    return handle


async def event_names(handle: WorkflowHandle) -> list[str]:
    """As the Web UI writes them: "Workflow Execution Started"."""
    names = []
    async for event in handle.fetch_history_events():
        kind = event.WhichOneof("attributes").removesuffix("_event_attributes")
        names.append(kind.replace("_", " ").title())
    return names


async def four(client: Client) -> None:
    await completed(client, "order-1")
    await completed(client, "order-2")
    await failed(client, "failing-1")
    await waiting(client, "waiting-1")


ALL = ("waiting-1", "failing-1", "order-2", "order-1")


async def test_list(client: Client, worker: Worker, ui: Ui) -> None:
    await four(client)
    await ui.open()
    await ui.shows_workflows(*ALL)
    await expect(ui.page.get_by_test_id("workflow-count")).to_have_text("4")
    for status, count in (("Running", 1), ("Completed", 2), ("Failed", 1)):
        counted = ui.page.get_by_test_id(f"workflow-status-{status}")
        await expect(counted).to_contain_text(re.compile(rf"^\s*{count}\b"))
    await ui.shot("all")


async def test_filter_by_status(client: Client, worker: Worker, ui: Ui) -> None:
    await four(client)
    await ui.open()
    await ui.page.get_by_test_id("workflow-status-Running").click()
    await ui.shows_workflows("waiting-1")
    await ui.shot("running")
    await ui.clear_filters()
    await ui.shows_workflows(*ALL)
    await ui.page.get_by_test_id("workflow-status-Failed").click()
    await ui.shows_workflows("failing-1")


async def test_views(client: Client, worker: Worker, ui: Ui) -> None:
    """The filters that the Web UI has ready."""
    await four(client)
    for view, shown in (
        ("running", ("waiting-1",)),
        ("child-workflows", ALL),
        ("today", ALL),
        ("last-hour", ALL),
        ("all", ALL),
    ):
        await ui.open()
        await ui.shows_workflows(*ALL)
        await ui.page.get_by_test_id(view).locator("visible=true").click()
        await ui.shows_workflows(*shown)
        await ui.shot(view)


async def test_filter_by_type_and_id(client: Client, worker: Worker, ui: Ui) -> None:
    await four(client)
    await ui.open()
    await ui.shows_workflows(*ALL)
    await ui.filter("WorkflowType", "Equal to", "Order")
    await ui.shows_workflows("order-2", "order-1")
    await ui.shot("type")
    await ui.filter("WorkflowId", "Equal to", "order-1")
    await ui.shows_workflows("order-1")
    await ui.shot("type-and-id")
    await ui.clear_filters()
    await ui.shows_workflows(*ALL)
    await ui.filter("WorkflowId", "Starts with", "wait")
    await ui.shows_workflows("waiting-1")
    await ui.clear_filters()
    await ui.shows_workflows(*ALL)
    await ui.filter("WorkflowType", "Not equal to", "Order")
    await ui.shows_workflows("waiting-1", "failing-1")


async def test_filter_by_time(client: Client, worker: Worker, ui: Ui) -> None:
    await four(client)
    await ui.open()
    await ui.shows_workflows(*ALL)
    await ui.filter("CloseTime", "Is null")
    await ui.shows_workflows("waiting-1")
    await ui.shot("not-closed")
    await ui.clear_filters()
    await ui.shows_workflows(*ALL)
    await ui.filter("StartTime", "After", minutes_ago=10)
    await ui.shows_workflows(*ALL)
    await ui.clear_filters()
    await ui.shows_workflows(*ALL)
    await ui.filter("StartTime", "Before", minutes_ago=10)
    await ui.shows_workflows()
    await ui.shot("before")


async def test_manual_query(client: Client, worker: Worker, ui: Ui) -> None:
    await four(client)
    later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    await ui.open()
    await ui.page.get_by_test_id("toggle-manual-query").click()
    for query, shown in (
        (
            "(WorkflowType='Failing' OR WorkflowId='order-1') AND CloseTime > 0",
            ("failing-1", "order-1"),
        ),
        ("ExecutionStatus IN ('Running', 'Failed') AND NOT WorkflowId STARTS_WITH 'fail'", ("waiting-1",)),
        (f"StartTime BETWEEN '2020-01-01T00:00:00Z' AND '{later}'", ALL),
    ):
        field = ui.page.get_by_placeholder("Enter a query")
        await field.fill(query)
        await field.press("Enter")
        await ui.shows_workflows(*shown)
    await ui.shot("query")


async def test_history_in_all_its_views(client: Client, worker: Worker, ui: Ui) -> None:
    handle = await completed(client, "order-1")
    names = await event_names(handle)
    await ui.open_run("order-1", "history")
    rows = ui.page.get_by_test_id("event-summary-row")
    await expect(rows).to_have_count(len(names))
    shown = [await row.inner_text() for row in await rows.all()]
    for number, (text, name) in enumerate(zip(reversed(shown), names, strict=True), 1):
        assert re.match(rf"\s*{number}\b", text)
        assert name in text
    await ui.shot("all")
    await ui.page.get_by_test_id("zoom-in").locator("visible=true").click()  # ascending
    await expect(rows.first).to_contain_text("Workflow Execution Started")
    await ui.page.get_by_test_id("compact").click()
    await expect(ui.text("ship")).to_be_visible()
    await ui.shot("compact")
    await ui.page.get_by_test_id("json").click()
    await expect(ui.text('"WorkflowExecutionStarted"')).to_be_visible()
    await ui.shot("json")
    await expect(ui.page.get_by_test_id("input-and-result")).to_contain_text("shipped 7")
    await ui.tab("timeline")
    await expect(ui.text("ship")).to_be_visible()
    await ui.shot("timeline")


async def test_failed_run(client: Client, worker: Worker, ui: Ui) -> None:
    await failed(client, "failing-1")
    await ui.open_run("failing-1", "history")
    await expect(ui.page.get_by_test_id("input-and-result")).to_contain_text("out of stock")
    await expect(ui.seen("execution-status")).to_have_text(re.compile("failed", re.IGNORECASE))


async def test_pending_activity_with_its_last_failure(client: Client, worker: Worker, ui: Ui) -> None:
    await stuck(client, "stuck-1")
    await ui.open_run("stuck-1")
    await expect(ui.text("Attempt 2")).to_be_visible()
    await ui.shot("timeline")
    await ui.tab("pending-activities")
    await expect(ui.text("charge")).to_be_visible()
    await expect(ui.text("the card service is down")).to_be_visible()


async def test_workers_of_the_queue(client: Client, worker: Worker, ui: Ui) -> None:
    await waiting(client, "waiting-1")

    async def heard() -> bool:
        listed = await client.workflow_service.list_workers(ListWorkersRequest(namespace="default"))
        return len(listed.workers) == 1

    await eventually("a heartbeat", heard, seconds=60)
    await ui.open_run("waiting-1", "workers")
    await expect(ui.text("the-worker")).to_be_visible()
    await ui.shot("workers")
    await ui.page.get_by_role("button", name="Pollers").click()
    await expect(ui.text("the-worker")).to_be_visible()
    await ui.open(f"/task-queues/{QUEUE}")
    await expect(ui.text("the-worker")).to_be_visible()
    await ui.shot("task-queue")
    await ui.open("/workers")
    await expect(ui.text("the-worker")).to_be_visible()


async def test_relationships_and_other_tabs(client: Client, worker: Worker, ui: Ui) -> None:
    await client.start_workflow(Waiting.run, id="waiting-1", task_queue=QUEUE, memo={"note": "a memo"})
    await ui.open_run("waiting-1", "relationships")
    await expect(ui.text("waiting-1")).to_be_visible()
    await ui.tab("search-attributes")
    await expect(ui.text("BuildIds")).to_be_visible()
    await ui.tab("memo")
    await expect(ui.text("a memo")).to_be_visible()
    for name in ("call-stack", "queries"):
        await ui.tab(name)
        await expect(ui.page.get_by_test_id("workflow-id-heading")).to_contain_text("waiting-1")
        await ui.shot(name)


async def test_signal(client: Client, worker: Worker, ui: Ui) -> None:
    handle = await waiting(client, "waiting-1")
    await ui.open_run("waiting-1")
    await ui.act("signal-button")
    await ui.choose_signal("say")
    await ui.page.locator(".cm-content[contenteditable=true]").locator("visible=true").first.fill('"hello"')
    await ui.shot("dialog")
    await ui.confirm()
    assert await asyncio.wait_for(handle.result(), 15) == "hello"
    await expect(ui.seen("execution-status")).to_have_text(re.compile("completed", re.IGNORECASE))


async def test_cancel(client: Client, worker: Worker, ui: Ui) -> None:
    handle = await waiting(client, "waiting-1")
    await ui.open_run("waiting-1")
    await ui.page.get_by_role("button", name="Request Cancellation").locator("visible=true").click()
    await ui.shot("dialog")
    await ui.confirm()
    with pytest.raises(WorkflowFailureError):
        await asyncio.wait_for(handle.result(), 15)
    assert (await handle.describe()).status == WorkflowExecutionStatus.CANCELED
    await expect(ui.seen("execution-status")).to_have_text(re.compile("canceled", re.IGNORECASE))


async def test_terminate(client: Client, worker: Worker, ui: Ui) -> None:
    handle = await stuck(client, "stuck-1")
    await ui.open_run("stuck-1")
    await ui.act("terminate-button")
    await ui.shot("dialog")
    await ui.confirm()

    async def terminated() -> bool:
        return (await handle.describe()).status == WorkflowExecutionStatus.TERMINATED

    await eventually("terminated", terminated)
    await expect(ui.seen("execution-status")).to_have_text(re.compile("terminated", re.IGNORECASE))
    assert (await event_names(handle))[-1] == "Workflow Execution Terminated"


@pytest.mark.parametrize("path", ["", "/schedules", "/batch-operations", "/activities", "/archival"])
async def test_pages_of_what_is_not_built(path: str, client: Client, ui: Ui) -> None:
    await ui.open(path)
    await ui.page.wait_for_load_state("networkidle")
    await ui.shot(path.strip("/") or "namespace")
    await ui.page.get_by_test_id("workflow-button").locator("visible=true").first.click()
    await ui.shows_workflows()
