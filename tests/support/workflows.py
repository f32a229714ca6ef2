"""Workflows of which many tests need one: each does a single thing, as its input says."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.workflow import ActivityCancellationType


@dataclass
class ActivityCall:
    """An activity and its options; times are in seconds."""

    name: str = "act"
    args: list[Any] = field(default_factory=list)
    task_queue: str | None = None
    activity_id: str | None = None
    schedule_to_close: float | None = None
    schedule_to_start: float | None = None
    start_to_close: float | None = None
    heartbeat: float | None = None
    initial_interval: float = 0.05
    backoff_coefficient: float = 2.0
    maximum_interval: float | None = None
    maximum_attempts: int = 0
    non_retryable: list[str] = field(default_factory=list)
    cancellation_type: int = int(ActivityCancellationType.TRY_CANCEL)


def start_activity(call: ActivityCall) -> workflow.ActivityHandle[Any]:
    def span(seconds: float | None) -> timedelta | None:
        return None if seconds is None else timedelta(seconds=seconds)

    if call.schedule_to_close is None and call.start_to_close is None:
        call.start_to_close = 10
    return workflow.start_activity(
        call.name,
        args=call.args,
        task_queue=call.task_queue,
        activity_id=call.activity_id,
        schedule_to_close_timeout=span(call.schedule_to_close),
        schedule_to_start_timeout=span(call.schedule_to_start),
        start_to_close_timeout=span(call.start_to_close),
        heartbeat_timeout=span(call.heartbeat),
        retry_policy=RetryPolicy(
            initial_interval=timedelta(seconds=call.initial_interval),
            backoff_coefficient=call.backoff_coefficient,
            maximum_interval=span(call.maximum_interval),
            maximum_attempts=call.maximum_attempts,
            non_retryable_error_types=call.non_retryable or None,
        ),
        cancellation_type=ActivityCancellationType(call.cancellation_type),
    )


@workflow.defn
class OneActivity:
    """Runs one activity and returns its result; a cancelled workflow cancels it."""

    @workflow.run
    async def run(self, call: ActivityCall) -> Any:
        return await start_activity(call)


@workflow.defn
class Echo:
    """Returns its input in its first workflow task."""

    @workflow.run
    async def run(self, value: Any = None) -> Any:
        return value


@workflow.defn
class Collect:
    """Collects signals `add` until `finish`, and returns what it collected."""

    def __init__(self) -> None:
        self._values: list[Any] = []
        self._finished = False

    @workflow.signal
    def add(self, value: Any) -> None:
        self._values.append(value)

    @workflow.signal
    def finish(self) -> None:
        self._finished = True

    @workflow.run
    async def run(self) -> list[Any]:
        await workflow.wait_condition(lambda: self._finished)
        return self._values
