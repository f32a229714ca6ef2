"""The examples, run as their README says."""

import asyncio
import json
import re
import sys
from pathlib import Path

import pytest

from support.env import Env, eventually
from support.servers import REPOSITORY

BLOG_POST = REPOSITORY / "examples" / "blog_post"


class Program:
    """One of the example's programs, running, with a database of its own."""

    def __init__(self, database: Path, name: str, *arguments: str) -> None:
        self._command = [sys.executable, str(BLOG_POST / name), *arguments]
        self._environment = {"BLOG_POST_DB": str(database), "PYTHONDONTWRITEBYTECODE": "1"}
        self.process: asyncio.subprocess.Process

    async def start(self) -> "Program":
        pipe = asyncio.subprocess.PIPE
        self.process = await asyncio.create_subprocess_exec(
            *self._command, env=self._environment, stdout=pipe
        )
        return self

    async def finish(self) -> tuple[int | None, str]:
        output, _ = await self.process.communicate()
        return self.process.returncode, output.decode()


async def run_example(env: Env, tmp_path: Path, *arguments: str) -> tuple[int | None, str]:
    program = Program(tmp_path / "blog.db", "run.py", "--address", env.server.address, *arguments)
    return await (await program.start()).finish()


def result_in(output: str) -> dict:
    found = re.search(r"Result: (\{.*?\n\})", output, re.DOTALL)
    assert found, output
    return json.loads(found[1])


async def test_blog_post(env: Env, tmp_path: Path) -> None:
    code, output = await run_example(env, tmp_path, "--topic", "time")
    assert code == 0
    assert result_in(output)["title"] == "On time"
    assert re.search(r"ActivityTaskStarted .* attempt=3 lastFailure.message=Slack is busy", output)
    assert output.rstrip().endswith("WorkflowExecutionCompleted")


async def test_saga_undoes_what_was_done(env: Env, tmp_path: Path) -> None:
    code, output = await run_example(env, tmp_path, "--workflow", "saga")
    assert code == 1
    undone = re.findall(r"activityType=(delete_\w+)", output)
    assert undone == ["delete_embedding", "delete_blog_post"]
    assert "channel #archived is archived" in output


@pytest.mark.parametrize(
    ("decision", "status"), [("approve", "published"), ("reject", "rejected"), ("none", "expired")]
)
async def test_approval(env: Env, tmp_path: Path, decision: str, status: str) -> None:
    code, output = await run_example(env, tmp_path, "--workflow", "approval", "--decision", decision)
    assert code == 0
    assert result_in(output)["status"] == status


async def test_killed_worker_and_approval_by_the_starter(env: Env, tmp_path: Path) -> None:
    """Worker and starter apart, the worker killed in the middle, and a decision from a third program."""
    address, database = ("--address", env.server.address), tmp_path / "blog.db"
    worker = await Program(database, "worker.py", *address).start()
    starter = await Program(
        database, "starter.py", *address, "--workflow", "approval", "--pace", "0.3"
    ).start()
    assert starter.process.stdout is not None
    workflow_id = (await starter.process.stdout.readline()).decode().split()[1]
    handle = env.client.get_workflow_handle(workflow_id)

    async def activity_runs() -> bool:
        return len((await handle.describe()).raw_description.pending_activities) == 1

    await eventually("a running activity", activity_runs)
    worker.process.kill()
    await worker.process.wait()
    worker = await Program(database, "worker.py", *address).start()
    decision = await Program(database, "starter.py", *address, "--approve", workflow_id).start()
    assert (await decision.finish())[0] == 0
    code, output = await starter.finish()
    worker.process.kill()
    await worker.process.wait()
    assert code == 0
    assert result_in(output)["status"] == "published"
