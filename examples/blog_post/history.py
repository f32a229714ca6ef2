"""An event history as a table to read: event id, seconds since the start, event, what it is about."""

from collections.abc import Iterable
from typing import Any

from google.protobuf.json_format import MessageToDict
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent

# The attributes worth a reader's time, in the order shown; "a.b" is field b of message a.
_SHOWN_OF_WORKFLOW_TASKS = ("cause", "failure.message")
_SHOWN = (
    "workflowType.name",
    "activityType.name",
    "activityId",
    "timerId",
    "signalName",
    "scheduledEventId",
    "attempt",
    "startToFireTimeout",
    "startToCloseTimeout",
    "scheduleToCloseTimeout",
    "scheduleToStartTimeout",
    "heartbeatTimeout",
    "retryState",
    "lastFailure.message",
    "failure.message",
    "failure.cause.message",
)


def print_history(events: Iterable[HistoryEvent]) -> None:
    first_time = None
    print(f"{'ID':>3}  {'TIME':>8}  {'EVENT':<32}  ABOUT")
    for event in events:
        time = event.event_time.ToDatetime()
        first_time = first_time or time
        seconds = (time - first_time).total_seconds()
        print(f"{event.event_id:>3}  {seconds:>7.3f}s  {_name(event):<32}  {_about(event)}".rstrip())


def _name(event: HistoryEvent) -> str:
    words = EventType.Name(event.event_type).removeprefix("EVENT_TYPE_").split("_")
    return "".join(word.capitalize() for word in words)


def _about(event: HistoryEvent) -> str:
    attributes = MessageToDict(getattr(event, str(event.WhichOneof("attributes"))))
    shown = _SHOWN_OF_WORKFLOW_TASKS if _name(event).startswith("WorkflowTask") else _SHOWN
    found = ((path.removesuffix(".name"), _field(attributes, path)) for path in shown)
    return " ".join(f"{name}={value}" for name, value in found if value not in (None, "", "0s"))


def _field(message: dict[str, Any], path: str) -> Any:
    value: Any = message
    for key in path.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return value
