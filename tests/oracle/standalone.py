"""Activities on their own: the calls that scenarios make of them, each one step."""

from .commands import secs
from .recorder import IDENTITY

# How long a scenario lets a long poll wait: it is answered empty a second before.
OUTCOME_TIMEOUT = 25.0


def start_request(c, activity_id="act", queue="queue", **fields) -> dict:
    """10 s start-to-close and a single attempt unless told otherwise; None removes a default."""
    return c._in(
        fields,
        **{
            "activity_id": c.id(activity_id),
            "activity_type": {"name": "Act"},
            "task_queue": {"name": c.id(queue)},
            "start_to_close_timeout": secs(10),
            "retry_policy": {"maximum_attempts": 1},
            "identity": IDENTITY,
            "request_id": fields.get("request_id") or c.request_id(),
        },
    )


def start(c, activity_id="act", queue="queue", **fields):
    return c.call("StartActivityExecution", start_request(c, activity_id, queue, **fields))


def started(c, activity_id="act", queue="queue", **fields):
    """Preparation: an activity whose first attempt runs; returns the worker's task."""
    with c.quiet():
        start(c, activity_id, queue, **fields)
        return c.poll_activity(queue)


def target(c, activity_id="act", run_id="", **fields) -> dict:
    return c._in(fields, activity_id=c.id(activity_id), run_id=run_id)


def describe(c, activity_id="act", run_id="", **fields):
    """All that a description can include, unless told otherwise."""
    include = {
        "include_input": True,
        "include_outcome": True,
        "include_heartbeat_details": True,
        "include_last_failure": True,
    }
    return c.call("DescribeActivityExecution", target(c, activity_id, run_id, **(include | fields)))


def outcome(c, activity_id="act", run_id="", timeout=OUTCOME_TIMEOUT):
    return c.call("PollActivityExecution", target(c, activity_id, run_id), timeout)


def begin_outcome(c, activity_id="act", run_id="", timeout=OUTCOME_TIMEOUT):
    return c.begin("PollActivityExecution", target(c, activity_id, run_id), timeout)


def ask(c, verb: str, activity_id="act", run_id="", **fields):
    """RequestCancel, Terminate, Pause, Unpause or Reset, with a request id of its own."""
    fields = {"identity": IDENTITY, "request_id": c.request_id(), **fields}
    return c.call(f"{verb}ActivityExecution", target(c, activity_id, run_id, **fields))


def update_options(c, activity_id="act", run_id="", **fields):
    fields = {"identity": IDENTITY, "request_id": c.request_id(), **fields}
    return c.call("UpdateActivityExecutionOptions", target(c, activity_id, run_id, **fields))


def delete(c, activity_id="act", run_id=""):
    return c.call("DeleteActivityExecution", target(c, activity_id, run_id))


def wait_until(c, what: str, condition, activity_id="act", run_id=""):
    """Returns when the condition holds of the described info; writes no step."""
    request = target(c, activity_id, run_id, include_last_failure=True)
    c.until(what, lambda: condition(c.quietly("DescribeActivityExecution", request).info))


def by_id(c, name: str, activity_id="act", run_id="", **fields):
    """One of a worker's ById calls, which name no workflow."""
    return c.call(name, target(c, activity_id, run_id, workflow_id="", identity=IDENTITY, **fields))


def wait_for_count(c, query: str, count: int):
    request = {"namespace": c.namespace, "query": query}
    c.until(f"{count} by {query}", lambda: c.quietly("CountActivityExecutions", request).count == count)
