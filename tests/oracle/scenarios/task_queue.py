"""Task queues: description, shutdown of workers, the polls that find nothing."""

from ..commands import complete_workflow, schedule_activity
from ..registry import scenario


def describe(c, queue="queue", **fields):
    request = {"namespace": "default", "task_queue": {"name": c.id(queue)}, **fields}
    return c.call("DescribeTaskQueue", {key: value for key, value in request.items() if value is not None})


@scenario
def unknown_queue(c):
    """A queue that nobody has used is described as empty."""
    describe(c)
    describe(c, task_queue_type="TASK_QUEUE_TYPE_ACTIVITY")


@scenario
def pollers(c):
    """A poller is shown with its identity."""
    poll = c.begin_poll_workflow_task(timeout=4)
    activity_poll = c.begin_poll_activity(timeout=4)
    c.wait_for_poller()
    c.wait_for_poller(task_queue_type="TASK_QUEUE_TYPE_ACTIVITY")
    describe(c, task_queue_type="TASK_QUEUE_TYPE_WORKFLOW")
    describe(c, task_queue_type="TASK_QUEUE_TYPE_ACTIVITY")
    poll.result()
    activity_poll.result()


@scenario
def stats(c):
    """report_stats on a queue without a backlog."""
    with c.quiet():
        c.start()
        c.run_workflow_task(complete_workflow())
    describe(c, report_stats=True)
    describe(c, report_stats=True, task_queue_type="TASK_QUEUE_TYPE_ACTIVITY")
    describe(c, include_task_queue_status=True)


@scenario
def backlog(c):
    """report_stats on a queue with three tasks that nobody takes."""
    with c.quiet():
        for number in range(3):
            c.start(f"wf{number}")
    request = {"namespace": "default", "task_queue": {"name": c.id("queue")}, "report_stats": True}
    c.until(
        "three tasks in the backlog",
        lambda: c.quietly("DescribeTaskQueue", request).stats.approximate_backlog_count == 3,
    )
    describe(c, report_stats=True)


@scenario
def rate_limit(c):
    """A limit that a worker sets is the queue's."""
    metadata = {"max_tasks_per_second": {"value": 5.0}}
    poll = c.begin_poll_activity(timeout=4, task_queue_metadata=metadata)
    c.wait_for_poller(task_queue_type="TASK_QUEUE_TYPE_ACTIVITY")
    describe(c, task_queue_type="TASK_QUEUE_TYPE_ACTIVITY")
    poll.result()


@scenario
def rate_limit_lifted(c):
    """The newest poll decides, also one that sets no limit."""
    metadata = {"max_tasks_per_second": {"value": 5.0}}
    c.begin_poll_activity(timeout=3, task_queue_metadata=metadata).result()
    c.begin_poll_activity(timeout=3).result()
    describe(c, task_queue_type="TASK_QUEUE_TYPE_ACTIVITY", include_task_queue_status=True)


@scenario
def refused(c):
    """Missing fields, unknown namespaces, names too long."""
    describe(c, namespace="")
    describe(c, namespace="nowhere")
    describe(c, task_queue=None)
    describe(c, task_queue={"name": ""})
    describe(c, task_queue={"name": "x" * 1001})
    describe(c, task_queue={"name": "/_sys/made-up"})


@scenario
def partitions(c):
    """A partition's name may be described, without statistics; other names of that form are refused."""
    for name in ("/_sys/queue/1", "/_sys/a/b/2", "/_sys/queue/01", "/_sys/queue/+3"):
        describe(c, task_queue={"name": name})
    describe(c, task_queue={"name": "/_sys/queue/1"}, task_queue_type="TASK_QUEUE_TYPE_ACTIVITY")
    describe(c, task_queue={"name": "/_sys/queue/1"}, report_stats=True)
    for end in ("", "queue", "queue/", "/1", "queue/0", "queue/-1", "queue/x", "queue/ 1", "/_sys/a/1/2"):
        describe(c, task_queue={"name": f"/_sys/{end}"})
    describe(c, task_queue={"name": "/_sys/" + "x" * 1000 + "/1"})
    c.begin_poll_activity(task_queue={"name": "/_sys/queue/1"}).result()
    c.begin_poll_workflow_task(task_queue={"name": "/_sys/queue/1"}).result()


@scenario
def normal_name(c):
    """Only a sticky queue has a normal name, and a queue of a worker's commands has no workflow tasks."""
    normal = {"name": "queue", "normal_name": "normal"}
    commands = {"name": "queue", "kind": "TASK_QUEUE_KIND_WORKER_COMMANDS"}
    for task_queue in (normal, {**normal, "kind": "TASK_QUEUE_KIND_NORMAL"}, {**normal, "kind": 7}, commands):
        describe(c, task_queue=task_queue)
        c.begin_poll_activity(task_queue=task_queue).result()
        c.begin_poll_workflow_task(task_queue=task_queue).result()
    describe(c, task_queue=normal, api_mode="DESCRIBE_TASK_QUEUE_MODE_ENHANCED")
    describe(c, task_queue=commands, task_queue_type="TASK_QUEUE_TYPE_NEXUS")


def describe_enhanced(c, queue="queue", **fields):
    describe(c, queue, api_mode="DESCRIBE_TASK_QUEUE_MODE_ENHANCED", **fields)


# The real server keeps what it found for a while and repeats it to whoever asks for less or more: each
# description of a scenario is of a queue of its own.
@scenario
def enhanced(c):
    """What mode ENHANCED reports of queues that nobody uses: by build id, and there by type."""
    everything = {"report_stats": True, "report_pollers": True, "report_task_reachability": True}
    describe_enhanced(c, "bare")
    describe_enhanced(c, "all", **everything, report_config=True, include_task_queue_status=True)
    describe_enhanced(c, "type", task_queue_type="TASK_QUEUE_TYPE_ACTIVITY")
    describe_enhanced(c, "activities", task_queue_types=["TASK_QUEUE_TYPE_ACTIVITY"])
    describe_enhanced(c, "others", task_queue_types=[3, 3, 0, 77, -1], **everything)
    for number, versions in enumerate(
        (
            {},
            {"all_active": True},
            {"unversioned": True},
            {"build_ids": ["b", "a", "a"]},
            {"build_ids": ["a", ""], "all_active": True},
            {"build_ids": list("abcde"), "unversioned": True},
        )
    ):
        describe_enhanced(c, f"versions{number}", versions=versions, **everything)
    describe_enhanced(c, "many", versions={"build_ids": list("abcdef")})


@scenario
def enhanced_in_use(c):
    """Mode ENHANCED shows each type's pollers and its tasks that nobody takes."""
    activities = "TASK_QUEUE_TYPE_ACTIVITY"
    polls = [
        c.begin_poll_workflow_task("polled", timeout=4),
        c.begin_poll_activity("polled", timeout=4),
        c.begin_poll_activity("silent", timeout=4),
    ]
    c.wait_for_poller("polled")
    c.wait_for_poller("polled", task_queue_type=activities)
    c.wait_for_poller("silent", task_queue_type=activities)
    with c.quiet():
        for number in range(3):
            c.start(f"wf{number}")
    request = {"namespace": "default", "task_queue": {"name": c.id("queue")}, "report_stats": True}
    c.until(
        "three tasks in the backlog",
        lambda: c.quietly("DescribeTaskQueue", request).stats.approximate_backlog_count == 3,
    )
    describe_enhanced(c, "polled", report_pollers=True, report_stats=True)
    describe_enhanced(c, "silent")
    describe_enhanced(
        c, report_pollers=True, report_stats=True, versions={"unversioned": True, "build_ids": ["a"]}
    )
    for poll in polls:
        poll.result()


@scenario
def enhanced_refused(c):
    """Mode ENHANCED has no sticky queues and no partitions, and reachability of few build ids."""
    sticky = {"name": c.id("queue"), "kind": "TASK_QUEUE_KIND_STICKY"}
    many = {"report_task_reachability": True, "versions": {"build_ids": list("aaaaaa")}}
    describe_enhanced(c, task_queue=sticky)
    describe_enhanced(c, task_queue={**sticky, "normal_name": c.id("normal")})
    describe_enhanced(c, task_queue=sticky, **many)
    describe_enhanced(c, **many)
    describe(c, **many)
    for name in ("", "x" * 1001, "/_sys/made-up", "/_sys/queue/1"):
        describe_enhanced(c, task_queue={"name": name}, **many)
    describe(c, task_queue={"name": "/_sys/made-up"}, api_mode=7)
    describe_enhanced(c, task_queue=None)
    describe_enhanced(c, namespace="")
    describe_enhanced(c, namespace="nowhere")


@scenario
def shutdown_worker(c):
    """ShutdownWorker gives up a sticky queue: its task goes to the normal queue at once."""
    c.start()
    c.run_workflow_task(sticky_attributes=c.sticky(timeout=30))
    poll = c.begin_poll_workflow_task("sticky", sticky_of="queue", timeout=4)
    c.wait_for_poller("sticky", sticky_of="queue")
    poll.result()
    c.call(
        "ShutdownWorker",
        {"namespace": "default", "sticky_task_queue": c.id("sticky"), "identity": "oracle", "reason": "done"},
    )
    c.signal()
    c.run_workflow_task(complete_workflow())
    c.history()


@scenario
def shutdown_refused(c):
    """ShutdownWorker with missing fields."""
    c.call("ShutdownWorker", {})
    c.call("ShutdownWorker", {"namespace": "nowhere", "sticky_task_queue": "x"})
    c.call("ShutdownWorker", {"namespace": "default"})


@scenario
def nexus_poll_finds_nothing(c):
    """PollNexusTaskQueue waits and answers empty."""
    c.call("PollNexusTaskQueue", c.poll_request(), timeout=3)
    c.call("PollNexusTaskQueue", c.poll_request(), timeout=1.5)
    c.call("PollNexusTaskQueue", c.poll_request(), timeout=None)
    c.call("PollNexusTaskQueue", c.poll_request(namespace="nowhere"), timeout=3)


@scenario
def worker_heartbeat(c):
    """RecordWorkerHeartbeat is accepted."""
    heartbeat = {
        "worker_instance_key": c.id("worker"),
        "worker_identity": "oracle",
        "task_queue": c.id("queue"),
        "sdk_name": "oracle",
        "sdk_version": "1",
    }
    request = {"namespace": "default", "identity": "oracle", "worker_heartbeat": [heartbeat]}
    c.call("RecordWorkerHeartbeat", request)
    c.call("RecordWorkerHeartbeat", {"namespace": "default", "identity": "oracle"})
    c.call("RecordWorkerHeartbeat", {**request, "namespace": "nowhere"})
    c.call("RecordWorkerHeartbeat", {**request, "namespace": ""})


@scenario
def polls_refused(c):
    """Polls without a queue, with names too long, in unknown namespaces, with a wrong kind."""
    for poll in (c.poll_workflow_task, c.poll_activity):
        poll(task_queue=None, timeout=4)
        poll(queue="", timeout=4)
        poll(task_queue={"name": "x" * 1001}, timeout=4)
        poll(namespace="", timeout=4)
        poll(namespace="nowhere", timeout=4)
        poll(identity="x" * 1001, timeout=4)
        poll(task_queue={"name": "/_sys/made-up"}, timeout=4)
    c.poll_workflow_task(task_queue={"name": "s", "kind": "TASK_QUEUE_KIND_STICKY"}, timeout=4)


@scenario
def activities_before_workflow_tasks(c):
    """One queue name is two queues: workflow tasks and activities do not meet."""
    with c.quiet():
        c.start()
    c.poll_activity(timeout=3)
    c.run_workflow_task(schedule_activity(c))
    c.poll_workflow_task(timeout=3)
    c.poll_activity()
