"""Activities on their own: start, what a worker gets, results, descriptions, long polls, ids used again."""

from ..commands import failure, keyword, payload, payloads, secs
from ..registry import scenario
from ..standalone import (
    ask,
    begin_outcome,
    by_id,
    delete,
    describe,
    outcome,
    start,
    started,
    wait_until,
)

QUICK = {"initial_interval": secs(0.2), "backoff_coefficient": 1.0}


@scenario
def one_activity(c):
    """The ordinary story: start, poll, heartbeat, complete, outcome."""
    first = start(
        c,
        input=payloads("in"),
        header={"fields": {"trace": payload("t")}},
        user_metadata={"summary": payload("short"), "details": payload("long")},
        search_attributes={"indexed_fields": {"OracleKeyword": keyword("blue")}},
        priority={"priority_key": 2},
    )
    describe(c)
    task = c.poll_activity()
    describe(c, include_input=False)
    c.heartbeat(task, details=payloads("half"))
    describe(c)
    c.complete_activity(task, result=payloads("out"))
    outcome(c)
    outcome(c, run_id=first.run_id)
    describe(c)


@scenario
def only_what_is_asked_for(c):
    """Without include flags a description has no input, outcome, heartbeat details or failure."""
    task = started(c, input=payloads("in"))
    with c.quiet():
        c.heartbeat(task, details=payloads("half"))
        c.fail_activity(task, failure=failure("no"))
    c.call(
        "DescribeActivityExecution",
        {"namespace": c.namespace, "activity_id": c.id("act")},
    )


@scenario
def defaults_are_filled_in(c):
    """Without a retry policy and with one timeout the server fills in the rest."""
    start(c, retry_policy=None, start_to_close_timeout=None, schedule_to_close_timeout=secs(20))
    describe(c)
    start(c, "other", retry_policy=None, heartbeat_timeout=secs(30), request_id="")
    describe(c, "other")
    c.poll_activity()


@scenario
def fails_for_good(c):
    """The only attempt fails."""
    task = started(c)
    c.fail_activity(task, failure=failure("no", details=payloads("d")))
    outcome(c)
    describe(c)


@scenario
def fails_without_a_failure(c):
    """A worker that says nothing about its failure."""
    task = started(c)
    c.fail_activity(task)
    outcome(c)


@scenario
def is_retried(c):
    """A failed attempt is followed by another, which sees the heartbeat details; the second is the last."""
    task = started(c, retry_policy={**QUICK, "maximum_attempts": 2})
    c.heartbeat(task, details=payloads("one"))
    c.fail_activity(task, failure=failure("first"))
    second = c.poll_activity()
    describe(c)
    c.fail_activity(second, failure=failure("second"), last_heartbeat_details=payloads("two"))
    outcome(c)
    describe(c)


@scenario
def waits_between_attempts(c):
    """The failure's own delay; while it passes the description says when the next attempt comes."""
    task = started(c, retry_policy={"initial_interval": secs(100)})
    c.fail_activity(task, failure=failure("soon", next_retry_delay=secs(2)))
    describe(c)
    c.poll_activity()
    describe(c)


@scenario
def non_retryable(c):
    """Failures that are not retried: by themselves, and by the policy's types."""
    task = started(c, retry_policy=QUICK)
    c.fail_activity(task, failure=failure("no", non_retryable=True))
    outcome(c)
    task = started(c, "other", retry_policy={**QUICK, "non_retryable_error_types": ["Fatal"]})
    c.fail_activity(task, failure=failure("no", type="Fatal"))
    outcome(c, "other")


@scenario
def start_to_close_timeout(c):
    """An attempt that takes too long is retried once, then ends the activity; late answers find nothing."""
    late = started(c, start_to_close_timeout=secs(1), retry_policy={**QUICK, "maximum_attempts": 2})
    c.heartbeat(late, details=payloads("half"))
    c.poll_activity()
    c.complete_activity(late)
    outcome(c)
    describe(c)


@scenario
def schedule_to_start_timeout(c):
    """Nobody takes the activity in time."""
    start(c, schedule_to_start_timeout=secs(1), retry_policy=QUICK)
    outcome(c)
    describe(c)


@scenario
def schedule_to_close_timeout(c):
    """The whole activity takes too long while an attempt runs."""
    started(c, schedule_to_close_timeout=secs(1), start_to_close_timeout=secs(1), retry_policy=None)
    outcome(c)
    describe(c)


@scenario
def no_time_for_a_retry(c):
    """The next attempt would begin after the deadline of the whole: by failure and by timeout."""
    task = started(c, schedule_to_close_timeout=secs(5), retry_policy={"initial_interval": secs(10)})
    c.fail_activity(task, failure=failure("slow"))
    outcome(c)
    started(
        c,
        "other",
        schedule_to_close_timeout=secs(5),
        start_to_close_timeout=secs(1),
        retry_policy={"initial_interval": secs(10)},
    )
    outcome(c, "other")


@scenario
def heartbeat_timeout(c):
    """Heartbeats stop: the timeout carries the last details."""
    task = started(c, heartbeat_timeout=secs(1))
    c.heartbeat(task, details=payloads("half"))
    outcome(c)
    describe(c)


@scenario
def start_delay(c):
    """A delayed start: described as waiting, then handed out; the deadline counts from the delayed time."""
    start(c, start_delay=secs(1), schedule_to_close_timeout=secs(20))
    describe(c)
    c.poll_activity()
    describe(c)


@scenario
def start_delay_and_schedule_to_start(c):
    """Schedule-to-start counts from the delayed time."""
    start(c, start_delay=secs(1), schedule_to_start_timeout=secs(1))
    outcome(c)
    describe(c)


@scenario
def cancel_not_started(c):
    """An activity that nobody took is canceled at once."""
    start(c)
    ask(c, "RequestCancel", reason="enough", request_id="cancel-1")
    outcome(c)
    describe(c)
    ask(c, "RequestCancel", reason="enough", request_id="cancel-1")
    ask(c, "RequestCancel", reason="again", request_id="cancel-2")
    c.poll_activity(timeout=3)


@scenario
def cancel_started(c):
    """A running attempt hears of it by heartbeat and answers Canceled."""
    task = started(c)
    ask(c, "RequestCancel", reason="enough", request_id="cancel-1")
    describe(c)
    c.heartbeat(task)
    ask(c, "RequestCancel", reason="enough", request_id="cancel-1")
    ask(c, "RequestCancel", reason="again", request_id="cancel-2")
    c.cancel_activity(task, details=payloads("stopped"))
    outcome(c)
    describe(c)


@scenario
def completes_although_canceled(c):
    """A running attempt need not heed the cancellation."""
    task = started(c)
    with c.quiet():
        ask(c, "RequestCancel", reason="enough")
    c.complete_activity(task, result=payloads("out"))
    outcome(c)
    describe(c)


@scenario
def fails_after_cancel_request(c):
    """A failure or a timeout after the request is not retried."""
    task = started(c, retry_policy=QUICK)
    with c.quiet():
        ask(c, "RequestCancel", reason="enough")
    c.fail_activity(task, failure=failure("no"))
    outcome(c)
    started(c, "other", start_to_close_timeout=secs(1), retry_policy=QUICK)
    with c.quiet():
        ask(c, "RequestCancel", "other", reason="enough")
    outcome(c, "other")


@scenario
def terminate(c):
    """Terminated: the reason and who did it; once more with the same request id, and with another."""
    task = started(c)
    ask(c, "Terminate", reason="away", request_id="end-1")
    outcome(c)
    describe(c)
    c.complete_activity(task)
    c.heartbeat(task)
    ask(c, "Terminate", reason="away", request_id="end-1")
    ask(c, "Terminate", reason="away", request_id="end-2")


@scenario
def long_poll_for_the_outcome(c):
    """A poll waits for the end; one whose time is up is answered empty."""
    task = started(c)
    outcome(c, timeout=3)
    poll = begin_outcome(c)
    c.complete_activity(task, result=payloads("out"))
    poll.result()


@scenario
def long_poll_for_a_change(c):
    """A description's token waits for the next change; without one it is answered empty."""
    task = started(c)
    seen = describe(c)
    poll = c.begin(
        "DescribeActivityExecution",
        {
            "namespace": c.namespace,
            "activity_id": c.id("act"),
            "run_id": seen.run_id,
            "long_poll_token": seen.long_poll_token,
        },
        20,
    )
    c.heartbeat(task, details=payloads("half"))
    second = poll.result()
    c.call(
        "DescribeActivityExecution",
        {
            "namespace": c.namespace,
            "activity_id": c.id("act"),
            "run_id": seen.run_id,
            "long_poll_token": second.long_poll_token,
        },
        3,
    )


@scenario
def by_id_calls(c):
    """A worker's calls that name the activity by its id, without a workflow."""
    first = start(c)
    by_id(c, "RecordActivityTaskHeartbeatById")
    by_id(c, "RespondActivityTaskFailedById", failure=failure())
    with c.quiet():
        c.poll_activity()
    by_id(c, "RecordActivityTaskHeartbeatById", details=payloads("half"))
    by_id(c, "RespondActivityTaskCanceledById")
    by_id(c, "RespondActivityTaskCompletedById", run_id=first.run_id, result=payloads("out"))
    outcome(c)
    by_id(c, "RespondActivityTaskCompletedById")


@scenario
def completed_by_id_before_a_worker_has_it(c):
    """Completing by id needs no start."""
    start(c)
    by_id(c, "RespondActivityTaskCompletedById", result=payloads("out"))
    outcome(c)
    describe(c)
    c.poll_activity(timeout=3)


@scenario
def ids_used_again(c):
    """Reuse policies after a success and after a failure."""
    first = started(c)
    with c.quiet():
        c.complete_activity(first)
    start(c, id_reuse_policy="ACTIVITY_ID_REUSE_POLICY_REJECT_DUPLICATE")
    start(c, id_reuse_policy="ACTIVITY_ID_REUSE_POLICY_ALLOW_DUPLICATE_FAILED_ONLY")
    start(c)
    second = c.poll_activity()
    with c.quiet():
        c.fail_activity(second, failure=failure("no"))
    start(c, id_reuse_policy="ACTIVITY_ID_REUSE_POLICY_REJECT_DUPLICATE")
    start(c, id_reuse_policy="ACTIVITY_ID_REUSE_POLICY_ALLOW_DUPLICATE_FAILED_ONLY")
    describe(c)


@scenario
def conflicts_with_a_running_one(c):
    """Conflict policies: fail, and use the existing one; the same request id is the same start."""
    start(c, request_id="start-1")
    start(c, request_id="start-1")
    start(c)
    start(c, id_conflict_policy="ACTIVITY_ID_CONFLICT_POLICY_FAIL")
    start(c, id_conflict_policy="ACTIVITY_ID_CONFLICT_POLICY_USE_EXISTING")
    start(c, id_reuse_policy="ACTIVITY_ID_REUSE_POLICY_REJECT_DUPLICATE")
    task = c.poll_activity()
    with c.quiet():
        c.complete_activity(task)
    start(c, request_id="start-1")


@scenario
def earlier_runs_are_kept(c):
    """The run id names an earlier run; without it the latest is meant."""
    first = start(c)
    with c.quiet():
        c.complete_activity(c.poll_activity(), result=payloads("one"))
    second = start(c)
    outcome(c, run_id=first.run_id)
    describe(c, run_id=first.run_id)
    describe(c)
    with c.quiet():
        c.complete_activity(c.poll_activity(), result=payloads("two"))
    outcome(c)
    outcome(c, run_id=second.run_id)


@scenario
def delete_runs(c):
    """A deleted activity is gone, closed or not; its id is free."""
    with c.quiet():
        start(c)
        c.complete_activity(c.poll_activity())
    delete(c)
    c.until("it is gone", lambda: _gone(c))
    describe(c)
    outcome(c)
    delete(c)
    task = started(c)
    delete(c)
    c.until("it is gone", lambda: _gone(c))
    c.complete_activity(task)


def _gone(c) -> bool:
    request = {"namespace": c.namespace, "activity_id": c.id("act")}
    return not c.quiet_race(c.begin("DescribeActivityExecution", request))[0]


@scenario
def workflows_and_activities_share_no_ids(c):
    """A workflow and an activity of one id live side by side."""
    with c.quiet():
        c.start("act")
    start(c)
    ask(c, "Terminate", reason="away")
    c.describe("act")
    c.terminate("nobody")
    outcome(c, "nobody")


@scenario
def attempts_are_counted_in_descriptions(c):
    """A timed-out attempt: what the description says of it while the next one waits."""
    started(c, start_to_close_timeout=secs(1), retry_policy={"initial_interval": secs(30)})
    wait_until(c, "the second attempt", lambda info: info.attempt == 2)
    describe(c)
