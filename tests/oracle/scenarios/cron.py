"""Workflows with a cron schedule: each run is followed by the next one, at its time."""

from ..commands import (
    cancel_workflow,
    complete_workflow,
    continue_as_new,
    fail_workflow,
    failure,
    payload,
    payloads,
    secs,
)
from ..registry import scenario

EVERY = {"cron_schedule": "@every 1s"}
QUICK = {"initial_interval": secs(1), "backoff_coefficient": 1.0}


@scenario
def completes_and_comes_again(c):
    """The next run carries the result of the last one."""
    first = c.start(**EVERY, input=payloads("hello"), memo={"fields": {"note": payload("a memo")}})
    c.run_workflow_task(complete_workflow(result=payloads("one")))
    c.history(run_id=first.run_id)
    c.describe(run_id=first.run_id)
    second = c.poll_workflow_task()
    c.history()
    c.describe()
    c.complete_workflow_task(second, complete_workflow(result=payloads("two")))
    c.poll_workflow_task()


@scenario
def fails_and_comes_again(c):
    """A failure is told to the next run, with the result of the last one that had one."""
    with c.quiet():
        c.start(**EVERY)
    c.run_workflow_task(complete_workflow(result=payloads("one")))
    second = c.poll_workflow_task()
    c.complete_workflow_task(second, fail_workflow())
    c.history(run_id=second.workflow_execution.run_id)
    third = c.poll_workflow_task()
    c.complete_workflow_task(third, complete_workflow())
    c.history(run_id=third.workflow_execution.run_id)
    c.poll_workflow_task()


@scenario
def times_out_and_comes_again(c):
    """A timeout is a failure too."""
    first = c.start(**EVERY, workflow_run_timeout=secs(2), last_completion_result=payloads("earlier"))
    c.wait_for_close(run_id=first.run_id)
    c.history(run_id=first.run_id)
    c.poll_workflow_task()
    c.history()


@scenario
def retries_before_the_schedule(c):
    """With a retry policy the schedule waits until attempts have run out."""
    with c.quiet():
        c.start(**EVERY, retry_policy=QUICK | {"maximum_attempts": 2})
    first = c.poll_workflow_task()
    c.complete_workflow_task(first, fail_workflow())
    second = c.poll_workflow_task()
    c.complete_workflow_task(second, fail_workflow(failure=failure("again")))
    c.history(run_id=first.workflow_execution.run_id)
    c.history(run_id=second.workflow_execution.run_id)
    c.poll_workflow_task()


@scenario
def retry_then_schedule(c):
    """An attempt that completes goes on with the schedule."""
    with c.quiet():
        c.start(**EVERY, retry_policy=QUICK)
        c.run_workflow_task(complete_workflow(result=payloads("one")))
        c.run_workflow_task(fail_workflow())
    second = c.poll_workflow_task()
    c.complete_workflow_task(second, complete_workflow(result=payloads("two")))
    c.history(run_id=second.workflow_execution.run_id)
    c.poll_workflow_task()


@scenario
def final_failures_come_again(c):
    """What is not retryable still comes again by its schedule."""
    task = c.started(**EVERY, retry_policy=QUICK)
    c.complete_workflow_task(task, fail_workflow(failure=failure(non_retryable=True)))
    c.history(run_id=task.workflow_execution.run_id)
    c.poll_workflow_task()


@scenario
def canceled_is_the_end(c):
    """A run that says that it is canceled has no next one."""
    task = c.started(**EVERY)
    c.complete_workflow_task(task, cancel_workflow())
    c.history()
    c.describe()


@scenario
def terminated_is_the_end(c):
    """Nor has a terminated one, also while it waits for its time."""
    with c.quiet():
        c.start(cron_schedule="@every 1h")
    c.signal()
    c.terminate()
    c.history()
    c.describe()


@scenario
def cancel_while_it_waits(c):
    """A cancel request does not wait for the schedule."""
    with c.quiet():
        c.start(cron_schedule="@every 1h")
    c.cancel()
    c.run_workflow_task(cancel_workflow())
    c.history()


@scenario
def completes_before_its_time(c):
    """A run that a cancel request has woken, and that completes all the same: the next has its time."""
    with c.quiet():
        c.start(cron_schedule="@every 1h")
    c.cancel()
    task = c.poll_workflow_task()
    c.complete_workflow_task(task, complete_workflow())
    found = c.describe().workflow_execution_info
    was = c.quietly(
        "DescribeWorkflowExecution",
        {"namespace": c.namespace, "execution": c.execution(run_id=task.workflow_execution.run_id)},
    ).workflow_execution_info
    apart = found.execution_time.ToDatetime() - was.execution_time.ToDatetime()
    c.note("the next run is due when the last one was, to the second", abs(apart.total_seconds()) < 2)


@scenario
def continue_as_new_leaves_the_schedule(c):
    """A run that continues as new says what schedule the next one has."""
    task = c.started(**EVERY)
    c.complete_workflow_task(task, continue_as_new(backoff_start_interval=secs(1)))
    c.history(run_id=task.workflow_execution.run_id)
    second = c.poll_workflow_task()
    c.complete_workflow_task(second, continue_as_new(**EVERY, backoff_start_interval=secs(1)))
    c.history(run_id=second.workflow_execution.run_id)
    c.run_workflow_task(complete_workflow())
    c.poll_workflow_task()


@scenario
def eager_start_is_refused(c):
    """A scheduled start is not eager."""
    c.start(cron_schedule="@every 1h", request_eager_execution=True)
    c.history()


@scenario
def schedules_that_are_taken(c):
    """Forms of schedules."""
    for number, schedule in enumerate(
        (
            "* * * * *",
            "*/5 1-3,7 1 jan,FEB mon-fri",
            "0 0 29 2 ?",
            "@hourly",
            "@daily",
            "@midnight",
            "@weekly",
            "@monthly",
            "@yearly",
            "@annually",
            "@every 1h30m",
            "@every 10ms",
            "CRON_TZ=America/New_York 30 4 * * *",
            "TZ=Asia/Tokyo 30 4 * * *",
            "CRON_TZ=UTC @every 90s",
            "  5  4 * * *  ",
        )
    ):
        name = f"wf{number}"
        with c.quiet():
            c.start(name, cron_schedule=schedule)
            event = c.history(name).history.events[0]
        started = event.workflow_execution_started_event_attributes
        c.note("the schedule is kept", [schedule, started.cron_schedule])
        c.note("and the run waits", started.first_workflow_task_backoff.ToTimedelta().total_seconds() > 0)


@scenario
def schedules_in_time_zones(c):
    """The first run is due at the next such time of the zone."""
    from datetime import datetime, timedelta
    from zoneinfo import ZoneInfo

    for zone, schedule in (
        ("UTC", "17 3 * * *"),
        ("America/New_York", "17 3 * * *"),
        ("Asia/Kolkata", "17 3 * * sun"),
        ("Australia/Lord_Howe", "17 3 1 * *"),
    ):
        name = f"{zone} {schedule}"
        with c.quiet():
            c.start(name, cron_schedule=f"CRON_TZ={zone} {schedule}")
            event = c.history(name).history.events[0]
        backoff = event.workflow_execution_started_event_attributes.first_workflow_task_backoff
        due = datetime.fromtimestamp(event.event_time.seconds, ZoneInfo("UTC")) + timedelta(
            seconds=backoff.seconds
        )
        local = due.astimezone(ZoneInfo(zone))
        c.note(name, [local.hour, local.minute])


@scenario
def starts_against_a_schedule(c):
    """A run that waits for its time is open."""
    with c.quiet():
        c.start(cron_schedule="@every 1h", request_id="same")
    c.start()
    c.start(request_id="same", cron_schedule="@every 1h")
    c.start(workflow_id_conflict_policy="WORKFLOW_ID_CONFLICT_POLICY_TERMINATE_EXISTING")
    c.describe()


@scenario
def execution_timeout_of_a_schedule(c):
    """The execution timeout ends the schedule."""
    with c.quiet():
        c.start(**EVERY, workflow_execution_timeout=secs(6), workflow_run_timeout=secs(100))
    c.run_workflow_task(complete_workflow())
    c.poll_workflow_task()
    c.wait_for_close()
