"""Reading event histories in tests: short names of events, and their attributes."""

from collections.abc import Iterable
from typing import Any

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import WorkflowHandle


async def events(handle: WorkflowHandle[Any, Any]) -> list[HistoryEvent]:
    """The history, checked for what holds for every one: event ids count up from 1 without a gap."""
    found = [event async for event in handle.fetch_history_events()]
    assert [event.event_id for event in found] == list(range(1, len(found) + 1))
    return found


def name(event: HistoryEvent) -> str:
    """EVENT_TYPE_TIMER_FIRED is TimerFired."""
    words = EventType.Name(event.event_type).removeprefix("EVENT_TYPE_").split("_")
    return "".join(word.capitalize() for word in words)


def names(history: Iterable[HistoryEvent], without_workflow_tasks: bool = False) -> list[str]:
    found = [name(event) for event in history]
    return [n for n in found if not (without_workflow_tasks and n.startswith("WorkflowTask"))]


def attributes(event: HistoryEvent) -> Any:
    return getattr(event, str(event.WhichOneof("attributes")))


def of_type(history: Iterable[HistoryEvent], event_name: str) -> list[Any]:
    """The attributes of each event of that name, in order."""
    return [attributes(event) for event in history if name(event) == event_name]


def only(history: Iterable[HistoryEvent], event_name: str) -> Any:
    """The attributes of the one event of that name; fails where there is none, or several."""
    found = of_type(history, event_name)
    assert len(found) == 1, f"{len(found)} events {event_name} in {names(history)}"
    return found[0]
