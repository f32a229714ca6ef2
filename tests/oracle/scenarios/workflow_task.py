"""Workflow tasks: poll, completion, failure, timeouts, transient attempts, stickiness."""

from ..commands import complete_workflow, payloads, record_marker, secs, start_timer
from ..registry import scenario


@scenario
def complete_at_once(c):
    """Start, one workflow task, done: five events."""
    c.start(input=payloads("hello"))
    c.run_workflow_task(complete_workflow(result=payloads("bye")))
    c.wait_for_close()
    c.history()
    c.describe()


@scenario
def failed_by_worker(c):
    """A worker fails its task; attempt 2 is transient; its success writes Scheduled, Started, Completed."""
    c.start()
    task = c.poll_workflow_task()
    c.fail_workflow_task(task, failure={"message": "nondeterminism"})
    c.history()
    second = c.poll_workflow_task()
    c.history()
    c.describe()
    c.fail_workflow_task(second, failure={"message": "again"})
    c.history()
    third = c.poll_workflow_task()
    c.complete_workflow_task(third, complete_workflow())
    c.history()


@scenario
def times_out(c):
    """A task that nobody answers times out and comes again as attempt 2; the late answer finds nothing."""
    c.start(workflow_task_timeout=secs(1))
    first = c.poll_workflow_task()
    c.wait_for_event("WORKFLOW_TASK_TIMED_OUT")
    c.history()
    second = c.poll_workflow_task()
    c.complete_workflow_task(first, complete_workflow())
    c.complete_workflow_task(second, complete_workflow())
    c.history()


@scenario
def signals_while_it_runs(c):
    """Signals during a workflow task are buffered and follow its completion with a new task."""
    c.start()
    task = c.poll_workflow_task()
    c.signal("one", input=payloads("1"))
    c.signal("two")
    c.history()
    c.describe()
    c.complete_workflow_task(task)
    c.history()
    c.run_workflow_task(complete_workflow())
    c.history()


@scenario
def unhandled_command(c):
    """Completion while a signal is buffered: the task fails with UNHANDLED_COMMAND, and comes again."""
    c.start()
    task = c.poll_workflow_task()
    c.signal()
    c.complete_workflow_task(task, complete_workflow())
    c.history()
    c.run_workflow_task(complete_workflow())
    c.history()


@scenario
def bad_command_on_first_attempt(c):
    """A bad command fails the task with a cause."""
    c.start()
    c.run_workflow_task(start_timer(timer_id=""))
    c.history()


@scenario
def bad_command_on_later_attempt(c):
    """On a later attempt a bad command is an error without an event."""
    c.start(workflow_task_timeout=secs(2))
    c.run_workflow_task(start_timer(timer_id=""))
    c.run_workflow_task(start_timer(timer_id=""))
    c.history()
    c.run_workflow_task(complete_workflow())
    c.history()


@scenario
def same_token_twice(c):
    """The second completion with one token finds no task."""
    c.start()
    task = c.poll_workflow_task()
    c.complete_workflow_task(task, start_timer(seconds=60))
    c.complete_workflow_task(task, start_timer("t2", seconds=60))
    c.history()


@scenario
def sticky(c):
    """The next task goes to the sticky queue, with the history since the last one only."""
    c.start()
    c.run_workflow_task(sticky_attributes=c.sticky())
    c.describe()
    poll = c.begin_poll_workflow_task("sticky", sticky_of="queue")
    c.wait_for_poller("sticky", sticky_of="queue")
    c.signal()
    task = poll.result()
    c.complete_workflow_task(task, complete_workflow(), sticky_attributes=c.sticky())
    c.history()


@scenario
def sticky_without_a_poller(c):
    """A sticky queue that nobody ever polled: the task goes to the normal queue at once, without an event."""
    c.start()
    c.run_workflow_task(sticky_attributes=c.sticky(timeout=5))
    c.signal()
    task = c.poll_workflow_task()
    c.history()
    c.complete_workflow_task(task)
    c.describe()
    c.signal()
    c.history()


@scenario
def sticky_times_out(c):
    """A sticky task that nobody takes times out and goes to the normal queue, attempt 1."""
    c.start()
    c.run_workflow_task(sticky_attributes=c.sticky(timeout=1))
    poll = c.begin_poll_workflow_task("sticky", sticky_of="queue")
    c.wait_for_poller("sticky", sticky_of="queue")
    c.signal()
    c.complete_workflow_task(poll.result(), sticky_attributes=c.sticky(timeout=1))
    c.signal()
    c.wait_for_event("WORKFLOW_TASK_TIMED_OUT")
    c.history()
    c.poll_workflow_task()
    c.history()


@scenario
def heartbeat(c):
    """force_create_new_workflow_task with return_new_workflow_task: the answer carries the next task."""
    c.start()
    task = c.poll_workflow_task()
    answer = c.complete_workflow_task(
        task, record_marker(), force_create_new_workflow_task=True, return_new_workflow_task=True
    )
    c.complete_workflow_task(answer.workflow_task, complete_workflow())
    c.history()
