"""/metrics: what clients can make of it."""

import urllib.request
import uuid
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from temporalio.api.common.v1 import WorkflowType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import RegisterNamespaceRequest, StartWorkflowExecutionRequest
from temporalio.api.workflowservice.v1.service_pb2_grpc import WorkflowServiceStub

from support.servers import MeteredServer

# Names may have 1,000 bytes.
LONG = "x" * 960
MEGABYTE = 1 << 20


@pytest.fixture
def server(tmp_path: Path) -> Iterator[MeteredServer]:
    made = MeteredServer(tmp_path)
    made.start()
    yield made
    made.kill()


def page(server: MeteredServer) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{server.metrics_port}/metrics", timeout=60) as answer:
        return str(answer.read().decode())


def start(stub: WorkflowServiceStub, namespace: str, name: str) -> None:
    stub.StartWorkflowExecution(
        StartWorkflowExecutionRequest(
            namespace=namespace,
            workflow_id=str(uuid.uuid4()),
            request_id=str(uuid.uuid4()),
            workflow_type=WorkflowType(name=name),
            task_queue=TaskQueue(name=name),
        ),
        timeout=10,
    )


def test_made_up_names_neither_swell_the_page_nor_hide_another_namespace(server: MeteredServer) -> None:
    with grpc.insecure_channel(server.address) as channel:
        stub = WorkflowServiceStub(channel)
        request = RegisterNamespaceRequest(namespace="honest")
        request.workflow_execution_retention_period.FromSeconds(24 * 3600)
        stub.RegisterNamespace(request, timeout=10)
        for i in range(1500):
            start(stub, "default", f"{LONG}{i}")
        text = page(server)
        assert len(text) < 16 * MEGABYTE
        others = 'workflow_success{namespace="default",operation="CompletionStats",service_name="history",'
        assert f'{others}taskqueue="_other_",workflowType="_other_"}} 0' in text
        start(stub, "honest", "Order")
        text = page(server)
    assert 'taskqueue="Order",workflowType="Order"} 0' in text
    assert 'approximate_backlog_count{namespace="honest",task_type="Workflow",taskqueue="Order"} 1' in text
