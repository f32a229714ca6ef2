"""The chart's pod, run as processes: its commands, files, probes and end, with PostgreSQL behind it."""

import asyncio
import time
from pathlib import Path

import pytest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from deploy.certificates import Authority
from deploy.chart import Helm
from deploy.pod import Pod
from deploy.servers import server_pod
from support.postgres import PostgresCluster, create_database
from support.workflows import Collect, Echo

pytestmark = pytest.mark.timeout(120)


async def connect(server: Pod) -> Client:
    return await Client.connect(f"127.0.0.1:{server.port('grpc')}")


async def echo(client: Client, workflow_id: str) -> str:
    """A workflow from its start to its result."""
    worker = Worker(client, task_queue="echo", workflows=[Echo], workflow_runner=UnsandboxedWorkflowRunner())
    async with worker:
        return str(await client.execute_workflow(Echo.run, "hello", id=workflow_id, task_queue="echo"))


async def test_a_pod_migrates_serves_drains_and_comes_back(
    helm: Helm, tmp_path: Path, postgres_dsn: str
) -> None:
    with server_pod(helm, tmp_path, create_database(postgres_dsn)) as server:
        assert "done" in server.run_init_containers()
        assert server.probe("startup") == 0
        server.start()
        server.wait_started()
        assert server.probe("liveness") == 200
        client = await connect(server)
        assert await echo(client, "before") == "hello"
        open_run = await client.start_workflow(Collect.run, id="open", task_queue="collect")

        # A worker's poll is waiting, and is answered by the drain.
        async with Worker(
            client, task_queue="idle", workflows=[Echo], workflow_runner=UnsandboxedWorkflowRunner()
        ):
            code, seconds = await asyncio.to_thread(server.delete)
        assert code == 0
        assert seconds < 1 + 10 + 10
        assert "stopping" in server.log.read_text()

        # The next pod of the name: nothing to migrate, and the lease is free at once.
        assert "nothing to do" in server.run_init_containers()
        began = time.monotonic()
        server.start()
        server.wait_started()
        assert time.monotonic() - began < 5
        again = await connect(server)
        assert (await again.get_workflow_handle("before").result()) == "hello"
        await again.get_workflow_handle("open", run_id=open_run.result_run_id).signal("finish")
        async with Worker(
            again, task_queue="collect", workflows=[Collect], workflow_runner=UnsandboxedWorkflowRunner()
        ):
            assert await again.get_workflow_handle("open").result() == []


async def test_a_killed_pods_follower_does_not_wait_for_the_lease(
    helm: Helm, tmp_path: Path, postgres_dsn: str
) -> None:
    with server_pod(helm, tmp_path, create_database(postgres_dsn)) as server:
        server.run_init_containers()
        server.start()
        server.wait_started()
        server.kill()
        began = time.monotonic()
        server.start()
        server.wait_started()
        assert time.monotonic() - began < 5  # the lease lasts 6 s
        assert await echo(await connect(server), "after") == "hello"


async def test_without_its_database_a_pod_is_unready_and_alive(helm: Helm, tmp_path: Path) -> None:
    cluster = PostgresCluster()
    try:
        with server_pod(helm, tmp_path, create_database(cluster.dsn)) as server:
            server.run_init_containers()
            server.start()
            server.wait_started()
            client = await connect(server)
            assert await echo(client, "before") == "hello"
            cluster.crash()
            server.wait_unready()
            assert server.probe("liveness") == 200
            with pytest.raises(RPCError) as refused:
                await client.start_workflow(Echo.run, "x", id="meanwhile", task_queue="echo")
            assert refused.value.status == RPCStatusCode.UNAVAILABLE
            cluster.start()
            server.wait_ready()
            assert server.probe("liveness") == 200
            assert await echo(client, "after") == "hello"
    finally:
        cluster.remove()


def test_a_wrong_password_is_said_by_the_init_container(
    helm: Helm, tmp_path: Path, postgres_dsn: str
) -> None:
    with server_pod(helm, tmp_path, f"{create_database(postgres_dsn)} user=nobody") as server:
        with pytest.raises(AssertionError, match='migrate: perdure: .*role "nobody" does not exist'):
            server.run_init_containers()


async def test_mutual_tls_from_secrets(helm: Helm, tmp_path: Path, postgres_dsn: str) -> None:
    servers, clients = Authority(tmp_path, "servers"), Authority(tmp_path, "clients")
    secrets = {
        "perdure-tls": servers.issue("127.0.0.1"),
        "clients": {"ca.crt": clients.certificate},
        "tokens": {"secret": "of the tokens"},
    }
    values = {
        "tls": {"enabled": True, "clientCa": {"secretName": "clients"}},
        "tokens": {"secretName": "tokens"},
    }
    with server_pod(helm, tmp_path, create_database(postgres_dsn), values, secrets) as server:
        server.run_init_containers()
        server.start()
        server.wait_started()
        address = f"127.0.0.1:{server.port('grpc')}"
        with pytest.raises((RPCError, RuntimeError)):
            await Client.connect(address)
        with pytest.raises((RPCError, RuntimeError)):
            await Client.connect(address, tls=servers.trusted())
        client = await Client.connect(address, tls=servers.trusted(clients.issue("worker")))
        assert await echo(client, "with-tls") == "hello"
        code, _ = await asyncio.to_thread(server.delete)
        assert code == 0
