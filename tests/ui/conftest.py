"""Perdure, a worker, the official Web UI's server and a headless browser, new for each test."""

import os
import subprocess
import urllib.request
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from urllib.error import URLError

import pytest
from playwright.async_api import async_playwright
from temporalio.client import Client
from temporalio.runtime import LoggingConfig, Runtime, TelemetryConfig, TelemetryFilter
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from support.processes import free_port, run, wait_until
from support.servers import REPOSITORY, RealServer, Server, SqliteServer, require_binaries

from .page import Ui
from .workflows import ACTIVITIES, QUEUE, WORKFLOWS

CHROMIUM = os.environ.get("PERDURE_CHROMIUM", "/usr/bin/chromium")
SCREENSHOTS = REPOSITORY / "build/test/ui"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.timeout(360))


@pytest.fixture(scope="session")
def ui_binary() -> str:
    return run([str(REPOSITORY / "scripts/ui_server.sh")]).splitlines()[-1]


@pytest.fixture
def server(dev_kind: str, tmp_path: Path) -> Iterator[Server]:
    require_binaries(dev_kind)
    running = RealServer(tmp_path) if dev_kind == "real" else SqliteServer(tmp_path)
    running.start()
    yield running
    running.kill()


@pytest.fixture
def ui_address(ui_binary: str, server: Server, tmp_path: Path) -> Iterator[str]:
    """The Web UI's server, as its own configuration file tells it: pointed at the server under test."""
    port = free_port()
    lines = [f"temporalGrpcAddress: {server.address}", "host: 127.0.0.1", f"port: {port}", "enableUi: true"]
    lines += ["defaultNamespace: default", "disableNewsFetch: true", "cors:", "  cookieInsecure: true"]
    (tmp_path / "config").mkdir()
    (tmp_path / "config/development.yaml").write_text("\n".join(lines) + "\n")
    log = tmp_path / "ui.log"
    address = f"http://127.0.0.1:{port}"
    with log.open("wb") as out:
        process = subprocess.Popen([ui_binary, "--root", str(tmp_path), "start"], stdout=out, stderr=out)
    try:
        wait_until("the Web UI", lambda: _answers(f"{address}/api/v1/settings"), process, log)
        yield address
    finally:
        process.kill()
        process.wait()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2):
            return True
    except URLError:
        return False


@pytest.fixture
async def client(server: Server) -> Client:
    """Its workers send a heartbeat every second."""
    telemetry = TelemetryConfig(logging=LoggingConfig(TelemetryFilter(core_level="OFF", other_level="OFF")))
    runtime = Runtime(telemetry=telemetry, worker_heartbeat_interval=timedelta(seconds=1))
    return await Client.connect(server.address, runtime=runtime)


@pytest.fixture
async def worker(client: Client) -> AsyncIterator[Worker]:
    async with Worker(
        client,
        task_queue=QUEUE,
        identity="the-worker",
        workflows=WORKFLOWS,
        activities=ACTIVITIES,
        workflow_runner=UnsandboxedWorkflowRunner(),
    ) as running:
        yield running


@pytest.fixture
async def ui(ui_address: str, request: pytest.FixtureRequest) -> AsyncIterator[Ui]:
    """A page in the browser. No request may fail but those that are listed, and no script break."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    name = request.node.originalname.removeprefix("test_")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = await browser.new_page(viewport={"width": 1400, "height": 1000}, timezone_id="UTC")
        shown = Ui(page, ui_address, SCREENSHOTS / name)
        yield shown
        await shown.shot("end")
        await browser.close()
    assert shown.trouble == []
