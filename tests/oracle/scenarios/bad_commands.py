"""Commands that are wrong: the cause of the failed workflow task and the error that the worker gets."""

from ..commands import (
    cancel_timer,
    cancel_workflow,
    command,
    complete_workflow,
    keyword,
    modify_properties,
    payload,
    payloads,
    record_marker,
    request_cancel_activity,
    schedule_activity,
    secs,
    start_timer,
    upsert_search_attributes,
)
from ..registry import scenario

TOO_LONG = "x" * 1001


def refused(c, *commands):
    """Completes the first task of a new run, on its own queue, and shows what became of it."""
    run = f"wf{len(c.steps)}"
    task = c.started(run, queue=f"queue of {run}")
    c.complete_workflow_task(task, *commands)
    c.history(run, since=4)


@scenario
def activity_without_names(c):
    """ScheduleActivityTask without id, type or attributes; without a queue it gets the workflow's."""
    refused(c, schedule_activity(c, activity_id=None))
    refused(c, schedule_activity(c, activity_type=None))
    refused(c, schedule_activity(c, activity_type={"name": ""}))
    refused(c, {"command_type": "COMMAND_TYPE_SCHEDULE_ACTIVITY_TASK"})
    refused(c, schedule_activity(c, task_queue=None))
    refused(c, schedule_activity(c, task_queue={"name": ""}))


@scenario
def activity_with_bad_timeouts(c):
    """Activity timeouts that are missing or negative."""
    refused(c, schedule_activity(c, start_to_close_timeout=None))
    refused(c, schedule_activity(c, start_to_close_timeout=None, schedule_to_start_timeout=secs(5)))
    refused(c, schedule_activity(c, start_to_close_timeout=secs(-1)))
    refused(c, schedule_activity(c, schedule_to_close_timeout=secs(-1)))
    refused(c, schedule_activity(c, schedule_to_start_timeout=secs(-1)))
    refused(c, schedule_activity(c, heartbeat_timeout=secs(-1)))


@scenario
def activity_with_bad_retry_policy(c):
    """Retry policies that make no sense."""
    for policy in (
        {"initial_interval": secs(-1)},
        {"backoff_coefficient": 0.5},
        {"maximum_interval": secs(-1)},
        {"initial_interval": secs(10), "maximum_interval": secs(5)},
        {"maximum_attempts": -1},
        {"non_retryable_error_types": ["TemporalTimeout:Nonsense"]},
    ):
        refused(c, schedule_activity(c, retry_policy=policy))


@scenario
def activity_with_names_too_long(c):
    """Names of more than 1,000 characters."""
    refused(c, schedule_activity(c, activity_id=TOO_LONG))
    refused(c, schedule_activity(c, activity_type={"name": TOO_LONG}))
    refused(c, schedule_activity(c, task_queue={"name": TOO_LONG}))


@scenario
def activity_id_in_use(c):
    """Two pending activities with one id, in one completion and in two."""
    refused(c, schedule_activity(c), schedule_activity(c))
    with c.quiet():
        c.start()
        c.run_workflow_task(schedule_activity(c))
        c.signal()
        task = c.poll_workflow_task()
    c.complete_workflow_task(task, schedule_activity(c))
    c.history(since=4)


@scenario
def cancel_of_unknown_activity(c):
    """RequestCancelActivityTask for an event that is none, or that schedules no activity."""
    refused(c, request_cancel_activity(0))
    refused(c, request_cancel_activity(77))
    refused(c, request_cancel_activity(2))
    refused(c, {"command_type": "COMMAND_TYPE_REQUEST_CANCEL_ACTIVITY_TASK"})


@scenario
def cancel_of_completed_activity(c):
    """RequestCancelActivityTask for an activity that is done."""
    with c.quiet():
        c.start()
        c.run_workflow_task(schedule_activity(c))
        c.complete_activity(c.poll_activity())
        task = c.poll_workflow_task()
    c.complete_workflow_task(task, request_cancel_activity(5))
    c.history(since=8)


@scenario
def timers(c):
    """StartTimer with bad ids, a negative time, and a timer id in use."""
    refused(c, start_timer(""))
    refused(c, start_timer(TOO_LONG))
    refused(c, start_timer(seconds=-1))
    refused(c, {"command_type": "COMMAND_TYPE_START_TIMER"})
    refused(c, start_timer(seconds=60), start_timer(seconds=60))


@scenario
def cancel_of_unknown_timer(c):
    """CancelTimer without an id and for a timer that is none."""
    refused(c, cancel_timer(""))
    refused(c, cancel_timer("none"))
    refused(c, cancel_timer(TOO_LONG))
    refused(c, {"command_type": "COMMAND_TYPE_CANCEL_TIMER"})


@scenario
def closing_without_attributes(c):
    """Complete, fail and cancel without their attributes; fail without a failure."""
    refused(c, {"command_type": "COMMAND_TYPE_COMPLETE_WORKFLOW_EXECUTION"})
    refused(c, {"command_type": "COMMAND_TYPE_FAIL_WORKFLOW_EXECUTION"})
    refused(c, command("FAIL_WORKFLOW_EXECUTION"))
    refused(c, {"command_type": "COMMAND_TYPE_CANCEL_WORKFLOW_EXECUTION"})


@scenario
def after_the_close(c):
    """Commands after the one that closes the run, and two that close it."""
    refused(c, complete_workflow(), start_timer())
    refused(c, complete_workflow(), complete_workflow())
    refused(c, cancel_workflow(), complete_workflow())


@scenario
def markers(c):
    """RecordMarker without a name, with one that is too long, without attributes."""
    refused(c, record_marker(""))
    refused(c, record_marker(TOO_LONG))
    refused(c, {"command_type": "COMMAND_TYPE_RECORD_MARKER"})


@scenario
def search_attributes(c):
    """UpsertWorkflowSearchAttributes with nothing, an unknown name, a wrong type, a reserved name."""
    refused(c, upsert_search_attributes())
    refused(c, {"command_type": "COMMAND_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES"})
    refused(c, upsert_search_attributes(NobodyKnowsThis=keyword("x")))
    refused(c, upsert_search_attributes(OracleInt=payload("not a number")))
    refused(c, upsert_search_attributes(WorkflowId=keyword("x")))


@scenario
def memo(c):
    """ModifyWorkflowProperties with nothing in it."""
    refused(c, modify_properties())
    refused(c, {"command_type": "COMMAND_TYPE_MODIFY_WORKFLOW_PROPERTIES"})


@scenario
def unknown_kind(c):
    """A command without a type."""
    refused(c, {})
    refused(c, {"command_type": "COMMAND_TYPE_PROTOCOL_MESSAGE"})


@scenario
def first_good_then_bad(c):
    """A bad command undoes the good ones before it in the same completion."""
    refused(c, schedule_activity(c), start_timer(seconds=60), start_timer(""))


@scenario
def too_large(c):
    """Payloads of more than 2 MB in an activity's input, a marker and a result."""
    big = payloads("x" * 2_200_000)
    refused(c, schedule_activity(c, input=big))
    refused(c, record_marker(details={"big": big}))
    refused(c, complete_workflow(result=big))
