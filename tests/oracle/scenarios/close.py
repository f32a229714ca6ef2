"""How runs end, and what a run shows once it has."""

from ..commands import (
    cancel_workflow,
    complete_workflow,
    fail_workflow,
    failure,
    keyword,
    modify_properties,
    payload,
    payloads,
    record_marker,
    secs,
    start_timer,
    upsert_search_attributes,
)
from ..registry import scenario


@scenario
def fails(c):
    """FailWorkflowExecution."""
    c.start()
    c.run_workflow_task(fail_workflow(failure=failure("no luck", details=payloads("d"))))
    c.wait_for_close()
    c.describe()


@scenario
def cancels_unasked(c):
    """CancelWorkflowExecution without a request is fine."""
    c.start()
    c.run_workflow_task(cancel_workflow())
    c.wait_for_close()
    c.describe()


@scenario
def run_times_out(c):
    """The run timeout ends the run; its running task's answer finds nothing."""
    c.start(workflow_run_timeout=secs(1))
    task = c.poll_workflow_task()
    c.wait_for_close()
    c.complete_workflow_task(task, complete_workflow())
    c.history()
    c.describe()


@scenario
def execution_times_out(c):
    """The execution timeout ends an idle run."""
    c.start(workflow_execution_timeout=secs(1))
    c.run_workflow_task()
    c.wait_for_close()
    c.history()
    c.describe()


@scenario
def times_out_before_its_first_task(c):
    """The run timeout ends a run that no worker has seen."""
    c.start(workflow_run_timeout=secs(1))
    c.wait_for_close()
    c.history()


@scenario
def marker(c):
    """A marker with all it may carry."""
    task = c.started()
    c.complete_workflow_task(
        task,
        {
            **record_marker(
                "local",
                details={"data": payloads("x"), "more": payloads("y", "z")},
                header={"fields": {"h": payload("1")}},
                failure=failure("inside"),
            ),
            "user_metadata": {"summary": payload("what")},
        },
    )
    c.history(since=4)


@scenario
def search_attributes_are_upserted(c):
    """Upserts replace, add and remove search attributes."""
    task = c.started(search_attributes={"indexed_fields": {"OracleKeyword": keyword("blue")}})
    c.complete_workflow_task(
        task,
        upsert_search_attributes(OracleKeyword=keyword("red"), OracleInt=number(7)),
        force_create_new_workflow_task=True,
    )
    c.describe()
    c.run_workflow_task(upsert_search_attributes(OracleKeyword=NOTHING), complete_workflow())
    c.describe()
    c.history(since=4)


def number(value: int) -> dict:
    return {"metadata": {"encoding": b"json/plain", "type": b"Int"}, "data": str(value).encode()}


NOTHING = {"metadata": {"encoding": b"binary/null"}}


@scenario
def memo_is_modified(c):
    """The memo is merged; a null value removes its key."""
    task = c.started(memo={"fields": {"a": payload("1"), "b": payload("2")}})
    c.complete_workflow_task(
        task, modify_properties(b=payload("two"), c=payload("3")), force_create_new_workflow_task=True
    )
    c.describe()
    c.run_workflow_task(modify_properties(a=NOTHING), complete_workflow())
    c.describe()
    c.history(since=4)


@scenario
def after_the_close(c):
    """A closed run is described and read by id and by run id; tasks come no more."""
    run = c.start()
    c.run_workflow_task(start_timer(seconds=1), complete_workflow())
    c.describe(run_id=run.run_id)
    c.history(run_id=run.run_id)
    c.poll_workflow_task(timeout=3)
