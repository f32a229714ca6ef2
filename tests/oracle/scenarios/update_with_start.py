"""ExecuteMultiOperation: a start and an update in one call, and which of the two fails."""

from ..commands import complete_workflow, fail_workflow, secs
from ..registry import scenario
from .updates import (
    ACCEPTED,
    ADMITTED,
    accept_and_complete,
    acceptance,
    idle,
    poll,
    rejection,
    response,
    say,
    update_request,
)

USE_EXISTING = {"workflow_id_conflict_policy": "WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING"}
TERMINATE_EXISTING = {"workflow_id_conflict_policy": "WORKFLOW_ID_CONFLICT_POLICY_TERMINATE_EXISTING"}
FAIL = {"workflow_id_conflict_policy": "WORKFLOW_ID_CONFLICT_POLICY_FAIL"}
REJECT = {"workflow_id_reuse_policy": "WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE"}
FAILED_ONLY = {"workflow_id_reuse_policy": "WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE_FAILED_ONLY"}


def start_of(c, workflow_id="wf", **fields) -> dict:
    return {"start_workflow": c.start_request(workflow_id, **(FAIL | fields))}


def update_of(c, update_id="u1", **fields) -> dict:
    return {"update_workflow": update_request(c, update_id, **fields)}


def begin(c, *operations, timeout=30):
    request = {"namespace": c.namespace, "operations": list(operations)}
    return c.begin("ExecuteMultiOperation", request, timeout)


def both(c, update_id="u1", update=None, **start):
    return begin(c, start_of(c, **start), update_of(c, update_id, **(update or {})))


@scenario
def nobody_has_the_id(c):
    """The run starts, and its first task brings the update."""
    call = both(c)
    task = c.poll_workflow_task()
    accept_and_complete(c, task)
    call.result()
    c.history()
    c.describe()
    poll(c)


@scenario
def accepted(c):
    """Who waits for the acceptance is answered then."""
    call = both(c, update={"stage": ACCEPTED})
    task = c.poll_workflow_task()
    say(c, task, acceptance(task))
    call.result()
    c.history()


@scenario
def rejected(c):
    """The run that was started for the update goes on."""
    call = both(c)
    task = c.poll_workflow_task()
    say(c, task, rejection(task))
    call.result()
    c.history()
    poll(c)


@scenario
def run_completes_with_it(c):
    """One task completes the update and the run."""
    call = both(c)
    task = c.poll_workflow_task()
    accept_and_complete(c, task, commands=[complete_workflow()])
    call.result()
    c.history()


@scenario
def run_completes_without_it(c):
    """The first task closes the run, and says nothing of the update."""
    call = both(c)
    task = c.poll_workflow_task()
    say(c, task, commands=[complete_workflow()])
    call.result()
    c.history()


@scenario
def first_task_fails(c):
    """The second attempt brings the update again."""
    call = both(c)
    c.fail_workflow_task(c.poll_workflow_task())
    task = c.poll_workflow_task()
    accept_and_complete(c, task)
    call.result()
    c.history()


@scenario
def a_running_one_is_used(c):
    """USE_EXISTING: the update goes to the run that is there."""
    idle(c)
    call = both(c, **USE_EXISTING)
    task = c.poll_workflow_task()
    accept_and_complete(c, task)
    call.result()
    c.history()


@scenario
def a_running_one_refuses(c):
    """FAIL: the start is refused, and the update with it."""
    idle(c)
    both(c).result()
    poll(c)
    c.history()


@scenario
def a_running_one_is_terminated(c):
    """TERMINATE_EXISTING: the update goes to the run that follows."""
    idle(c)
    call = both(c, **TERMINATE_EXISTING)
    task = c.poll_workflow_task()
    accept_and_complete(c, task)
    call.result()
    c.history()


@scenario
def a_closed_one(c):
    """The id of a run that has completed may be used again, unless the policy says otherwise."""
    idle(c)
    c.signal()
    c.run_workflow_task(complete_workflow())
    both(c, **REJECT).result()
    both(c, **FAILED_ONLY).result()
    both(c, **USE_EXISTING, **REJECT).result()
    call = both(c)
    task = c.poll_workflow_task()
    accept_and_complete(c, task)
    call.result()
    c.history()


@scenario
def a_failed_one(c):
    """The id of a run that has failed, where only that lets it be used again."""
    c.start()
    c.run_workflow_task(fail_workflow())
    call = both(c, **FAILED_ONLY, update={"stage": ACCEPTED})
    task = c.poll_workflow_task()
    say(c, task, acceptance(task))
    call.result()


@scenario
def known_update_of_a_running_one(c):
    """The update is known: who starts with another request id is given its outcome, or waits for it."""
    call = both(c, request_id="one")
    task = c.poll_workflow_task()
    say(c, task, acceptance(task))
    again = both(c, request_id="two")
    c.signal()
    task = c.poll_workflow_task()
    say(c, task, response())
    call.result()
    again.result()
    both(c, request_id="three").result()
    both(c, request_id="four", **TERMINATE_EXISTING).result()
    c.history()


@scenario
def known_update_of_a_closed_one(c):
    """A completed update of a run that has closed is answered, whatever the policies say."""
    call = both(c)
    task = c.poll_workflow_task()
    accept_and_complete(c, task, commands=[complete_workflow()])
    call.result()
    both(c).result()
    both(c, **REJECT).result()
    both(c, update={"stage": ACCEPTED}, **TERMINATE_EXISTING).result()
    call = both(c, "u2", update={"stage": ACCEPTED})
    task = c.poll_workflow_task()
    say(c, task, acceptance(task, "u2"))
    call.result()


@scenario
def same_start_again(c):
    """The start is known by its request id: the update goes to its run, whatever the policy."""
    first = both(c, request_id="same", update={"stage": ACCEPTED})
    task = c.poll_workflow_task()
    say(c, task, acceptance(task))
    first.result()
    again = both(c, "u2", request_id="same", update={"stage": ACCEPTED})
    task = c.poll_workflow_task()
    say(c, task, acceptance(task, "u2"))
    again.result()
    c.history()


@scenario
def no_update_id(c):
    """The server makes an update id."""
    call = both(c, "", update={"stage": ACCEPTED})
    task = c.poll_workflow_task()
    update_id = task.messages[0].protocol_instance_id
    c.note("an update id", bool(update_id))
    with c.quiet():
        say(c, task, acceptance(task, update_id))
        outcome = call.result()
    c.note("the same", outcome.responses[1].update_workflow.update_ref.update_id == update_id)
    c.note("started", outcome.responses[0].start_workflow.started)


@scenario
def other_operations(c):
    """Exactly a start and then an update."""
    begin(c).result()
    begin(c, start_of(c)).result()
    begin(c, update_of(c), start_of(c)).result()
    begin(c, start_of(c), start_of(c)).result()
    begin(c, start_of(c), update_of(c), update_of(c)).result()
    begin(c, {}, {}).result()


@scenario
def start_refused(c):
    """What is wrong with the start alone, or not allowed here."""
    both(c, workflow_id="").result()
    both(c, workflow_type=None).result()
    both(c, cron_schedule="* * * * *").result()
    both(c, request_eager_execution=True).result()
    both(c, workflow_start_delay=secs(1)).result()
    both(c, namespace="other").result()
    both(c, workflow_run_timeout=secs(-1)).result()
    both(c, task_queue=None).result()
    both(c, **TERMINATE_EXISTING | REJECT).result()
    both(c, namespace="").result()
    both(c, input={"payloads": [{"data": b"x" * 2200000}]}).result()


@scenario
def update_refused(c):
    """What is wrong with the update alone, or not allowed here."""
    both(c, update={"workflow_id": ""}).result()
    both(c, update={"workflow_id": "other"}).result()
    both(c, update={"run_id": "11111111-1111-1111-1111-111111111111"}).result()
    both(c, update={"first_execution_run_id": "11111111-1111-1111-1111-111111111111"}).result()
    both(c, update={"namespace": "other"}).result()
    both(c, update={"stage": ADMITTED}).result()
    both(c, update={"request": {"meta": None}}).result()
    both(c, update={"request": {"input": {}}}).result()
    both(c, "x" * 1001).result()
    c.describe()


@scenario
def both_refused(c):
    """Both are wrong: each has its own error."""
    both(c, workflow_type=None, update={"stage": ADMITTED}).result()
    both(c, workflow_type=None, update={"workflow_id": "other"}).result()


@scenario
def run_is_ended(c):
    """The run is terminated before any worker took its first task."""
    call = both(c)
    c.until("the run", lambda: c.attempt("DescribeWorkflowExecution", c._in({}, execution=c.execution())))
    c.terminate()
    call.result()
    c.history()
