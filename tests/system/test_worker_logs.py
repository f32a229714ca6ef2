"""A worker of today's SDK finds every call that it makes by itself answered: its core logs nothing."""

import asyncio

import nexusrpc.handler
from temporalio import activity
from temporalio.worker import PollerBehaviorAutoscaling

from support.core_log import CoreLog
from support.env import Env
from support.workflows import ActivityCall, Collect, Echo, OneActivity


@nexusrpc.handler.service_handler(name="nobody-calls-it")
class NexusService:
    """Its presence makes the worker poll for Nexus tasks."""

    @nexusrpc.handler.sync_operation
    async def operation(self, context: nexusrpc.handler.StartOperationContext, value: str) -> str:
        return value


@activity.defn(name="act")
async def act() -> str:
    activity.heartbeat(1)
    return "done"


async def use(env: Env, **options: object) -> None:
    """Work, more than two of the worker's own heartbeats, and an orderly shutdown."""
    async with env.worker([Echo, OneActivity, Collect], [act], **options):
        assert await env.execute(Echo.run, 1) == 1
        assert await env.execute(OneActivity.run, ActivityCall(heartbeat=5)) == "done"
        handle = await env.start(Collect.run)
        await asyncio.sleep(2.5)
        await handle.signal(Collect.finish)
        await handle.result()


async def test_worker_with_everything_on(env: Env, core_log: CoreLog) -> None:
    before = len(core_log.lines)
    await use(env, nexus_service_handlers=[NexusService()])
    assert core_log.lines[before:] == []


async def test_worker_with_autoscaling_pollers(env: Env, core_log: CoreLog) -> None:
    before = len(core_log.lines)
    scaling = PollerBehaviorAutoscaling()
    await use(env, workflow_task_poller_behavior=scaling, activity_task_poller_behavior=scaling)
    assert core_log.lines[before:] == []
