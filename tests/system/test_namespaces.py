"""Namespaces: registered, described, updated, listed, and separate from each other."""

import uuid
from datetime import timedelta

import pytest
from google.protobuf.duration_pb2 import Duration
from temporalio.api.enums.v1 import NamespaceState
from temporalio.api.namespace.v1 import NamespaceConfig, UpdateNamespaceInfo
from temporalio.api.workflowservice.v1 import (
    DescribeNamespaceRequest,
    ListNamespacesRequest,
    RegisterNamespaceRequest,
    UpdateNamespaceRequest,
)
from temporalio.client import Client
from temporalio.runtime import Runtime
from temporalio.service import RPCError, RPCStatusCode

from support.env import Env, eventually
from support.workflows import Echo

RETENTION = Duration(seconds=3 * 24 * 3600)


@pytest.fixture
async def namespace(env: Env) -> str:
    """A new namespace."""
    name = f"namespace-{uuid.uuid4()}"
    request = RegisterNamespaceRequest(
        namespace=name,
        description="for a test",
        owner_email="me@example.com",
        workflow_execution_retention_period=RETENTION,
        data={"team": "a"},
    )
    await env.client.workflow_service.register_namespace(request)
    return name


async def test_describe(env: Env, namespace: str) -> None:
    service = env.client.workflow_service
    by_name = await service.describe_namespace(DescribeNamespaceRequest(namespace=namespace))
    info, config = by_name.namespace_info, by_name.config
    assert (info.name, info.description, info.owner_email) == (namespace, "for a test", "me@example.com")
    assert dict(info.data) == {"team": "a"}
    assert info.state == NamespaceState.NAMESPACE_STATE_REGISTERED
    assert config.workflow_execution_retention_ttl == RETENTION
    by_id = await service.describe_namespace(DescribeNamespaceRequest(id=info.id))
    assert by_id.namespace_info == info


async def test_registering_twice_is_refused(env: Env, namespace: str) -> None:
    request = RegisterNamespaceRequest(namespace=namespace, workflow_execution_retention_period=RETENTION)
    with pytest.raises(RPCError) as refused:
        await env.client.workflow_service.register_namespace(request)
    assert refused.value.status == RPCStatusCode.ALREADY_EXISTS


@pytest.mark.parametrize(
    "change",
    [{"namespace": ""}, {"workflow_execution_retention_period": Duration()}],
    ids=["no name", "no retention"],
)
async def test_invalid_registrations_are_refused(env: Env, change: dict[str, object]) -> None:
    valid = {"namespace": str(uuid.uuid4()), "workflow_execution_retention_period": RETENTION}
    with pytest.raises(RPCError) as refused:
        await env.client.workflow_service.register_namespace(
            RegisterNamespaceRequest(**{**valid, **change})  # type: ignore[arg-type]
        )
    assert refused.value.status == RPCStatusCode.INVALID_ARGUMENT


async def test_update(env: Env, namespace: str) -> None:
    service = env.client.workflow_service
    longer = Duration(seconds=5 * 24 * 3600)
    await service.update_namespace(
        UpdateNamespaceRequest(
            namespace=namespace,
            update_info=UpdateNamespaceInfo(description="changed", data={"site": "b"}),
            config=NamespaceConfig(workflow_execution_retention_ttl=longer),
        )
    )
    found = await service.describe_namespace(DescribeNamespaceRequest(namespace=namespace))
    assert found.namespace_info.description == "changed"
    assert found.namespace_info.owner_email == "me@example.com"
    assert dict(found.namespace_info.data) == {"team": "a", "site": "b"}
    assert found.config.workflow_execution_retention_ttl == longer


async def test_list(env: Env, namespace: str) -> None:
    request = ListNamespacesRequest(page_size=2)
    names: list[str] = []
    while True:
        page = await env.client.workflow_service.list_namespaces(request)
        names += [found.namespace_info.name for found in page.namespaces]
        if not page.next_page_token:
            break
        request.next_page_token = page.next_page_token
    assert {"default", namespace} <= set(names)
    assert len(names) == len(set(names))


async def test_unknown_namespace(env: Env) -> None:
    with pytest.raises(RPCError) as refused:
        await env.client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace="no-such"))
    assert refused.value.status == RPCStatusCode.NOT_FOUND


async def test_same_workflow_id_in_two_namespaces(env: Env, namespace: str, runtime: Runtime) -> None:
    other = await Client.connect(env.server.address, namespace=namespace, runtime=runtime)

    async def is_known() -> bool:
        """The real server's parts learn of a new namespace one after the other."""
        try:
            probe = await other.start_workflow("Probe", id=env.id(), task_queue="nobody")
            await probe.terminate()
            return True
        except RPCError:
            assert not env.server.is_perdure
            return False

    await eventually("the namespace is known", is_known)
    here = await env.start(Echo.run, "here")
    there = await other.start_workflow(Echo.run, "there", id=here.id, task_queue=env.task_queue)
    async with env.worker([Echo]), env.worker([Echo], client=other):
        assert await here.result() == "here"
        assert await there.result() == "there"
    with pytest.raises(RPCError):
        await other.get_workflow_handle(here.id, run_id=here.first_execution_run_id).describe()


async def test_capabilities_that_workers_act_on(env: Env) -> None:
    found = await env.client.workflow_service.describe_namespace(
        DescribeNamespaceRequest(namespace="default")
    )
    limits = found.namespace_info.limits
    assert limits.blob_size_limit_error == 2 * 1024 * 1024
    assert limits.memo_size_limit_error == 2 * 1024 * 1024
    assert found.config.workflow_execution_retention_ttl.ToTimedelta() >= timedelta(days=1)
