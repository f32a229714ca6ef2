"""A running server, scraped by a real Prometheus: workflows fail, and the alert says so."""

import asyncio
import urllib.request
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio import activity, workflow
from temporalio.client import Client, WorkflowFailureError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from deploy import promtool
from deploy.chart import Helm
from deploy.metrics import metric_of, series_names, table
from deploy.pod import Pod
from deploy.prometheus import Prometheus, quickened
from deploy.servers import server_pod
from deploy.test_dashboard import PANELS, TARGETS, without_variables
from support.env import eventually
from support.postgres import create_database
from support.workflows import ActivityCall, Collect, OneActivity

pytestmark = pytest.mark.timeout(600, func_only=True)
QUEUE = "orders"
# What the server has with certificates alone; this one serves without.
OF_TLS = {"perdure_tls_expiry_seconds"}


@workflow.defn
class Order:
    @workflow.run
    async def run(self, paid: bool) -> str:
        if not paid:
            raise ApplicationError("the card was declined")
        return "shipped"


@workflow.defn
class InTwoRuns:
    @workflow.run
    async def run(self, last: bool) -> None:
        if not last:
            workflow.continue_as_new(True)


@activity.defn
async def act(behaviour: str) -> int:
    attempt = activity.info().attempt
    if behaviour == "fails" or (behaviour == "fails once" and attempt == 1):
        raise ApplicationError("out of stock")
    if behaviour == "hangs once" and attempt == 1:
        await asyncio.Event().wait()
    return attempt


@pytest.fixture
def server(helm: Helm, tmp_path: Path, postgres_dsn: str) -> Iterator[Pod]:
    with server_pod(helm, tmp_path, create_database(postgres_dsn)) as made:
        made.run_init_containers()
        made.start()
        made.wait_started()
        yield made


@pytest.fixture
async def prometheus(server: Pod, tmp_path: Path) -> AsyncIterator[Prometheus]:
    """It has scraped the server, and no alert fires."""
    folder = tmp_path / "prometheus"
    folder.mkdir()
    target = f"127.0.0.1:{server.port('metrics')}"
    running = Prometheus(folder, quickened(promtool.RULES.read_text()), target)
    try:

        async def calm() -> bool:
            return bool(running.query("perdure_pollers")) and running.firing() == {}

        await eventually("a scrape", calm, seconds=30)
        yield running
    finally:
        running.stop()


async def order(client: Client, paid: bool) -> None:
    with suppress(WorkflowFailureError):
        await client.execute_workflow(Order.run, paid, id=str(uuid.uuid4()), task_queue=QUEUE)


@asynccontextmanager
async def orders(client: Client, paid: list[bool]) -> AsyncIterator[None]:
    """Goes through `paid` again and again, four orders a second."""

    async def go_on() -> None:
        while True:
            for one in paid:
                await asyncio.gather(order(client, one), asyncio.sleep(0.25))

    task = asyncio.create_task(go_on())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def worker(client: Client) -> Worker:
    return Worker(
        client,
        task_queue=QUEUE,
        workflows=[Order, OneActivity, Collect, InTwoRuns],
        activities=[act],
        workflow_runner=UnsandboxedWorkflowRunner(),
    )


def scraped(server: Pod) -> set[str]:
    """The names of the metrics that /metrics shows."""
    with urllib.request.urlopen(f"http://127.0.0.1:{server.port('metrics')}/metrics") as answer:
        lines = answer.read().decode().splitlines()
    return {line.split()[2] for line in lines if line.startswith("# TYPE ")}


async def everything(client: Client) -> None:
    """Something of all that the server counts."""
    start = {"task_queue": QUEUE}
    for behaviour, attempts in (("fails once", 2), ("hangs once", 2), ("hangs once", 1), ("fails", 1)):
        call = ActivityCall(args=[behaviour], start_to_close=0.3, maximum_attempts=attempts)
        with suppress(WorkflowFailureError):
            await client.execute_workflow(OneActivity.run, call, id=str(uuid.uuid4()), **start)
    await order(client, paid=True)
    await client.execute_workflow(InTwoRuns.run, False, id=str(uuid.uuid4()), **start)
    for end in ("cancel", "terminate"):
        handle = await client.start_workflow(Collect.run, id=str(uuid.uuid4()), **start)
        await getattr(handle, end)()
    short = {"execution_timeout": timedelta(seconds=1), "id": str(uuid.uuid4())}
    with pytest.raises(WorkflowFailureError):
        await client.execute_workflow(Collect.run, **short, **start)
    with pytest.raises(RPCError):
        await client.get_workflow_handle("no such workflow").describe()


async def test_a_scrape_has_all_that_rules_and_dashboard_read(server: Pod) -> None:
    known = table()
    recorded = {rule["record"] for rule in promtool.rules() if "record" in rule}
    expressions = [rule["expr"] for rule in promtool.rules()] + [expr for _, expr in TARGETS]
    read = set[str]().union(*map(series_names, expressions)) - recorded
    client = await Client.connect(f"127.0.0.1:{server.port('grpc')}")
    async with worker(client):
        await everything(client)
    missing = {metric_of(series, known) for series in read} - scraped(server)
    assert missing == OF_TLS


async def test_failing_workflows_raise_the_alert(server: Pod, prometheus: Prometheus) -> None:
    client = await Client.connect(f"127.0.0.1:{server.port('grpc')}")
    async with worker(client):
        async with orders(client, paid=[True]):
            for _ in range(20):
                await asyncio.sleep(0.5)
                assert prometheus.firing() == {}
            assert prometheus.sick_rules() == []
        async with orders(client, paid=[True, False]):
            (labels,) = await asyncio.to_thread(prometheus.wait_firing, "PerdureWorkflowFailureRate")
            assert labels["namespace"] == "default"
            assert labels["workflowType"] == "Order"
            assert set(prometheus.firing()) == {"PerdureWorkflowFailureRate"}
            check_first_screen(prometheus)
        async with orders(client, paid=[True]):
            await asyncio.to_thread(prometheus.wait_firing, "PerdureWorkflowFailureRate", fires=False)


def check_first_screen(prometheus: Prometheus) -> None:
    """Every expression of the dashboard is answered, and those of the first screen by numbers."""
    for panel in PANELS:
        for target in panel["targets"]:
            expression = without_variables(target["expr"]).replace("[5m]", "[5s]")
            found = prometheus.query(expression)
            quiet = ("backlog", "retry", "fail", "timeout", "terminate", "cancel", "continued_as_new")
            if panel["gridPos"]["y"] < 20 and not any(word in expression for word in quiet):
                assert found, f"{panel['title']}: {expression}"


async def test_a_queue_without_workers_raises_the_alert(server: Pod, prometheus: Prometheus) -> None:
    client = await Client.connect(f"127.0.0.1:{server.port('grpc')}")

    async def fires() -> bool:
        await client.start_workflow(Order.run, True, id=str(uuid.uuid4()), task_queue="nobody")
        return "PerdureBacklogAge" in prometheus.firing()

    await eventually("the alert", fires, seconds=60)
    (labels,) = prometheus.firing()["PerdureBacklogAge"]
    assert (labels["taskqueue"], labels["task_type"]) == ("nobody", "Workflow")
    async with Worker(
        client, task_queue="nobody", workflows=[Order], workflow_runner=UnsandboxedWorkflowRunner()
    ):
        await asyncio.to_thread(prometheus.wait_firing, "PerdureBacklogAge", fires=False)


async def test_a_server_that_is_gone_raises_the_alert(server: Pod, prometheus: Prometheus) -> None:
    server.kill()
    await asyncio.to_thread(prometheus.wait_firing, "PerdureNotScraped")
