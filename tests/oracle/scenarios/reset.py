"""ResetWorkflowExecution: a run begins again as another one did, up to an event."""

from ..commands import (
    cancel_workflow,
    complete_workflow,
    continue_as_new,
    fail_workflow,
    keyword,
    modify_properties,
    payload,
    payloads,
    record_marker,
    schedule_activity,
    secs,
    start_child,
    start_timer,
    upsert_search_attributes,
)
from ..registry import scenario


def reset(c, event_id, workflow_id="wf", run_id="", **fields):
    request = {
        "namespace": c.namespace,
        "workflow_execution": c.execution(workflow_id, run_id),
        "reason": "again",
        "workflow_task_finish_event_id": event_id,
        "request_id": c.request_id(),
        **fields,
    }
    return c.call(
        "ResetWorkflowExecution", {key: value for key, value in request.items() if value is not None}
    )


@scenario
def first_task(c):
    """A closed run is reset to the end of its first workflow task; the new run's task goes to a worker."""
    run_id = c.start().run_id
    c.run_workflow_task(complete_workflow(result=payloads("one")))
    reset(c, 4)
    c.history(run_id=run_id)
    c.describe(run_id=run_id)
    c.run_workflow_task(complete_workflow(result=payloads("two")))
    c.history()
    c.describe()


@scenario
def started_task(c):
    """To the start of a workflow task: the server starts it for the new run and fails it."""
    c.start()
    c.run_workflow_task(complete_workflow())
    reset(c, 3)
    c.history()


@scenario
def open_run(c):
    """An open run is terminated for it; the task that its worker has is gone."""
    run_id = c.start().run_id
    c.run_workflow_task()
    c.signal()
    task = c.poll_workflow_task()
    reset(c, 4)
    c.complete_workflow_task(task, complete_workflow())
    c.history(run_id=run_id)
    c.describe(run_id=run_id)
    c.history()


@scenario
def running_task(c):
    """To the task that a worker has just started."""
    c.start()
    c.poll_workflow_task()
    c.history()
    reset(c, 4)
    reset(c, 3)
    c.history()


@scenario
def signals(c):
    """Signals after the point come again, those before it stand where they were."""
    c.start()
    c.signal("before", input=payloads("1"))
    c.run_workflow_task()
    c.signal("after", input=payloads("2"), header={"fields": {"k": payload("v")}})
    c.run_workflow_task()
    c.signal("waiting", input=payloads("3"))
    reset(c, 5)
    c.history()


@scenario
def buffered_signals(c):
    """What was buffered when the run was ended comes, too."""
    c.start()
    c.run_workflow_task()
    c.signal("one")
    c.poll_workflow_task()
    c.signal("two")
    c.signal("three")
    reset(c, 4)
    c.history()


@scenario
def signals_excluded(c):
    """By either of the two fields."""
    c.start()
    c.run_workflow_task()
    c.signal("lost")
    reset(c, 4, reset_reapply_exclude_types=["RESET_REAPPLY_EXCLUDE_TYPE_SIGNAL"])
    c.history()
    c.start("other")
    c.run_workflow_task()
    c.signal("lost", workflow_id="other")
    reset(c, 4, workflow_id="other", reset_reapply_type="RESET_REAPPLY_TYPE_NONE")
    c.history("other")


@scenario
def reapply_signals_alone(c):
    """RESET_REAPPLY_TYPE_SIGNAL keeps signals."""
    c.start()
    c.run_workflow_task()
    c.signal("kept")
    reset(c, 4, reset_reapply_type="RESET_REAPPLY_TYPE_SIGNAL")
    c.history()


@scenario
def cancel_request(c):
    """A cancel request after the point does not come again."""
    c.start()
    c.run_workflow_task()
    c.cancel()
    c.run_workflow_task(cancel_workflow())
    reset(c, 4)
    c.history()
    c.describe()


@scenario
def cancel_request_before(c):
    """One before the point stands."""
    c.start()
    c.cancel()
    c.run_workflow_task()
    reset(c, 5)
    c.history()
    c.describe()


@scenario
def scheduled_activity(c):
    """An activity that was scheduled before the point waits for a worker again."""
    c.start()
    c.run_workflow_task(schedule_activity(c), force_create_new_workflow_task=True)
    c.run_workflow_task()
    reset(c, 8)
    c.history()
    c.describe()
    c.complete_activity(c.poll_activity())
    c.history()


@scenario
def started_activity(c):
    """A worker has it: its answer finds nothing, and another attempt is handed out."""
    c.start()
    c.run_workflow_task(schedule_activity(c), force_create_new_workflow_task=True)
    task = c.poll_activity()
    c.run_workflow_task()
    reset(c, 8)
    c.heartbeat(task)
    c.complete_activity(task)
    c.poll_activity()
    c.history()
    c.describe()


@scenario
def completed_activity(c):
    """Completed after the point: it is to be done again."""
    c.start()
    c.run_workflow_task(schedule_activity(c), force_create_new_workflow_task=True)
    c.run_workflow_task()
    c.complete_activity(c.poll_activity())
    c.run_workflow_task(complete_workflow())
    reset(c, 8)
    c.poll_activity()
    c.history()


@scenario
def timer(c):
    """A timer of before the point is pending; one that was due meanwhile fires at once."""
    c.start()
    c.run_workflow_task(
        start_timer("long", 3600), start_timer("short", 1), force_create_new_workflow_task=True
    )
    c.run_workflow_task()
    c.wait_for_event("TIMER_FIRED")
    c.run_workflow_task(complete_workflow())
    reset(c, 9)
    c.wait_for_event("TIMER_FIRED")
    c.history()


@scenario
def marker_and_memo(c):
    """Markers, memo and search attributes are those of the point."""
    c.start(memo={"fields": {"a": payload("start")}})
    c.run_workflow_task(
        record_marker("before"),
        modify_properties(b=payload("before")),
        upsert_search_attributes(OracleKeyword=keyword("before")),
        force_create_new_workflow_task=True,
    )
    c.run_workflow_task(
        record_marker("after"),
        modify_properties(b=payload("after")),
        upsert_search_attributes(OracleKeyword=keyword("after")),
    )
    reset(c, 10)
    c.describe()


@scenario
def child_that_runs(c):
    """The new run waits for the child that its base had started."""
    c.start()
    c.run_workflow_task(start_child(c))
    c.wait_for_event("CHILD_WORKFLOW_EXECUTION_STARTED")
    c.run_workflow_task()
    reset(c, 9)
    c.describe()
    c.run_workflow_task(complete_workflow(result=payloads("c")), queue="children")
    c.wait_for_event("CHILD_WORKFLOW_EXECUTION_COMPLETED")
    c.history()


@scenario
def child_that_ended(c):
    """What became of a child after the point is told again."""
    c.start()
    c.run_workflow_task(start_child(c))
    c.wait_for_event("CHILD_WORKFLOW_EXECUTION_STARTED")
    c.run_workflow_task()
    c.run_workflow_task(complete_workflow(result=payloads("c")), queue="children")
    c.wait_for_event("CHILD_WORKFLOW_EXECUTION_COMPLETED")
    c.run_workflow_task(complete_workflow())
    reset(c, 9)
    c.history()


@scenario
def child_of_later(c):
    """A child that was started after the point goes on for itself."""
    c.start()
    c.run_workflow_task(force_create_new_workflow_task=True)
    c.run_workflow_task(start_child(c))
    c.wait_for_event("CHILD_WORKFLOW_EXECUTION_STARTED")
    reset(c, 4)
    c.history()
    c.run_workflow_task(complete_workflow(), queue="children")
    c.describe("child")


@scenario
def continued_runs(c):
    """Signals to the runs that continued the base come to the new run as well."""
    first = c.start().run_id
    c.signal("to the first")
    c.run_workflow_task(force_create_new_workflow_task=True)
    c.signal("to the first, later")
    c.run_workflow_task(continue_as_new())
    c.signal("to the second")
    reset(c, 5, run_id=first)
    c.history()
    c.describe(run_id=first)


@scenario
def earlier_run(c):
    """A run that is not the current one is reset: the current one is terminated for it."""
    first = c.start().run_id
    c.run_workflow_task(fail_workflow())
    second = c.start().run_id
    c.signal("to the second")
    reset(c, 4, run_id=first)
    c.history(run_id=second)
    c.describe(run_id=first)
    c.history()


@scenario
def reset_of_a_reset(c):
    """A run that was reset is reset itself, within and after what it took over."""
    c.start()
    c.run_workflow_task(force_create_new_workflow_task=True)
    c.run_workflow_task(complete_workflow())
    reset(c, 4)
    c.run_workflow_task(complete_workflow())
    reset(c, 7)
    c.history()
    c.run_workflow_task(complete_workflow())
    reset(c, 3)
    c.history()
    c.describe()


@scenario
def timeouts(c):
    """The new run has its whole time again."""
    c.start(workflow_run_timeout=secs(1000), workflow_execution_timeout=secs(2000))
    c.run_workflow_task(complete_workflow())
    reset(c, 4)
    c.describe()


@scenario
def cron(c):
    """A run of a schedule that was reset is followed by another."""
    c.start(cron_schedule="0 0 1 1 *", workflow_start_delay=None)
    c.describe()
    reset(c, 2)


@scenario
def lists(c):
    """Base and new run as lists show them."""
    c.start()
    c.run_workflow_task()
    reset(c, 4)
    query = {"namespace": c.namespace, "query": f"WorkflowId = '{c.id('wf')}'"}
    c.until("both are listed", lambda: c.quietly("CountWorkflowExecutions", query).count == 2)
    closed = "ExecutionStatus = 'Terminated'"
    request = {"namespace": c.namespace, "query": f"{query['query']} AND {closed}"}
    c.until("one has ended", lambda: c.quietly("CountWorkflowExecutions", request).count == 1)
    c.call("ListWorkflowExecutions", query)


@scenario
def post_reset_signal(c):
    """A signal that comes with the reset."""
    c.start()
    c.run_workflow_task()
    operation = {"signal_workflow": {"signal_name": "after", "input": payloads("x")}}
    reset(c, 4, post_reset_operations=[operation], identity="resetter")
    c.history()
