"""PostgreSQL behind PgBouncer in transaction mode: migrations, and workflows that outlive a killed server."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.runtime import Runtime

from support.env import Env
from support.pgbouncer import PgBouncer
from support.postgres import PostgresCluster, query
from support.processes import run
from support.servers import PERDURE, PostgresServer


@pytest.fixture
def bouncer(own_postgres: PostgresCluster) -> Iterator[PgBouncer]:
    pooler = PgBouncer(own_postgres.port)
    yield pooler
    pooler.remove()


@workflow.defn
class SleepThenAct:
    @workflow.run
    async def run(self) -> str:
        await asyncio.sleep(1)
        return await workflow.execute_activity("act", start_to_close_timeout=timedelta(seconds=10))


@activity.defn
async def act() -> str:
    return "done"


async def test_a_killed_server_goes_on_behind_pgbouncer(
    own_postgres: PostgresCluster, bouncer: PgBouncer, tmp_path: Path, short_lived_runtime: Runtime
) -> None:
    settings = {"store.pgbouncer": "true"}
    server = PostgresServer(tmp_path, bouncer.dsn, settings)  # migrates through it too
    migrations = [str(PERDURE), "migrate", "--config", str(tmp_path / "perdure.yaml")]
    await asyncio.gather(*(asyncio.to_thread(run, migrations) for _ in range(4)))
    locks = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
    assert query(own_postgres.dsn, locks) == "0"

    server.start()
    try:
        env = Env(await Client.connect(server.address, runtime=short_lived_runtime), server)
        async with env.worker(workflows=[SleepThenAct], activities=[act]):
            handles = [await env.start(SleepThenAct.run) for _ in range(20)]
            server.kill()
            await asyncio.to_thread(server.start)
            assert await asyncio.gather(*(handle.result() for handle in handles)) == ["done"] * 20
    finally:
        server.kill()
