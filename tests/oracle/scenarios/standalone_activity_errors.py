"""Activities on their own: what is refused, and calls at the same time."""

from uuid import uuid4

from ..commands import failure, keyword, payload, payloads, secs
from ..registry import scenario
from ..standalone import (
    IDENTITY,
    ask,
    begin_outcome,
    by_id,
    delete,
    describe,
    outcome,
    start,
    start_request,
    started,
    target,
)

LONG = "x" * 1001


@scenario
def start_without_what_it_needs(c):
    """Missing and oversized names."""
    start(c, activity_id="")
    start(c, activity_type=None)
    start(c, task_queue=None)
    start(c, task_queue={"name": ""})
    start(c, **{"activity_type": {"name": LONG}})
    c.call("StartActivityExecution", start_request(c) | {"activity_id": LONG})
    start(c, identity=LONG)
    start(c, request_id=LONG)
    start(c, task_queue={"name": LONG})
    start(c, task_queue={"name": "temporal-sys-per-ns-tq"})
    start(c, namespace="nowhere")
    describe(c)


@scenario
def start_with_bad_times(c):
    """Timeouts and delays that cannot be."""
    start(c, start_to_close_timeout=None)
    start(c, start_to_close_timeout=secs(-1))
    start(c, schedule_to_close_timeout=secs(-1))
    start(c, schedule_to_start_timeout=secs(-1))
    start(c, heartbeat_timeout=secs(-1))
    start(c, start_delay=secs(-1))
    describe(c)


@scenario
def start_with_bad_options(c):
    """Retry policy, priority, search attributes, policies, callbacks, what to do on conflict."""
    start(c, retry_policy={"initial_interval": secs(-1)})
    start(c, retry_policy={"backoff_coefficient": 0.5})
    start(c, retry_policy={"maximum_attempts": -1})
    start(c, priority={"priority_key": -1})
    start(c, priority={"fairness_key": "x" * 65})
    start(c, search_attributes={"indexed_fields": {"Nobody": keyword("x")}})
    start(c, search_attributes={"indexed_fields": {"OracleInt": keyword("x")}})
    start(c, user_metadata={"summary": payload("s" * 500)})
    start(c, user_metadata={"details": payload("s" * 20100)})
    start(c, completion_callbacks=[{"nexus": {"url": "http://127.0.0.1/done"}}])
    start(c, on_conflict_options={"attach_completion_callbacks": True})
    start(c, on_conflict_options={"attach_request_id": True})
    start(c, id_reuse_policy=9)
    start(c, id_conflict_policy=9)
    describe(c)


@scenario
def start_with_a_large_input(c):
    """An input over 2 MiB."""
    outcome = c.quiet_race(
        c.begin("StartActivityExecution", start_request(c, input=payloads("x" * (2 << 20))))
    )[0]
    c.note("refused", [outcome.code, outcome.message])


@scenario
def unknown_activities(c):
    """Every call of an id that nobody started."""
    describe(c)
    outcome(c)
    for verb in ("RequestCancel", "Terminate"):
        ask(c, verb)
    delete(c)
    by_id(c, "RespondActivityTaskCompletedById")
    by_id(c, "RecordActivityTaskHeartbeatById")
    start(c)
    run_id = "11111111-1111-4111-8111-111111111111"
    describe(c, run_id=run_id)
    outcome(c, run_id=run_id)
    for verb in ("RequestCancel", "Terminate"):
        ask(c, verb, run_id=run_id)
    delete(c, run_id=run_id)
    by_id(c, "RespondActivityTaskCompletedById", run_id=run_id)


@scenario
def malformed_targets(c):
    """Ids that are missing, too long, or no run ids."""
    describe(c, "")
    outcome(c, "")
    delete(c, "")
    describe(c, run_id="no uuid")
    outcome(c, run_id="no uuid")
    delete(c, run_id="no uuid")
    for verb in ("RequestCancel", "Terminate"):
        ask(c, verb, "")
        ask(c, verb, run_id="no uuid")
        ask(c, verb, identity=LONG)
        ask(c, verb, request_id=LONG)
        c.call(f"{verb}ActivityExecution", target(c) | {"activity_id": LONG})
    describe(c, namespace="nowhere")


@scenario
def bad_long_poll_tokens(c):
    """Tokens without a run id, made up, and of another activity."""
    first = start(c)
    token = describe(c).long_poll_token
    describe(c, long_poll_token=token)
    describe(c, run_id=first.run_id, long_poll_token=b"made-up")
    other = start(c, "other", queue="elsewhere")
    describe(c, "other", run_id=other.run_id, long_poll_token=token)


@scenario
def answers_to_a_closed_activity(c):
    """What a worker is told whose activity has ended."""
    task = started(c)
    c.complete_activity(task)
    c.complete_activity(task)
    c.fail_activity(task, failure=failure())
    c.cancel_activity(task)
    c.heartbeat(task)
    ask(c, "RequestCancel")
    ask(c, "Terminate")
    by_id(c, "RespondActivityTaskFailedById", failure=failure())
    by_id(c, "RespondActivityTaskCanceledById")


@scenario
def answers_out_of_turn(c):
    """Canceled without a request; an answer to an attempt that is over."""
    task = started(c, retry_policy={"initial_interval": secs(0.2), "backoff_coefficient": 1.0})
    c.cancel_activity(task)
    c.fail_activity(task, failure=failure("first"))
    c.complete_activity(task)
    second = c.poll_activity()
    c.heartbeat(task)
    c.complete_activity(second)


@scenario
def oversized_answers(c):
    """A result, a failure and heartbeat details over the limits."""
    big = payloads("x" * (2 << 20))
    calls = [
        ("result", "RespondActivityTaskCompleted", {"result": big}),
        ("failure", "RespondActivityTaskFailed", {"failure": failure("x" * (2 << 20))}),
        ("heartbeat", "RecordActivityTaskHeartbeat", {"details": big}),
    ]
    for name, method, fields in calls:
        task = started(c, name, queue=name)
        request = {"namespace": c.namespace, "task_token": task.task_token, "identity": IDENTITY, **fields}
        answer = c.quiet_race(c.begin(method, request))[0]
        c.note(name, [answer.code, answer.message] if not answer and hasattr(answer, "code") else "accepted")
        info = c.quietly("DescribeActivityExecution", target(c, name, include_outcome=True))
        c.note("status", info.info.status)
        c.note("failure", info.outcome.failure.message[:60])


@scenario
def a_long_failure_is_cut_for_the_retry(c):
    """A failure that is kept while the activity is retried is kept small."""
    task = started(c, retry_policy={"initial_interval": secs(30)})
    with c.quiet():
        c.fail_activity(task, failure=failure("x" * 6000))
    describe(c)


@scenario
def two_starts(c):
    """Of two starts of one id, one is told that the other has started."""
    calls = [c.begin("StartActivityExecution", start_request(c, request_id=str(uuid4()))) for _ in range(2)]
    won = c.race(*calls)
    describe(c, run_id=won[0].run_id)


@scenario
def two_starts_with_one_request_id(c):
    """Two starts with one request id are one start."""
    calls = [c.begin("StartActivityExecution", start_request(c, request_id="same")) for _ in range(2)]
    runs = {reply.run_id for reply in c.quiet_race(*calls)}
    c.note("runs", len(runs))


@scenario
def two_completions(c):
    """Of two completions, one finds no activity."""
    task = started(c)
    request = {
        "namespace": c.namespace,
        "task_token": task.task_token,
        "identity": IDENTITY,
        "result": payloads("out"),
    }
    c.race(*[c.begin("RespondActivityTaskCompleted", request) for _ in range(2)])
    outcome(c)


@scenario
def cancel_and_completion(c):
    """A cancellation and a completion at once: the activity ends once, completed."""
    task = started(c)
    cancel = c.begin("RequestCancelActivityExecution", target(c, identity=IDENTITY, request_id="cancel"))
    request = {"namespace": c.namespace, "task_token": task.task_token, "identity": IDENTITY}
    _, completed = c.quiet_race(cancel, c.begin("RespondActivityTaskCompleted", request))
    c.note("completed", completed is not None and not hasattr(completed, "code"))
    c.note("status", describe_quietly(c).info.status)


@scenario
def many_wait_for_one_outcome(c):
    """Five polls for the outcome of one activity get the same."""
    task = started(c)
    polls = [begin_outcome(c) for _ in range(5)]
    with c.quiet():
        c.complete_activity(task, result=payloads("out"))
    replies = c.quiet_race(*polls)
    c.note("different answers", len({reply.SerializeToString() for reply in replies}))
    c.note("result", replies[0].outcome.result.payloads[0].data.decode())


def describe_quietly(c):
    return c.quietly("DescribeActivityExecution", target(c, include_outcome=True))
