"""Activities: their way through the queue, timeouts, retries, heartbeats, cancellation."""

from ..commands import (
    complete_workflow,
    failure,
    payload,
    payloads,
    request_cancel_activity,
    schedule_activity,
    secs,
)
from ..registry import scenario


@scenario
def one_activity(c):
    """The ordinary story: start, schedule an activity, run it, complete."""
    c.start()
    c.run_workflow_task(
        schedule_activity(c, input=payloads("in"), header={"fields": {"trace": payload("t")}})
    )
    c.describe()
    task = c.poll_activity()
    c.describe()
    c.complete_activity(task, result=payloads("out"))
    c.run_workflow_task(complete_workflow(result=payloads("out")))
    c.history()
    c.describe()


@scenario
def default_retry_policy(c):
    """Without a retry policy the server fills one in; a failure is retried and leaves no event."""
    c.start()
    c.run_workflow_task(schedule_activity(c, retry_policy=None))
    c.history()
    first = c.poll_activity()
    c.fail_activity(first, failure=failure("first"))
    c.describe()
    second = c.poll_activity()
    c.history()
    c.complete_activity(second)
    c.history()


@scenario
def fails_for_good(c):
    """The only attempt fails: ActivityTaskFailed."""
    c.start()
    c.run_workflow_task(schedule_activity(c))
    c.fail_activity(c.poll_activity(), failure=failure("no"))
    c.history()


@scenario
def start_to_close_timeout(c):
    """An attempt that takes too long."""
    c.start()
    c.run_workflow_task(schedule_activity(c, start_to_close_timeout=secs(1)))
    late = c.poll_activity()
    c.wait_for_event("ACTIVITY_TASK_TIMED_OUT")
    c.complete_activity(late)
    c.history()


@scenario
def schedule_to_start_timeout(c):
    """Nobody takes the activity in time."""
    c.start()
    c.run_workflow_task(schedule_activity(c, schedule_to_start_timeout=secs(1)))
    c.wait_for_event("ACTIVITY_TASK_TIMED_OUT")
    c.history()


@scenario
def schedule_to_close_timeout(c):
    """The whole activity takes too long while its attempt runs."""
    c.start()
    c.run_workflow_task(
        schedule_activity(
            c, schedule_to_close_timeout=secs(1), start_to_close_timeout=None, retry_policy=None
        )
    )
    c.poll_activity()
    c.wait_for_event("ACTIVITY_TASK_TIMED_OUT")
    c.history()


@scenario
def heartbeat_timeout(c):
    """Heartbeats stop: the timeout carries the last details."""
    c.start()
    c.run_workflow_task(schedule_activity(c, heartbeat_timeout=secs(1)))
    task = c.poll_activity()
    c.heartbeat(task, details=payloads("half"))
    c.describe()
    c.wait_for_event("ACTIVITY_TASK_TIMED_OUT")
    c.history()


@scenario
def cancel_started(c):
    """A started activity hears of its cancellation by heartbeat and answers Canceled."""
    c.start()
    c.run_workflow_task(schedule_activity(c))
    task = c.poll_activity()
    c.heartbeat(task)
    c.signal()
    c.run_workflow_task(request_cancel_activity(5))
    c.describe()
    c.heartbeat(task)
    c.cancel_activity(task, details=payloads("stopped"))
    c.history()


@scenario
def cancel_not_started(c):
    """Cancellation of an activity that nobody took."""
    c.start()
    c.run_workflow_task(schedule_activity(c))
    c.signal()
    c.run_workflow_task(request_cancel_activity(5))
    c.history()
    c.poll_activity(timeout=3)


@scenario
def canceled_without_request(c):
    """Canceled is refused where nobody asked for it."""
    c.start()
    c.run_workflow_task(schedule_activity(c))
    c.cancel_activity(c.poll_activity())
    c.history()
