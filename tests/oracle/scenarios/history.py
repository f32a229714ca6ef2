"""GetWorkflowExecutionHistory and its reverse: pages, long polls, the close event, refused requests."""

from ..commands import complete_workflow, secs, start_timer
from ..registry import scenario

NO_RUN = "11111111-2222-3333-4444-555555555555"
CLOSE = "HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT"


def pages(c, name: str, workflow_id="wf", **fields):
    """All pages, a step each."""
    token = b""
    while True:
        request = {
            "namespace": "default",
            "execution": c.execution(workflow_id),
            "next_page_token": token,
            **fields,
        }
        reply = c.call(name, request)
        token = reply.next_page_token if reply else b""
        if not token:
            return


def closed(c):
    with c.quiet():
        c.start()
        c.run_workflow_task(start_timer(seconds=60))
        c.signal()
        c.run_workflow_task(complete_workflow())


@scenario
def in_one_page(c):
    """A page size above the length: one page, no token."""
    closed(c)
    pages(c, "GetWorkflowExecutionHistory", maximum_page_size=100)


@scenario
def in_many_pages(c):
    """Small pages, forward and backward, are together the whole history; how it is cut is free."""
    closed(c)
    for name in ("GetWorkflowExecutionHistory", "GetWorkflowExecutionHistoryReverse"):
        token, ids, pages = b"", [], 0
        while token or not pages:
            request = {"namespace": "default", "execution": c.execution(), "maximum_page_size": 1}
            reply = c.quietly(name, {**request, "next_page_token": token})
            ids += [event.event_id for event in reply.history.events]
            pages += 1
            token = reply.next_page_token
        c.note(f"event ids by {name}, more than one page", [*ids, pages > 1])


@scenario
def reverse(c):
    """The newest event first."""
    closed(c)
    pages(c, "GetWorkflowExecutionHistoryReverse")


@scenario
def reverse_while_running(c):
    """Reverse reading of a running history, with a transient task."""
    c.fail_workflow_task(c.started())
    pages(c, "GetWorkflowExecutionHistoryReverse")


@scenario
def close_event(c):
    """The close filter on a closed run: the last event only."""
    closed(c)
    c.history(history_event_filter_type=CLOSE)
    c.history(history_event_filter_type=CLOSE, wait_new_event=True)


@scenario
def close_event_of_a_running_run(c):
    """The close filter without waiting on a running run: its last event."""
    c.start()
    c.history(history_event_filter_type=CLOSE)


@scenario
def waits_for_the_close(c):
    """A long poll with the close filter ends when the run does."""
    task = c.started()
    poll = c.begin_history(wait_new_event=True, history_event_filter_type=CLOSE)
    c.signal()
    c.complete_workflow_task(task)
    c.run_workflow_task(complete_workflow())
    poll.result()


@scenario
def waits_for_events(c):
    """A long poll: first what is there, then, with its token, what comes; none once the run has closed."""
    task = c.started()
    first = c.history(wait_new_event=True)
    poll = c.begin_history(wait_new_event=True, next_page_token=first.next_page_token)
    c.complete_workflow_task(task, start_timer(seconds=60))
    second = poll.result()
    c.signal()
    third = c.history(wait_new_event=True, next_page_token=second.next_page_token)
    with c.quiet():
        task = c.poll_workflow_task()
        c.complete_workflow_task(task, complete_workflow())
    fourth = c.history(wait_new_event=True, next_page_token=third.next_page_token)
    if fourth.next_page_token:
        c.history(wait_new_event=True, next_page_token=fourth.next_page_token)


@scenario
def buffered_events_wake_no_reader(c):
    """A buffered signal is no news for a long poll: it ends empty, with a token, after 20 seconds."""
    c.started(workflow_task_timeout=secs(60))
    first = c.history(wait_new_event=True)
    c.signal()
    second = c.history(wait_new_event=True, next_page_token=first.next_page_token)
    c.history(next_page_token=second.next_page_token)


@scenario
def waits_on_a_new_run(c):
    """A long poll without a run id stays with the run that it began on."""
    with c.quiet():
        c.start()
    first = c.history(wait_new_event=True)
    with c.quiet():
        c.terminate()
        c.start()
    c.history(wait_new_event=True, next_page_token=first.next_page_token)


@scenario
def refused(c):
    """Unknown workflow and run, malformed ids and tokens, missing fields."""
    with c.quiet():
        c.start()
    for name in ("GetWorkflowExecutionHistory", "GetWorkflowExecutionHistoryReverse"):
        for fields in (
            {"execution": c.execution("nobody")},
            {"execution": c.execution(run_id=NO_RUN)},
            {"execution": c.execution(run_id="not-a-uuid")},
            {"execution": c.execution("")},
            {"execution": None},
            {"namespace": ""},
            {"namespace": "nowhere"},
            {"next_page_token": b"made-up"},
            {"maximum_page_size": -1},
        ):
            request = {"namespace": "default", "execution": c.execution(), **fields}
            c.call(name, {key: value for key, value in request.items() if value is not None})


@scenario
def token_of_another_run(c):
    """A page token belongs to the run that it was given for."""
    with c.quiet():
        c.start()
        c.start("other")
    first = c.history(wait_new_event=True)
    c.history("other", next_page_token=first.next_page_token)


@scenario
def describe_refused(c):
    """DescribeWorkflowExecution: unknown workflow and run, malformed ids, missing fields."""
    with c.quiet():
        c.start()
    c.describe("nobody")
    c.describe(run_id=NO_RUN)
    c.describe(run_id="not-a-uuid")
    c.describe("")
    c.call("DescribeWorkflowExecution", {"namespace": "default"})
    c.call("DescribeWorkflowExecution", {"namespace": "", "execution": c.execution()})
    c.call("DescribeWorkflowExecution", {"namespace": "nowhere", "execution": c.execution()})
