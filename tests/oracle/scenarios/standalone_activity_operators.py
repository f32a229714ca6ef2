"""Activities on their own: pause, unpause, reset, options. The real server ships these switched off."""

from ..commands import failure, payloads, secs
from ..registry import scenario
from ..standalone import ask, describe, outcome, start, started, target, update_options, wait_until

SWITCHED_ON = ("history.enableStandaloneActivityOperatorCommands",)
QUICK = {"initial_interval": secs(0.2), "backoff_coefficient": 1.0}


@scenario
def pause_before_a_worker_has_it(c):
    """A paused activity is not handed out until it is unpaused."""
    start(c)
    ask(c, "Pause", reason="wait", request_id="pause-1")
    describe(c)
    c.poll_activity(timeout=3)
    ask(c, "Pause", reason="wait", request_id="pause-1")
    ask(c, "Pause", reason="wait more", request_id="pause-2")
    ask(c, "Unpause", request_id="unpause-1")
    describe(c)
    ask(c, "Pause", reason="wait", request_id="pause-1")
    ask(c, "Unpause", request_id="unpause-1")
    ask(c, "Unpause", request_id="unpause-2")
    task = c.poll_activity()
    c.complete_activity(task)
    outcome(c)


@scenario
def pause_while_it_runs(c):
    """A running attempt learns of the pause by heartbeat; when it fails, the activity stays paused."""
    task = started(c, retry_policy=QUICK)
    ask(c, "Pause", reason="wait")
    describe(c)
    c.heartbeat(task, details=payloads("half"))
    c.fail_activity(task, failure=failure("first"))
    describe(c)
    c.poll_activity(timeout=3)
    ask(c, "Unpause")
    second = c.poll_activity()
    c.complete_activity(second)
    outcome(c)


@scenario
def completes_while_paused(c):
    """A running attempt may complete although a pause was asked for."""
    task = started(c)
    with c.quiet():
        ask(c, "Pause")
    c.complete_activity(task, result=payloads("out"))
    outcome(c)
    describe(c)


@scenario
def unpause_while_it_runs(c):
    """Pause and unpause of one attempt: the attempt goes on."""
    task = started(c)
    with c.quiet():
        ask(c, "Pause")
        ask(c, "Unpause")
    describe(c)
    c.heartbeat(task)
    c.complete_activity(task)


@scenario
def the_last_attempt_fails_while_paused(c):
    """Without another attempt a failure ends the activity, paused or not."""
    task = started(c)
    with c.quiet():
        ask(c, "Pause")
    c.fail_activity(task, failure=failure("no"))
    outcome(c)


@scenario
def times_out_while_paused(c):
    """The deadline of the whole holds for a paused activity; that for a worker does not."""
    start(c, schedule_to_close_timeout=secs(2), schedule_to_start_timeout=secs(1))
    with c.quiet():
        ask(c, "Pause")
    outcome(c)
    describe(c)


@scenario
def an_attempt_times_out_while_paused(c):
    """Start-to-close counts for an attempt that runs while a pause is wanted."""
    started(c, start_to_close_timeout=secs(1), retry_policy=QUICK)
    with c.quiet():
        ask(c, "Pause")
    wait_until(c, "the pause", lambda info: info.status == 7)
    describe(c)


@scenario
def cancel_and_terminate_while_paused(c):
    """A paused activity is canceled at once, and terminated."""
    start(c)
    with c.quiet():
        ask(c, "Pause")
    ask(c, "RequestCancel", reason="enough")
    outcome(c)
    start(c)
    with c.quiet():
        ask(c, "Pause")
    ask(c, "Terminate", reason="away")
    outcome(c)
    ask(c, "Pause")
    ask(c, "Unpause")


@scenario
def unpause_after_failures(c):
    """Unpausing does not shorten the wait for the next attempt."""
    task = started(c, retry_policy={"initial_interval": secs(3), "backoff_coefficient": 1.0})
    with c.quiet():
        c.fail_activity(task, failure=failure("first"))
        ask(c, "Pause")
    describe(c)
    ask(c, "Unpause")
    describe(c)
    c.poll_activity()


@scenario
def pause_refused(c):
    """What cannot be paused or unpaused."""
    task = started(c)
    ask(c, "Unpause")
    with c.quiet():
        ask(c, "RequestCancel")
    ask(c, "Pause")
    ask(c, "Unpause")
    c.complete_activity(task)
    ask(c, "Pause")
    ask(c, "Pause", "nobody")
    ask(c, "Unpause", "nobody")
    ask(c, "Pause", "")
    ask(c, "Pause", run_id="no uuid")
    ask(c, "Unpause", "")
    ask(c, "Unpause", jitter=secs(-1))


@scenario
def reset_while_it_waits(c):
    """Reset of an activity that waits for its next attempt: attempt 1, at once."""
    task = started(c, retry_policy={"initial_interval": secs(100)})
    with c.quiet():
        c.heartbeat(task, details=payloads("half"))
        c.fail_activity(task, failure=failure("first"))
    describe(c)
    ask(c, "Reset", request_id="reset-1")
    describe(c)
    ask(c, "Reset", request_id="reset-1")
    c.poll_activity()


@scenario
def reset_with_heartbeat(c):
    """Reset may forget the heartbeat details."""
    task = started(c, retry_policy={"initial_interval": secs(100)})
    with c.quiet():
        c.heartbeat(task, details=payloads("half"))
        c.fail_activity(task, failure=failure("first"))
    ask(c, "Reset", reset_heartbeat=True)
    describe(c)
    c.poll_activity()


@scenario
def reset_while_it_runs(c):
    """A running attempt learns of the reset by heartbeat; the next attempt is the first again."""
    task = started(c, retry_policy={**QUICK, "maximum_attempts": 2})
    with c.quiet():
        c.fail_activity(task, failure=failure("first"))
        task = c.poll_activity()
    ask(c, "Reset", request_id="reset-1")
    describe(c)
    c.heartbeat(task, details=payloads("half"))
    ask(c, "Reset", request_id="reset-1")
    ask(c, "Reset", request_id="reset-2")
    c.fail_activity(task, failure=failure("second"))
    again = c.poll_activity()
    describe(c)
    c.complete_activity(again)
    outcome(c)


@scenario
def reset_while_paused(c):
    """Reset of a paused activity starts it, unless it is kept paused."""
    start(c)
    with c.quiet():
        ask(c, "Pause")
    ask(c, "Reset", keep_paused=True)
    describe(c)
    ask(c, "Reset")
    describe(c)
    c.poll_activity()


@scenario
def reset_of_a_running_attempt_kept_paused(c):
    """Reset with keep_paused of an attempt that runs while a pause is wanted: paused at attempt 1."""
    task = started(c, retry_policy=QUICK)
    with c.quiet():
        ask(c, "Pause")
        ask(c, "Reset", keep_paused=True, reset_heartbeat=True)
    describe(c)
    c.heartbeat(task, details=payloads("half"))
    c.fail_activity(task, failure=failure("first"))
    describe(c)
    ask(c, "Unpause")
    c.poll_activity()


@scenario
def reset_refused(c):
    """What cannot be reset."""
    task = started(c)
    with c.quiet():
        ask(c, "RequestCancel")
    ask(c, "Reset")
    c.complete_activity(task)
    ask(c, "Reset")
    ask(c, "Reset", "nobody")
    ask(c, "Reset", "")
    ask(c, "Reset", run_id="no uuid")
    ask(c, "Reset", jitter=secs(-1))


@scenario
def options_of_one_that_waits(c):
    """Changed timeouts, queue and retry policy of an activity that nobody has taken; restored."""
    start(c, retry_policy={"maximum_attempts": 3})
    update_options(
        c,
        activity_options={
            "task_queue": {"name": c.id("elsewhere")},
            "start_to_close_timeout": secs(7),
            "schedule_to_close_timeout": secs(50),
            "retry_policy": {"maximum_attempts": 5},
        },
        update_mask={
            "paths": [
                "task_queue.name",
                "start_to_close_timeout",
                "schedule_to_close_timeout",
                "retry_policy.maximum_attempts",
            ]
        },
    )
    describe(c)
    c.poll_activity(timeout=3)
    task = c.poll_activity("elsewhere")
    update_options(c, restore_original=True)
    describe(c)
    c.complete_activity(task)


@scenario
def options_while_it_runs(c):
    """A shorter start-to-close timeout holds for the running attempt."""
    started(c)
    update_options(
        c,
        activity_options={"start_to_close_timeout": secs(1), "heartbeat_timeout": secs(5)},
        update_mask={"paths": ["start_to_close_timeout", "heartbeat_timeout"]},
    )
    outcome(c)


@scenario
def options_between_attempts(c):
    """A new policy changes the wait for the next attempt; priority and start delay."""
    task = started(c, retry_policy={"initial_interval": secs(100)})
    with c.quiet():
        c.fail_activity(task, failure=failure("first"))
    update_options(
        c,
        activity_options={
            "retry_policy": {"initial_interval": secs(1)},
            "priority": {"priority_key": 4, "fairness_key": "k"},
        },
        update_mask={"paths": ["retry_policy.initial_interval", "priority"]},
    )
    describe(c)
    c.poll_activity()


@scenario
def options_of_the_start_delay(c):
    """A shorter start delay; none can be set once the first attempt was handed out."""
    start(c, start_delay=secs(60))
    update_options(c, activity_options={"start_delay": secs(1)}, update_mask={"paths": ["start_delay"]})
    describe(c)
    c.poll_activity()
    update_options(c, activity_options={"start_delay": secs(9)}, update_mask={"paths": ["start_delay"]})


@scenario
def options_refused(c):
    """Masks, values and states that are refused."""
    start(c)
    options = {"start_to_close_timeout": secs(5)}
    update_options(c)
    update_options(c, activity_options=options)
    update_options(c, activity_options=options, update_mask={"paths": []})
    update_options(c, activity_options=options, update_mask={"paths": ["nobody"]})
    update_options(
        c,
        activity_options=options,
        update_mask={"paths": ["start_to_close_timeout"]},
        restore_original=True,
    )
    update_options(
        c,
        activity_options={"start_to_close_timeout": secs(-1)},
        update_mask={"paths": ["start_to_close_timeout"]},
    )
    update_options(
        c,
        activity_options={"task_queue": {"name": ""}},
        update_mask={"paths": ["task_queue.name"]},
    )
    update_options(
        c,
        activity_options={"retry_policy": {"maximum_attempts": -1}},
        update_mask={"paths": ["retry_policy.maximum_attempts"]},
    )
    update_options(
        c,
        activity_options={"priority": {"priority_key": -1}},
        update_mask={"paths": ["priority.priority_key"]},
    )
    update_options(c, activity_options={}, update_mask={"paths": ["start_to_close_timeout"]})
    describe(c)
    with c.quiet():
        ask(c, "Terminate")
    update_options(c, activity_options=options, update_mask={"paths": ["start_to_close_timeout"]})
    update_options(c, "nobody", restore_original=True)
    c.call("UpdateActivityExecutionOptions", target(c, ""))
