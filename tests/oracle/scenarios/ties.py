"""Deadlines of one moment, and other things that only a second look finds."""

from ..commands import complete_workflow, schedule_activity, secs, start_timer
from ..registry import scenario


@scenario
def eager_start_repeated(c):
    """A repeated eager start is given the running task again, until that has been completed."""
    first = c.start(request_id="same", request_eager_execution=True)
    again = c.start(request_id="same", request_eager_execution=True)
    c.complete_workflow_task(again.eager_workflow_task, complete_workflow())
    c.complete_workflow_task(first.eager_workflow_task, complete_workflow())
    c.start(request_id="same", request_eager_execution=True)


@scenario
def eager_start_with_one_timeout(c):
    """The run timeout and the task's start-to-close timeout end together: the run's goes first."""
    c.start(request_eager_execution=True, workflow_run_timeout=secs(2))
    c.wait_for_close()
    c.history()


@scenario
def eager_activity_with_schedule_to_close_alone(c):
    """Schedule-to-close and the start-to-close that follows from it end together: the former goes first."""
    task = c.started()
    one = {"schedule_to_close_timeout": secs(1), "start_to_close_timeout": None}
    c.complete_workflow_task(task, schedule_activity(c, request_eager_execution=True, **one))
    c.wait_for_event("ACTIVITY_TASK_TIMED_OUT")
    c.history(since=4)


@scenario
def waiting_activity_with_schedule_to_close_alone(c):
    """Nobody takes the activity: schedule-to-start, which follows from schedule-to-close, ends with it."""
    task = c.started()
    one = {"schedule_to_close_timeout": secs(1), "start_to_close_timeout": None}
    c.complete_workflow_task(task, schedule_activity(c, **one))
    c.wait_for_event("ACTIVITY_TASK_TIMED_OUT")
    c.history(since=4)


@scenario
def heartbeat_and_start_to_close(c):
    """A heartbeat timeout as long as start-to-close."""
    task = c.started()
    both = {"heartbeat_timeout": secs(1), "start_to_close_timeout": secs(1)}
    with c.quiet():
        c.complete_workflow_task(task, schedule_activity(c, **both))
        c.poll_activity()
    c.wait_for_event("ACTIVITY_TASK_TIMED_OUT")
    c.history(since=4)


@scenario
def by_id_timeout_failure_schedule_to_close(c):
    """By id an activity may be failed with a timeout: schedule-to-close ends it."""
    _fail_by_id(c, timeout_failure_info={"timeout_type": "TIMEOUT_TYPE_SCHEDULE_TO_CLOSE"})


@scenario
def by_id_timeout_failure_schedule_to_start(c):
    """The same with schedule-to-start."""
    _fail_by_id(c, timeout_failure_info={"timeout_type": "TIMEOUT_TYPE_SCHEDULE_TO_START"})


@scenario
def by_id_timeout_failure_start_to_close(c):
    """Start-to-close is of the attempt: it is retried."""
    _fail_by_id(c, timeout_failure_info={"timeout_type": "TIMEOUT_TYPE_START_TO_CLOSE"})


@scenario
def by_id_failure_without_info(c):
    """A failure that says nothing of its kind is retried."""
    _fail_by_id(c)


@scenario
def by_id_no_failure(c):
    """By id no failure need be given."""
    activity = _retrying_activity(c)
    c.activity_by_id("RespondActivityTaskFailedById", failure=None)
    c.describe()
    c.note("attempt", activity.attempt)


def _retrying_activity(c):
    task = c.started()
    with c.quiet():
        policy = {"initial_interval": secs(30), "maximum_attempts": 3}
        c.complete_workflow_task(task, schedule_activity(c, retry_policy=policy))
        return c.poll_activity()


def _fail_by_id(c, **info):
    _retrying_activity(c)
    c.activity_by_id(
        "RespondActivityTaskFailedById", failure={"message": "broken", "source": "oracle", **info}
    )
    c.describe()
    c.history(since=5)


@scenario
def sticky_task_reset(c):
    """ResetStickyTaskQueue with a task pending: its deadline stands, and it is scheduled anew."""
    task = c.started()
    with c.quiet():
        c.complete_workflow_task(task, sticky_attributes=c.sticky(timeout=2))
        c.signal()
    c.call("ResetStickyTaskQueue", {"namespace": c.namespace, "execution": c.execution()})
    c.wait_for_event("WORKFLOW_TASK_TIMED_OUT")
    c.history(since=5)
    c.run_workflow_task(complete_workflow())


@scenario
def sticky_task_whose_worker_is_gone(c):
    """Nobody has ever polled the sticky queue."""
    task = c.started()
    with c.quiet():
        c.complete_workflow_task(task, sticky_attributes=c.sticky(timeout=2))
        c.signal()
    c.wait_for_event("WORKFLOW_TASK_TIMED_OUT")
    c.history(since=5)
    c.run_workflow_task(complete_workflow())


@scenario
def sticky_task_taken_after_a_reset(c):
    """A worker takes the moved task in time."""
    task = c.started()
    with c.quiet():
        c.complete_workflow_task(task, sticky_attributes=c.sticky(timeout=4))
        c.signal()
    c.call("ResetStickyTaskQueue", {"namespace": c.namespace, "execution": c.execution()})
    c.poll_workflow_task()
    c.history(since=5)


@scenario
def more_commands_than_a_history_holds(c):
    """One completion leads over the limit of events: it is undone, and the run is terminated."""
    task = c.started()
    timers = [start_timer(f"t{number}", 1000) for number in range(60_000)]
    call = c.begin(
        "RespondWorkflowTaskCompleted",
        {"namespace": c.namespace, "task_token": task.task_token, "commands": timers, "identity": "oracle"},
    )
    answer = call.outcome()
    c.note("the answer", [answer.code().name, answer.details()])
    c.history()
