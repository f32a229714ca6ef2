"""Queries: answered by workers alone or with workflow tasks, and what runs in every state say to them."""

from ..asking import ANSWERED, answer, answered, begin_query, closed, idle, query, waits
from ..commands import complete_workflow, fail_workflow, payloads, start_timer
from ..registry import scenario


@scenario
def by_itself(c):
    """No workflow task is pending: a worker gets the query alone, with the whole history."""
    idle(c)
    asked = begin_query(c)
    task = c.poll_workflow_task()
    answer(c, task)
    asked.result()
    c.history()


@scenario
def arguments_and_header(c):
    """The query's arguments and header come to the worker as they are."""
    idle(c)
    header = {"fields": {"trace": {"metadata": {"encoding": b"binary/plain"}, "data": b"span"}}}
    asked = begin_query(c, "state", query_args=payloads("one", "two"), header=header)
    answer(c, c.poll_workflow_task(), query_result=payloads("three", "four"))
    asked.result()


@scenario
def names_of_sdks(c):
    """Queries that SDKs answer by themselves pass through."""
    idle(c)
    for name in ("__stack_trace", "__enhanced_stack_trace", "__temporal_workflow_metadata"):
        asked = begin_query(c, name)
        answer(c, c.poll_workflow_task())
        asked.result()


@scenario
def on_the_sticky_queue(c):
    """The worker that has the run in its cache gets the query without a history."""
    idle(c, sticky_attributes=c.sticky())
    poll = c.begin_poll_workflow_task("sticky", sticky_of="queue")
    c.wait_for_poller("sticky", sticky_of="queue")
    asked = begin_query(c)
    answer(c, poll.result())
    asked.result()
    c.history(since=4)


@scenario
def nothing_as_answer(c):
    """An answer without a result is one."""
    idle(c)
    asked = begin_query(c)
    answer(c, c.poll_workflow_task(), query_result=None)
    asked.result()


@scenario
def with_a_workflow_task(c):
    """A workflow task waits: the query goes with it, so that the answer shows what came before."""
    idle(c)
    c.signal()
    asked = begin_query(c)
    waits(c)
    task = c.poll_workflow_task()
    c.complete_workflow_task(task, query_results=answered(task))
    asked.result()
    c.history(since=5)


@scenario
def with_the_first_workflow_task(c):
    """A run that has completed no workflow task yet is asked with its first one."""
    c.start()
    asked = begin_query(c)
    waits(c)
    task = c.poll_workflow_task()
    c.complete_workflow_task(task, query_results=answered(task))
    asked.result()
    c.history()


@scenario
def before_the_first_workflow_task(c):
    """A run whose first workflow task waits for its time soon over is asked with that."""
    c.start(workflow_start_delay={"seconds": 3})
    asked = begin_query(c)
    task = c.poll_workflow_task()
    c.complete_workflow_task(task, query_results=answered(task))
    asked.result()


@scenario
def with_the_next_workflow_task(c):
    """A workflow task runs: the query goes with the next one, if there is one."""
    task = c.started()
    asked = begin_query(c)
    waits(c)
    with c.quiet():
        c.signal()
    c.complete_workflow_task(task)
    second = c.poll_workflow_task()
    c.complete_workflow_task(second, query_results=answered(second))
    asked.result()


@scenario
def with_the_task_of_a_heartbeat(c):
    """A completion that brings its worker the next task brings it the query."""
    task = c.started()
    asked = begin_query(c)
    waits(c)
    beat = c.complete_workflow_task(
        task,
        sticky_attributes=c.sticky(),
        force_create_new_workflow_task=True,
        return_new_workflow_task=True,
    )
    c.complete_workflow_task(beat.workflow_task, query_results=answered(beat.workflow_task))
    asked.result()
    c.history()


@scenario
def answered_by_a_heartbeat(c):
    """What a heartbeat answers does not come with the next task again."""
    with c.quiet():
        c.start()
    asked = begin_query(c)
    waits(c)
    task = c.poll_workflow_task()
    beat = c.complete_workflow_task(
        task,
        query_results=answered(task),
        sticky_attributes=c.sticky(),
        force_create_new_workflow_task=True,
        return_new_workflow_task=True,
    )
    asked.result()
    c.complete_workflow_task(beat.workflow_task)


@scenario
def after_the_running_task(c):
    """A workflow task runs and no other follows: the query goes to a worker by itself then."""
    task = c.started()
    asked = begin_query(c)
    waits(c)
    c.complete_workflow_task(task)
    answer(c, c.poll_workflow_task())
    asked.result()


@scenario
def after_the_run_has_closed(c):
    """The completion closes the run: the query is answered by what it ended with."""
    task = c.started()
    asked = begin_query(c)
    waits(c)
    c.complete_workflow_task(task, complete_workflow(result=payloads("done")))
    answer(c, c.poll_workflow_task())
    asked.result()


@scenario
def not_answered(c):
    """A worker that passes over the query of its task is asked by itself."""
    with c.quiet():
        c.start()
    asked = begin_query(c)
    waits(c)
    c.complete_workflow_task(c.poll_workflow_task(), start_timer(seconds=60))
    answer(c, c.poll_workflow_task())
    asked.result()


@scenario
def task_fails(c):
    """The workflow task fails: the query comes with its next attempt."""
    with c.quiet():
        c.start()
    asked = begin_query(c)
    waits(c)
    c.fail_workflow_task(c.poll_workflow_task())
    task = c.poll_workflow_task()
    c.complete_workflow_task(task, query_results=answered(task))
    asked.result()
    c.history()


@scenario
def task_times_out(c):
    """The workflow task times out: the query comes with its next attempt."""
    with c.quiet():
        c.start(workflow_task_timeout={"seconds": 1})
    asked = begin_query(c)
    waits(c)
    c.poll_workflow_task()
    task = c.poll_workflow_task()
    c.complete_workflow_task(task, query_results=answered(task))
    asked.result()


@scenario
def answer_with_a_bad_command(c):
    """A completion whose command is invalid answers nothing: the next attempt brings the query again."""
    with c.quiet():
        c.start()
    asked = begin_query(c)
    waits(c)
    task = c.poll_workflow_task()
    c.complete_workflow_task(task, start_timer(timer_id=""), query_results=answered(task))
    again = c.poll_workflow_task()
    c.complete_workflow_task(again, query_results=answered(again))
    asked.result()


@scenario
def closed_runs(c):
    """A closed run is asked on its queue, whatever it ended as, and has the whole history for that."""
    for ended, command in (("completed", complete_workflow()), ("failed", fail_workflow())):
        closed(c, ended, command)
        asked = begin_query(c, workflow_id=ended)
        answer(c, c.poll_workflow_task())
        asked.result()


@scenario
def closed_run_of_a_sticky_worker(c):
    """A closed run has no sticky queue any more."""
    idle(c, sticky_attributes=c.sticky())
    with c.quiet():
        c.terminate()
    asked = begin_query(c)
    answer(c, c.poll_workflow_task())
    asked.result()


@scenario
def a_run_by_its_id(c):
    """A run that another one follows is asked by its run id, and without it that other one."""
    first = idle(c)
    with c.quiet():
        c.terminate()
    idle(c)
    for run_id in (first.workflow_execution.run_id, ""):
        asked = begin_query(c, run_id=run_id)
        answer(c, c.poll_workflow_task())
        asked.result()


@scenario
def rejected(c):
    """A query may ask to be rejected by runs that are not open, or did not complete."""
    idle(c, "open")
    closed(c, "completed", complete_workflow())
    closed(c, "failed", fail_workflow())
    with c.quiet():
        c.start("terminated")
        c.terminate("terminated")
    for workflow_id in ("completed", "failed", "terminated"):
        query(c, workflow_id=workflow_id, query_reject_condition="QUERY_REJECT_CONDITION_NOT_OPEN")
    for workflow_id in ("failed", "terminated"):
        query(
            c, workflow_id=workflow_id, query_reject_condition="QUERY_REJECT_CONDITION_NOT_COMPLETED_CLEANLY"
        )


@scenario
def not_rejected(c):
    """Conditions that a run meets let the query through."""
    idle(c, "open")
    closed(c, "completed", complete_workflow())
    for workflow_id, condition in (
        ("open", "NOT_OPEN"),
        ("open", "NOT_COMPLETED_CLEANLY"),
        ("completed", "NOT_COMPLETED_CLEANLY"),
        ("completed", "NONE"),
    ):
        asked = begin_query(
            c, workflow_id=workflow_id, query_reject_condition=f"QUERY_REJECT_CONDITION_{condition}"
        )
        answer(c, c.poll_workflow_task())
        asked.result()


@scenario
def sticky_worker_gone(c):
    """Nobody polls the sticky queue: the query, and the next workflow task, go to the run's own queue."""
    idle(c, sticky_attributes=c.sticky())
    asked = begin_query(c)
    answer(c, c.poll_workflow_task())
    asked.result()
    c.signal()
    c.history(since=4)


@scenario
def sticky_worker_silent(c):
    """The sticky worker does not answer within its timeout: another is asked, and it is too late."""
    idle(c, sticky_attributes=c.sticky(timeout=1))
    poll = c.begin_poll_workflow_task("sticky", sticky_of="queue")
    c.wait_for_poller("sticky", sticky_of="queue")
    asked = begin_query(c)
    late = poll.result()
    answer(c, c.poll_workflow_task())
    asked.result()
    answer(c, late)
    c.signal()
    c.history(since=4)


@scenario
def pages(c):
    """A history of several pages: the token of the query's task brings the others."""
    with c.quiet():
        c.start()
        for number in range(130):
            c.signal(f"go-{number}")
            c.complete_workflow_task(c.poll_workflow_task())
    asked = begin_query(c)
    with c.quiet():
        task = c.poll_workflow_task()
    seen = [event.event_id for event in task.history.events]
    with c.quiet():
        token = task.next_page_token
        while token:
            page = c.history(next_page_token=token)
            seen += [event.event_id for event in page.history.events]
            token = page.next_page_token
    c.note("all events once", seen == list(range(1, len(seen) + 1)) and len(seen) > 130 * 4)
    c.call("RespondQueryTaskCompleted", ANSWERED | {"namespace": "default", "task_token": task.task_token})
    asked.result()
