"""Updates: asked for, accepted, rejected, completed, and what their callers are told at each stage."""

from google.protobuf import any_pb2
from temporalio.api.update.v1 import message_pb2 as update_pb

from ..commands import (
    command,
    complete_workflow,
    continue_as_new,
    fail_workflow,
    failure,
    payloads,
    record_marker,
    start_timer,
)
from ..recorder import IDENTITY
from ..registry import scenario

ADMITTED = "UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE_ADMITTED"
ACCEPTED = "UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE_ACCEPTED"
COMPLETED = "UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE_COMPLETED"


# -- clients ---------------------------------------------------------------------------------------------


def update_request(c, update_id="u1", stage=COMPLETED, workflow_id="wf", run_id="", request=None, **fields):
    update = {
        "meta": {"update_id": update_id, "identity": IDENTITY},
        "input": {"name": "change", "args": payloads(update_id or "none")},
    }
    return c._in(
        fields,
        workflow_execution=c.execution(workflow_id, run_id),
        wait_policy={"lifecycle_stage": stage} if stage else None,
        request=update | (request or {}),
    )


def begin_update(c, update_id="u1", stage=COMPLETED, timeout=30, **fields):
    return c.begin("UpdateWorkflowExecution", update_request(c, update_id, stage, **fields), timeout)


def update(c, update_id="u1", stage=COMPLETED, timeout=30, **fields):
    return begin_update(c, update_id, stage, timeout, **fields).result()


def poll_request(c, update_id="u1", stage=None, workflow_id="wf", run_id=""):
    return c._in(
        {},
        update_ref={"workflow_execution": c.execution(workflow_id, run_id), "update_id": update_id},
        wait_policy={"lifecycle_stage": stage} if stage else None,
        identity=IDENTITY,
    )


def begin_poll(c, update_id="u1", stage=None, timeout=30, **names):
    return c.begin("PollWorkflowExecutionUpdate", poll_request(c, update_id, stage, **names), timeout)


def poll(c, update_id="u1", stage=None, **names):
    return begin_poll(c, update_id, stage, **names).result()


def admitted(c, update_id="u1", **fields):
    """Begins an update, and returns once the server knows of it."""
    call = begin_update(c, update_id, **fields)
    c.until(
        f"{update_id} is admitted",
        lambda: c.attempt("PollWorkflowExecutionUpdate", poll_request(c, update_id)),
    )
    return call


# -- workers ---------------------------------------------------------------------------------------------


def message(body, update_id="u1", what="message") -> dict:
    packed = any_pb2.Any()
    packed.Pack(body)
    return {"id": f"{update_id}/{what}", "protocol_instance_id": update_id, "body": packed}


def requested(task, update_id="u1"):
    """The request of an update and the event that it comes after, as a task brings them."""
    for each in task.messages:
        if each.protocol_instance_id == update_id:
            request = update_pb.Request()
            each.body.Unpack(request)
            return each.id, each.event_id, request
    raise AssertionError(f"the task brings no update {update_id}")


def acceptance(task, update_id="u1") -> dict:
    message_id, event_id, request = requested(task, update_id)
    return message(
        update_pb.Acceptance(
            accepted_request_message_id=message_id,
            accepted_request_sequencing_event_id=event_id,
            accepted_request=request,
        ),
        update_id,
        "accept",
    )


def rejection(task, update_id="u1", why="no") -> dict:
    message_id, event_id, request = requested(task, update_id)
    body = update_pb.Rejection(
        rejected_request_message_id=message_id,
        rejected_request_sequencing_event_id=event_id,
        rejected_request=request,
    )
    body.failure.message = why
    body.failure.application_failure_info.type = "Refused"
    return message(body, update_id, "reject")


def response(update_id="u1", outcome=None) -> dict:
    body = update_pb.Response(
        meta={"update_id": update_id, "identity": IDENTITY},
        outcome=outcome or {"success": payloads(f"done {update_id}")},
    )
    return message(body, update_id, "complete")


def in_place(sent: dict) -> dict:
    """The command that gives a message its place among the others."""
    return command("PROTOCOL_MESSAGE", message_id=sent["id"])


def say(c, task, *messages, commands=(), **fields):
    """Completes a task with messages, each in its place but for rejections."""
    placed = [in_place(one) for one in messages if not one["id"].endswith("/reject")]
    return c.complete_workflow_task(task, *placed, *commands, messages=list(messages), **fields)


def accept_and_complete(c, task, update_id="u1", commands=(), **fields):
    return say(c, task, acceptance(task, update_id), response(update_id), commands=commands, **fields)


def idle(c, workflow_id="wf", sticky=False, queue="queue", **fields):
    """A run whose first task is done."""
    with c.quiet():
        c.start(workflow_id, task_queue={"name": c.id(queue)}, **fields)
        task = c.poll_workflow_task(queue)
        c.complete_workflow_task(task, sticky_attributes=c.sticky() if sticky else None)


# -- the common ways -------------------------------------------------------------------------------------


@scenario
def accepted_and_completed(c):
    """One task accepts and completes an update of an idle run."""
    idle(c)
    call = begin_update(c)
    task = c.poll_workflow_task()
    accept_and_complete(c, task)
    call.result()
    c.history()
    poll(c)
    c.describe()


@scenario
def accepted_first(c):
    """Who waits for the acceptance is answered before the update completes."""
    idle(c)
    call = begin_update(c, stage=ACCEPTED)
    task = c.poll_workflow_task()
    say(c, task, acceptance(task), commands=[start_timer(seconds=1)])
    call.result()
    poll(c)
    poll(c, stage=ADMITTED)
    poll(c, stage=ACCEPTED)
    waiting = begin_poll(c, stage=COMPLETED)
    task = c.poll_workflow_task()
    say(c, task, response(), commands=[complete_workflow()])
    waiting.result()
    c.history()
    poll(c, stage=ACCEPTED)
    poll(c, stage=COMPLETED)


@scenario
def rejected(c):
    """A rejected update leaves no event, and no trace."""
    idle(c)
    call = begin_update(c)
    task = c.poll_workflow_task()
    say(c, task, rejection(task))
    call.result()
    c.history()
    c.describe()
    poll(c)


@scenario
def failed(c):
    """A handler that fails completes the update with its failure."""
    idle(c)
    call = begin_update(c)
    task = c.poll_workflow_task()
    say(c, task, acceptance(task), response(outcome={"failure": failure()}))
    call.result()
    c.history(since=5)
    poll(c, stage=COMPLETED)


@scenario
def on_the_first_task(c):
    """An update that comes before the first task goes with it."""
    c.start()
    call = admitted(c)
    task = c.poll_workflow_task()
    accept_and_complete(c, task, commands=[complete_workflow()])
    call.result()
    c.history()


@scenario
def rejected_on_an_ordinary_task(c):
    """Only a task that is there for updates alone vanishes."""
    c.start()
    call = admitted(c)
    task = c.poll_workflow_task()
    say(c, task, rejection(task))
    call.result()
    c.history()


@scenario
def several_in_one_task(c):
    """Two accepted, one rejected, in one task."""
    idle(c)
    calls = [admitted(c, one) for one in ("u1", "u2", "u3")]
    task = c.poll_workflow_task()
    say(
        c,
        task,
        acceptance(task, "u2"),
        response("u2"),
        rejection(task, "u1"),
        acceptance(task, "u3"),
        response("u3"),
    )
    for call in calls:
        call.result()
    c.history(since=5)


@scenario
def among_commands(c):
    """Events of updates stand where the commands put them."""
    idle(c)
    call = begin_update(c)
    task = c.poll_workflow_task()
    accept, complete = acceptance(task), response()
    c.complete_workflow_task(
        task,
        record_marker("before"),
        in_place(accept),
        start_timer("t1", 100),
        in_place(complete),
        record_marker("after"),
        messages=[accept, complete],
    )
    call.result()
    c.history(since=5)


@scenario
def without_commands(c):
    """Messages that no command names are carried out after all commands, in their order."""
    idle(c)
    call = begin_update(c)
    task = c.poll_workflow_task()
    c.complete_workflow_task(task, record_marker("first"), messages=[acceptance(task), response()])
    call.result()
    c.history(since=5)


@scenario
def while_a_task_runs(c):
    """An update that comes while a task runs gets a task of its own, which the completion may bring."""
    task = c.started()
    call = admitted(c)
    answer = c.complete_workflow_task(
        task, sticky_attributes=c.sticky(), return_new_workflow_task=True, messages=[]
    )
    task = answer.workflow_task
    accept_and_complete(c, task)
    call.result()
    c.history()


@scenario
def while_a_task_runs_through_the_queue(c):
    """The same where the worker does not take the next task with the answer: it is an ordinary one."""
    task = c.started()
    call = admitted(c)
    c.complete_workflow_task(task)
    task = c.poll_workflow_task()
    say(c, task, rejection(task))
    call.result()
    c.history()


@scenario
def rejected_task_returned(c):
    """Updates one after the other, each rejected, each with the answer to the one before."""
    task = c.started()
    first = admitted(c, "u1")
    answer = c.complete_workflow_task(task, sticky_attributes=c.sticky(), return_new_workflow_task=True)
    task = answer.workflow_task
    second = admitted(c, "u2")
    answer = say(c, task, rejection(task), sticky_attributes=c.sticky(), return_new_workflow_task=True)
    first.result()
    task = answer.workflow_task
    accept_and_complete(c, task, "u2", sticky_attributes=c.sticky(), return_new_workflow_task=True)
    second.result()
    c.history()


@scenario
def heartbeats(c):
    """A heartbeat leaves the updates that it has got, and gets only new ones."""
    idle(c)
    first = admitted(c, "u1")
    task = c.poll_workflow_task()
    old = task
    second = admitted(c, "u2")
    answer = c.complete_workflow_task(
        task,
        sticky_attributes=c.sticky(),
        force_create_new_workflow_task=True,
        return_new_workflow_task=True,
    )
    task = answer.workflow_task
    say(
        c,
        task,
        acceptance(old, "u1"),
        response("u1"),
        acceptance(task, "u2"),
        response("u2"),
    )
    first.result()
    second.result()
    c.history(since=5)


@scenario
def on_the_sticky_queue(c):
    """The task of an update goes to the worker that has the history, with what is new."""
    idle(c, sticky=True)
    polling = c.begin_poll_workflow_task("sticky", sticky_of="queue")
    c.wait_for_poller("sticky", sticky_of="queue")
    call = begin_update(c)
    task = polling.result()
    accept_and_complete(c, task, sticky_attributes=c.sticky())
    call.result()
    c.history(since=5)


@scenario
def signal_meanwhile(c):
    """A signal makes the task of an update an ordinary one: no worker has it yet."""
    idle(c)
    call = admitted(c)
    c.signal()
    c.history(since=5)
    task = c.poll_workflow_task()
    say(c, task, rejection(task))
    call.result()
    c.history(since=5)


@scenario
def signal_while_it_runs(c):
    """A signal makes the task of an update an ordinary one: a worker has it."""
    idle(c)
    call = begin_update(c)
    task = c.poll_workflow_task()
    c.signal()
    say(c, task, rejection(task))
    call.result()
    c.history(since=5)


@scenario
def nobody_polls(c):
    """Without a worker for 5 s the task of an update becomes real, and an ordinary one follows."""
    idle(c)
    call = admitted(c)
    c.history(since=5)
    c.wait_for_event("WORKFLOW_TASK_TIMED_OUT")
    c.history(since=5)
    task = c.poll_workflow_task()
    accept_and_complete(c, task)
    call.result()
    c.history(since=5)


@scenario
def readers_of_its_task(c):
    """Readers are not shown the task of an update by the CLI's leave; others are."""
    idle(c)
    call = admitted(c)
    c.describe()
    c.history(since=5)
    task = c.poll_workflow_task()
    c.describe()
    c.history(since=5)
    accept_and_complete(c, task)
    call.result()


# -- the same update again -------------------------------------------------------------------------------


@scenario
def asked_again(c):
    """An update id is one update: whoever asks waits for the same."""
    idle(c)
    first = admitted(c)
    second = begin_update(c, stage=ACCEPTED)
    third = begin_poll(c, stage=COMPLETED)
    task = c.poll_workflow_task()
    say(c, task, acceptance(task))
    second.result()
    update(c, stage=ACCEPTED)
    c.signal()
    task = c.poll_workflow_task()
    say(c, task, response())
    first.result()
    third.result()
    update(c, stage=ACCEPTED, request={"input": {"name": "other", "args": payloads("other")}})
    update(c)
    c.history(since=5)


@scenario
def rejected_and_asked_again(c):
    """A rejected update may be asked for again."""
    idle(c)
    call = begin_update(c)
    task = c.poll_workflow_task()
    say(c, task, rejection(task, why="not yet"))
    call.result()
    call = begin_update(c)
    task = c.poll_workflow_task()
    accept_and_complete(c, task)
    call.result()
    c.history(since=5)


@scenario
def with_request_id(c):
    """The request's id is kept, and tells the event; links are the request's."""
    idle(c)
    call = begin_update(c, request={"request_id": "the-request"})
    task = c.poll_workflow_task()
    accept_and_complete(c, task)
    call.result()
    c.history(since=5)
    c.describe()


@scenario
def without_id(c):
    """An update without an id gets one."""
    idle(c)
    call = begin_update(c, update_id="", stage=ACCEPTED)
    task = c.poll_workflow_task()
    minted = task.messages[0].protocol_instance_id
    c.note("minted", len(minted))
    with c.quiet():
        accept_and_complete(c, task, minted)
    answer = c.quiet_race(call)[0]
    c.note("told", answer.update_ref.update_id == minted)


@scenario
def nothing_in_time(c):
    """After 20 s who waits is told how far the update has come."""
    idle(c)
    first = begin_update(c, "u1", timeout=40)
    second = begin_update(c, "u2", stage=ACCEPTED, timeout=40)
    task = c.poll_workflow_task()
    if len(task.messages) < 2:
        with c.quiet():
            task = say(c, task, acceptance(task, task.messages[0].protocol_instance_id))
    c.note("answered", sorted(one.protocol_instance_id for one in task.messages))
    c.race(first, second)


# -- at the end of a run ---------------------------------------------------------------------------------


@scenario
def closed_with_its_completion(c):
    """The task that completes an update closes the run; later ones are not taken."""
    idle(c)
    call = begin_update(c)
    task = c.poll_workflow_task()
    accept_and_complete(c, task, commands=[complete_workflow()])
    call.result()
    update(c)
    update(c, stage=ACCEPTED)
    poll(c, stage=COMPLETED)
    update(c, "u2")
    poll(c, "u2")
    c.history(since=5)


@scenario
def closed_before_its_completion(c):
    """An accepted update that its run leaves behind has failed."""
    idle(c)
    waiting = begin_update(c, stage=COMPLETED)
    task = c.poll_workflow_task()
    say(c, task, acceptance(task))
    polling = begin_poll(c, stage=COMPLETED)
    c.terminate()
    waiting.result()
    polling.result()
    poll(c)
    poll(c, stage=COMPLETED)
    update(c, stage=ACCEPTED)
    c.history(since=5)


@scenario
def accepted_and_closed(c):
    """Accepted by the task that closes the run."""
    idle(c)
    waiting = begin_update(c, stage=ACCEPTED)
    task = c.poll_workflow_task()
    say(c, task, acceptance(task), commands=[complete_workflow()])
    waiting.result()
    c.history(since=5)


@scenario
def terminated_before_a_worker(c):
    """An update that no worker got when its run is terminated."""
    idle(c)
    call = admitted(c)
    c.terminate()
    call.result()
    c.history(since=5)


@scenario
def terminated_while_it_runs(c):
    """An update that a worker has when its run is terminated."""
    idle(c)
    call = begin_update(c)
    task = c.poll_workflow_task()
    c.terminate()
    call.result()
    accept_and_complete(c, task)
    c.history(since=5)


@scenario
def closed_without_a_word(c):
    """The task that brought an update closes the run and says nothing of it."""
    idle(c)
    call = begin_update(c)
    task = c.poll_workflow_task()
    c.complete_workflow_task(task, complete_workflow())
    call.result()
    c.history(since=5)


@scenario
def failed_without_a_word(c):
    """The same of a run that fails."""
    idle(c)
    call = begin_update(c)
    task = c.poll_workflow_task()
    c.complete_workflow_task(task, fail_workflow())
    call.result()
    c.history(since=5)


@scenario
def carried_to_the_next_run(c):
    """An update that came too late for a run that continues as new goes to the next one, asked for again."""
    task = c.started()
    call = admitted(c)
    c.complete_workflow_task(task, continue_as_new(workflow_type={"name": "Greet"}))
    call.result()
    call = admitted(c)
    with c.quiet():
        task = c.poll_workflow_task()
    accept_and_complete(c, task)
    call.result()
    c.history(since=2)


@scenario
def not_carried_when_named(c):
    """One whose client named the run stays with that."""
    with c.quiet():
        run_id = c.start().run_id
        task = c.poll_workflow_task()
    call = begin_update(c, run_id=run_id)
    c.until("it is admitted", lambda: c.attempt("PollWorkflowExecutionUpdate", poll_request(c)))
    c.complete_workflow_task(task, continue_as_new(workflow_type={"name": "Greet"}))
    call.result()


@scenario
def continued_after_acceptance(c):
    """An accepted update stays with its run."""
    idle(c)
    call = begin_update(c)
    task = c.poll_workflow_task()
    say(c, task, acceptance(task), commands=[continue_as_new(workflow_type={"name": "Greet"})])
    call.result()
    poll(c)
