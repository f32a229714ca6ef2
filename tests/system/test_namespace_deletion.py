"""A deleted namespace: its name is free at once, and what it held goes, also after a SIGKILL on the way."""

import asyncio
import sqlite3
import uuid

import pytest
from google.protobuf.duration_pb2 import Duration
from temporalio.api.operatorservice.v1 import DeleteNamespaceRequest
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest, RegisterNamespaceRequest
from temporalio.client import Client
from temporalio.runtime import Runtime
from temporalio.service import RPCError, RPCStatusCode

from support.env import Env, eventually
from support.postgres import query
from support.servers import PostgresServer, Server
from support.workflows import Collect

RUNS = 40
# The row stays for ten seconds at least; a slow machine needs longer for the rest.
GONE_SECONDS = 100


def executions(server: Server, namespace_id: str) -> int:
    """How many are stored in the namespace. The server is down, or the store is PostgreSQL."""
    if isinstance(server, PostgresServer):
        found = query(server.dsn, f"SELECT count(*) FROM executions WHERE namespace_id = '{namespace_id}'")
        return int(found)
    sql = "SELECT count(*) FROM executions WHERE namespace_id = ?"
    with sqlite3.connect(f"file:{server.folder / 'perdure.db'}?mode=ro", uri=True) as database:
        return database.execute(sql, (uuid.UUID(namespace_id).bytes,)).fetchone()[0]


async def register(env: Env, name: str) -> None:
    await env.client.workflow_service.register_namespace(
        RegisterNamespaceRequest(
            namespace=name, workflow_execution_retention_period=Duration(seconds=24 * 3600)
        )
    )


async def is_gone(env: Env, namespace_id: str) -> bool:
    try:
        await env.client.workflow_service.describe_namespace(DescribeNamespaceRequest(id=namespace_id))
    except RPCError as error:
        return error.status == RPCStatusCode.NOT_FOUND
    return False


async def test_a_deleted_namespace_leaves_nothing(own_env: Env, short_lived_runtime: Runtime) -> None:
    env = own_env
    if not env.server.is_perdure:
        pytest.skip("looks into Perdure's store")
    name = f"namespace-{uuid.uuid4()}"
    await register(env, name)
    service = env.client.workflow_service
    described = await service.describe_namespace(DescribeNamespaceRequest(namespace=name))
    namespace_id = described.namespace_info.id
    inside = await Client.connect(env.server.address, namespace=name, runtime=short_lived_runtime)
    for number in range(RUNS):
        handle = await inside.start_workflow(Collect.run, id=f"run-{number}", task_queue="nobody")
        if number % 2:
            await handle.terminate()
    reply = await env.client.operator_service.delete_namespace(DeleteNamespaceRequest(namespace=name))
    assert reply.deleted_namespace == f"{name}-deleted-{namespace_id[:5]}"
    await register(env, name)  # the name is free
    env.server.kill()
    await asyncio.to_thread(env.server.start)
    await eventually("the namespace is gone", lambda: is_gone(env, namespace_id), GONE_SECONDS)
    again = await service.describe_namespace(DescribeNamespaceRequest(namespace=name))
    assert again.namespace_info.id != namespace_id
    assert env.server.stop() == 0
    assert executions(env.server, namespace_id) == 0
