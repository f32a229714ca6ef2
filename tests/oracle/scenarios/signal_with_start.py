"""SignalWithStartWorkflowExecution: who gets the signal, repeated request ids, id policies, start delays."""

from ..commands import complete_workflow, fail_workflow, keyword, payload, payloads, secs
from ..registry import scenario

TERMINATE = "WORKFLOW_ID_CONFLICT_POLICY_TERMINATE_EXISTING"
LINK = {
    "workflow_event": {
        "namespace": "default",
        "workflow_id": "other",
        "run_id": "11111111-1111-1111-1111-111111111111",
        "event_ref": {"event_id": 1, "event_type": "EVENT_TYPE_WORKFLOW_EXECUTION_STARTED"},
    }
}


def reuse(policy: str) -> dict:
    return {"workflow_id_reuse_policy": f"WORKFLOW_ID_REUSE_POLICY_{policy}"}


@scenario
def nobody_has_the_id(c):
    """A new run: its start, the signal, and then its first task."""
    c.signal_with_start()
    c.describe()
    c.history()
    c.run_workflow_task(complete_workflow())
    c.history()


@scenario
def everything_given(c):
    """Header and links stand in the start and in the signal; each input in its own."""
    c.signal_with_start(
        input=payloads("of the start"),
        signal_input=payloads("of the signal", "more"),
        workflow_execution_timeout=secs(300),
        workflow_run_timeout=secs(200),
        workflow_task_timeout=secs(5),
        memo={"fields": {"note": payload("a memo")}},
        search_attributes={"indexed_fields": {"OracleKeyword": keyword("blue")}},
        header={"fields": {"trace": payload("t-1")}},
        user_metadata={"summary": payload("a summary"), "details": payload("the details")},
        priority={"priority_key": 2, "fairness_key": "tenant", "fairness_weight": 1.5},
        retry_policy={"maximum_attempts": 3},
        control="control",
        links=[LINK],
    )
    c.describe()
    c.history()


@scenario
def an_open_run(c):
    """An open run is signaled; of the start nothing is kept."""
    c.start()
    c.run_workflow_task()
    c.signal_with_start(
        "one",
        input=payloads("of the start"),
        signal_input=payloads("of the signal"),
        memo={"fields": {"note": payload("a memo")}},
        header={"fields": {"trace": payload("t-1")}},
        links=[LINK],
    )
    c.signal_with_start("two", workflow_id_conflict_policy="WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING")
    c.signal_with_start("three", **reuse("REJECT_DUPLICATE"))
    c.signal_with_start("four", workflow_type={"name": "Other"}, task_queue={"name": "elsewhere"})
    c.history()
    c.describe()


@scenario
def while_a_task_runs(c):
    """The signal waits for the end of the running task."""
    task = c.started()
    c.signal_with_start()
    c.history()
    c.complete_workflow_task(task)
    c.history()


@scenario
def same_request_id_on_an_open_run(c):
    """A repeated request id is one start and one signal, also behind a running task."""
    c.signal_with_start(request_id="same")
    c.signal_with_start(request_id="same")
    task = c.poll_workflow_task()
    c.signal_with_start(request_id="same")
    c.signal_with_start(request_id="other")
    c.signal_with_start(request_id="other")
    c.complete_workflow_task(task)
    c.signal_with_start(request_id="other")
    c.history()


@scenario
def same_request_id_as_a_start_or_a_signal(c):
    """A request id of a start is none of a signal; one of a signal is."""
    c.start(request_id="start")
    c.signal_with_start(request_id="start")
    c.signal(request_id="signal")
    c.signal_with_start(request_id="signal")
    c.start(request_id="signal")
    c.history()


@scenario
def then_a_start_with_the_same_request_id(c):
    """The request id is that of the start, too."""
    c.signal_with_start(request_id="same")
    c.start(request_id="same")
    c.signal(request_id="same")
    c.history()


@scenario
def same_request_id_on_a_closed_run(c):
    """Repeated when the run has closed, it starts another."""
    c.signal_with_start(request_id="same")
    c.run_workflow_task(complete_workflow())
    c.signal_with_start(request_id="same")
    c.history()
    c.run_workflow_task(complete_workflow())
    c.signal_with_start(request_id="same", **reuse("REJECT_DUPLICATE"))


@scenario
def without_request_id(c):
    """Without a request id the server makes one up."""
    request = {"request_id": "", "signal_name": "go"}
    c.call("SignalWithStartWorkflowExecution", c.start_request() | request)
    c.call("SignalWithStartWorkflowExecution", c.start_request() | request)
    c.history()


@scenario
def a_completed_run(c):
    """After a completed run it is up to the reuse policy."""
    c.start()
    c.run_workflow_task(complete_workflow())
    c.signal_with_start(**reuse("REJECT_DUPLICATE"))
    c.signal_with_start(**reuse("ALLOW_DUPLICATE_FAILED_ONLY"))
    c.signal_with_start(**reuse("ALLOW_DUPLICATE"))
    c.history()


@scenario
def a_failed_run(c):
    """After a failed run ALLOW_DUPLICATE_FAILED_ONLY starts another."""
    c.start()
    c.run_workflow_task(fail_workflow())
    c.signal_with_start(**reuse("REJECT_DUPLICATE"))
    c.signal_with_start(**reuse("ALLOW_DUPLICATE_FAILED_ONLY"))
    c.history()


@scenario
def a_closed_run_and_the_older_policy(c):
    """TERMINATE_IF_RUNNING on a closed run starts another."""
    c.start()
    c.run_workflow_task(complete_workflow())
    c.signal_with_start(**reuse("TERMINATE_IF_RUNNING"))
    c.history()


@scenario
def terminate_existing(c):
    """TERMINATE_EXISTING ends the open run; the new one is signaled."""
    first = c.start()
    c.signal_with_start(workflow_id_conflict_policy=TERMINATE, request_id="same")
    c.history(run_id=first.run_id)
    c.history()


@scenario
def terminate_existing_repeated(c):
    """Repeated with its request id, TERMINATE_EXISTING ends the run that it began."""
    first = c.signal_with_start(workflow_id_conflict_policy=TERMINATE, request_id="same")
    c.signal_with_start(workflow_id_conflict_policy=TERMINATE, request_id="same")
    c.history(run_id=first.run_id)
    c.history()


@scenario
def terminate_if_running(c):
    """The older way to say TERMINATE_EXISTING, while a task runs."""
    c.started()
    first = c.describe().workflow_execution_info.execution.run_id
    c.signal_with_start(**reuse("TERMINATE_IF_RUNNING"))
    c.history(run_id=first)
    c.history()


@scenario
def policies_that_exclude_each_other(c):
    """FAIL is not for this call; the other combinations are refused as for a start."""
    c.signal_with_start(workflow_id_conflict_policy="WORKFLOW_ID_CONFLICT_POLICY_FAIL")
    c.signal_with_start(workflow_id_conflict_policy=TERMINATE, **reuse("TERMINATE_IF_RUNNING"))
    c.signal_with_start(workflow_id_conflict_policy=TERMINATE, **reuse("REJECT_DUPLICATE"))
    c.signal_with_start(
        workflow_id_conflict_policy="WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING",
        **reuse("TERMINATE_IF_RUNNING"),
    )
    c.signal_with_start(
        workflow_id_conflict_policy="WORKFLOW_ID_CONFLICT_POLICY_FAIL", **reuse("TERMINATE_IF_RUNNING")
    )
    c.signal_with_start(workflow_id_conflict_policy=77)
    c.signal_with_start("two", workflow_id_conflict_policy=77)
    c.signal_with_start("three", workflow_id_reuse_policy=77)
    c.history()


@scenario
def refused(c):
    """Missing, empty and overlong parts start nothing and signal nobody."""
    c.signal_with_start(workflow_id="")
    c.call("SignalWithStartWorkflowExecution", {"namespace": "default"})
    c.signal_with_start(name="")
    c.signal_with_start(name="x" * 1001)
    c.signal_with_start(workflow_type=None)
    c.signal_with_start(workflow_type={"name": ""})
    c.signal_with_start(workflow_type={"name": "x" * 1001})
    c.signal_with_start(task_queue=None)
    c.signal_with_start(task_queue={"name": ""})
    c.signal_with_start(task_queue={"name": "x" * 1001})
    c.signal_with_start(task_queue={"name": "/_sys/queue"})
    c.signal_with_start(request_id="x" * 1001)
    c.call(
        "SignalWithStartWorkflowExecution",
        c.start_request() | {"workflow_id": "x" * 1001, "signal_name": "go"},
    )
    c.signal_with_start(namespace="")
    c.signal_with_start(namespace="nowhere")
    c.signal_with_start(priority={"priority_key": -1})
    c.signal_with_start(links=[{"workflow_event": {"namespace": "default"}}])
    c.signal_with_start(links=[LINK] * 11)
    c.signal_with_start(search_attributes={"indexed_fields": {"Unknown": keyword("x")}})
    c.history()


@scenario
def bad_times_and_rules(c):
    """Timeouts, start delay, cron schedule and retry policy are checked as a start's."""
    c.signal_with_start(workflow_execution_timeout=secs(-1))
    c.signal_with_start(workflow_run_timeout=secs(-1))
    c.signal_with_start(workflow_task_timeout=secs(-1))
    c.signal_with_start(workflow_start_delay=secs(-1))
    c.signal_with_start(cron_schedule="not a schedule")
    c.signal_with_start(cron_schedule="0 0 30 2 *")
    c.signal_with_start(cron_schedule="0 0 1 1 *", workflow_start_delay=secs(1))
    c.signal_with_start(retry_policy={"maximum_attempts": -1})
    c.signal_with_start(retry_policy={"backoff_coefficient": 0.5})
    c.history()


@scenario
def which_error_comes_first(c):
    """Of two things that are wrong one is named."""
    wrong_cron = {"cron_schedule": "not a schedule"}
    c.signal_with_start(workflow_id="", **wrong_cron)
    c.signal_with_start(workflow_id="", name="")
    c.signal_with_start(name="", workflow_type=None)
    c.signal_with_start(workflow_type=None, task_queue=None)
    c.signal_with_start(task_queue=None, request_id="x" * 1001)
    c.signal_with_start(request_id="x" * 1001, workflow_execution_timeout=secs(-1))
    c.signal_with_start(workflow_task_timeout=secs(-1), retry_policy={"maximum_attempts": -1})
    c.signal_with_start(retry_policy={"maximum_attempts": -1}, workflow_start_delay=secs(-1))
    c.signal_with_start(
        workflow_start_delay=secs(-1), workflow_id_conflict_policy="WORKFLOW_ID_CONFLICT_POLICY_FAIL"
    )
    c.signal_with_start(
        workflow_id_conflict_policy="WORKFLOW_ID_CONFLICT_POLICY_FAIL",
        search_attributes={"indexed_fields": {"Unknown": keyword("x")}},
    )
    c.signal_with_start(
        search_attributes={"indexed_fields": {"Unknown": keyword("x")}}, priority={"priority_key": -1}
    )
    c.signal_with_start(priority={"priority_key": -1}, links=[{"workflow_event": {"namespace": "default"}}])


@scenario
def too_large(c):
    """Inputs and memo over their limits, for nobody and for an open run."""
    large = payloads("x" * 2_200_000)
    c.signal_with_start(signal_input=large)
    c.signal_with_start(input=large)
    c.signal_with_start(memo={"fields": {"note": payload("x" * 2_200_000)}})
    c.start()
    c.signal_with_start(signal_input=large)
    c.signal_with_start(input=large)
    c.history()
    c.run_workflow_task(complete_workflow())
    c.signal_with_start(signal_input=large, **reuse("REJECT_DUPLICATE"))


@scenario
def start_delay(c):
    """A delayed start keeps its first task back, and the signal with it."""
    c.signal_with_start(workflow_start_delay=secs(1))
    c.describe()
    c.history()
    c.signal()
    c.history()
    c.wait_for_event("WORKFLOW_TASK_SCHEDULED")
    c.run_workflow_task(complete_workflow())
    c.history()


@scenario
def ends_a_start_delay(c):
    """Another signal with start ends the delay of the run that it meets."""
    c.start(workflow_start_delay=secs(300))
    c.signal()
    c.history()
    c.signal_with_start(workflow_start_delay=secs(200))
    c.signal_with_start("more")
    c.history()
    c.run_workflow_task(complete_workflow())
    c.describe()


@scenario
def repeated_during_a_start_delay(c):
    """Repeated with its request id it leaves the delay as it is."""
    c.signal_with_start(workflow_start_delay=secs(300), request_id="same")
    c.signal_with_start(workflow_start_delay=secs(300), request_id="same")
    c.history()


@scenario
def of_a_cron_workflow(c):
    """A cron workflow waits for its time with the signal; another signal with start does not wait."""
    c.signal_with_start(cron_schedule="0 0 1 1 *")
    c.history(since=2)
    c.signal_with_start("two", cron_schedule="0 0 1 1 *")
    c.history(since=2)


@scenario
def after_a_failed_attempt(c):
    """A signal with start before a transient task starts: Scheduled is written, attempt 1."""
    task = c.started()
    c.fail_workflow_task(task)
    c.signal_with_start()
    c.history()
    c.run_workflow_task(complete_workflow())
    c.history()
