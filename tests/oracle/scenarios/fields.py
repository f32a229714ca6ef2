"""Fields that tell of a worker or a client, each set in a call and looked for where it can be seen."""

from ..commands import (
    complete_workflow,
    failure,
    payload,
    payloads,
    record_marker,
    request_cancel_activity,
    schedule_activity,
    secs,
    start_timer,
)
from ..registry import scenario

UNVERSIONED = {
    "deployment_name": "deployment",
    "build_id": "build-1",
    "worker_versioning_mode": "WORKER_VERSIONING_MODE_UNVERSIONED",
}
CAPABILITIES = {"build_id": "build-1"}
STAMP = {"build_id": "build-1"}


def worker(**fields) -> dict:
    """What a poll says about its worker."""
    return {
        "worker_instance_key": "instance",
        "worker_control_task_queue": "control",
        "deployment_options": UNVERSIONED,
        "worker_version_capabilities": CAPABILITIES,
        **fields,
    }


@scenario
def start_of_an_earlier_run(c):
    """What a start may carry of a run before it."""
    c.start(
        last_completion_result=payloads("the last result"),
        continued_failure=failure("the last failure"),
        eager_worker_deployment_options=UNVERSIONED,
    )
    c.history()
    c.describe()


@scenario
def workflow_poll(c):
    """What a workflow poll says about its worker, in the events and in the queue."""
    c.start()
    task = c.poll_workflow_task(binary_checksum="checksum", **worker())
    c.describe()
    c.history()
    c.call("DescribeTaskQueue", {"namespace": c.namespace, "task_queue": {"name": c.id("queue")}})
    c.complete_workflow_task(
        task,
        start_timer(seconds=60),
        binary_checksum="checksum",
        worker_version_stamp=STAMP,
        deployment_options=UNVERSIONED,
        worker_instance_key="instance",
        worker_control_task_queue="control",
        resource_id="resource",
        capabilities={"discard_speculative_workflow_task_with_events": True},
    )
    c.describe()
    c.history()


@scenario
def workflow_poll_for_its_capabilities_alone(c):
    """A worker that names its build in the older field."""
    c.start()
    task = c.poll_workflow_task(worker_version_capabilities=CAPABILITIES)
    c.fail_workflow_task(
        task,
        worker_version=STAMP,
        deployment_options=UNVERSIONED,
        binary_checksum="checksum",
        resource_id="resource",
        failure=failure(),
    )
    c.history()
    c.describe()


@scenario
def eager_workflow_task(c):
    """The worker of an eager workflow task is the one that started the run."""
    c.start(request_eager_execution=True, eager_worker_deployment_options=UNVERSIONED)
    c.history()


@scenario
def activity_poll(c):
    """What an activity poll and its answers say about their worker."""
    task = c.started()
    with c.quiet():
        c.complete_workflow_task(task, schedule_activity(c, retry_policy={"maximum_attempts": 3}))
    activity = c.poll_activity(**worker())
    c.heartbeat(activity, details=payloads("half"), resource_id="resource")
    c.describe()
    c.call(
        "DescribeTaskQueue",
        {
            "namespace": c.namespace,
            "task_queue": {"name": c.id("queue")},
            "task_queue_type": "TASK_QUEUE_TYPE_ACTIVITY",
        },
    )
    c.fail_activity(
        activity,
        failure=failure(next_retry_delay=secs(2)),
        worker_version=STAMP,
        deployment_options=UNVERSIONED,
        resource_id="resource",
    )
    c.describe()
    again = c.poll_activity(**worker(worker_instance_key="other"))
    c.complete_activity(
        again,
        result=payloads("done"),
        worker_version=STAMP,
        deployment_options=UNVERSIONED,
        resource_id="resource",
    )
    c.history()


@scenario
def activity_fails_for_good(c):
    """The failed activity's worker."""
    task = c.started()
    with c.quiet():
        c.complete_workflow_task(task, schedule_activity(c))
    activity = c.poll_activity(**worker())
    c.fail_activity(activity, failure=failure(), worker_version=STAMP, deployment_options=UNVERSIONED)
    c.history()


@scenario
def activity_is_canceled(c):
    """The canceled activity's worker."""
    task = c.started()
    with c.quiet():
        c.complete_workflow_task(task, schedule_activity(c), force_create_new_workflow_task=True)
        activity = c.poll_activity(**worker())
        c.complete_workflow_task(c.poll_workflow_task(), request_cancel_activity(5))
    c.cancel_activity(
        activity,
        details=payloads("why"),
        worker_version=STAMP,
        deployment_options=UNVERSIONED,
        resource_id="resource",
    )
    c.history(since=9)


@scenario
def starts_that_meet(c):
    """What a start that attaches to a running one says of itself."""
    c.start()
    c.start(
        request_id="second",
        workflow_id_conflict_policy="WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING",
        on_conflict_options={
            "attach_request_id": True,
            "attach_links": True,
        },
        identity="another",
        links=[
            {
                "workflow_event": {
                    "namespace": "default",
                    "workflow_id": "other",
                    "run_id": "11111111-1111-1111-1111-111111111111",
                    "event_ref": {"event_id": 1, "event_type": "EVENT_TYPE_WORKFLOW_EXECUTION_STARTED"},
                }
            }
        ],
        priority={"priority_key": 1},
        memo={"fields": {"note": payload("another")}},
    )
    c.history()
    c.describe()


@scenario
def commands(c):
    """Each command's optional fields stand in its event."""
    task = c.started()
    c.complete_workflow_task(
        task,
        {
            **schedule_activity(
                c,
                header={"fields": {"trace": payload("t-1")}},
                input=payloads("in"),
                priority={"priority_key": 1, "fairness_key": "tenant", "fairness_weight": 2},
                use_workflow_build_id=True,
                schedule_to_close_timeout=secs(20),
                schedule_to_start_timeout=secs(15),
                heartbeat_timeout=secs(5),
            ),
            "user_metadata": {"summary": payload("an activity"), "details": payload("details")},
        },
        {**start_timer(seconds=60), "user_metadata": {"summary": payload("a timer")}},
        {
            **record_marker(
                details={"key": payloads("value")},
                header={"fields": {"trace": payload("t-2")}},
                failure=failure("a marked failure"),
            ),
            "user_metadata": {"summary": payload("a marker")},
        },
        force_create_new_workflow_task=True,
    )
    c.run_workflow_task(
        {**complete_workflow(result=payloads("done")), "user_metadata": {"summary": payload("the end")}}
    )
    c.history()


@scenario
def signal_and_cancel(c):
    """What a signal and a request to cancel carry besides their meaning."""
    task = c.started()
    link = {
        "workflow_event": {
            "namespace": "default",
            "workflow_id": "other",
            "run_id": "11111111-1111-1111-1111-111111111111",
            "event_ref": {"event_id": 1, "event_type": "EVENT_TYPE_WORKFLOW_EXECUTION_STARTED"},
        }
    }
    with c.quiet():
        c.complete_workflow_task(task)
    c.signal(
        header={"fields": {"trace": payload("t-1")}}, control="control", input=payloads("in"), links=[link]
    )
    c.cancel(reason="enough", links=[link])
    c.history()
    c.describe()
    c.terminate(reason="really", details=payloads("why"), links=[link], first_execution_run_id="")
    c.history(since=6)


@scenario
def workers_of_the_system(c):
    """Whoever heartbeats for a queue of the system is hidden until asked for."""
    with c.quiet():
        for key, queue in (("mine", c.id("queue")), ("theirs", "temporal-sys-" + c.id("queue"))):
            heartbeat = {
                "worker_instance_key": c.id(key),
                "worker_identity": c.id("workers"),
                "task_queue": queue,
                "status": "WORKER_STATUS_RUNNING",
            }
            c.call(
                "RecordWorkerHeartbeat",
                {"namespace": "default", "identity": "oracle", "worker_heartbeat": [heartbeat]},
            )
    for include in (False, True):
        asked = {
            "namespace": "default",
            "query": f"WorkerIdentity = '{c.id('workers')}'",
            "include_system_workers": include,
        }
        c.call("CountWorkers", asked)
        # A page size makes the real server sort.
        c.call("ListWorkers", {**asked, "page_size": 10})
    c.call("DescribeWorker", {"namespace": "default", "worker_instance_key": c.id("theirs")})


@scenario
def heartbeat_of_a_nexus_poll(c):
    """A poll for Nexus tasks brings the heartbeats of its worker's process."""
    heartbeat = {
        "worker_instance_key": c.id("mine"),
        "worker_identity": "someone",
        "task_queue": c.id("queue"),
        "status": "WORKER_STATUS_RUNNING",
    }
    poll = c.begin(
        "PollNexusTaskQueue",
        {
            "namespace": "default",
            "task_queue": {"name": c.id("queue")},
            "identity": "oracle",
            "worker_heartbeat": [heartbeat],
        },
        timeout=5,
    )
    mine = {"namespace": "default", "query": f"WorkerInstanceKey = '{c.id('mine')}'"}
    c.until("the heartbeat", lambda: c.quietly("CountWorkers", mine).count)
    c.call("DescribeWorker", {"namespace": "default", "worker_instance_key": c.id("mine")})
    poll.cancel()


@scenario
def nexus_poll_refused(c):
    """A poll for Nexus tasks is checked as the others are."""
    for fields in (
        {"worker_version_capabilities": {"build_id": "b", "use_versioning": True}},
        {"worker_version_capabilities": {"build_id": "b" * 300}},
        {"deployment_options": {"worker_versioning_mode": "WORKER_VERSIONING_MODE_VERSIONED"}},
    ):
        c.call(
            "PollNexusTaskQueue",
            {"namespace": "default", "task_queue": {"name": c.id("queue")}, "identity": "oracle", **fields},
            timeout=5,
        )


@scenario
def reported_problems(c):
    """From the fifth failed workflow task on the run says so, until one is completed."""
    c.start()
    for _ in range(4):
        with c.quiet():
            c.fail_workflow_task(c.poll_workflow_task(), "WORKFLOW_TASK_FAILED_CAUSE_NON_DETERMINISTIC_ERROR")
    c.describe()
    with c.quiet():
        c.fail_workflow_task(c.poll_workflow_task(), "WORKFLOW_TASK_FAILED_CAUSE_NON_DETERMINISTIC_ERROR")
    c.describe()
    with c.quiet():
        c.complete_workflow_task(c.poll_workflow_task())
    c.describe()


@scenario
def payloads_kept_elsewhere(c):
    """What a client says of payloads that events only refer to is added up, search attributes aside."""

    def external(text: str, size: int) -> dict:
        return {**payload(text), "external_payloads": [{"size_bytes": size}]}

    c.start(
        input={"payloads": [external("a", 100), external("b", 7)]},
        memo={"fields": {"note": external("m", 1000)}},
        header={"fields": {"trace": external("h", 10_000)}},
        user_metadata={"summary": external("s", 100_000)},
    )
    c.describe()
    task = c.poll_workflow_task()
    c.signal(input={"payloads": [external("c", 1_000_000)]})
    c.describe()
    c.complete_workflow_task(task)
    c.terminate(details={"payloads": [external("d", 10_000_000)]})
    listed = {"namespace": c.namespace, "query": f"WorkflowId = '{c.id('wf')}' AND CloseTime IS NOT NULL"}
    c.until("the closed run", lambda: c.quietly("ListWorkflowExecutions", listed).executions)
    c.call("ListWorkflowExecutions", listed)
