"""PostgreSQL behind PgBouncer in transaction mode: migrations, and workflows that outlive a killed server."""

import asyncio
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.runtime import Runtime

from support.env import Env
from support.pgbouncer import PgBouncer, later_pgbouncer
from support.postgres import PostgresCluster, query
from support.processes import run
from support.servers import PERDURE, PostgresServer


@dataclass
class Way:
    """A version of PgBouncer, more of its settings, and what docs/operations.md says to set with it."""

    later: bool
    pooler: str
    key: str


WAYS = {
    "Debian's, by the key": Way(later=False, pooler="", key="true"),
    "a later one, by its own names": Way(later=True, pooler="max_prepared_statements = 100", key="false"),
    "a later one, by the key": Way(later=True, pooler="max_prepared_statements = 100", key="true"),
    "a later one without names, by the key": Way(
        later=True, pooler="max_prepared_statements = 0", key="true"
    ),
    # As is often set for other clients: the options of a start vanish without a word.
    "a later one that ignores options": Way(
        later=True, pooler="max_prepared_statements = 100\nignore_startup_parameters = options", key="false"
    ),
}

# What the role's settings may say besides; each would change what is acknowledged, or how long it takes.
DEFAULTS = {"synchronous_commit": "off", "statement_timeout": "'30s'", "plan_cache_mode": "force_custom_plan"}
REFUSE_OTHERS = """
CREATE FUNCTION refuse_others() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF current_setting('synchronous_commit') = 'off' OR current_setting('statement_timeout') <> '0'
     OR current_setting('plan_cache_mode') <> 'force_generic_plan' THEN
    RAISE EXCEPTION 'other settings';
  END IF;
  RETURN NEW; END $$;
CREATE TRIGGER refuse_others BEFORE INSERT ON history FOR EACH ROW EXECUTE FUNCTION refuse_others()"""


def pooler_of(postgres: PostgresCluster, way: Way) -> PgBouncer:
    return PgBouncer(postgres.port, later_pgbouncer() if way.later else None, way.pooler)


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> Way:
    return WAYS[request.param]


@pytest.fixture
def bouncer(own_postgres: PostgresCluster, way: Way) -> Iterator[PgBouncer]:
    pooler = pooler_of(own_postgres, way)
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
    own_postgres: PostgresCluster,
    bouncer: PgBouncer,
    way: Way,
    tmp_path: Path,
    short_lived_runtime: Runtime,
) -> None:
    """And under the store's own settings, whatever those of the role are."""
    for name, value in DEFAULTS.items():
        query(own_postgres.dsn, f"ALTER ROLE perdure SET {name} = {value}")
    settings = {"store.pgbouncer": way.key}
    server = PostgresServer(tmp_path, bouncer.dsn, settings)  # migrates through it too
    migrations = [str(PERDURE), "migrate", "--config", str(tmp_path / "perdure.yaml")]
    await asyncio.gather(*(asyncio.to_thread(run, migrations) for _ in range(4)))
    locks = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
    assert query(own_postgres.dsn, locks) == "0"
    query(own_postgres.dsn, REFUSE_OTHERS)

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


@pytest.mark.parametrize(
    "wrong",
    [
        Way(later=False, pooler="", key="false"),
        Way(later=False, pooler="ignore_startup_parameters = options", key="false"),
        Way(later=True, pooler="max_prepared_statements = 0", key="false"),
    ],
    ids=["Debian's", "Debian's that ignores options", "a later one without names"],
)
def test_a_pooler_that_needs_the_key_is_told_by_its_name(
    own_postgres: PostgresCluster, tmp_path: Path, wrong: Way
) -> None:
    pooler = pooler_of(own_postgres, wrong)
    try:
        server = PostgresServer(tmp_path, pooler.dsn, {"store.pgbouncer": wrong.key})
        done = subprocess.run(server.command(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        assert done.returncode == 1
        assert "set store.pgbouncer to true" in done.stderr
    finally:
        pooler.remove()
