"""Retry policies of workflows: a run that fails or times out is followed by another attempt."""

from ..commands import (
    cancel_workflow,
    complete_workflow,
    continue_as_new,
    fail_workflow,
    failure,
    keyword,
    modify_properties,
    payload,
    payloads,
    secs,
    upsert_search_attributes,
)
from ..registry import scenario

QUICK = {"initial_interval": secs(1), "backoff_coefficient": 1.0}
SLOW = {"initial_interval": secs(60)}  # the next attempt begins after the scenario
SOON = {"initial_interval": secs(5)}


@scenario
def fails_then_completes(c):
    """The next attempt carries what the run was started with, and the failure."""
    first = c.start(
        input=payloads("hello"),
        retry_policy=SOON,
        workflow_execution_timeout=secs(300),
        memo={"fields": {"note": payload("a memo")}},
        search_attributes={"indexed_fields": {"OracleKeyword": keyword("blue")}},
        header={"fields": {"trace": payload("t-1")}},
        user_metadata={"summary": payload("a summary")},
        priority={"priority_key": 2},
    )
    c.run_workflow_task(
        modify_properties(more=payload("more")),
        upsert_search_attributes(OracleKeyword=keyword("red")),
        fail_workflow(),
    )
    c.history(run_id=first.run_id)
    c.describe(run_id=first.run_id)
    c.describe()
    c.run_workflow_task(complete_workflow(result=payloads("done")))
    c.history()
    c.describe()


@scenario
def defaults_are_filled_in(c):
    """A policy that says nothing: a second, twice as long each time."""
    first = c.start(retry_policy={})
    c.run_workflow_task(fail_workflow())
    c.history(run_id=first.run_id)
    c.run_workflow_task(fail_workflow())
    c.history()


@scenario
def attempts_run_out(c):
    """The last attempt's failure is the workflow's."""
    first = c.start(retry_policy=QUICK | {"maximum_attempts": 2})
    c.run_workflow_task(fail_workflow())
    c.run_workflow_task(fail_workflow(failure=failure("again")))
    c.history(run_id=first.run_id)
    c.history()
    c.describe()


@scenario
def one_attempt_alone(c):
    """A policy of one attempt retries nothing; what is not retryable is told first."""
    for name, info in (("plain", {}), ("final", {"non_retryable": True})):
        task = c.started(name, queue=name, retry_policy={"maximum_attempts": 1})
        c.complete_workflow_task(task, fail_workflow(failure=failure(**info)))
        c.history(name)


@scenario
def failures_that_are_not_retried(c):
    """By their own word, or by the policy's types."""
    policy = QUICK | {"non_retryable_error_types": ["Broken", "TemporalTimeout:StartToClose"]}
    for name, what in (
        ("own word", failure(type="Other", non_retryable=True)),
        ("type", failure(type="Broken")),
        ("canceled", {"message": "canceled", "canceled_failure_info": {}}),
        ("terminated", {"message": "terminated", "terminated_failure_info": {}}),
        ("server", {"message": "server", "server_failure_info": {"non_retryable": True}}),
        (
            "timeout",
            {"message": "timeout", "timeout_failure_info": {"timeout_type": "TIMEOUT_TYPE_START_TO_CLOSE"}},
        ),
    ):
        task = c.started(name, queue=name, retry_policy=policy)
        c.complete_workflow_task(task, fail_workflow(failure=what))
        c.history(name, since=5)


@scenario
def failures_that_are_retried(c):
    """A cause that is not retryable does not count, nor a failure without a kind."""
    for name, what in (
        ("cause", failure(type="Other") | {"cause": failure(non_retryable=True)}),
        ("no kind", {"message": "no kind"}),
        ("activity", {"message": "a", "activity_failure_info": {"activity_id": "a1"}}),
        ("server", {"message": "server", "server_failure_info": {}}),
    ):
        task = c.started(name, queue=name, retry_policy=SLOW)
        c.complete_workflow_task(task, fail_workflow(failure=what))
        c.history(name, run_id=task.workflow_execution.run_id, since=5)
        c.history(name)


@scenario
def requested_delay(c):
    """A failure may say when the next attempt begins."""
    task = c.started(retry_policy=QUICK)
    c.complete_workflow_task(task, fail_workflow(failure=failure(next_retry_delay=secs(30))))
    c.history()


@scenario
def intervals_grow_and_are_cut(c):
    """Each interval is longer, up to the policy's maximum."""
    policy = {"initial_interval": secs(1), "backoff_coefficient": 5.0, "maximum_interval": secs(3)}
    with c.quiet():
        c.start(retry_policy=policy)
        c.run_workflow_task(fail_workflow())
        c.run_workflow_task(fail_workflow())
    c.history()


@scenario
def execution_timeout_ends_retries(c):
    """No attempt begins after the end of the execution."""
    task = c.started(retry_policy={"initial_interval": secs(20)}, workflow_execution_timeout=secs(10))
    c.complete_workflow_task(task, fail_workflow())
    c.history()


@scenario
def run_times_out_and_is_retried(c):
    """A run that takes too long is tried again."""
    first = c.start(
        retry_policy=QUICK | {"maximum_attempts": 2},
        workflow_run_timeout=secs(1),
        last_completion_result=payloads("earlier"),
    )
    c.wait_for_close(run_id=first.run_id)
    c.history(run_id=first.run_id)
    c.wait_for_close()
    c.history()


@scenario
def timeouts_that_are_not_retried(c):
    """The policy may name the timeout."""
    c.start(
        retry_policy=QUICK | {"non_retryable_error_types": ["TemporalTimeout:StartToClose"]},
        workflow_run_timeout=secs(1),
    )
    c.wait_for_close()


@scenario
def execution_times_out(c):
    """The end of the execution is the end of retries."""
    c.start(retry_policy=QUICK, workflow_execution_timeout=secs(1))
    c.wait_for_close()


@scenario
def canceled_and_terminated_are_not_retried(c):
    """A run that ends by cancel or terminate has no next attempt."""
    task = c.started("canceled", queue="one", retry_policy=QUICK)
    c.complete_workflow_task(task, cancel_workflow())
    c.history("canceled", since=5)
    with c.quiet():
        c.start("terminated", retry_policy=QUICK)
    c.terminate("terminated")
    c.history("terminated")


@scenario
def attempts_over_continue_as_new(c):
    """Continue-as-new begins with attempt one; the policy is the command's."""
    with c.quiet():
        c.start(retry_policy=QUICK)
        c.run_workflow_task(fail_workflow())
        c.run_workflow_task(
            continue_as_new(retry_policy=SLOW | {"maximum_attempts": 2}, backoff_start_interval=secs(1))
        )
    c.run_workflow_task(fail_workflow())
    c.history()


@scenario
def signal_during_the_backoff(c):
    """A signal waits for the next attempt's first task; a terminate does not."""
    task = c.started(retry_policy=SOON)
    c.complete_workflow_task(task, fail_workflow())
    c.signal()
    c.poll_workflow_task()
    c.history()
    c.terminate()
    c.describe()


@scenario
def buffered_events_forbid_the_end(c):
    """A failure over unseen events fails the task, retry policy or not."""
    task = c.started(retry_policy=SLOW)
    c.signal()
    c.complete_workflow_task(task, fail_workflow())
    c.run_workflow_task(fail_workflow())
    c.history(run_id=task.workflow_execution.run_id, since=3)
    c.history()


@scenario
def timeout_with_running_task(c):
    """The running task fails first; its completion finds nothing, and the next attempt is open."""
    task = c.started(retry_policy=SLOW, workflow_run_timeout=secs(4))
    c.signal()
    c.wait_for_close(run_id=task.workflow_execution.run_id)
    c.complete_workflow_task(task, complete_workflow())
    c.history(run_id=task.workflow_execution.run_id, since=3)
    c.history()


@scenario
def reset_points_of_attempts(c):
    """Points to reset to are handed on to the next attempt."""
    task = c.started(retry_policy=SLOW)
    c.complete_workflow_task(task, fail_workflow(), binary_checksum="one")
    c.history()
    c.describe()
