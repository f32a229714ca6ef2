"""Workers of deployments, and commands that are not built: what is done about them until they are."""

from datetime import timedelta

import nexusrpc
from temporalio import activity, workflow
from temporalio.api.enums.v1 import WorkflowTaskFailedCause
from temporalio.common import VersioningBehavior, WorkerDeploymentVersion
from temporalio.worker import WorkerDeploymentConfig

from support import history
from support.env import Env, eventually
from support.workflows import Echo


@workflow.defn(versioning_behavior=VersioningBehavior.PINNED)
class Pinned:
    """Calls an activity, as a workflow that stays with its version."""

    @workflow.run
    async def run(self, word: str) -> str:
        return await workflow.execute_activity(
            "Say", word, start_to_close_timeout=timedelta(seconds=10), result_type=str
        )


@nexusrpc.service
class Remote:
    """A service that is nowhere."""

    say: nexusrpc.Operation[str, str]


@workflow.defn
class CallsNexus:
    """Sends a command that the server does not know."""

    @workflow.run
    async def run(self) -> str:
        client = workflow.create_nexus_client(service=Remote, endpoint="nowhere")
        return await client.execute_operation(Remote.say, "hello")


def deployment(build_id: str) -> WorkerDeploymentConfig:
    return WorkerDeploymentConfig(
        version=WorkerDeploymentVersion(deployment_name="orders", build_id=build_id),
        use_worker_versioning=True,
        default_versioning_behavior=VersioningBehavior.AUTO_UPGRADE,
    )


async def test_a_version_gets_tasks_without_a_rollout(env: Env) -> None:
    """A worker of a version works as any other, and its runs show the version."""

    @activity.defn(name="Say")
    async def say(word: str) -> str:
        return word

    async with env.worker([Pinned, Echo], [say], deployment_config=deployment("1")):
        handle = await env.start(Pinned.run, "hello")
        assert await handle.result() == "hello"
    described = await handle.describe()
    info = described.raw_description.workflow_execution_info
    assert info.versioning_info.deployment_version.build_id == "1"
    assert info.worker_deployment_name == "orders"


async def test_a_version_is_said_once(env: Env) -> None:
    """The log and a counter tell of a worker that its version makes no difference."""
    async with env.worker([Echo], deployment_config=deployment("said-once"), identity="versioned worker"):
        assert await env.execute(Echo.run, "hello") == "hello"
    lines = [line for line in env.server.log.read_text().splitlines() if "said-once" in line]
    assert len(lines) == 1
    assert "versioned worker" in lines[0]


async def test_an_unknown_command_is_said_once_a_run(env: Env) -> None:
    """A workflow that calls Nexus gets no further, and the log says of which run and by which command."""
    async with env.worker([CallsNexus]):
        handle = await env.start(CallsNexus.run)

        async def fails() -> bool:
            return (await handle.describe()).raw_description.pending_workflow_task.attempt > 1

        await eventually("the second attempt", fails)
        events = await history.events(handle)
        await handle.terminate()
    causes = [event.cause for event in history.of_type(events, "WorkflowTaskFailed")]
    assert causes == [WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_FEATURE_DISABLED]
    lines = [line for line in env.server.log.read_text().splitlines() if handle.id in line]
    assert len(lines) == 1
    assert "COMMAND_TYPE_SCHEDULE_NEXUS_OPERATION" in lines[0]
