"""The official `temporal` command against the server: a few words of it, in JSON and as text."""

import asyncio
import json
from typing import Any

from support.env import Env, eventually
from support.processes import run
from support.servers import TEMPORAL
from support.workflows import Collect


class Cli:
    def __init__(self, address: str) -> None:
        self._address = address

    async def text(self, *words: str) -> str:
        command = [
            str(TEMPORAL),
            *words,
            "--address",
            self._address,
            "--disable-config-file",
            "--disable-config-env",
        ]
        return await asyncio.to_thread(run, command)

    async def json(self, *words: str) -> Any:
        return json.loads(await self.text(*words, "--output", "json"))


async def test_start_signal_result(env: Env) -> None:
    cli, workflow_id = Cli(env.server.address), env.id()
    started = await cli.json(
        *(
            "workflow",
            "start",
            "--type",
            "Collect",
            "--task-queue",
            env.task_queue,
            "--workflow-id",
            workflow_id,
        )
    )
    assert started["workflowId"] == workflow_id
    signal = ("workflow", "signal", "--workflow-id", workflow_id, "--name")
    await cli.text(*signal, "add", "--input", '{"from": "the command line"}')
    await cli.text(*signal, "finish")
    async with env.worker([Collect]):
        result = await cli.json("workflow", "result", "--workflow-id", workflow_id)
    assert result["status"] == "COMPLETED"
    assert result["result"] == [{"from": "the command line"}]


async def test_describe_and_show(env: Env) -> None:
    cli = Cli(env.server.address)
    async with env.worker([Collect]):
        handle = await env.start(Collect.run, memo={"note": "n"})
        await handle.signal(Collect.finish)
        await handle.result()
    described = await cli.json("workflow", "describe", "--workflow-id", handle.id)
    info = described["workflowExecutionInfo"]
    assert info["status"] == "WORKFLOW_EXECUTION_STATUS_COMPLETED"
    assert info["type"]["name"] == "Collect"
    text = await cli.text("workflow", "describe", "--workflow-id", handle.id)
    assert handle.id in text
    assert "COMPLETED" in text
    shown = await cli.json("workflow", "show", "--workflow-id", handle.id)
    assert shown["events"][0]["eventType"] == "EVENT_TYPE_WORKFLOW_EXECUTION_STARTED"
    text = await cli.text("workflow", "show", "--workflow-id", handle.id)
    assert "WorkflowExecutionCompleted" in text


async def test_list_and_count(env: Env) -> None:
    cli = Cli(env.server.address)
    handle = await env.start(f"Type-{env.id()}")
    query = f"WorkflowType = '{(await handle.describe()).workflow_type}'"

    async def listed() -> bool:
        return len(await cli.json("workflow", "list", "--query", query)) == 1

    await eventually("listed", listed)
    [row] = await cli.json("workflow", "list", "--query", query)
    assert row["execution"]["workflowId"] == handle.id
    assert handle.id in await cli.text("workflow", "list", "--query", query)
    assert int((await cli.json("workflow", "count", "--query", query))["count"]) == 1
    await handle.terminate()


async def test_cancel_and_terminate(env: Env) -> None:
    cli = Cli(env.server.address)
    handle = await env.start(Collect.run)
    await cli.text("workflow", "cancel", "--workflow-id", handle.id)
    await cli.text("workflow", "terminate", "--workflow-id", handle.id, "--reason", "enough")
    shown = await cli.json("workflow", "show", "--workflow-id", handle.id)
    last = shown["events"][-1]
    assert last["eventType"] == "EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED"
    assert last["workflowExecutionTerminatedEventAttributes"]["reason"] == "enough"


async def test_task_queue_and_namespace_and_health(env: Env) -> None:
    cli = Cli(env.server.address)
    async with env.worker([Collect]):
        handle = await env.start(Collect.run)
        await handle.signal(Collect.finish)
        await handle.result()
        described = await cli.text("task-queue", "describe", "--task-queue", env.task_queue)
        assert env.client.identity in described
    assert "default" in await cli.text("operator", "namespace", "describe", "default")
    assert "SERVING" in await cli.text("operator", "cluster", "health")
