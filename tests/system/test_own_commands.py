"""What only `perdure` itself can say: what the store holds of a run, its schema, what is measured."""

import json
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio import activity

from support.env import Env, eventually
from support.postgres import PostgresCluster, create_database, query
from support.processes import run, wait_until
from support.servers import PERDURE, REPOSITORY, PostgresServer, Server, SqliteServer, write_config
from support.workflows import ActivityCall, Collect, OneActivity


def store_flags(server: Server) -> list[str]:
    if isinstance(server, PostgresServer):
        return ["--config", str(server.folder / "perdure.yaml")]
    return ["--store.sqlite", str(server.folder / "perdure.db")]


def inspect(server: Server, workflow_id: str, *flags: str) -> Any:
    """While the server runs."""
    return json.loads(run([str(PERDURE), "inspect", workflow_id, "--json", *flags, *store_flags(server)]))


@activity.defn
async def act() -> None:
    raise RuntimeError("secret words")


@pytest.fixture(autouse=True)
def perdure_only(request: pytest.FixtureRequest) -> None:
    if "real" in (request.config.getoption("--server") or []):
        pytest.skip("perdure's own commands")


async def test_inspect_an_open_run(env: Env) -> None:
    handle = await env.start(Collect.run)
    async with env.worker([Collect]):
        await handle.signal(Collect.add, "secret words")
        await eventually("it waits", lambda: is_quiet(env, handle.id))
    found = inspect(env.server, handle.id)
    assert found["namespace"] == "default"
    assert found["run_id"] == handle.first_execution_run_id
    assert found["current_run"] is True
    assert found["execution"]["status"] == found["state"]["status"] == "Running"
    assert found["execution"]["workflow_type"] == "Collect"
    events = [event.split() for record in found["records"] for event in record["events"]]
    assert [int(number) for number, _ in events] == list(range(1, found["state"]["next_event_id"]))
    assert events[0][1] == "WorkflowExecutionStarted"
    assert "WorkflowExecutionSignaled" in [name for _, name in events]
    assert "run_created" in found["records"][0]["changes"]
    assert [record["sequence"] for record in found["records"]] == list(range(1, len(found["records"]) + 1))
    assert found["obligations"]["dispatches"] == []
    assert "secret words" not in json.dumps(found)
    await handle.terminate()


async def is_quiet(env: Env, workflow_id: str) -> bool:
    state = inspect(env.server, workflow_id)["state"]
    return state["signals"] == 1 and state["workflow_task"] is None


async def test_inspect_what_a_run_owes(env: Env) -> None:
    """A workflow task that nobody takes, then an activity that is retried."""
    handle = await env.start(OneActivity.run, ActivityCall(initial_interval=300))
    [task] = inspect(env.server, handle.id)["obligations"]["dispatches"]
    assert task["kind"] == "workflow task"
    assert task["task_queue"] == env.task_queue

    async def is_retried() -> bool:
        state = inspect(env.server, handle.id)["state"]
        return [one["attempt"] for one in state["activities"]] == [2]

    async with env.worker([OneActivity], [act]):
        await eventually("the activity waits for its second attempt", is_retried)
    found = inspect(env.server, handle.id)
    [waiting] = found["state"]["activities"]
    assert waiting["type"] == "act"
    assert waiting["failed_before"] is True
    assert "activity_retry" in [change for record in found["records"] for change in record["changes"]]
    assert found["obligations"]["next_wake"] is not None
    assert "secret words" not in json.dumps(found)
    await handle.terminate()
    closed = inspect(env.server, handle.id, "--run-id", found["run_id"])
    assert closed["execution"]["status"] == "Terminated"
    assert closed["execution"]["close_time"] is not None
    assert closed["obligations"]["next_wake"] == closed["state"]["delete_after"]


async def test_inspect_counts_the_records_that_it_leaves_out(env: Env) -> None:
    """Those of before the snapshot that hold no event, such as an activity's retry."""
    handle = await env.start(OneActivity.run, ActivityCall(initial_interval=300))

    async def is_retried() -> bool:
        records = inspect(env.server, handle.id)["records"]
        return ["activity_retry"] in [record["changes"] for record in records if not record["events"]]

    async with env.worker([OneActivity], [act]):
        await eventually("the activity is retried", is_retried)
    assert inspect(env.server, handle.id)["records_left_out"] == 0
    for _ in range(10):  # until the log is worth a snapshot
        await handle.signal("more", "x" * 60_000)
    found = inspect(env.server, handle.id)
    last = found["snapshot"]["sequence"]
    before = [record for record in found["records"] if record["sequence"] <= last]
    assert all(record["events"] for record in before)
    assert found["records_left_out"] == last - len(before) >= 1
    await handle.terminate()


async def test_inspect_in_text(env: Env) -> None:
    handle = await env.start(Collect.run)
    text = run([str(PERDURE), "inspect", handle.id, *store_flags(env.server)])
    assert f"workflow_id: {handle.id}\n" in text
    assert "  sequence: 1  events: 1 WorkflowExecutionStarted, 2 WorkflowTaskScheduled" in text
    assert f"  kind: workflow task  task_queue: {env.task_queue}" in text
    await handle.terminate()


async def test_inspect_an_activity_on_its_own(env: Env) -> None:
    """Another kind of entity, by the same id as a workflow's."""
    handle = await env.start(Collect.run)
    await env.client.start_activity(
        act, id=handle.id, task_queue=env.task_queue, start_to_close_timeout=timedelta(seconds=30)
    )
    found = inspect(env.server, handle.id, "--kind", "activity")
    assert found["kind"] == "activity"
    assert found["activity_id"] == handle.id
    assert found["execution"]["activity_type"] == "act"
    assert found["execution"]["status"] == "Running"
    assert found["state"]["status"] == "Scheduled"
    assert found["state"]["attempt"] == 1
    assert found["records"][0]["changes"][0] == "created"
    [task] = found["obligations"]["dispatches"]
    assert task["kind"] == "activity task"
    assert task["task_queue"] == env.task_queue
    assert inspect(env.server, handle.id)["workflow_id"] == handle.id
    await env.client.get_activity_handle(handle.id).terminate()
    closed = inspect(env.server, handle.id, "--kind", "activity", "--run-id", found["run_id"])
    assert closed["execution"]["status"] == "Terminated"
    assert closed["obligations"]["dispatches"] == []
    await handle.terminate()


def test_inspect_what_is_not_there(server: Server) -> None:
    def refused(*flags: str) -> str:
        command = [str(PERDURE), "inspect", "no-such-workflow", *flags, *store_flags(server)]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 1
        assert done.stdout == ""
        assert done.stderr.count("\n") == 1
        return done.stderr

    assert 'the store has no run of workflow "no-such-workflow"' in refused()
    assert "nowhere" in refused("--namespace", "nowhere")
    assert "--run-id: write a UUID" in refused("--run-id", "7")


def status(*flags: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(PERDURE), "migrate", "status", *flags], capture_output=True, text=True)


def test_migrate_status_of_postgres(own_postgres: PostgresCluster, tmp_path: Path) -> None:
    config = tmp_path / "perdure.yaml"
    write_config(config, {"store.postgres": create_database(own_postgres.dsn)})
    before = status("--config", str(config))
    assert before.returncode == 1
    assert before.stdout.startswith("schema 0, this program needs ")
    assert "missing" in before.stdout
    run([str(PERDURE), "migrate", "--config", str(config)])
    after = status("--config", str(config))
    assert after.returncode == 0
    assert "applied" in after.stdout
    assert "missing" not in after.stdout


def test_migrate_waits_for_a_database_when_it_is_told_to(
    own_postgres: PostgresCluster, tmp_path: Path
) -> None:
    config, log = tmp_path / "perdure.yaml", tmp_path / "log"
    write_config(config, {"store.postgres": create_database(own_postgres.dsn)})
    own_postgres.crash()
    migrate = [str(PERDURE), "migrate", "--config", str(config)]
    assert subprocess.run(migrate, capture_output=True).returncode == 1
    with log.open("wb") as output:
        waiting = subprocess.Popen([*migrate, "--wait"], stdout=output, stderr=output)
    try:
        wait_until("the wait", lambda: "waiting for the database" in log.read_text(), waiting, log)
        own_postgres.start()
        assert waiting.wait(timeout=30) == 0
        assert status("--config", str(config)).returncode == 0
    finally:
        waiting.kill()


def test_a_key_that_is_missing_is_named(own_postgres: PostgresCluster, tmp_path: Path) -> None:
    config, dsn = tmp_path / "perdure.yaml", create_database(own_postgres.dsn)
    write_config(config, {"store.postgres": dsn})
    run([str(PERDURE), "migrate", "--config", str(config)])
    query(dsn, "ALTER TABLE writers DROP CONSTRAINT writers_pkey")
    for command in (["migrate"], ["migrate", "status"], ["serve"]):
        done = subprocess.run(
            [str(PERDURE), *command, "--config", str(config)], capture_output=True, text=True, timeout=30
        )
        assert done.returncode == 1
        assert "lacks keys of its schema (writers)" in done.stderr


def test_migrate_status_of_a_file(tmp_path: Path) -> None:
    none = status("--store.sqlite", str(tmp_path / "perdure.db"))
    assert none.returncode == 1
    assert none.stderr.startswith("perdure: cannot open the store: ")
    assert not (tmp_path / "perdure.db").exists()
    server = SqliteServer(tmp_path)
    server.start()
    try:
        assert status("--store.sqlite", str(tmp_path / "perdure.db")).returncode == 0
    finally:
        server.kill()


def test_the_page_of_metrics_is_up_to_date() -> None:
    """When it is not: perdure metrics > docs/metrics.md"""
    assert run([str(PERDURE), "metrics"]) == (REPOSITORY / "docs/metrics.md").read_text()
