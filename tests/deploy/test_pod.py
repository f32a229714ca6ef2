"""The chart's pod, run as processes: its commands, files, probes and end, with PostgreSQL behind it."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from temporalio.api.common.v1 import WorkflowType
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest, StartWorkflowExecutionRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from deploy import guide
from deploy.certificates import Authority
from deploy.chart import Helm, Manifest
from deploy.pod import Pod
from deploy.servers import free_ports, server_and_worker, server_pod
from support.env import eventually
from support.postgres import PostgresCluster, create_database
from support.workflows import Collect, Echo

pytestmark = pytest.mark.timeout(600, func_only=True)

# In the log of a server that finds its shards taken.
WAITS_FOR_LEASE = "waiting for its end"


async def connect(server: Pod) -> Client:
    return await Client.connect(f"127.0.0.1:{server.port('grpc')}")


async def echo(client: Client, workflow_id: str) -> str:
    """A workflow from its start to its result."""
    worker = Worker(client, task_queue="echo", workflows=[Echo], workflow_runner=UnsandboxedWorkflowRunner())
    async with worker:
        return str(await client.execute_workflow(Echo.run, "hello", id=workflow_id, task_queue="echo"))


def health_is(client: Client, serving: bool) -> Callable[[], Awaitable[bool]]:
    async def asked() -> bool:
        return await client.service_client.check_health() == serving

    return asked


def start_request(workflow_id: str) -> StartWorkflowExecutionRequest:
    """For a call that the SDK does not repeat by itself."""
    return StartWorkflowExecutionRequest(
        namespace="default",
        workflow_id=workflow_id,
        workflow_type=WorkflowType(name="Echo"),
        task_queue=TaskQueue(name="echo"),
        request_id=workflow_id,
    )


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
            code = await asyncio.to_thread(server.delete)
        assert code == 0  # not killed at the end of the grace
        assert "stopping" in server.log.read_text()

        # The next pod of the name: nothing to migrate, and the lease is free at once.
        assert "nothing to do" in server.run_init_containers()
        server.start()
        server.wait_started()
        assert WAITS_FOR_LEASE not in server.log.read_text()
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
        server.start()
        server.wait_started()
        assert WAITS_FOR_LEASE not in server.log.read_text()
        assert await echo(await connect(server), "after") == "hello"


@pytest.fixture
def cluster() -> Iterator[PostgresCluster]:
    """A PostgreSQL that a test may crash, and must start again."""
    made = PostgresCluster()
    yield made
    made.remove()


async def test_without_its_database_a_pod_is_unready_and_alive(
    helm: Helm, tmp_path: Path, cluster: PostgresCluster
) -> None:
    with server_pod(helm, tmp_path, create_database(cluster.dsn)) as server:
        server.run_init_containers()
        server.start()
        server.wait_started()
        client = await connect(server)
        assert await echo(client, "before") == "hello"
        cluster.crash()
        server.wait_unready()
        assert server.probe("liveness") == 200
        await eventually("gRPC's health service", health_is(client, False))
        with pytest.raises(RPCError) as refused:
            await client.workflow_service.start_workflow_execution(start_request("meanwhile"))
        assert refused.value.status == RPCStatusCode.UNAVAILABLE
        cluster.start()
        server.wait_ready()
        assert server.probe("liveness") == 200
        await eventually("gRPC's health service", health_is(client, True))
        assert await echo(client, "after") == "hello"


def test_a_role_that_is_not_there_is_named_by_the_init_container(
    helm: Helm, tmp_path: Path, postgres_dsn: str
) -> None:
    with server_pod(helm, tmp_path, f"{create_database(postgres_dsn)} user=nobody") as server:
        with pytest.raises(AssertionError, match='migrate: perdure: .*role "nobody" does not exist'):
            server.run_init_containers()


async def test_the_scalers_question_is_answered(helm: Helm, tmp_path: Path, postgres_dsn: str) -> None:
    """What KEDA asks of each type of queue to scale workers."""
    with server_pod(helm, tmp_path, create_database(postgres_dsn)) as server:
        server.run_init_containers()
        server.start()
        server.wait_started()
        client = await connect(server)
        for i in range(3):
            await client.start_workflow(Echo.run, id=f"waits-{i}", task_queue="nobody")

        async def backlog(kind: TaskQueueType.ValueType) -> int:
            request = DescribeTaskQueueRequest(
                namespace="default",
                task_queue=TaskQueue(name="nobody"),
                task_queue_type=kind,
                report_stats=True,
            )
            answer = await client.workflow_service.describe_task_queue(request)
            return int(answer.stats.approximate_backlog_count)

        async def counted() -> bool:
            return await backlog(TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW) == 3

        await eventually("the backlog", counted)
        assert await backlog(TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY) == 0


class Tls:
    """Two authorities, and the Secrets and values for mutual TLS."""

    def __init__(self, folder: Path) -> None:
        self.servers, self.clients = Authority(folder, "servers"), Authority(folder, "clients")
        worker = {**self.clients.issue("worker"), "ca.crt": self.servers.certificate}
        self.secrets = {
            "perdure-tls": self.servers.issue("127.0.0.1"),
            "clients": {"ca.crt": self.clients.certificate},
            "tokens": {"secret": "of the tokens"},
            "worker-tls": worker,
        }
        self.values: Manifest = {
            "tls": {"enabled": True, "clientCa": {"secretName": "clients"}},
            "tokens": {"secretName": "tokens"},
        }

    async def connect(self, server: Pod) -> Client:
        tls = self.servers.trusted(self.clients.issue("a-client"))
        return await Client.connect(f"127.0.0.1:{server.port('grpc')}", tls=tls)


async def test_mutual_tls_from_secrets(helm: Helm, tmp_path: Path, postgres_dsn: str) -> None:
    tls = Tls(tmp_path)
    dsn = create_database(postgres_dsn)
    with server_pod(helm, tmp_path, dsn, tls.values, tls.secrets) as server:
        server.run_init_containers()
        server.start()
        server.wait_started()
        address = f"127.0.0.1:{server.port('grpc')}"
        with pytest.raises(RuntimeError):
            await Client.connect(address)
        with pytest.raises(RuntimeError):
            await Client.connect(address, tls=tls.servers.trusted())
        client = await tls.connect(server)
        assert await echo(client, "with-tls") == "hello"

        # Both authorities change, as when a Secret is renewed; who is connected stays so.
        (tmp_path / "renewed").mkdir()
        renewed = Tls(tmp_path / "renewed")
        with pytest.raises(RuntimeError):
            await renewed.connect(server)
        server.set_secrets({**renewed.secrets, "perdure-database": {"dsn": dsn}})

        async def accepted() -> bool:
            try:
                await renewed.connect(server)
            except RuntimeError:
                return False
            return True

        await eventually("the renewed certificates", accepted, seconds=30)
        assert await echo(client, "after-renewal") == "hello"
        with pytest.raises(RuntimeError):
            await tls.connect(server)
        code = await asyncio.to_thread(server.delete)
        assert code == 0


async def test_a_worker_pod_with_a_certificate(helm: Helm, tmp_path: Path, postgres_dsn: str) -> None:
    tls, ports = Tls(tmp_path), free_ports()
    worker = {"name": "w", "taskQueue": "greetings", "image": "x", "command": ["python", "/app/greetings.py"]}
    values = {**tls.values, "ports": ports, "workers": [{**worker, "tlsSecretName": "worker-tls"}]}
    manifests = helm.render_with(values, tmp_path)
    secrets = {**tls.secrets, "perdure-database": {"dsn": create_database(postgres_dsn)}}
    (tmp_path / "greetings.py").write_text(guide.file("greetings.py"))
    with server_and_worker(manifests, secrets, tmp_path / "greetings.py") as (server, greetings):
        client = await tls.connect(server)
        result = await client.execute_workflow(
            "Greeting", args=["en", "Ada"], id="greeting", task_queue="greetings", result_type=str
        )
        assert result == "Hello, Ada"
        code = await asyncio.to_thread(greetings.delete)
        assert code == 0
