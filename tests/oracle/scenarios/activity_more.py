"""Activities: answers by id, cancellation in all states, sizes, eager dispatch, what is buffered."""

from ..commands import (
    cancel_workflow,
    complete_workflow,
    failure,
    payload,
    payloads,
    request_cancel_activity,
    schedule_activity,
    secs,
)
from ..registry import scenario
from .activity_retry import QUICK, scheduled

NO_RUN = "11111111-2222-3333-4444-555555555555"


@scenario
def complete_by_id(c):
    """RespondActivityTaskCompletedById."""
    scheduled(c)
    c.poll_activity()
    c.activity_by_id("RecordActivityTaskHeartbeatById", details=payloads("half"))
    c.activity_by_id("RespondActivityTaskCompletedById", result=payloads("out"))
    c.activity_by_id("RespondActivityTaskCompletedById", result=payloads("out"))
    c.history(since=5)


@scenario
def fail_by_id(c):
    """RespondActivityTaskFailedById."""
    scheduled(c)
    c.poll_activity()
    c.activity_by_id("RespondActivityTaskFailedById", failure=failure("by id"))
    c.history(since=5)


@scenario
def cancel_by_id(c):
    """RespondActivityTaskCanceledById, without and with a request."""
    scheduled(c)
    c.poll_activity()
    c.activity_by_id("RespondActivityTaskCanceledById")
    c.signal()
    c.run_workflow_task(request_cancel_activity(5))
    c.activity_by_id("RecordActivityTaskHeartbeatById")
    c.activity_by_id("RespondActivityTaskCanceledById", details=payloads("stopped"))
    c.history(since=5)


@scenario
def by_id_before_it_started(c):
    """Answers by id for an activity that nobody has taken."""
    scheduled(c)
    c.activity_by_id("RecordActivityTaskHeartbeatById")
    c.activity_by_id("RespondActivityTaskFailedById", failure=failure())
    c.activity_by_id("RespondActivityTaskCanceledById")
    c.activity_by_id("RespondActivityTaskCompletedById", result=payloads("out"))
    c.history(since=5)


@scenario
def by_id_refused(c):
    """Unknown workflow, run and activity; missing ids."""
    scheduled(c)
    c.poll_activity()
    for name in (
        "RespondActivityTaskCompletedById",
        "RespondActivityTaskFailedById",
        "RespondActivityTaskCanceledById",
        "RecordActivityTaskHeartbeatById",
    ):
        c.activity_by_id(name, workflow_id="nobody")
        c.activity_by_id(name, run_id=NO_RUN)
        c.activity_by_id(name, run_id="not-a-uuid")
        c.activity_by_id(name, activity_id="none")
        c.activity_by_id(name, activity_id="")
        c.activity_by_id(name, workflow_id="")
        c.activity_by_id(name, namespace="")
        c.activity_by_id(name, namespace="nowhere")


@scenario
def bad_tokens(c):
    """Answers with no token and with garbage."""
    for answer in (c.complete_activity, c.fail_activity, c.cancel_activity, c.heartbeat):
        answer(b"")
        answer(b"made-up")
        answer(b"made-up", namespace="")
        answer(b"made-up", namespace="nowhere")


@scenario
def token_of_another_kind(c):
    """A workflow task's token is none for an activity, and the other way round."""
    workflow_task = c.started()
    c.complete_activity(workflow_task)
    c.heartbeat(workflow_task)
    with c.quiet():
        c.complete_workflow_task(workflow_task, schedule_activity(c))
        activity_task = c.poll_activity()
    c.complete_workflow_task(activity_task)
    c.fail_workflow_task(activity_task)


@scenario
def result_after_the_run_closed(c):
    """Answers for an activity whose run has been terminated."""
    scheduled(c)
    task = c.poll_activity()
    c.terminate()
    c.heartbeat(task)
    c.complete_activity(task)
    c.fail_activity(task, failure=failure())
    c.activity_by_id("RespondActivityTaskCompletedById")
    c.history(since=5)


@scenario
def cancel_during_backoff(c):
    """Cancellation of an activity that waits for its next attempt."""
    scheduled(c, retry_policy={"initial_interval": secs(60)})
    c.fail_activity(c.poll_activity(), failure=failure("first"))
    c.signal()
    c.run_workflow_task(request_cancel_activity(5))
    c.history(since=5)


@scenario
def canceled_but_completes(c):
    """An activity may complete although its cancellation was requested."""
    scheduled(c)
    task = c.poll_activity()
    c.signal()
    c.run_workflow_task(request_cancel_activity(5))
    c.complete_activity(task, result=payloads("out"))
    c.history(since=9)


@scenario
def canceled_and_fails(c):
    """An activity that fails after its cancellation was requested is not tried again."""
    scheduled(c, retry_policy=QUICK)
    task = c.poll_activity()
    c.signal()
    c.run_workflow_task(request_cancel_activity(5))
    c.fail_activity(task, failure=failure("while cancelling"))
    c.history(since=9)


@scenario
def canceled_and_times_out(c):
    """An activity that times out after its cancellation was requested is not tried again."""
    scheduled(c, retry_policy=QUICK, start_to_close_timeout=secs(2))
    c.poll_activity()
    c.signal()
    c.run_workflow_task(request_cancel_activity(5))
    c.wait_for_event("ACTIVITY_TASK_TIMED_OUT")
    c.history(since=9)


@scenario
def cancel_requested_twice(c):
    """A second cancellation of one activity adds nothing."""
    scheduled(c)
    task = c.poll_activity()
    c.signal()
    c.run_workflow_task(request_cancel_activity(5))
    c.signal()
    c.run_workflow_task(request_cancel_activity(5))
    c.heartbeat(task)
    c.history(since=9)


@scenario
def scheduled_and_canceled_at_once(c):
    """Schedule and cancel in one completion."""
    task = c.started()
    c.complete_workflow_task(task, schedule_activity(c), request_cancel_activity(5))
    c.history(since=4)


@scenario
def result_too_large(c):
    """A result over 2 MB: the call succeeds and the activity fails."""
    scheduled(c)
    c.complete_activity(c.poll_activity(), result=payloads("x" * 2_200_000))
    c.history(since=5)


@scenario
def heartbeat_too_large(c):
    """Heartbeat details over 2 MB: the call succeeds and the activity fails."""
    scheduled(c)
    task = c.poll_activity()
    c.heartbeat(task, details=payloads("x" * 2_200_000))
    c.history(since=5)


@scenario
def failure_too_large(c):
    """A failure over its limit is cut."""
    scheduled(c)
    c.fail_activity(c.poll_activity(), failure=failure("x" * 2_200_000))
    c.history(since=5)


@scenario
def ends_while_a_workflow_task_runs(c):
    """Ends of activities that arrive during a workflow task come after the signals that arrived later."""
    task = c.started()
    c.complete_workflow_task(task, schedule_activity(c, "a1"), schedule_activity(c, "a2", queue="other"))
    first, second = c.poll_activity(), c.poll_activity("other")
    c.signal("zero")
    running = c.poll_workflow_task()
    c.complete_activity(first)
    c.signal("one")
    c.fail_activity(second, failure=failure())
    c.signal("two")
    c.history(since=10)
    c.complete_workflow_task(running)
    c.history(since=10)


@scenario
def run_completes_while_an_end_is_buffered(c):
    """Completing the run while an activity's end waits: UNHANDLED_COMMAND."""
    scheduled(c)
    task = c.poll_activity()
    c.signal()
    running = c.poll_workflow_task()
    c.complete_activity(task)
    c.complete_workflow_task(running, complete_workflow())
    c.history(since=7)


@scenario
def run_closes_with_pending_activity(c):
    """Completing the run while an activity is pending is fine; the activity is forgotten."""
    scheduled(c)
    c.signal()
    c.run_workflow_task(complete_workflow())
    c.history(since=5)
    c.describe()
    c.poll_activity(timeout=3)


@scenario
def cancelled_run_with_pending_activity(c):
    """Closing as cancelled with a started activity: its heartbeat finds nothing."""
    scheduled(c)
    task = c.poll_activity()
    c.cancel()
    c.run_workflow_task(cancel_workflow())
    c.heartbeat(task)
    c.history(since=5)


@scenario
def id_again(c):
    """An activity id is free again once the activity has ended."""
    scheduled(c)
    c.complete_activity(c.poll_activity())
    c.run_workflow_task(schedule_activity(c))
    c.history(since=8)


@scenario
def on_another_queue(c):
    """An activity on its own queue, with user metadata and a priority."""
    task = c.started(priority={"priority_key": 3})
    c.complete_workflow_task(
        task,
        {
            **schedule_activity(c, queue="others", priority={"priority_key": 1}),
            "user_metadata": {"summary": payload("what it does")},
        },
        schedule_activity(c, "a2", queue="more"),
    )
    c.poll_activity("others")
    c.poll_activity("more")
    c.describe()
    c.history(since=5)


@scenario
def timeouts_are_cut(c):
    """Activity timeouts are cut to each other and to the run's timeout."""
    task = c.started(workflow_run_timeout=secs(100))
    c.complete_workflow_task(
        task,
        schedule_activity(c, "a1", start_to_close_timeout=secs(200)),
        schedule_activity(c, "a2", schedule_to_close_timeout=secs(300), start_to_close_timeout=None),
        schedule_activity(
            c,
            "a3",
            schedule_to_close_timeout=secs(20),
            schedule_to_start_timeout=secs(30),
            start_to_close_timeout=secs(40),
            heartbeat_timeout=secs(50),
        ),
        schedule_activity(c, "a4", schedule_to_start_timeout=secs(150), heartbeat_timeout=secs(50)),
    )
    c.history(since=5)


@scenario
def eager(c):
    """An activity asked for eagerly comes with the completion's answer; it is started at once."""
    task = c.started()
    answer = c.complete_workflow_task(
        task,
        schedule_activity(c, "a1", request_eager_execution=True, input=payloads("in")),
        schedule_activity(c, "a2"),
    )
    c.describe()
    c.history(since=5)
    c.complete_activity(answer.activity_tasks[0], result=payloads("out"))
    c.history(since=5)


@scenario
def eager_is_retried_by_the_queue(c):
    """An eager attempt that fails is tried again through the queue."""
    task = c.started()
    answer = c.complete_workflow_task(
        task, schedule_activity(c, request_eager_execution=True, retry_policy=QUICK)
    )
    c.fail_activity(answer.activity_tasks[0], failure=failure())
    c.complete_activity(c.poll_activity())
    c.history(since=5)


@scenario
def timeout_while_a_workflow_task_runs(c):
    """A timeout during a workflow task is buffered."""
    scheduled(c, start_to_close_timeout=secs(1))
    c.poll_activity()
    c.signal()
    running = c.poll_workflow_task()
    with c.quiet():
        late = c.started("clock", queue="clock")
        c.complete_workflow_task(late, schedule_activity(c, queue="clock", start_to_close_timeout=secs(2)))
        c.poll_activity("clock")
        c.wait_for_event("ACTIVITY_TASK_TIMED_OUT", "clock")
    c.history(since=7)
    c.complete_workflow_task(running)
    c.history(since=7)
