"""Activities that are tried again: backoff, what ends it, heartbeat details and timeouts between attempts."""

from ..commands import complete_workflow, failure, payloads, schedule_activity, secs
from ..registry import scenario

QUICK = {"initial_interval": secs(0.2), "backoff_coefficient": 1.0}


def scheduled(c, **attributes):
    """Preparation: a run with one activity scheduled."""
    task = c.started()
    with c.quiet():
        c.complete_workflow_task(task, schedule_activity(c, **attributes))


@scenario
def until_attempts_are_used_up(c):
    """Two attempts fail, the second is the last: Started with the first failure, then Failed."""
    scheduled(c, retry_policy={**QUICK, "maximum_attempts": 2})
    c.fail_activity(c.poll_activity(), failure=failure("first"))
    c.fail_activity(c.poll_activity(), failure=failure("second"))
    c.history(since=5)


@scenario
def non_retryable_failure(c):
    """A failure that calls itself non-retryable ends it."""
    scheduled(c, retry_policy=QUICK)
    c.fail_activity(c.poll_activity(), failure=failure("no", non_retryable=True, details=payloads("d")))
    c.history(since=5)


@scenario
def non_retryable_type(c):
    """A failure of a type that the policy names ends it."""
    scheduled(c, retry_policy={**QUICK, "non_retryable_error_types": ["Fatal"]})
    c.fail_activity(c.poll_activity(), failure=failure("no", type="Fatal"))
    c.history(since=5)


@scenario
def next_retry_delay(c):
    """The failure's own delay replaces the policy's interval."""
    scheduled(c, retry_policy={"initial_interval": secs(100)})
    c.fail_activity(c.poll_activity(), failure=failure("soon", next_retry_delay=secs(1)))
    c.describe()
    c.poll_activity()


@scenario
def heartbeat_details_reach_the_next_attempt(c):
    """The next attempt sees the last heartbeat's details, or those of the failure."""
    scheduled(c, retry_policy=QUICK)
    first = c.poll_activity()
    c.heartbeat(first, details=payloads("one"))
    c.fail_activity(first, failure=failure())
    second = c.poll_activity()
    c.fail_activity(second, failure=failure(), last_heartbeat_details=payloads("two"))
    third = c.poll_activity()
    c.complete_activity(third)
    c.history(since=5)


@scenario
def timeout_is_retried(c):
    """An attempt that takes too long is tried again; its late answer finds nothing."""
    scheduled(c, retry_policy=QUICK, start_to_close_timeout=secs(1))
    first = c.poll_activity()
    second = c.poll_activity()
    c.describe()
    c.complete_activity(first, result=payloads("late"))
    c.heartbeat(first)
    c.complete_activity(second, result=payloads("in time"))
    c.history(since=5)


@scenario
def heartbeat_timeout_is_retried(c):
    """An attempt whose heartbeats stop is tried again with its details."""
    scheduled(c, retry_policy=QUICK, heartbeat_timeout=secs(1))
    c.heartbeat(c.poll_activity(), details=payloads("half"))
    second = c.poll_activity()
    c.complete_activity(second)
    c.history(since=5)


@scenario
def timeout_type_not_retried(c):
    """A policy may name a timeout type as non-retryable."""
    scheduled(
        c,
        retry_policy={**QUICK, "non_retryable_error_types": ["TemporalTimeout:StartToClose"]},
        start_to_close_timeout=secs(1),
    )
    c.poll_activity()
    c.wait_for_event("ACTIVITY_TASK_TIMED_OUT")
    c.history(since=5)


@scenario
def schedule_to_close_leaves_no_time(c):
    """A retry that would begin after schedule-to-close is not made."""
    scheduled(c, retry_policy={"initial_interval": secs(60)}, schedule_to_close_timeout=secs(30))
    c.fail_activity(c.poll_activity(), failure=failure("only"))
    c.history(since=5)


@scenario
def schedule_to_close_between_attempts(c):
    """Schedule-to-close runs out while the next attempt waits for a worker: the cause is the last failure."""
    scheduled(c, retry_policy=QUICK, schedule_to_close_timeout=secs(2))
    c.fail_activity(c.poll_activity(), failure=failure("first"))
    c.wait_for_event("ACTIVITY_TASK_TIMED_OUT")
    c.history(since=5)


@scenario
def schedule_to_start_between_attempts(c):
    """Schedule-to-start applies to a later attempt, too."""
    scheduled(c, retry_policy=QUICK, schedule_to_start_timeout=secs(1))
    c.fail_activity(c.poll_activity(), failure=failure("first"))
    c.wait_for_event("ACTIVITY_TASK_TIMED_OUT")
    c.history(since=5)


@scenario
def workflow_closes_between_attempts(c):
    """The run closes while an activity waits for its next attempt: nothing more is dispatched."""
    scheduled(c, retry_policy={"initial_interval": secs(1)})
    first = c.poll_activity()
    c.fail_activity(first, failure=failure())
    c.signal()
    c.run_workflow_task(complete_workflow())
    c.poll_activity(timeout=4)
    c.complete_activity(first)
    c.history(since=5)


@scenario
def stale_token(c):
    """The first attempt's token does nothing to the second: complete, fail, cancel and heartbeat."""
    scheduled(c, retry_policy=QUICK)
    first = c.poll_activity()
    c.fail_activity(first, failure=failure())
    second = c.poll_activity()
    c.fail_activity(first, failure=failure())
    c.complete_activity(first)
    c.cancel_activity(first)
    c.heartbeat(first)
    c.complete_activity(second)
    c.complete_activity(second)
    c.history(since=5)


@scenario
def answer_during_backoff(c):
    """A token's second answer while the activity waits for its next attempt."""
    scheduled(c, retry_policy={"initial_interval": secs(60)})
    first = c.poll_activity()
    c.fail_activity(first, failure=failure())
    c.complete_activity(first)
    c.heartbeat(first)
    c.describe()
