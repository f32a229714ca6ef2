"""Updates that are refused, bad messages about them, and tasks that fail with them."""

from google.protobuf import any_pb2
from temporalio.api.update.v1 import message_pb2 as update_pb

from ..commands import command, complete_workflow, payloads
from ..registry import scenario
from .updates import (
    ACCEPTED,
    ADMITTED,
    COMPLETED,
    accept_and_complete,
    acceptance,
    admitted,
    begin_update,
    idle,
    in_place,
    message,
    poll,
    poll_request,
    rejection,
    response,
    say,
    update,
    update_request,
)


def ask(c, **changed):
    """An update with parts of its request changed; None takes one away."""
    request = update_request(c) | changed
    return c.call(
        "UpdateWorkflowExecution", {key: value for key, value in request.items() if value is not None}
    )


@scenario
def refused_by_form(c):
    """What is wrong with a request whatever the run."""
    name = {"name": "change"}
    ask(c, workflow_execution=None)
    ask(c, workflow_execution={})
    ask(c, workflow_execution=c.execution(run_id="no run"))
    ask(c, request=None)
    ask(c, request={"input": name})
    ask(c, request={"meta": {"update_id": "x" * 1001}, "input": name})
    ask(c, request={"meta": {"update_id": "u1"}})
    ask(c, request={"meta": {"update_id": "u1"}, "input": {}})
    ask(c, wait_policy={"lifecycle_stage": ADMITTED})
    ask(c, namespace="nowhere")
    ask(c, namespace="")


@scenario
def refused_by_state(c):
    """Runs that are not there, or not of the chain."""
    update(c)
    idle(c)
    update(c, run_id="00000000-0000-4000-8000-000000000000")
    update(c, first_execution_run_id="00000000-0000-4000-8000-000000000000")
    with c.quiet():
        c.terminate()
    update(c)


@scenario
def polls_refused(c):
    """Polls for what is not there."""
    c.call("PollWorkflowExecutionUpdate", {"namespace": "default"})
    c.call("PollWorkflowExecutionUpdate", {"namespace": "default", "update_ref": {}})
    c.call("PollWorkflowExecutionUpdate", {"namespace": "nowhere", "update_ref": {}})
    c.call("PollWorkflowExecutionUpdate", poll_request(c))
    idle(c)
    poll(c)
    poll(c, stage=COMPLETED)
    poll(c, update_id="")
    poll(c, run_id="no run")
    poll(c, run_id="00000000-0000-4000-8000-000000000000")
    poll(c, workflow_id="")


@scenario
def too_many_in_flight(c):
    """Ten updates wait; the next is refused, until one has ended."""
    with c.quiet():
        c.start()
    calls = [admitted(c, f"u{n}") for n in range(10)]
    update(c, "u10", stage=ACCEPTED)
    with c.quiet():
        task = c.poll_workflow_task()
        say(c, task, *[acceptance(task, f"u{n}") for n in range(9)], rejection(task, "u9"))
    c.quiet_race(calls[9])
    call = admitted(c, "u10")
    update(c, "u11", stage=ACCEPTED)
    for each in calls[:9]:
        each.cancel()
    call.cancel()


@scenario
def failing_tasks(c):
    """Where workflow tasks fail again and again no update is taken."""
    c.start()
    for _ in range(2):
        task = c.poll_workflow_task()
        with c.quiet():
            c.fail_workflow_task(task)
    update(c)
    c.history()


@scenario
def sent_again_after_failure(c):
    """A worker that fails its task gets the updates again."""
    idle(c)
    call = begin_update(c)
    task = c.poll_workflow_task()
    c.fail_workflow_task(task)
    task = c.poll_workflow_task()
    accept_and_complete(c, task)
    call.result()
    c.history(since=5)


@scenario
def sent_again_after_timeout(c):
    """As after a timeout."""
    idle(c, workflow_task_timeout={"seconds": 1})
    call = begin_update(c)
    c.poll_workflow_task()
    c.wait_for_event("WORKFLOW_TASK_TIMED_OUT")
    task = c.poll_workflow_task()
    accept_and_complete(c, task)
    call.result()
    c.history(since=5)


@scenario
def not_answered(c):
    """A worker that completes a task and says nothing of its update has rejected it."""
    idle(c)
    call = begin_update(c)
    task = c.poll_workflow_task()
    c.complete_workflow_task(task)
    call.result()
    c.history(since=5)


@scenario
def not_answered_with_commands(c):
    """The same with a command: the task stays in the history."""
    idle(c)
    call = begin_update(c)
    task = c.poll_workflow_task()
    c.complete_workflow_task(task, command("RECORD_MARKER", marker_name="m"))
    call.result()
    c.history(since=5)


@scenario
def completion_fails(c):
    """A bad command fails the task, and who waits for an update that went with it."""
    idle(c)
    call = begin_update(c)
    task = c.poll_workflow_task()
    accept = acceptance(task)
    c.complete_workflow_task(task, in_place(accept), command("START_TIMER"), messages=[accept])
    call.result()
    c.history(since=5)
    poll(c)


def each_bad(c, name, *messages, commands=()):
    """One completion, on a run of its own, with messages that cannot be carried out: its task fails."""
    idle(c, name, queue=name)
    call = begin_update(c, workflow_id=name)
    task = c.poll_workflow_task(name)
    c.complete_workflow_task(task, *commands, messages=[one(task) for one in messages])
    c.race(call)
    c.history(name, since=5)


@scenario
def absent_message(c):
    """A command names a message that is not there."""
    each_bad(c, "absent", commands=[command("PROTOCOL_MESSAGE", message_id="nothing")])
    each_bad(c, "unnamed", commands=[command("PROTOCOL_MESSAGE", message_id="")])
    each_bad(c, "unset", commands=[{"command_type": "COMMAND_TYPE_PROTOCOL_MESSAGE"}])


@scenario
def named_twice(c):
    """A message is carried out once."""
    idle(c)
    call = begin_update(c)
    task = c.poll_workflow_task()
    accept = acceptance(task)
    c.complete_workflow_task(task, in_place(accept), in_place(accept), messages=[accept])
    c.race(call)
    c.history(since=5)


@scenario
def unknown_update(c):
    """Messages about updates that nobody asked for."""
    each_bad(c, "response", lambda task: response("nobody"))
    each_bad(c, "acceptance", lambda task: message(update_pb.Acceptance(), "nobody"))
    each_bad(c, "rejection", lambda task: message(update_pb.Rejection(), "nobody"))


@scenario
def repeated_by_its_worker(c):
    """An acceptance that carries the request brings an update back that the server has lost."""
    task = c.started()
    body = update_pb.Acceptance(
        accepted_request_message_id="lost/request",
        accepted_request_sequencing_event_id=2,
        accepted_request={
            "meta": {"update_id": "lost", "identity": "oracle"},
            "input": {"name": "change", "args": payloads("lost")},
        },
    )
    say(c, task, message(body, "lost", "accept"), response("lost"))
    c.history()
    poll(c, "lost", stage=COMPLETED)


@scenario
def wrong_order(c):
    """Messages that do not fit where the update stands."""
    each_bad(c, "early", lambda task: response())
    each_bad(c, "twice", acceptance, acceptance)
    each_bad(c, "both", acceptance, rejection)
    each_bad(c, "completed", acceptance, lambda task: response(), lambda task: response())


@scenario
def incomplete_messages(c):
    """Messages that lack what they must have."""
    each_bad(c, "bare", lambda task: message(update_pb.Acceptance()))
    each_bad(c, "no-id", lambda task: message(update_pb.Acceptance(accepted_request_sequencing_event_id=3)))
    each_bad(c, "no-meta", acceptance, lambda task: message(update_pb.Response()))
    each_bad(
        c, "no-update", acceptance, lambda task: message(update_pb.Response(meta={"identity": "oracle"}))
    )
    other = update_pb.Response(meta={"update_id": "other"})
    each_bad(c, "other", acceptance, lambda task: message(other))
    bare = update_pb.Response(meta={"update_id": "u1"})
    each_bad(c, "no-outcome", acceptance, lambda task: message(bare))


def raw(type_url, value=b""):
    return lambda task: {
        "id": "raw",
        "protocol_instance_id": "u1",
        "body": any_pb2.Any(type_url=type_url, value=value),
    }


@scenario
def no_message_of_updates(c):
    """Bodies of other kinds."""
    each_bad(c, "request", lambda task: message(update_pb.Request()))
    each_bad(c, "query", raw("type.googleapis.com/temporal.api.query.v1.WorkflowQuery"))
    each_bad(c, "unknown", raw("type.googleapis.com/temporal.api.update.v1.Nothing"))


@scenario
def no_message(c):
    """What is no message at all: the completion is refused, and its task runs on."""
    idle(c)
    call = begin_update(c)
    task = c.poll_workflow_task()
    c.complete_workflow_task(task, messages=[{"id": "raw", "protocol_instance_id": "u1"}])
    call.cancel()


@scenario
def closing(c):
    """A completion over a buffered signal fails with its update; a rejection alone does not close."""
    idle(c)
    call = begin_update(c)
    task = c.poll_workflow_task()
    c.signal()
    accept_and_complete(c, task, commands=[complete_workflow()])
    c.race(call)
    c.history(since=5)


@scenario
def stale_token(c):
    """A task of an update that was completed is completed no more."""
    idle(c)
    call = begin_update(c)
    task = c.poll_workflow_task()
    say(c, task, rejection(task))
    call.result()
    say(c, task, rejection(task))
    call = begin_update(c, "u2")
    again = c.poll_workflow_task()
    say(c, task, rejection(task))
    say(c, again, rejection(again, "u2"))
    call.result()
    c.history(since=5)


@scenario
def too_large(c):
    """A message over the limit ends the run."""
    idle(c)
    call = begin_update(c)
    task = c.poll_workflow_task()
    big = update_pb.Response(meta={"update_id": "u1"}, outcome={"success": payloads("x" * 2_200_000)})
    accept = acceptance(task)
    c.complete_workflow_task(task, in_place(accept), messages=[accept, message(big, what="complete")])
    call.result()
    with c.quiet():
        closed = c.history()
    c.note("closed by", [closed.history.events[-1]])
