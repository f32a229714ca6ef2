"""Requests to a run that come twice, too late, or with links and ids; and starts that meet one."""

from ..commands import (
    complete_workflow,
    continue_as_new,
    modify_properties,
    payload,
    payloads,
    secs,
    start_timer,
    upsert_search_attributes,
)
from ..registry import scenario

USE_EXISTING = {"workflow_id_conflict_policy": "WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING"}
TERMINATE_EXISTING = {"workflow_id_conflict_policy": "WORKFLOW_ID_CONFLICT_POLICY_TERMINATE_EXISTING"}
FORCED = {"force_create_new_workflow_task": True}


def link(number=1) -> dict:
    return {
        "workflow_event": {
            "namespace": "default",
            "workflow_id": f"other-{number}",
            "run_id": "11111111-1111-1111-1111-111111111111",
            "event_ref": {"event_id": number, "event_type": "EVENT_TYPE_WORKFLOW_EXECUTION_STARTED"},
        }
    }


def by_request_id(number=1) -> dict:
    return {
        "workflow_event": {
            "namespace": "default",
            "workflow_id": f"other-{number}",
            "run_id": "11111111-1111-1111-1111-111111111111",
            "request_id_ref": {
                "request_id": f"request-of-{number}",
                "event_type": "EVENT_TYPE_WORKFLOW_EXECUTION_OPTIONS_UPDATED",
            },
        }
    }


@scenario
def signal_with_links(c):
    """Links stand in the event: by event id and by request id, of a workflow and of a batch job."""
    c.start()
    c.signal(links=[link(), by_request_id(), {"batch_job": {"job_id": "job"}}])
    c.signal("bad", links=[{"workflow_event": {"namespace": "default"}}])
    c.signal("many", links=[link(n) for n in range(11)])
    c.history()
    c.describe()


@scenario
def signal_repeated_after_a_close(c):
    """A repeated signal of a run that has closed since: it is done already; a new one finds no run."""
    c.start()
    c.signal(request_id="same")
    c.run_workflow_task(complete_workflow())
    c.signal(request_id="same")
    c.signal(request_id="new")


@scenario
def signal_repeated_in_the_next_run(c):
    """Continued as new: a repeated signal is a new one for the next run."""
    first = c.start()
    c.signal(request_id="same")
    c.run_workflow_task(continue_as_new(workflow_type={"name": "Greet"}, task_queue={"name": c.id("queue")}))
    c.signal(request_id="same")
    c.signal(request_id="same", run_id=first.run_id)
    c.history()


@scenario
def signal_repeated_across_a_task(c):
    """A repeated signal while a task runs, that was there before it and buffered in it."""
    c.start()
    c.signal("before", request_id="before")
    task = c.poll_workflow_task()
    c.signal("before", request_id="before")
    c.signal("in it", request_id="in it")
    c.signal("in it", request_id="in it")
    c.complete_workflow_task(task)
    c.signal("in it", request_id="in it")
    c.history()


@scenario
def signal_to_another_run(c):
    """Run ids that are none, and one of nobody."""
    c.start()
    c.signal(run_id="not a run id")
    c.signal(run_id="11111111-1111-1111-1111-111111111111")
    c.signal(workflow_id="nobody")
    c.history()


@scenario
def cancel_repeated(c):
    """The same request to cancel is done, and so is another one: neither makes an event."""
    c.start()
    c.cancel(request_id="same", reason="first", links=[link()])
    c.cancel(request_id="same", reason="second")
    c.cancel(request_id="other", reason="third", links=[link(2)])
    c.history()
    c.run_workflow_task(complete_workflow())
    c.cancel(request_id="same")
    c.cancel(request_id="another")


@scenario
def cancel_repeated_while_buffered(c):
    """The first request to cancel is buffered when it comes again."""
    task = c.started()
    c.cancel(request_id="same", links=[link()])
    c.cancel(request_id="same")
    c.cancel(request_id="other")
    c.describe()
    c.complete_workflow_task(task)
    c.history()


@scenario
def terminate_with_links(c):
    """Links of a termination, and one that follows."""
    c.start()
    c.terminate(reason="enough", links=[link(), by_request_id()])
    c.terminate(reason="again")
    c.history()


@scenario
def terminate_while_a_task_runs(c):
    """What was buffered stays in the history before the end."""
    task = c.started()
    c.signal()
    c.cancel()
    c.terminate(details=payloads("why"))
    c.complete_workflow_task(task, complete_workflow())
    c.fail_workflow_task(task)
    c.history()


@scenario
def memo_upserted(c):
    """Values are set, changed, and taken away by null."""
    c.start(memo={"fields": {"kept": payload("k"), "changed": payload("a"), "gone": payload("g")}})
    null = {"metadata": {"encoding": b"binary/null"}}
    c.run_workflow_task(
        modify_properties(changed=payload("b"), gone=null, added=payload("n")),
        modify_properties(never=null, empty={}),
        **FORCED,
    )
    c.describe()
    c.run_workflow_task(modify_properties(added=null, kept=null, changed=null, empty=null), **FORCED)
    c.describe()
    c.run_workflow_task(modify_properties(), **FORCED)
    c.history()


@scenario
def memo_without_a_change(c):
    """A change of properties that names none, in a task of its own."""
    c.start()
    c.run_workflow_task({"command_type": "COMMAND_TYPE_MODIFY_WORKFLOW_PROPERTIES"})
    c.history()


@scenario
def attributes_upserted(c):
    """Search attributes set, changed, and taken away by null and by an empty list."""
    c.start(search_attributes={"indexed_fields": {"OracleKeyword": keyword("a"), "OracleInt": number(1)}})
    null = {"metadata": {"encoding": b"json/plain", "type": b"Int"}, "data": b"null"}
    binary = {"metadata": {"encoding": b"binary/null"}}
    empty = {"metadata": {"encoding": b"json/plain", "type": b"Keyword"}, "data": b"[]"}
    c.run_workflow_task(upsert_search_attributes(OracleKeyword=keyword("b"), OracleInt=null), **FORCED)
    c.describe()
    c.run_workflow_task(upsert_search_attributes(OracleKeyword=empty), **FORCED)
    c.describe()
    c.run_workflow_task(upsert_search_attributes(OracleKeyword=keyword(""), OracleInt=number(2)), **FORCED)
    c.describe()
    c.run_workflow_task(upsert_search_attributes(OracleKeyword=binary, OracleInt=binary), **FORCED)
    c.describe()
    c.run_workflow_task(upsert_search_attributes(), **FORCED)
    c.history()


def keyword(text: str) -> dict:
    return {"metadata": {"encoding": b"json/plain", "type": b"Keyword"}, "data": f'"{text}"'.encode()}


def number(value: int) -> dict:
    return {"metadata": {"encoding": b"json/plain", "type": b"Int"}, "data": str(value).encode()}


@scenario
def attached_more_than_once(c):
    """Request ids attached to a running one: with links, without, twice, and while a task runs."""
    c.start()
    options = {"on_conflict_options": {"attach_request_id": True}}
    c.start(**USE_EXISTING, **options, request_id="second")
    c.start(**USE_EXISTING, **options, request_id="second", links=[link()])
    task = c.poll_workflow_task()
    c.start(**USE_EXISTING, **options, request_id="third", links=[link(2)])
    c.start(**USE_EXISTING, **options, request_id="third")
    c.describe()
    c.complete_workflow_task(task)
    c.describe()
    c.history()


@scenario
def attached_links_alone(c):
    """Links without the request id are refused."""
    c.start()
    c.start(**USE_EXISTING, on_conflict_options={"attach_links": True}, request_id="second", links=[link()])
    c.start(**USE_EXISTING, on_conflict_options={}, request_id="third", links=[link()])
    c.history()
    c.describe()


@scenario
def attached_and_closed(c):
    """An attached request id, asked again when the run has closed: it names that run."""
    c.start()
    options = {"on_conflict_options": {"attach_request_id": True}}
    c.start(**USE_EXISTING, **options, request_id="second")
    c.run_workflow_task(complete_workflow())
    c.start(**USE_EXISTING, **options, request_id="second")
    c.describe()


@scenario
def attached_id_and_other_policies(c):
    """The id of a start that attached, in a start that would fail or terminate."""
    c.start()
    options = {"on_conflict_options": {"attach_request_id": True}}
    c.start(**USE_EXISTING, **options, request_id="second")
    c.start(request_id="second")
    c.start(**TERMINATE_EXISTING, request_id="second")
    c.start(request_id="third")
    c.history()
    c.describe()


@scenario
def eager_start_that_meets_one(c):
    """An eager start of an open run with USE_EXISTING gets no task."""
    c.start()
    c.start(**USE_EXISTING, request_eager_execution=True)
    c.start(**TERMINATE_EXISTING, request_eager_execution=True)
    c.history()


@scenario
def eager_start_times_out(c):
    """The task of an eager start that nobody answers comes again through the queue."""
    c.start(request_eager_execution=True, workflow_task_timeout=secs(1))
    c.wait_for_event("WORKFLOW_TASK_TIMED_OUT")
    c.run_workflow_task(complete_workflow())
    c.history()


@scenario
def delayed_and_canceled_twice(c):
    """A request to cancel ends a start delay; the next one changes nothing."""
    c.start(workflow_start_delay=secs(60))
    c.signal()
    c.cancel(request_id="one")
    c.cancel(request_id="two")
    c.run_workflow_task(complete_workflow())
    c.history()


@scenario
def delayed_with_a_request_to_attach(c):
    """A start that attaches does not end a delay."""
    c.start(workflow_start_delay=secs(60))
    c.start(**USE_EXISTING, on_conflict_options={"attach_request_id": True}, request_id="second")
    c.history()
    c.describe()


@scenario
def run_times_out_while_a_task_runs(c):
    """What was buffered stands before the end; the task's answer finds no run."""
    task = c.started(workflow_run_timeout=secs(1))
    c.signal()
    c.wait_for_close()
    c.complete_workflow_task(task, complete_workflow())
    c.history()
    c.describe()


@scenario
def delayed_run_times_out(c):
    """The run timeout counts from the end of the start delay; the execution timeout does not."""
    c.start(workflow_start_delay=secs(1), workflow_run_timeout=secs(1))
    c.describe()
    c.wait_for_close()
    c.history()
    c.start("other", workflow_start_delay=secs(30), workflow_execution_timeout=secs(1))
    c.describe("other")


@scenario
def timer_and_attributes_after_the_end(c):
    """Commands behind the one that closes the run refuse the completion as a whole."""
    c.start()
    task = c.poll_workflow_task()
    c.complete_workflow_task(task, complete_workflow(), start_timer())
    c.complete_workflow_task(task, complete_workflow(), complete_workflow())
    c.complete_workflow_task(task, complete_workflow())
    c.history()
