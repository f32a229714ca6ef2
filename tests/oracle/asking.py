"""What the scenarios about queries share."""

import time

from .commands import payloads

ANSWERED = {"completed_type": "QUERY_RESULT_TYPE_ANSWERED", "query_result": payloads("answer")}
QUERY_TIMEOUT = 25.0


def query_request(c, query_type="state", workflow_id="wf", run_id="", query_reject_condition=None, **fields):
    request = {
        "namespace": c.namespace,
        "execution": c.execution(workflow_id, run_id),
        "query": {"query_type": query_type, **fields},
    }
    if query_reject_condition:
        request["query_reject_condition"] = query_reject_condition
    return request


def query(c, query_type="state", timeout=QUERY_TIMEOUT, **fields):
    return c.call("QueryWorkflow", query_request(c, query_type, **fields), timeout)


def begin_query(c, query_type="state", timeout=QUERY_TIMEOUT, **fields):
    """Somebody has to answer it before its result is there."""
    return c.begin("QueryWorkflow", query_request(c, query_type, **fields), timeout)


def waits(c, workflow_id="wf"):
    """Returns when the run's only place for a query that waits is taken; writes no step."""

    def taken():
        refused = c.attempt("QueryWorkflow", query_request(c, "probe", workflow_id), 2)
        return refused.code == "RESOURCE_EXHAUSTED"

    time.sleep(0.1)  # the query comes before what asks whether it has come
    c.until("a query that waits", taken)


def answer(c, task, **fields):
    """A worker's answer to a query that came by itself; None removes a field."""
    request = ANSWERED | fields | {"namespace": c.namespace, "task_token": task.task_token}
    request = {key: value for key, value in request.items() if value is not None}
    return c.call("RespondQueryTaskCompleted", request)


def failed(c, task, message="no such query", **fields):
    return answer(
        c,
        task,
        completed_type="QUERY_RESULT_TYPE_FAILED",
        query_result=None,
        error_message=message,
        **fields,
    )


def answered(task, **fields):
    """The results of a completion: one for each query that came with its task."""
    result = {"result_type": "QUERY_RESULT_TYPE_ANSWERED", "answer": payloads("answer")} | fields
    result = {key: value for key, value in result.items() if value is not None}
    return dict.fromkeys(task.queries, result)


def idle(c, workflow_id="wf", **completion):
    """Preparation: an open run without a pending workflow task."""
    task = c.started(workflow_id)
    with c.quiet():
        c.complete_workflow_task(task, **completion)
    return task


def closed(c, workflow_id, command):
    """Preparation: a run that its first workflow task has closed."""
    task = c.started(workflow_id)
    with c.quiet():
        c.complete_workflow_task(task, command)
