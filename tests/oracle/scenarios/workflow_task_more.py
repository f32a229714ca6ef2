"""Workflow tasks: what completions carry and ask for, stickiness in detail, eager starts."""

from ..commands import complete_workflow, payloads, record_marker, schedule_activity, secs, start_timer
from ..registry import scenario


@scenario
def metadata(c):
    """What the SDK says about itself is kept in the completion's event."""
    c.start()
    c.run_workflow_task(
        complete_workflow(),
        sdk_metadata={
            "core_used_flags": [1, 3],
            "lang_used_flags": [2],
            "sdk_name": "temporal-oracle",
            "sdk_version": "1.2.3",
        },
        metering_metadata={"nonfirst_local_activity_execution_attempts": 2},
        binary_checksum="checksum",
        worker_version_stamp={"build_id": "build"},
    )
    c.history()
    c.describe()


@scenario
def nothing_to_do(c):
    """A completion without commands leaves the run idle."""
    c.start()
    c.run_workflow_task()
    c.history()
    c.describe()
    c.poll_workflow_task(timeout=3)


@scenario
def forced(c):
    """force_create_new_workflow_task alone: the next task goes through the queue."""
    c.start()
    c.run_workflow_task(force_create_new_workflow_task=True)
    c.history()
    c.run_workflow_task(complete_workflow())
    c.history()


@scenario
def returned_for_a_signal(c):
    """return_new_workflow_task alone: a task comes back only if there is one to do."""
    task = c.started()
    c.complete_workflow_task(task, return_new_workflow_task=True)
    c.signal("one")
    task = c.poll_workflow_task()
    c.signal("two")
    answer = c.complete_workflow_task(task, return_new_workflow_task=True)
    c.complete_workflow_task(answer.workflow_task, complete_workflow(), return_new_workflow_task=True)
    c.history()


@scenario
def forced_and_sticky(c):
    """A heartbeat with sticky attributes; the returned task names both queues' kinds."""
    task = c.started()
    answer = c.complete_workflow_task(
        task,
        sticky_attributes=c.sticky(),
        force_create_new_workflow_task=True,
        return_new_workflow_task=True,
    )
    answer = c.complete_workflow_task(
        answer.workflow_task,
        record_marker(),
        sticky_attributes=c.sticky(),
        force_create_new_workflow_task=True,
        return_new_workflow_task=True,
    )
    c.complete_workflow_task(answer.workflow_task, complete_workflow())
    c.history()


@scenario
def forced_on_a_closing_run(c):
    """Asking for a new task while closing the run brings none."""
    task = c.started()
    c.complete_workflow_task(
        task, complete_workflow(), force_create_new_workflow_task=True, return_new_workflow_task=True
    )
    c.history(since=4)


@scenario
def fails_after_a_returned_task(c):
    """A task that came with an answer fails as any other."""
    task = c.started()
    answer = c.complete_workflow_task(
        task, force_create_new_workflow_task=True, return_new_workflow_task=True
    )
    c.fail_workflow_task(answer.workflow_task)
    c.run_workflow_task(complete_workflow())
    c.history()


@scenario
def reset_sticky(c):
    """ResetStickyTaskQueue sends the next task to the normal queue."""
    c.start()
    c.run_workflow_task(sticky_attributes=c.sticky())
    poll = c.begin_poll_workflow_task("sticky", sticky_of="queue")
    c.wait_for_poller("sticky", sticky_of="queue")
    c.call("ResetStickyTaskQueue", {"namespace": "default", "execution": c.execution()})
    c.signal()
    c.run_workflow_task(complete_workflow())
    poll.cancel()
    c.history()
    c.call("ResetStickyTaskQueue", {"namespace": "default", "execution": c.execution()})
    c.call("ResetStickyTaskQueue", {"namespace": "default", "execution": c.execution("nobody")})
    c.call("ResetStickyTaskQueue", {"namespace": "default", "execution": c.execution("")})
    c.call("ResetStickyTaskQueue", {"namespace": "default"})


@scenario
def eager_start(c):
    """A start that asks for eager execution answers with the first task, which is started."""
    answer = c.start(request_eager_execution=True, input=payloads("in"))
    c.history()
    c.complete_workflow_task(answer.eager_workflow_task, complete_workflow())
    c.history()


@scenario
def eager_start_repeated(c):
    """A repeated eager start by the same request id; the task itself is handed out again."""
    first = c.start(request_eager_execution=True, request_id="same")
    second = c.start(request_eager_execution=True, request_id="same")
    c.complete_workflow_task(second.eager_workflow_task or first.eager_workflow_task, complete_workflow())
    c.start(request_eager_execution=True, request_id="same")
    c.history()


@scenario
def eager_start_fails(c):
    """An eager first task that fails is tried again through the queue."""
    answer = c.start(request_eager_execution=True)
    c.fail_workflow_task(answer.eager_workflow_task)
    c.run_workflow_task(complete_workflow())
    c.history()


@scenario
def eager_start_with_delay(c):
    """An eager start with a start delay or a cron schedule is not eager."""
    c.start(request_eager_execution=True, workflow_start_delay=secs(60))
    c.history()


@scenario
def several_kinds_at_once(c):
    """Many commands in one completion are written in their order."""
    task = c.started()
    c.complete_workflow_task(
        task,
        start_timer("t1", seconds=60),
        schedule_activity(c),
        record_marker("one", details={"data": payloads("x")}),
        start_timer("t2", seconds=60),
        record_marker("two"),
    )
    c.history(since=4)


@scenario
def another_worker_completes(c):
    """The identity in the completion is the completer's, not the poller's."""
    task = c.started()
    c.complete_workflow_task(task, complete_workflow(), identity="somebody else")
    c.history(since=3)


@scenario
def two_pollers_one_task(c):
    """One of two pollers gets the task; the other stays empty."""
    polls = [c.begin_poll_workflow_task(timeout=4) for _ in range(2)]
    c.wait_for_poller()
    c.start()
    tasks = c.quiet_race(*polls)
    c.note(
        "workflow ids of the two replies",
        sorted(c.shown(task.workflow_execution.workflow_id) for task in tasks),
    )
