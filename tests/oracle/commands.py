"""Plain data for requests: durations, payloads, failures and the commands of a workflow task's completion."""

from google.protobuf.duration_pb2 import Duration


def secs(seconds: float) -> Duration:
    """A duration; may be negative, which servers must refuse."""
    whole = int(seconds)
    return Duration(seconds=whole, nanos=round((seconds - whole) * 1e9))


def payload(text: str) -> dict:
    return {"metadata": {"encoding": b"json/plain"}, "data": f'"{text}"'.encode()}


def payloads(*texts: str) -> dict:
    return {"payloads": [payload(text) for text in texts]}


def keyword(text: str) -> dict:
    """A search attribute's value."""
    return {"metadata": {"encoding": b"json/plain", "type": b"Keyword"}, "data": f'"{text}"'.encode()}


def failure(message="broken", type="Broken", **info) -> dict:
    """An application failure: non_retryable, next_retry_delay and details go into its info."""
    return {"message": message, "source": "oracle", "application_failure_info": {"type": type, **info}}


def command(kind: str, **attributes) -> dict:
    """`kind` as in COMMAND_TYPE_<KIND>; the attributes' field follows from it."""
    return {"command_type": f"COMMAND_TYPE_{kind}", f"{kind.lower()}_command_attributes": attributes}


def complete_workflow(**attributes) -> dict:
    return command("COMPLETE_WORKFLOW_EXECUTION", **attributes)


def fail_workflow(**attributes) -> dict:
    attributes.setdefault("failure", failure())
    return command("FAIL_WORKFLOW_EXECUTION", **attributes)


def cancel_workflow(**attributes) -> dict:
    return command("CANCEL_WORKFLOW_EXECUTION", **attributes)


def continue_as_new(**attributes) -> dict:
    return command("CONTINUE_AS_NEW_WORKFLOW_EXECUTION", **attributes)


def start_timer(timer_id="t1", seconds: float = 1, **attributes) -> dict:
    attributes.setdefault("start_to_fire_timeout", secs(seconds))
    return command("START_TIMER", timer_id=timer_id, **attributes)


def cancel_timer(timer_id="t1") -> dict:
    return command("CANCEL_TIMER", timer_id=timer_id)


def schedule_activity(c, activity_id="a1", queue="queue", **attributes) -> dict:
    """An activity on the story's queue, with 10 s start-to-close and a single attempt unless told otherwise.
    None removes a default."""
    defaults = {
        "activity_id": activity_id,
        "activity_type": {"name": "Act"},
        "task_queue": {"name": c.id(queue)},
        "start_to_close_timeout": secs(10),
        "retry_policy": {"maximum_attempts": 1},
    }
    merged = {key: value for key, value in (defaults | attributes).items() if value is not None}
    return command("SCHEDULE_ACTIVITY_TASK", **merged)


def request_cancel_activity(scheduled_event_id: int) -> dict:
    return command("REQUEST_CANCEL_ACTIVITY_TASK", scheduled_event_id=scheduled_event_id)


def record_marker(name="marker", **attributes) -> dict:
    return command("RECORD_MARKER", marker_name=name, **attributes)


def upsert_search_attributes(**fields) -> dict:
    return command("UPSERT_WORKFLOW_SEARCH_ATTRIBUTES", search_attributes={"indexed_fields": fields})


def modify_properties(**fields) -> dict:
    return command("MODIFY_WORKFLOW_PROPERTIES", upserted_memo={"fields": fields})


def start_child(c, workflow_id="child", queue="children", **attributes) -> dict:
    """A child on a queue of its own. None removes a default."""
    defaults = {
        "workflow_id": c.id(workflow_id),
        "workflow_type": {"name": "Child"},
        "task_queue": {"name": c.id(queue)},
    }
    merged = {key: value for key, value in (defaults | attributes).items() if value is not None}
    return command("START_CHILD_WORKFLOW_EXECUTION", **merged)


def signal_external(c, workflow_id="other", run_id="", **attributes) -> dict:
    defaults = {
        "execution": {"workflow_id": c.id(workflow_id), "run_id": run_id},
        "signal_name": "go",
    }
    merged = {key: value for key, value in (defaults | attributes).items() if value is not None}
    return command("SIGNAL_EXTERNAL_WORKFLOW_EXECUTION", **merged)


def cancel_external(c, workflow_id="other", run_id="", **attributes) -> dict:
    defaults = {"workflow_id": c.id(workflow_id), "run_id": run_id}
    merged = {key: value for key, value in (defaults | attributes).items() if value is not None}
    return command("REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION", **merged)
