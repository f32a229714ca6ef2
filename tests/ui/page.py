"""A page of the Web UI in a browser that notes every request that fails."""

import re
from pathlib import Path

from playwright.async_api import Error, Locator, Page, Request, Response, expect

SECONDS = 45
expect.set_options(timeout=SECONDS * 1000)

# What the Web UI asks for and is not built, by the method that answers UNIMPLEMENTED.
NOT_BUILT = {
    "ListSchedules": r"GET .*/schedules",
    "CountSchedules": r"GET .*/schedule-count",
    "ListBatchOperations": r"GET .*/batch-operations",
    # A list filter on TemporalNamespaceDivision: the page of schedules falls back on it.
    "CountWorkflowExecutions": r"GET .*/workflow-count\?query=TemporalNamespaceDivision.*",
}


class Ui:
    def __init__(self, page: Page, address: str, screenshots: Path) -> None:
        self.page = page
        self.trouble: list[str] = []
        self._address = address
        self._screenshots = screenshots
        page.set_default_timeout(SECONDS * 1000)
        page.on("response", self._on_response)
        page.on("requestfailed", self._on_failed)
        page.on("pageerror", self._on_error)

    async def open(self, path: str = "/workflows") -> None:
        await self.page.goto(f"{self._address}/namespaces/default{path}")

    async def open_run(self, workflow_id: str, tab: str = "timeline") -> None:
        """From the list to the run's page, as a person goes."""
        await self.open()
        await self.page.get_by_role("link", name=workflow_id, exact=True).click()
        await expect(self.page.get_by_test_id("workflow-id-heading")).to_contain_text(workflow_id)
        await self.tab(tab)

    async def tab(self, name: str) -> None:
        tab = self.page.get_by_test_id(f"{name}-tab")
        await tab.click()
        await expect(tab).to_have_attribute("aria-selected", "true")

    def seen(self, name: str) -> Locator:
        """What has this test id and is visible: some things are there twice, for narrow and wide screens."""
        return self.page.get_by_test_id(name).locator("visible=true").first

    def text(self, words: str) -> Locator:
        return self.page.get_by_text(words).locator("visible=true").first

    def rows(self) -> Locator:
        """Of the list of workflows."""
        return self.page.get_by_test_id("workflows-summary-configurable-table-row")

    async def shows_workflows(self, *ids: str) -> None:
        """The list shows these, in this order, and no other."""
        cells = self.rows().locator("td:nth-child(4)")
        await expect(cells).to_have_text(list(ids))

    async def filter(
        self, attribute: str, condition: str, value: str | None = None, minutes_ago: int | None = None
    ) -> None:
        """Adds a filter on an attribute that is compared with a text, or with a time."""
        await self.page.get_by_test_id("add-filter-button").click()
        await self.page.get_by_text(attribute, exact=True).last.click()
        await self.page.get_by_role("button", name=condition, exact=True).locator("visible=true").click()
        if value is not None:
            await self.page.get_by_placeholder("Enter value").fill(value)
        if minutes_ago is not None:
            await self.page.get_by_test_id("relative-datetime-input").fill(str(minutes_ago))
        await self.page.get_by_test_id("apply-filter-button").click()

    async def clear_filters(self) -> None:
        await self.page.get_by_test_id("clear-all-filters-button").click()

    async def act(self, button: str) -> None:
        """Opens an entry of More Actions."""
        await self.page.get_by_role("button", name="More Actions").locator("visible=true").click()
        await self.seen(button).click()

    async def choose_signal(self, name: str) -> None:
        """In a field; where queries are answered, among the signals that the worker knows."""
        field, choice = self.seen("signal-name"), self.seen("signal-select-button")
        await expect(field.or_(choice).first).to_be_visible()
        if await field.is_visible():
            await field.fill(name)
        else:
            await choice.click()
            await self.page.get_by_role("option", name=name).locator("visible=true").first.click()

    async def confirm(self) -> None:
        await self.seen("confirm-modal-button").click()

    async def shot(self, name: str) -> None:
        await self.page.screenshot(path=f"{self._screenshots}-{name}.png")

    def _on_response(self, response: Response) -> None:
        if response.status < 400:
            return
        request = f"{response.request.method} {response.url}"
        listed = any(re.fullmatch(rf"{pattern}(\?.*)?", request) for pattern in NOT_BUILT.values())
        if response.status != 501 or not listed:
            self.trouble.append(f"{response.status} {request}")

    def _on_failed(self, request: Request) -> None:
        # The page calls its requests off when it is left.
        if request.failure != "net::ERR_ABORTED":
            self.trouble.append(f"{request.failure} {request.method} {request.url}")

    def _on_error(self, error: Error) -> None:
        # The page of batch operations throws what ListBatchOperations answered, and stays empty.
        if "/batch-operations" not in self.page.url:
            self.trouble.append(f"script: {error}")
