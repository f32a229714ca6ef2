"""Workers that say of which deployment they are. What is done about them comes with worker deployments: what
is asked for here is that they get tasks, and that what they say is kept and shown.

On the real server a versioned worker gets tasks only once its version is the deployment's current one.
"""

import grpc

from ..commands import (
    complete_workflow,
    continue_as_new,
    payloads,
    schedule_activity,
    start_timer,
)
from ..registry import scenario

PINNED = "VERSIONING_BEHAVIOR_PINNED"
AUTO_UPGRADE = "VERSIONING_BEHAVIOR_AUTO_UPGRADE"


def options(c, build_id="build-1", mode="VERSIONED", deployment="deployment") -> dict:
    return {
        "deployment_name": c.id(deployment),
        "build_id": build_id,
        "worker_versioning_mode": f"WORKER_VERSIONING_MODE_{mode}",
    }


def make_current(c, build_id="build-1"):
    """Brings the real server to give tasks to a version; where deployments are not built there is no need."""
    poll = c.begin_poll_workflow_task(deployment_options=options(c, build_id))
    request = {"namespace": c.namespace, "deployment_name": c.id("deployment"), "build_id": build_id}

    def set_current() -> bool:
        try:
            c.quietly("SetWorkerDeploymentCurrentVersion", request | {"identity": "oracle"})
            return True
        except grpc.RpcError as error:
            return error.code() == grpc.StatusCode.UNIMPLEMENTED

    c.until("a current version", set_current)
    poll.cancel()


def complete(c, task, *commands, **fields):
    fields.setdefault("deployment_options", options(c))
    return c.complete_workflow_task(task, *commands, **fields)


@scenario
def pinned(c):
    """A worker of a version takes a task and completes it as pinned."""
    make_current(c)
    c.start()
    task = c.poll_workflow_task(deployment_options=options(c))
    c.history()
    complete(c, task, start_timer(seconds=60), versioning_behavior=PINNED)
    c.history()
    c.describe()


@scenario
def auto_upgrade(c):
    """The same, to be moved to the next version."""
    make_current(c)
    c.start()
    task = c.poll_workflow_task(deployment_options=options(c))
    complete(c, task, start_timer(seconds=60), versioning_behavior=AUTO_UPGRADE)
    c.history()
    c.describe()


@scenario
def no_behavior(c):
    """A versioned worker that does not say how its workflow behaves."""
    c.start()
    task = c.poll_workflow_task()
    complete(c, task, start_timer(seconds=60))
    c.history()
    c.describe()


@scenario
def behavior_without_versioning(c):
    """A behavior in another mode does not count; without options it is refused."""
    c.start()
    task = c.poll_workflow_task()
    c.complete_workflow_task(task, versioning_behavior=PINNED)
    complete(
        c,
        task,
        start_timer(seconds=60),
        versioning_behavior=PINNED,
        deployment_options=options(c, mode="UNVERSIONED"),
    )
    c.complete_workflow_task(task, versioning_behavior=PINNED)
    c.history()
    c.describe()


@scenario
def from_unversioned_to_versioned_and_back(c):
    """Completed by an unversioned worker, then by a pinned one, then by an unversioned one again."""
    c.start()
    complete(
        c,
        c.poll_workflow_task(),
        start_timer(seconds=60),
        deployment_options=options(c, mode="UNVERSIONED"),
        force_create_new_workflow_task=True,
    )
    c.describe()
    second = c.poll_workflow_task()
    third = complete(
        c,
        second,
        versioning_behavior=PINNED,
        force_create_new_workflow_task=True,
        return_new_workflow_task=True,
    )
    c.describe()
    complete(c, third.workflow_task, deployment_options=options(c, "build-2", mode="UNVERSIONED"))
    c.history()
    c.describe()


@scenario
def two_versions(c):
    """Two versions of one deployment complete a task each."""
    c.start()
    second = complete(
        c,
        c.poll_workflow_task(),
        versioning_behavior=AUTO_UPGRADE,
        force_create_new_workflow_task=True,
        return_new_workflow_task=True,
    )
    third = complete(
        c,
        second.workflow_task,
        versioning_behavior=PINNED,
        deployment_options=options(c, "build-2"),
        force_create_new_workflow_task=True,
        return_new_workflow_task=True,
    )
    c.describe()
    complete(c, third.workflow_task, complete_workflow(), versioning_behavior=PINNED)
    c.history()
    c.describe()


@scenario
def older_form(c):
    """The deployment as the message before named it, and a stamp beside it."""
    c.start()
    c.complete_workflow_task(
        c.poll_workflow_task(),
        start_timer(seconds=60),
        deployment={"series_name": c.id("deployment"), "build_id": "build-1"},
        versioning_behavior=PINNED,
        worker_version_stamp={"build_id": "build-1"},
        binary_checksum="checksum",
    )
    c.history()
    c.describe()


@scenario
def incomplete_options(c):
    """Versioned mode needs both names; the other mode neither."""
    c.start()
    task = c.poll_workflow_task()
    for name, build_id in (("", "build-1"), ("deployment", ""), ("", "")):
        complete(c, task, deployment_options=options(c, build_id, deployment=name))
        c.poll_workflow_task(timeout=3, deployment_options=options(c, build_id, deployment=name))
    complete(c, task, complete_workflow(), deployment_options=options(c, "", "UNVERSIONED", ""))
    c.history()


@scenario
def task_fails(c):
    """What a worker of a version says when it fails a task."""
    make_current(c)
    c.start()
    task = c.poll_workflow_task(deployment_options=options(c))
    c.fail_workflow_task(task, deployment_options=options(c), worker_version={"build_id": "build-1"})
    c.history()
    c.describe()


@scenario
def sticky(c):
    """A sticky queue of a versioned worker must name its normal queue."""
    c.start()
    task = c.poll_workflow_task()
    complete(
        c,
        task,
        versioning_behavior=PINNED,
        sticky_attributes={"worker_task_queue": {"name": c.id("sticky"), "kind": "TASK_QUEUE_KIND_STICKY"}},
    )
    complete(
        c, task, start_timer(seconds=60), versioning_behavior=PINNED, sticky_attributes=c.sticky(timeout=60)
    )
    c.describe()


@scenario
def activity(c):
    """An activity that a worker of a version takes, after its workflow task."""
    make_current(c)
    c.start()
    task = c.poll_workflow_task(deployment_options=options(c))
    with c.quiet():
        poll = c.begin_poll_activity(deployment_options=options(c))
        c.wait_for_poller(task_queue_type="TASK_QUEUE_TYPE_ACTIVITY")
        complete(c, task, schedule_activity(c), versioning_behavior=PINNED)
    taken = poll.result()
    c.describe()
    c.complete_activity(
        taken,
        result=payloads("done"),
        deployment_options=options(c),
        worker_version={"build_id": "build-1"},
    )
    c.history()


@scenario
def eager_start(c):
    """The worker that starts a run, and takes its first task, is of a version."""
    make_current(c)
    started = c.start(request_eager_execution=True, eager_worker_deployment_options=options(c))
    if started and started.HasField("eager_workflow_task"):
        complete(c, started.eager_workflow_task, start_timer(seconds=60), versioning_behavior=PINNED)
    c.history()
    c.describe()


@scenario
def continued_as_new(c):
    """What the next run of a chain keeps of its worker: nothing, without a deployment's pin."""
    c.start()
    complete(
        c,
        c.poll_workflow_task(),
        continue_as_new(workflow_type={"name": "Greet"}, task_queue={"name": c.id("queue")}),
        deployment_options=options(c, mode="UNVERSIONED"),
    )
    c.history()
    c.describe()


@scenario
def from_unversioned_to_auto_upgrade(c):
    """The run is bound to nothing any more, and not unversioned either."""
    c.start()
    second = c.complete_workflow_task(
        c.poll_workflow_task(), force_create_new_workflow_task=True, return_new_workflow_task=True
    )
    complete(c, second.workflow_task, versioning_behavior=AUTO_UPGRADE)
    c.describe()
