"""What is refused of commands and starts that ask for a next run."""

from ..commands import continue_as_new, keyword, payload, secs
from ..registry import scenario

TOO_LONG = "x" * 1001


def refused(c, *commands, **start):
    """Completes the first task of a new run, on its own queue, and shows what became of it."""
    run = f"wf{len(c.steps)}"
    task = c.started(run, queue=f"queue of {run}", **start)
    c.complete_workflow_task(task, *commands)
    c.history(run, run_id=task.workflow_execution.run_id, since=4)


@scenario
def without_attributes(c):
    """ContinueAsNew without attributes at all."""
    refused(c, {"command_type": "COMMAND_TYPE_CONTINUE_AS_NEW_WORKFLOW_EXECUTION"})


@scenario
def bad_names(c):
    """Types and queues that are too long or reserved."""
    refused(c, continue_as_new(workflow_type={"name": TOO_LONG}))
    refused(c, continue_as_new(task_queue={"name": TOO_LONG}))
    refused(c, continue_as_new(task_queue={"name": "/_sys/made-up"}))
    refused(c, continue_as_new(workflow_type={"name": ""}, task_queue={"name": ""}))


@scenario
def bad_times(c):
    """Negative durations."""
    refused(c, continue_as_new(workflow_run_timeout=secs(-1)))
    refused(c, continue_as_new(workflow_task_timeout=secs(-1)))
    refused(c, continue_as_new(backoff_start_interval=secs(-1)))


@scenario
def bad_retry_policies(c):
    """Retry policies that make no sense."""
    for policy in (
        {"initial_interval": secs(-1)},
        {"backoff_coefficient": 0.5},
        {"maximum_interval": secs(-1)},
        {"initial_interval": secs(5), "maximum_interval": secs(1)},
        {"maximum_attempts": -1},
        {"non_retryable_error_types": ["TemporalTimeout:Nonsense"]},
    ):
        refused(c, continue_as_new(retry_policy=policy))


@scenario
def bad_search_attributes(c):
    """Search attributes that are not known, or of another type."""
    refused(c, continue_as_new(search_attributes={"indexed_fields": {"Unknown": keyword("x")}}))
    refused(c, continue_as_new(search_attributes={"indexed_fields": {"OracleInt": payload("x")}}))
    refused(c, continue_as_new(search_attributes={"indexed_fields": {"BuildIds": keyword("x")}}))


@scenario
def too_large(c):
    """Input and memo over the limit end the run."""
    large = {"metadata": {"encoding": b"binary/plain"}, "data": b"y" * (2 * 1024 * 1024 + 10)}
    refused(c, continue_as_new(input={"payloads": [large]}))
    refused(c, continue_as_new(memo={"fields": {"note": large}}))


@scenario
def build_id_on_another_queue(c):
    """A build id is inherited on the same queue only."""
    refused(c, continue_as_new(inherit_build_id=True, task_queue={"name": c.id("elsewhere")}))
    refused(c, continue_as_new(inherit_build_id=True))


@scenario
def command_cron_schedule_is_not_checked(c):
    """A schedule in the command is taken as it is: one that makes no sense ends the chain."""
    task = c.started()
    c.complete_workflow_task(task, continue_as_new(cron_schedule="nonsense", backoff_start_interval=secs(60)))
    c.history()


@scenario
def bad_cron_schedules(c):
    """Schedules that a start is refused for."""
    for schedule in (
        "nonsense",
        "* * * *",
        "* * * * * *",
        "60 * * * *",
        "* 24 * * *",
        "* * 0 * *",
        "* * * 13 *",
        "* * * * 7",
        "5-1 * * * *",
        "*/0 * * * *",
        "1-2-3 * * * *",
        "1/2/3 * * * *",
        "-1 * * * *",
        "@every",
        "@every nonsense",
        "@never",
        "CRON_TZ=Nowhere/City * * * * *",
        "CRON_TZ=../../etc/passwd * * * * *",
        "0 0 31 2 *",
    ):
        c.start(cron_schedule=schedule)
    c.start(cron_schedule="@every 1h", workflow_start_delay=secs(5))


@scenario
def bad_retry_policies_of_starts(c):
    """Retry policies that a start is refused for."""
    for policy in (
        {"initial_interval": secs(-1)},
        {"backoff_coefficient": 0.5},
        {"initial_interval": secs(5), "maximum_interval": secs(1)},
        {"maximum_attempts": -1},
        {"non_retryable_error_types": ["TemporalTimeout:Nonsense"]},
    ):
        c.start(retry_policy=policy)
