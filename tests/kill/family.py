"""Workflows that have children, and that signal and cancel others. Their ids follow from that of who begins
them, so that the checks find them."""

import asyncio
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.exceptions import ApplicationError, ChildWorkflowError, FailureError
from temporalio.workflow import ParentClosePolicy

with workflow.unsafe.imports_passed_through():
    import chains
    from activities import OPTIONS, Work, square

# Of children as of what the driver starts: how long a killed worker's workflow task is waited for.
TASK_TIMEOUT = timedelta(seconds=3)
LEFT = (ParentClosePolicy.TERMINATE, ParentClosePolicy.REQUEST_CANCEL, ParentClosePolicy.ABANDON)
MESSAGES = 8
AT_ONCE = 4


def left_id(parent_id: str, policy: ParentClosePolicy) -> str:
    return f"{parent_id}-{policy.name}"


def collector_id(sender_id: str) -> str:
    return f"{sender_id}-collector"


@workflow.defn
class Leaf:
    """A child with an activity, which may fail then."""

    @workflow.run
    async def run(self, seed: int, fails: bool) -> int:
        result: int = await workflow.execute_activity(square, Work(seed), **OPTIONS)
        if fails:
            raise ApplicationError(f"{result}", type="Meant")
        return result


@workflow.defn
class Waits:
    """A child that nobody waits for. Somebody must tell it to go, or end it."""

    def __init__(self) -> None:
        self._may_go = False

    @workflow.signal
    def go(self) -> None:
        self._may_go = True

    @workflow.run
    async def run(self) -> None:
        await workflow.wait_condition(lambda: self._may_go)


@workflow.defn
class Parent:
    """Learns of the ends of three children (one fails, one is a chain) and leaves three behind."""

    @workflow.run
    async def run(self, seed: int) -> list[int | str]:
        own = workflow.info().workflow_id
        await asyncio.gather(
            *(
                workflow.start_child_workflow(
                    Waits.run, id=left_id(own, policy), parent_close_policy=policy, task_timeout=TASK_TIMEOUT
                )
                for policy in LEFT
            )
        )
        results: tuple[int | str, ...] = await asyncio.gather(
            self._end_of(workflow.execute_child_workflow(
                Leaf.run, args=[seed, False], id=f"{own}-leaf", task_timeout=TASK_TIMEOUT
            )),
            self._end_of(workflow.execute_child_workflow(
                Leaf.run, args=[seed, True], id=f"{own}-failing", task_timeout=TASK_TIMEOUT
            )),
            self._end_of(workflow.execute_child_workflow(
                chains.Continued.run, args=[seed, 2], id=f"{own}-chain", task_timeout=TASK_TIMEOUT
            )),
        )  # fmt: skip
        return list(results)

    async def _end_of(self, child: Coroutine[Any, Any, int]) -> int | str:
        try:
            return await child
        except ChildWorkflowError as error:
            assert isinstance(error.cause, ApplicationError)
            return str(error.cause.type)


@workflow.defn
class Collector:
    """Returns what it was sent, in the order in which it came."""

    def __init__(self) -> None:
        self._values: list[int] = []

    @workflow.signal
    def add(self, value: int) -> None:
        self._values.append(value)

    @workflow.run
    async def run(self) -> list[int]:
        await workflow.wait_condition(lambda: len(self._values) >= MESSAGES)
        return self._values


@workflow.defn
class Sender:
    """Signals another workflow, several at once, and nobody; cancels a third."""

    @workflow.run
    async def run(self, seed: int) -> list[Any]:
        own = workflow.info().workflow_id
        collected = await workflow.start_child_workflow(
            Collector.run, id=collector_id(own), task_timeout=TASK_TIMEOUT
        )
        canceled = await workflow.start_child_workflow(
            Waits.run, id=f"{own}-canceled", task_timeout=TASK_TIMEOUT
        )
        collector = workflow.get_external_workflow_handle_for(Collector.run, collector_id(own))
        for first in range(0, MESSAGES, AT_ONCE):
            await asyncio.gather(*(collector.signal(Collector.add, first + i) for i in range(AT_ONCE)))
        await workflow.get_external_workflow_handle(f"{own}-canceled").cancel()
        # In which order they came is for the checks: not every server promises one.
        values = sorted(await collected)
        return [values, await self._failure(canceled), await self._signal_nobody(f"{own}-nobody")]

    async def _failure(self, canceled: workflow.ChildWorkflowHandle[Any, Any]) -> str:
        try:
            await canceled
        except ChildWorkflowError as error:
            return type(error.cause).__name__
        return "none"

    async def _signal_nobody(self, workflow_id: str) -> str:
        try:
            await workflow.get_external_workflow_handle(workflow_id).signal("add", 0)
        except FailureError:
            return "nobody"
        return "somebody"
