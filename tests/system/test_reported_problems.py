"""A run whose workflow tasks fail again and again says so, where lists find it, until one succeeds."""

from temporalio.api.enums.v1 import WorkflowTaskFailedCause
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import (
    PollWorkflowTaskQueueRequest,
    RespondWorkflowTaskCompletedRequest,
    RespondWorkflowTaskFailedRequest,
)

from support.env import Env
from support.workflows import Echo


async def poll(env: Env) -> bytes:
    """A workflow task of the test's queue: its token."""
    request = PollWorkflowTaskQueueRequest(
        namespace=env.client.namespace, task_queue=TaskQueue(name=env.task_queue), identity="by hand"
    )
    return (await env.client.workflow_service.poll_workflow_task_queue(request)).task_token


async def test_lists_find_runs_that_stumble(env: Env) -> None:
    handle = await env.start(Echo.run, "hello")
    query = f"WorkflowId = '{handle.id}' AND TemporalReportedProblems = 'category=WorkflowTaskFailed'"

    async def found() -> list[str]:
        return [one.id async for one in env.client.list_workflows(query)]

    for _ in range(5):
        assert await found() == []
        await env.client.workflow_service.respond_workflow_task_failed(
            RespondWorkflowTaskFailedRequest(
                namespace=env.client.namespace,
                task_token=await poll(env),
                cause=WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_NON_DETERMINISTIC_ERROR,
            )
        )
    assert await found() == [handle.id]
    await env.client.workflow_service.respond_workflow_task_completed(
        RespondWorkflowTaskCompletedRequest(namespace=env.client.namespace, task_token=await poll(env))
    )
    assert await found() == []
    await handle.terminate()
