"""Workflow tasks that fail: causes, many attempts, bad tokens, what a failure does to stickiness."""

from ..commands import complete_workflow, failure, payloads, record_marker, secs, start_timer
from ..registry import scenario


@scenario
def five_attempts(c):
    """Attempts after the third come at once; only the first leaves events until one succeeds."""
    c.start(workflow_task_timeout=secs(1))
    for _ in range(4):
        c.fail_workflow_task(c.poll_workflow_task())
    c.history()
    c.run_workflow_task(complete_workflow())
    c.history()


@scenario
def many_timeouts(c):
    """Attempts that time out one after the other."""
    c.start(workflow_task_timeout=secs(1))
    for _ in range(3):
        c.poll_workflow_task()
    c.run_workflow_task(complete_workflow())
    c.history()


@scenario
def causes(c):
    """The cause that a worker gives is recorded as it is."""
    for cause in ("NON_DETERMINISTIC_ERROR", "UNSPECIFIED", "BAD_BINARY", "RESET_STICKY_TASK_QUEUE"):
        task = c.started(cause, queue=cause)
        c.fail_workflow_task(
            task, f"WORKFLOW_TASK_FAILED_CAUSE_{cause}", failure=failure(details=payloads("why"))
        )
        c.history(cause, since=4)


@scenario
def message_too_large(c):
    """GRPC_MESSAGE_TOO_LARGE ends the run."""
    task = c.started()
    c.fail_workflow_task(
        task, "WORKFLOW_TASK_FAILED_CAUSE_GRPC_MESSAGE_TOO_LARGE", failure=failure("too large")
    )
    c.history(since=4)
    c.describe()


@scenario
def payloads_too_large(c):
    """PAYLOADS_TOO_LARGE is an ordinary failure."""
    task = c.started()
    c.fail_workflow_task(task, "WORKFLOW_TASK_FAILED_CAUSE_PAYLOADS_TOO_LARGE", failure=failure("too large"))
    c.history(since=4)


@scenario
def token_refused(c):
    """Completing and failing with no token, garbage, a used token, in a wrong namespace."""
    task = c.started()
    for answer in (c.complete_workflow_task, c.fail_workflow_task):
        answer(b"")
        answer(b"made-up")
        answer(b"made-up", namespace="")
        answer(task, namespace="nowhere")
    c.fail_workflow_task(task)
    c.fail_workflow_task(task)
    c.complete_workflow_task(task)
    c.history(since=4)


@scenario
def token_after_the_run_closed(c):
    """Answers to a task of a run that has been terminated, and to one of an older run."""
    task = c.started()
    c.terminate()
    c.fail_workflow_task(task)
    c.complete_workflow_task(task, complete_workflow())
    c.start()
    c.complete_workflow_task(task, complete_workflow())
    c.history()


@scenario
def second_attempt_times_out(c):
    """A transient attempt that times out leaves no event, too."""
    c.start(workflow_task_timeout=secs(1))
    c.fail_workflow_task(c.poll_workflow_task())
    c.poll_workflow_task()
    third = c.poll_workflow_task()
    c.history()
    c.complete_workflow_task(third, complete_workflow())
    c.history()


@scenario
def clears_stickiness(c):
    """A failed sticky task: the next attempt is on the normal queue, with the whole history."""
    c.start()
    c.run_workflow_task(sticky_attributes=c.sticky())
    poll = c.begin_poll_workflow_task("sticky", sticky_of="queue")
    c.wait_for_poller("sticky", sticky_of="queue")
    c.signal()
    c.fail_workflow_task(poll.result())
    c.poll_workflow_task()
    c.history()


@scenario
def signal_and_transient_then_success(c):
    """Timer and signal while attempt 2 runs, which then schedules more: order of what is written."""
    c.start()
    c.run_workflow_task(start_timer(seconds=60))
    c.signal("zero")
    c.fail_workflow_task(c.poll_workflow_task())
    second = c.poll_workflow_task()
    c.signal("one")
    c.complete_workflow_task(second, start_timer("t2", seconds=60), record_marker())
    c.history()


@scenario
def terminated_while_transient(c):
    """Terminating while a transient attempt runs writes no events for it."""
    c.fail_workflow_task(c.started())
    second = c.poll_workflow_task()
    c.terminate()
    c.complete_workflow_task(second)
    c.history()


@scenario
def cancel_while_transient(c):
    """A cancel request while attempt 2 is scheduled, then while it runs."""
    c.fail_workflow_task(c.started())
    c.cancel()
    c.history()
    c.run_workflow_task(complete_workflow())
    c.history()


@scenario
def signal_to_a_closing_run(c):
    """After UNHANDLED_COMMAND, signals are put off while the next task runs, so that the run can close."""
    task = c.started()
    c.signal("one")
    c.complete_workflow_task(task, complete_workflow())
    c.signal("two")
    second = c.poll_workflow_task()
    c.signal("three")
    c.cancel()
    c.complete_workflow_task(second, start_timer(seconds=60))
    c.signal("four")
    third = c.poll_workflow_task()
    c.signal("five")
    c.complete_workflow_task(third)
    c.history()
