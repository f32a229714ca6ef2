"""The official `temporal` command against the server: a few words of it, in JSON and as text."""

import pytest
from temporalio import workflow

from support.cli import Cli
from support.env import Env, eventually
from support.workflows import Collect


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


@workflow.defn
class Asked:
    @workflow.query(description="a greeting")
    def greeting(self, name: str) -> str:
        return f"hello {name}"

    @workflow.run
    async def run(self) -> None:
        await workflow.wait_condition(lambda: False)


async def test_query_stack_and_metadata(env: Env) -> None:
    cli = Cli(env.server.address)
    async with env.worker([Asked]):
        handle = await env.start(Asked.run)
        of_run = ("--workflow-id", handle.id)
        query = ("workflow", "query", *of_run, "--name", "greeting", "--input", '"world"')
        assert (await cli.json(*query))["queryResult"] == ["hello world"]
        assert "hello world" in await cli.text(*query)
        assert handle.id in await cli.text("workflow", "stack", *of_run)
        assert "a greeting" in await cli.text("workflow", "metadata", *of_run)
        await handle.terminate()
        assert "hello world" in await cli.text(*query)
        with pytest.raises(RuntimeError, match="query was rejected, workflow has status: Terminated"):
            await cli.text(*query, "--reject-condition", "not_open")


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
