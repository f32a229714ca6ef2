"""Workers that send heartbeats: list, count, description."""

from ..registry import scenario


def heartbeat(c, key: str, **fields):
    worker = {"worker_instance_key": c.id(key), "task_queue": c.id("queue"), **fields}
    c.call(
        "RecordWorkerHeartbeat", {"namespace": "default", "identity": "oracle", "worker_heartbeat": [worker]}
    )


def three_workers(c):
    """Preparation: one runs, one shuts down, one has shut down."""
    with c.quiet():
        heartbeat(
            c,
            "one",
            worker_identity="first",
            status="WORKER_STATUS_RUNNING",
            sdk_name="sdk",
            sdk_version="1.2.3",
            host_info={"host_name": "host", "process_id": "7", "worker_grouping_key": "group"},
            deployment_version={"build_id": "b1", "deployment_name": "d1"},
            total_sticky_cache_hit=3,
        )
        heartbeat(c, "three", status="WORKER_STATUS_SHUTDOWN")
        heartbeat(c, "two", worker_identity="second", status="WORKER_STATUS_SHUTTING_DOWN")


def list_workers(c, query: str = "", **fields):
    mine = f"TaskQueue = '{c.id('queue')}'"
    query = f"{mine} AND {query}" if query else mine
    return c.call("ListWorkers", {"namespace": "default", "query": query, **fields})


@scenario
def listed(c):
    """What a worker says about itself is shown; one that has shut down is not."""
    three_workers(c)
    list_workers(c)
    c.call("CountWorkers", {"namespace": "default", "query": f"TaskQueue = '{c.id('queue')}'"})
    for key in ("one", "two", "three", "nobody"):
        c.call("DescribeWorker", {"namespace": "default", "worker_instance_key": c.id(key)})


@scenario
def filtered(c):
    """By each attribute, with AND, OR, NOT."""
    three_workers(c)
    for query in (
        "WorkerStatus = 'Running'",
        "Status = 'ShuttingDown'",
        "WorkerStatus != 'Running'",
        "WorkerIdentity = 'first'",
        "WorkerIdentity STARTS_WITH 'sec'",
        "HostName = 'host'",
        "HostName IS NULL",
        "SdkName = 'sdk' AND SdkVersion = '1.2.3'",
        "BuildId = 'b1' AND DeploymentName = 'd1'",
        "(WorkerIdentity = 'first' OR WorkerIdentity = 'second')",
        f"WorkerInstanceKey = '{c.id('two')}'",
        "StartTime > '2020-01-01T00:00:00Z'",
    ):
        list_workers(c, query)


@scenario
def heard_again(c):
    """A later heartbeat takes the place of an earlier one, also that of ShutdownWorker."""
    three_workers(c)
    one, two = (f"WorkerInstanceKey = '{c.id(key)}'" for key in ("one", "two"))
    heartbeat(c, "one", worker_identity="renamed", status="WORKER_STATUS_RUNNING")
    list_workers(c, one)
    c.call(
        "ShutdownWorker",
        {
            "namespace": "default",
            "worker_instance_key": c.id("one"),
            "worker_heartbeat": {
                "worker_instance_key": c.id("one"),
                "task_queue": c.id("queue"),
                "status": "WORKER_STATUS_SHUTTING_DOWN",
            },
        },
    )
    list_workers(c, one)
    heartbeat(c, "two", status="WORKER_STATUS_SHUTDOWN")
    list_workers(c, two)


@scenario
def pages(c):
    """One a page."""
    three_workers(c)
    first = list_workers(c, page_size=1)
    list_workers(c, page_size=1, next_page_token=first.next_page_token)
    list_workers(c, page_size=-1)


@scenario
def refused(c):
    """No namespace, an unknown one, a filter that is none, a page token that no server made."""
    three_workers(c)
    for name in ("ListWorkers", "CountWorkers", "DescribeWorker", "RecordWorkerHeartbeat"):
        c.call(name, {"namespace": ""})
        c.call(name, {"namespace": "nowhere"})
    for name in ("ListWorkers", "CountWorkers"):
        c.call(name, {"namespace": "default", "query": "TaskQueue !="})
    list_workers(c, next_page_token=b"made-up")
