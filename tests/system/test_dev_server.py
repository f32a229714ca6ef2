"""`perdure server start-dev` in place of `temporal server start-dev`, as the SDK's environment starts it."""

import urllib.request
from pathlib import Path

import pytest
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes
from temporalio.runtime import Runtime
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from support.env import eventually
from support.processes import free_port, run
from support.servers import PERDURE, TEMPORAL, require_binaries
from support.workflows import Collect, Echo

KEYWORD = SearchAttributeKey.for_keyword("MyKeyword")


@pytest.fixture
def binary(dev_kind: str) -> str:
    require_binaries(dev_kind)
    return str(TEMPORAL if dev_kind == "real" else PERDURE)


async def run_echo(client: Client, value: object) -> object:
    runner = UnsandboxedWorkflowRunner()
    async with Worker(client, task_queue="q", workflows=[Echo], workflow_runner=runner):
        return await client.execute_workflow(Echo.run, value, id="echo", task_queue="q")


async def test_start_local(binary: str, short_lived_runtime: Runtime) -> None:
    async with await WorkflowEnvironment.start_local(
        dev_server_existing_path=binary, runtime=short_lived_runtime
    ) as env:
        assert await run_echo(env.client, "hello") == "hello"


async def test_start_local_with_options(binary: str, short_lived_runtime: Runtime, tmp_path: Path) -> None:
    """A file, a namespace, search attributes and extra flags; the file outlives the server."""
    options = {
        "dev_server_existing_path": binary,
        "runtime": short_lived_runtime,
        "namespace": "mine",
        "search_attributes": [KEYWORD],
        "dev_server_database_filename": str(tmp_path / "dev.db"),
        "dev_server_log_format": "json",
        "dev_server_log_level": "error",
    }
    async with await WorkflowEnvironment.start_local(**options) as env:
        assert env.client.namespace == "mine"
        assert await run_echo(env.client, 1) == 1
        attributes = TypedSearchAttributes([SearchAttributePair(KEYWORD, "word")])
        await env.client.start_workflow(Collect.run, id="open", task_queue="q", search_attributes=attributes)
    async with await WorkflowEnvironment.start_local(**options) as env:
        assert await env.client.get_workflow_handle("echo").result() == 1
        found = await env.client.get_workflow_handle("open").describe()
        assert found.typed_search_attributes[KEYWORD] == "word"


async def test_repeated_namespaces_and_other_flags(binary: str, short_lived_runtime: Runtime) -> None:
    """Flags that may be without effect are accepted all the same."""
    extra = ["--namespace", "one", "-n", "two", "--metrics-port", str(free_port())]
    extra += [
        "--http-port",
        str(free_port()),
        "--dynamic-config-value",
        "frontend.enableUpdateWorkflowExecution=true",
    ]
    extra += ["--sqlite-pragma", "synchronous=OFF"]
    environment = await WorkflowEnvironment.start_local(
        dev_server_existing_path=binary, runtime=short_lived_runtime, dev_server_extra_args=extra
    )
    async with environment as env:
        for name in ("default", "one", "two"):
            await env.client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace=name))


async def test_metrics(binary: str, short_lived_runtime: Runtime) -> None:
    port = free_port()
    environment = await WorkflowEnvironment.start_local(
        dev_server_existing_path=binary,
        runtime=short_lived_runtime,
        dev_server_extra_args=["--metrics-port", str(port)],
    )
    labels = 'namespace="default",operation="StartWorkflowExecution",service_name="frontend"'

    async def is_counted() -> bool:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as reply:
            assert reply.headers["Content-Type"].startswith("text/plain")
            return f"service_requests{{{labels}}} 1\n" in reply.read().decode()

    async with environment as env:
        await run_echo(env.client, 1)
        await eventually("the start is counted", is_counted)


def test_unknown_flag_is_refused(binary: str) -> None:
    with pytest.raises(RuntimeError, match="no-such-flag"):
        run([binary, "server", "start-dev", "--no-such-flag"])
