"""ContinueAsNewWorkflowExecution: what the next run is like, and what a chain of runs is to its clients."""

from ..commands import (
    complete_workflow,
    continue_as_new,
    keyword,
    modify_properties,
    payload,
    payloads,
    schedule_activity,
    secs,
    start_timer,
    upsert_search_attributes,
)
from ..registry import scenario

LINK = {
    "workflow_event": {
        "namespace": "default",
        "workflow_id": "other",
        "run_id": "11111111-1111-1111-1111-111111111111",
        "event_ref": {"event_id": 1, "event_type": "EVENT_TYPE_WORKFLOW_EXECUTION_STARTED"},
    }
}
REJECT = {"workflow_id_reuse_policy": "WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE"}
USE_EXISTING = {"workflow_id_conflict_policy": "WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING"}
TERMINATE_EXISTING = {"workflow_id_conflict_policy": "WORKFLOW_ID_CONFLICT_POLICY_TERMINATE_EXISTING"}


def again(**attributes) -> dict:
    """The next run begins a second later, however old this one is."""
    return continue_as_new(**{"backoff_start_interval": secs(1), **attributes})


def later(**attributes) -> dict:
    """The next run waits for longer than a scenario lasts."""
    return again(backoff_start_interval=secs(60), **attributes)


def continued(c, *commands, **start):
    """Preparation: a run that has continued as new; returns its run id."""
    task = c.started(**start)
    with c.quiet():
        c.complete_workflow_task(task, *(commands or [later()]))
    return task.workflow_execution.run_id


@scenario
def defaults(c):
    """With nothing said, the next run is like the one before; after more than a second it begins at once."""
    first = c.start(input=payloads("hello"), memo={"fields": {"note": payload("a memo")}})
    with c.quiet():
        c.run_workflow_task(start_timer(seconds=1))
    c.run_workflow_task(continue_as_new())
    c.history(run_id=first.run_id)
    c.describe(run_id=first.run_id)
    c.history()
    c.describe()
    c.poll_workflow_task()
    c.history()


@scenario
def no_sooner_than_a_second_later(c):
    """A run that continues at once: the next one waits, so that a second lies between their first tasks."""
    task = c.started()
    with c.quiet():
        c.complete_workflow_task(task, continue_as_new())
        first = c.history(run_id=task.workflow_execution.run_id).history.events[0]
        second = c.history().history.events[0]
    backoff = second.workflow_execution_started_event_attributes.first_workflow_task_backoff
    apart = second.event_time.ToDatetime() + backoff.ToTimedelta() - first.event_time.ToDatetime()
    c.note("a second apart", apart.total_seconds() >= 0.999)


@scenario
def everything_given(c):
    """Whatever the command says goes into the closing event and into the next run."""
    first = c.start(
        workflow_execution_timeout=secs(300),
        workflow_run_timeout=secs(200),
        workflow_task_timeout=secs(5),
        retry_policy={"maximum_attempts": 3, "initial_interval": secs(2)},
        header={"fields": {"trace": payload("t-1")}},
        user_metadata={"summary": payload("a summary"), "details": payload("the details")},
        priority={"priority_key": 2, "fairness_key": "tenant", "fairness_weight": 1.5},
        links=[LINK],
    )
    command = later(
        workflow_type={"name": "Other"},
        task_queue={"name": c.id("other")},
        input=payloads("next"),
        workflow_run_timeout=secs(100),
        workflow_task_timeout=secs(7),
        retry_policy={"maximum_attempts": 5, "non_retryable_error_types": ["Bad"]},
        header={"fields": {"trace": payload("t-2")}},
        memo={"fields": {"note": payload("next memo")}},
        search_attributes={"indexed_fields": {"OracleKeyword": keyword("blue")}},
        last_completion_result=payloads("result"),
        failure={"message": "it broke", "source": "oracle", "application_failure_info": {"type": "Broken"}},
    )
    c.run_workflow_task(command | {"user_metadata": {"summary": payload("of the command")}})
    c.history(run_id=first.run_id)
    c.history()
    c.describe()
    c.cancel()
    c.poll_workflow_task("other")


@scenario
def what_is_not_carried_over(c):
    """Memo and search attributes, upserted ones too, belong to a run; the command has to repeat them."""
    task = c.started(
        memo={"fields": {"note": payload("a memo")}},
        search_attributes={"indexed_fields": {"OracleKeyword": keyword("blue")}},
        header={"fields": {"trace": payload("t-1")}},
        retry_policy={"maximum_attempts": 3},
    )
    c.complete_workflow_task(
        task,
        modify_properties(more=payload("more")),
        upsert_search_attributes(OracleKeyword=keyword("red")),
        later(),
    )
    c.history()
    c.describe()


@scenario
def initiators(c):
    """An initiator that the command names is kept; a retry counts an attempt."""
    for name in ("RETRY", "CRON_SCHEDULE"):
        task = c.started(name, queue=name)
        initiator = f"CONTINUE_AS_NEW_INITIATOR_{name}"
        c.complete_workflow_task(task, later(initiator=initiator))
        c.history(name, run_id=task.workflow_execution.run_id, since=5)
        c.history(name)


@scenario
def three_runs(c):
    """A chain: its first run id stays, each run has its own original run id and points to the one before."""
    first = c.start()
    c.run_workflow_task(again(input=payloads("second")))
    second = c.poll_workflow_task()
    c.complete_workflow_task(second, again(input=payloads("third")))
    c.run_workflow_task(complete_workflow(result=payloads("done")))
    c.history(run_id=first.run_id)
    c.history(run_id=second.workflow_execution.run_id)
    c.history()
    c.describe()


@scenario
def results_are_followed(c):
    """Who waits for the end of the first run is told of the next one, and so on to the result."""
    first = c.start()
    waiting = c.begin_history(
        run_id=first.run_id,
        wait_new_event=True,
        history_event_filter_type="HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT",
    )
    c.run_workflow_task(again())
    closed = waiting.result().history.events[0].workflow_execution_continued_as_new_event_attributes
    second = c.begin_history(
        run_id=closed.new_execution_run_id,
        wait_new_event=True,
        history_event_filter_type="HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT",
    )
    c.run_workflow_task(complete_workflow(result=payloads("done")))
    second.result()


@scenario
def timeouts_of_the_next_run(c):
    """The execution's end stands; a run timeout is cut to it, a task timeout to the run's."""
    with c.quiet():
        c.start(workflow_execution_timeout=secs(50), workflow_task_timeout=secs(3))
    c.run_workflow_task(later(workflow_run_timeout=secs(400), workflow_task_timeout=secs(300)))
    c.history()
    c.describe()
    with c.quiet():
        c.start("other", task_queue={"name": c.id("other queue")}, workflow_run_timeout=secs(5))
    c.run_workflow_task(later(workflow_task_timeout=secs(8)), queue="other queue")
    c.history("other")


@scenario
def execution_times_out_over_the_chain(c):
    """The execution timeout ends whichever run is open then."""
    with c.quiet():
        c.start(workflow_execution_timeout=secs(5))
    c.run_workflow_task(again())
    c.wait_for_close()
    c.history()
    c.describe()


@scenario
def with_pending_work(c):
    """What was pending ends with its run: the next one knows nothing of it."""
    first = c.start()
    c.run_workflow_task(schedule_activity(c, queue="activities"), start_timer(seconds=60))
    activity = c.poll_activity("activities")
    c.signal()
    c.run_workflow_task(later())
    c.complete_activity(activity, result=payloads("late"))
    c.history(run_id=first.run_id, since=8)
    c.describe()
    c.describe(run_id=first.run_id)


@scenario
def buffered_events_forbid_it(c):
    """A run does not continue over an event that no worker has seen."""
    task = c.started()
    c.signal()
    c.complete_workflow_task(task, later())
    c.run_workflow_task(later())
    c.history(run_id=task.workflow_execution.run_id, since=3)
    c.history()


@scenario
def after_other_commands(c):
    """It may follow other commands, and nothing may follow it."""
    task = c.started()
    c.complete_workflow_task(task, later(), start_timer())
    c.complete_workflow_task(task, later(), complete_workflow())
    c.complete_workflow_task(task, start_timer(), later())
    c.history(run_id=task.workflow_execution.run_id, since=4)


@scenario
def signals_go_to_the_next_run(c):
    """A signal without a run id reaches the run that is open; one to the old run finds it closed."""
    first = continued(c)
    c.signal("one")
    c.signal("two", run_id=first)
    c.history()
    c.describe()


@scenario
def signal_during_the_backoff(c):
    """A signal waits for the end of the backoff."""
    continued(c, again(backoff_start_interval=secs(3)))
    c.signal()
    c.poll_workflow_task()


@scenario
def signal_request_ids_belong_to_a_run(c):
    """A signal's request id is not known to the next run."""
    task = c.started()
    with c.quiet():
        c.signal(request_id="same")
        c.fail_workflow_task(task)
    c.run_workflow_task(later())
    c.signal(request_id="same")
    c.signal(request_id="same", run_id=task.workflow_execution.run_id)
    c.history()


@scenario
def cancel_during_the_backoff(c):
    """A cancel request does not wait for the end of the backoff."""
    continued(c)
    c.describe()
    c.cancel()
    c.poll_workflow_task()
    c.history()


@scenario
def cancel_is_not_carried_over(c):
    """The next run of one that was asked to cancel is not."""
    with c.quiet():
        c.start()
        c.cancel()
    c.run_workflow_task(later())
    c.describe()
    c.cancel()
    c.history()


@scenario
def cancel_by_first_run(c):
    """Cancel names the chain by its first run: its current run is asked, whichever that is."""
    first = continued(c)
    c.cancel(first_execution_run_id="11111111-1111-1111-1111-111111111111")
    c.cancel(run_id=first, first_execution_run_id=first)
    c.cancel(first_execution_run_id=first)
    c.history()


@scenario
def terminate_by_first_run(c):
    """Terminate names the chain by its first run; the old run itself is closed."""
    first = continued(c)
    second = c.describe().workflow_execution_info.execution.run_id
    c.terminate(first_execution_run_id="11111111-1111-1111-1111-111111111111")
    c.terminate(first_execution_run_id=second)
    c.terminate(run_id=first, first_execution_run_id=first)
    c.terminate(run_id=second, first_execution_run_id=first)
    c.terminate(first_execution_run_id=first)
    c.history()


@scenario
def request_id_of_the_start(c):
    """The start's request id stays with the first run: repeated, it meets a run that it did not start."""
    continued(c, request_id="same")
    c.start(request_id="same")
    c.start(request_id="same", **USE_EXISTING)
    c.describe()
    with c.quiet():
        c.cancel()
        c.run_workflow_task(complete_workflow())
    c.start(request_id="same", **REJECT)
    c.start(request_id="same")


@scenario
def starts_against_a_chain(c):
    """Starts of an id whose current run follows another."""
    continued(c)
    c.start()
    c.start(**REJECT)
    c.start(**USE_EXISTING)
    c.start(**USE_EXISTING, request_id="attached", on_conflict_options={"attach_request_id": True})
    second = c.describe().workflow_execution_info.execution.run_id
    c.start(**TERMINATE_EXISTING)
    c.history(run_id=second)
    c.describe()


@scenario
def attached_request_ids_stay_behind(c):
    """A request id that was attached to a run is not known to the next one."""
    with c.quiet():
        c.start()
        c.start(**USE_EXISTING, request_id="attached", on_conflict_options={"attach_request_id": True})
    c.run_workflow_task(later())
    c.start(**USE_EXISTING, request_id="attached")
    c.describe()


@scenario
def reset_points_of_a_chain(c):
    """Points to reset to are handed on, with the time until which they hold."""
    with c.quiet():
        c.start()
        c.complete_workflow_task(c.poll_workflow_task(), start_timer(seconds=60), binary_checksum="one")
        c.signal()
        c.complete_workflow_task(c.poll_workflow_task(), again(), binary_checksum="two")
        c.complete_workflow_task(c.poll_workflow_task(), start_timer(seconds=60), binary_checksum="three")
    c.describe()
    c.history()
    c.signal()
    c.run_workflow_task(later(), binary_checksum="two")
    c.history()


@scenario
def sticky_worker_and_chain(c):
    """The next run begins on the run's own queue, with its whole history."""
    with c.quiet():
        c.start()
    c.run_workflow_task(start_timer(seconds=60), sticky_attributes=c.sticky(timeout=30))
    poll = c.begin_poll_workflow_task("sticky", sticky_of="queue")
    c.wait_for_poller("sticky", sticky_of="queue")
    c.signal()
    c.complete_workflow_task(poll.result(), again(), sticky_attributes=c.sticky(timeout=30))
    c.poll_workflow_task()


@scenario
def eager_start_continues(c):
    """A run that was started eagerly continues as new; the next one's task goes through the queue."""
    started = c.start(request_eager_execution=True)
    c.complete_workflow_task(
        started.eager_workflow_task,
        later(),
        force_create_new_workflow_task=True,
        return_new_workflow_task=True,
    )
    c.history()


@scenario
def lists_of_a_chain(c):
    """Both runs are listed, each with its status."""
    first = continued(c)
    second = c.describe().workflow_execution_info.execution.run_id

    def ask(**query):
        text = query["query"]
        return c.call("ListWorkflowExecutions", {"namespace": c.namespace, "query": text})

    where = f"WorkflowId = '{c.id('wf')}'"
    for run in (first, second):
        query = f"{where} AND RunId = '{run}'"
        c.until(
            "the run is listed",
            lambda q=query: (
                c.quietly("ListWorkflowExecutions", {"namespace": c.namespace, "query": q}).executions
            ),
        )
    c.until(
        "the run is listed as closed",
        lambda: (
            c.quietly(
                "ListWorkflowExecutions",
                {"namespace": c.namespace, "query": f"{where} AND ExecutionStatus = 'ContinuedAsNew'"},
            ).executions
        ),
    )
    ask(query=f"{where} AND ExecutionStatus = 'ContinuedAsNew'")
    ask(query=f"{where} AND ExecutionStatus = 'Running'")
