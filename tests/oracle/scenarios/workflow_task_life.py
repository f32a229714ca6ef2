"""Workflow tasks over several turns: stickiness, heartbeats, attempts, paged histories, what is buffered."""

from ..commands import (
    cancel_timer,
    complete_workflow,
    fail_workflow,
    failure,
    payloads,
    record_marker,
    request_cancel_activity,
    schedule_activity,
    secs,
    start_timer,
)
from ..registry import scenario

FORCED = {"force_create_new_workflow_task": True}
RETURNED = {"force_create_new_workflow_task": True, "return_new_workflow_task": True}


def sticky_poll(c, queue="sticky"):
    """A poll that the server knows of: a task for the sticky queue goes to it."""
    poll = c.begin_poll_workflow_task(queue, sticky_of="queue")
    c.wait_for_poller(queue, sticky_of="queue")
    return poll


@scenario
def sticky_turns(c):
    """Three turns on one sticky queue: each task brings what came since the last one."""
    c.start()
    poll = sticky_poll(c)
    c.run_workflow_task(start_timer(seconds=60), sticky_attributes=c.sticky())
    for turn in range(3):
        c.signal(f"turn {turn}")
        task = poll.result()
        poll = sticky_poll(c)
        c.complete_workflow_task(task, record_marker(f"marker {turn}"), sticky_attributes=c.sticky())
    poll.cancel()
    c.history(since=5)


@scenario
def sticky_worker_fails(c):
    """A sticky task that fails comes back whole on the run's own queue, as attempt 1; then it counts."""
    c.start()
    poll = sticky_poll(c)
    c.run_workflow_task(sticky_attributes=c.sticky())
    c.signal()
    c.fail_workflow_task(poll.result())
    c.describe()
    again = c.poll_workflow_task()
    c.fail_workflow_task(again)
    c.describe()
    c.run_workflow_task(complete_workflow())
    c.history()


@scenario
def sticky_worker_sends_a_bad_command(c):
    """The same of a task that its commands fail."""
    c.start()
    poll = sticky_poll(c)
    c.run_workflow_task(sticky_attributes=c.sticky())
    c.signal()
    c.complete_workflow_task(poll.result(), start_timer(""), sticky_attributes=c.sticky())
    c.run_workflow_task(complete_workflow(), sticky_attributes=c.sticky())
    c.history()


@scenario
def sticky_worker_changes(c):
    """The worker of another sticky queue completes: the next task is for its queue."""
    c.start()
    first = sticky_poll(c)
    c.run_workflow_task(sticky_attributes=c.sticky())
    second = sticky_poll(c, "sticky-2")
    c.signal()
    c.complete_workflow_task(first.result(), sticky_attributes=c.sticky("sticky-2"))
    c.signal()
    c.complete_workflow_task(second.result())
    c.signal()
    c.run_workflow_task(complete_workflow())
    c.history()


@scenario
def sticky_with_a_signal_behind_it(c):
    """What came while a sticky task ran is in the next one, which is sticky too."""
    c.start()
    poll = sticky_poll(c)
    c.run_workflow_task(sticky_attributes=c.sticky())
    c.signal("one")
    task = poll.result()
    c.signal("two")
    poll = sticky_poll(c)
    c.complete_workflow_task(task, sticky_attributes=c.sticky())
    c.complete_workflow_task(poll.result(), complete_workflow(), sticky_attributes=c.sticky())
    c.history()


@scenario
def sticky_task_runs_into_its_timeout(c):
    """Start-to-close of a sticky task: the next one is on the run's queue and attempt 1."""
    c.start(workflow_task_timeout=secs(1))
    poll = sticky_poll(c)
    c.run_workflow_task(sticky_attributes=c.sticky())
    c.signal()
    poll.result()
    c.wait_for_event("WORKFLOW_TASK_TIMED_OUT")
    c.describe()
    c.run_workflow_task(complete_workflow())
    c.history()


@scenario
def sticky_without_a_queue(c):
    """Sticky attributes without a queue, and with a queue without a name."""
    c.start()
    c.run_workflow_task(sticky_attributes={"schedule_to_start_timeout": secs(5)}, **FORCED)
    c.run_workflow_task(sticky_attributes={"worker_task_queue": {}, "schedule_to_start_timeout": secs(5)})
    c.signal()
    c.history()


@scenario
def sticky_on_a_normal_queue(c):
    """Sticky attributes that name a queue of kind normal."""
    c.start()
    c.run_workflow_task(
        sticky_attributes={
            "worker_task_queue": {"name": c.id("own"), "kind": "TASK_QUEUE_KIND_NORMAL"},
            "schedule_to_start_timeout": secs(5),
        },
        **FORCED,
    )
    c.history()


@scenario
def heartbeats(c):
    """A chain of heartbeats, seen from outside; a command ends it."""
    task = c.started()
    for _ in range(2):
        task = c.complete_workflow_task(task, **RETURNED).workflow_task
        c.describe()
    task = c.complete_workflow_task(task, start_timer(seconds=60), **RETURNED).workflow_task
    c.describe()
    c.complete_workflow_task(task, complete_workflow())
    c.history()


@scenario
def heartbeat_of_a_transient_attempt(c):
    """The second attempt says that it is still busy: its events are written, and the next is attempt 1."""
    c.fail_workflow_task(c.started())
    task = c.poll_workflow_task()
    task = c.complete_workflow_task(task, **RETURNED).workflow_task
    c.describe()
    c.fail_workflow_task(task)
    c.run_workflow_task(complete_workflow())
    c.history()


@scenario
def heartbeat_with_a_signal_behind_it(c):
    """A signal came while the worker was busy: the returned task brings it."""
    task = c.started()
    c.signal()
    task = c.complete_workflow_task(task, **RETURNED).workflow_task
    c.describe()
    c.complete_workflow_task(task, complete_workflow())
    c.history()


@scenario
def heartbeat_times_out(c):
    """The worker is silent after a heartbeat."""
    task = c.started(workflow_task_timeout=secs(1))
    c.complete_workflow_task(task, **RETURNED)
    c.wait_for_event("WORKFLOW_TASK_TIMED_OUT")
    c.describe()
    c.run_workflow_task(complete_workflow())
    c.history()


@scenario
def returned_task_and_a_bad_command(c):
    """A completion that fails returns no task, whatever it asks for."""
    task = c.started()
    c.complete_workflow_task(task, start_timer(""), **RETURNED)
    c.history(since=4)
    c.run_workflow_task(complete_workflow())


@scenario
def attempts_between_signals(c):
    """Attempts count anew when something came between them."""
    c.fail_workflow_task(c.started())
    second = c.poll_workflow_task()
    c.signal()
    c.describe()
    c.fail_workflow_task(second)
    c.describe()
    third = c.poll_workflow_task()
    c.fail_workflow_task(third, cause="WORKFLOW_TASK_FAILED_CAUSE_NON_DETERMINISTIC_ERROR")
    c.describe()
    c.run_workflow_task(complete_workflow())
    c.history()


@scenario
def attempt_seen_by_a_reader(c):
    """What a reader of the history sees of the second attempt: while it waits, and while it runs."""
    c.fail_workflow_task(c.started())
    c.history(since=4)
    task = c.poll_workflow_task()
    c.history(since=4)
    c.call(
        "GetWorkflowExecutionHistoryReverse",
        {"namespace": c.namespace, "execution": c.execution(), "maximum_page_size": 2},
    )
    c.complete_workflow_task(task, complete_workflow())
    c.history(since=4)


@scenario
def attempt_and_an_unhandled_command(c):
    """A second attempt that would close the run meets a signal: it fails at once, without an event."""
    c.fail_workflow_task(c.started())
    second = c.poll_workflow_task()
    c.signal()
    c.complete_workflow_task(second, complete_workflow())
    c.describe()
    c.history()
    c.run_workflow_task(complete_workflow())
    c.history()


@scenario
def unhandled_again_and_again(c):
    """A signal in each of two tasks that would close the run; in the third none is taken any more."""
    task = c.started()
    c.signal("one")
    c.complete_workflow_task(task, complete_workflow())
    task = c.poll_workflow_task()
    c.signal("two")
    c.cancel()
    c.complete_workflow_task(task, fail_workflow())
    c.describe()
    c.history()


@scenario
def buffered_in_order(c):
    """Signals and a request to cancel stay in their order; ends of activities come after them."""
    task = c.started()
    with c.quiet():
        c.complete_workflow_task(task, schedule_activity(c, "a"), **FORCED)
        c.poll_activity()
        task = c.poll_workflow_task()
        c.complete_workflow_task(task, schedule_activity(c, "b"), **FORCED)
        c.poll_activity()
        task = c.poll_workflow_task()
    c.activity_by_id("RespondActivityTaskCompletedById", "a", result=payloads("first"))
    c.signal("one")
    c.activity_by_id("RespondActivityTaskFailedById", "b", failure=failure())
    c.cancel()
    c.signal("two")
    c.history(since=5)
    c.describe()
    c.complete_workflow_task(task)
    c.history(since=5)


@scenario
def buffered_and_the_task_fails(c):
    """What was buffered comes before the next attempt, which is then no transient one."""
    task = c.started()
    with c.quiet():
        c.complete_workflow_task(task, schedule_activity(c, "a"), **FORCED)
        activity = c.poll_activity()
        task = c.poll_workflow_task()
    c.signal("one")
    c.complete_activity(activity)
    c.fail_workflow_task(task)
    c.history(since=5)
    c.run_workflow_task(complete_workflow())
    c.history(since=5)


@scenario
def buffered_timer_is_canceled(c):
    """A timer fired while the task ran that cancels it: it never fired, and the run may close."""
    task = c.started()
    with c.quiet():
        c.complete_workflow_task(task, start_timer("t", seconds=1), **FORCED)
        task = c.poll_workflow_task()
    before = transitions(c)
    c.until("the timer's end", lambda: transitions(c) > before)
    c.complete_workflow_task(task, cancel_timer("t"), complete_workflow())
    c.history(since=5)


def transitions(c) -> int:
    """Of the run's state: one more when an event is buffered."""
    described = c.quietly("DescribeWorkflowExecution", {"namespace": c.namespace, "execution": c.execution()})
    return described.workflow_execution_info.state_transition_count


@scenario
def buffered_end_of_an_activity_that_is_canceled(c):
    """An activity's end is buffered while the task asks to cancel it."""
    task = c.started()
    with c.quiet():
        c.complete_workflow_task(task, schedule_activity(c, "a"), **FORCED)
        activity = c.poll_activity()
        task = c.poll_workflow_task()
        c.complete_activity(activity)
    c.complete_workflow_task(task, request_cancel_activity(5))
    c.history(since=5)


@scenario
def paged_poll(c):
    """A poll of a run with more events than a page holds, read on with its token."""
    task = c.started()
    with c.quiet():
        for turn in range(4):
            markers = [record_marker(f"{turn}-{n}") for n in range(100)]
            task = c.complete_workflow_task(task, *markers, **RETURNED).workflow_task
        c.fail_workflow_task(task)
        task = c.poll_workflow_task()
    seen = [event.event_id for event in task.history.events]
    token = task.next_page_token
    while token:
        page = c.quietly(
            "GetWorkflowExecutionHistory",
            {"namespace": c.namespace, "execution": c.execution(), "next_page_token": token},
        )
        seen += [event.event_id for event in page.history.events]
        token = page.next_page_token
    c.note("in order and whole", seen == list(range(1, len(seen) + 1)))
    c.note("the last event", seen[-1])
    c.note("the task's own", [task.started_event_id, task.previous_started_event_id, task.attempt])
    c.complete_workflow_task(task.task_token, complete_workflow())


@scenario
def pages_of_a_completion(c):
    """Completions in pages are switched off."""
    task = c.started()
    c.complete_workflow_task(task, record_marker(), intermediate_page=True)
    c.complete_workflow_task(task, record_marker(), intermediate_page=True, page_number=1)
    c.complete_workflow_task(task, complete_workflow(), page_number=1)
    c.complete_workflow_task(task, complete_workflow(), page_number=0)
    c.history(since=4)
