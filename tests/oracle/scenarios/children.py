"""Child workflows: start, results, failures to start, what is buffered, what others are shown."""

from temporalio.api.enums.v1 import EventType

from ..commands import (
    cancel_external,
    cancel_workflow,
    complete_workflow,
    fail_workflow,
    failure,
    keyword,
    payload,
    payloads,
    schedule_activity,
    secs,
    signal_external,
    start_child,
    start_timer,
)
from ..registry import scenario
from .bad_commands import refused
from .visibility import wait_for_count


def parent_and_child(c, *commands, **child):
    """A parent whose child has begun: both histories so far are known, and the parent's next task waits."""
    c.start()
    c.run_workflow_task(start_child(c, **child), *commands)
    c.wait_for_event("CHILD_WORKFLOW_EXECUTION_STARTED")


def wait_for_no_children(c):
    """Returns when the parent knows that its children have ended; writes no step."""
    request = {"namespace": c.namespace, "execution": c.execution()}
    c.until(
        "no child is pending", lambda: not c.quietly("DescribeWorkflowExecution", request).pending_children
    )


@scenario
def completes(c):
    """A child starts, completes with a result, and its parent is told both."""
    parent_and_child(c, input=payloads("in"))
    c.run_workflow_task()
    c.run_workflow_task(complete_workflow(result=payloads("out")), queue="children")
    c.wait_for_event("CHILD_WORKFLOW_EXECUTION_COMPLETED")
    c.run_workflow_task(complete_workflow())
    c.history()
    c.history("child")


@scenario
def fails(c):
    """A child fails."""
    parent_and_child(c)
    c.run_workflow_task()
    c.run_workflow_task(fail_workflow(failure=failure("no")), queue="children")
    c.wait_for_event("CHILD_WORKFLOW_EXECUTION_FAILED")
    c.run_workflow_task(complete_workflow())
    c.history()


@scenario
def canceled(c):
    """A parent cancels its child, which ends as cancelled."""
    parent_and_child(c)
    c.run_workflow_task(cancel_external(c, "child", child_workflow_only=True, reason="enough"))
    c.wait_for_event("EXTERNAL_WORKFLOW_EXECUTION_CANCEL_REQUESTED")
    c.run_workflow_task(cancel_workflow(details=payloads("bye")), queue="children")
    c.wait_for_event("CHILD_WORKFLOW_EXECUTION_CANCELED")
    c.history()
    c.history("child")


@scenario
def terminated(c):
    """A client terminates a child."""
    parent_and_child(c)
    c.run_workflow_task()
    c.terminate("child", reason="enough")
    c.wait_for_event("CHILD_WORKFLOW_EXECUTION_TERMINATED")
    c.history()


@scenario
def times_out(c):
    """A child runs out of its time."""
    parent_and_child(c, workflow_run_timeout=secs(1))
    c.run_workflow_task()
    c.wait_for_event("CHILD_WORKFLOW_EXECUTION_TIMED_OUT")
    c.history()
    c.history("child")


@scenario
def all_options(c):
    """Everything that a start can carry, in the parent's event and in the child's."""
    c.start(priority={"priority_key": 2, "fairness_key": "fair"})
    c.run_workflow_task(
        {
            **start_child(
                c,
                input=payloads("in"),
                header={"fields": {"trace": payload("1")}},
                workflow_execution_timeout=secs(300),
                workflow_run_timeout=secs(100),
                workflow_task_timeout=secs(7),
                parent_close_policy="PARENT_CLOSE_POLICY_ABANDON",
                control="ctl",
                workflow_id_reuse_policy="WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE",
                memo={"fields": {"note": payload("x")}},
                search_attributes={"indexed_fields": {"OracleKeyword": keyword("blue")}},
                priority={"priority_key": 4},
                retry_policy={"maximum_attempts": 1},
            ),
            "user_metadata": {"summary": payload("a child")},
        }
    )
    c.wait_for_event("CHILD_WORKFLOW_EXECUTION_STARTED")
    c.history()
    c.history("child")
    c.describe("child")


@scenario
def without_options(c):
    """A child without a task queue takes its parent's; its timeouts are filled in."""
    c.start(workflow_execution_timeout=secs(100), workflow_run_timeout=secs(50))
    c.run_workflow_task(start_child(c, task_queue=None))
    c.wait_for_event("CHILD_WORKFLOW_EXECUTION_STARTED")
    c.history()
    c.history("child")


@scenario
def described(c):
    """What is shown of a parent with a pending child, and of the child."""
    parent_and_child(c, parent_close_policy="PARENT_CLOSE_POLICY_REQUEST_CANCEL")
    c.describe()
    c.describe("child")
    c.run_workflow_task(complete_workflow(), queue="children")
    c.wait_for_event("CHILD_WORKFLOW_EXECUTION_COMPLETED")
    c.describe()
    c.describe("child")


@scenario
def listed(c):
    """Parent and root of a child and a grandchild in lists."""
    parent_and_child(c)
    c.run_workflow_task(start_child(c, "grandchild", "grandchildren"), queue="children")
    c.wait_for_event("CHILD_WORKFLOW_EXECUTION_STARTED", "child")
    for query in (
        f"ParentWorkflowId = '{c.id('wf')}'",
        f"ParentWorkflowId = '{c.id('child')}'",
        f"RootWorkflowId = '{c.id('wf')}' AND WorkflowType = 'Greet'",
    ):
        wait_for_count(c, query, 1)
        found = c.quietly("ListWorkflowExecutions", {"namespace": c.namespace, "query": query}).executions[0]
        c.note("parent and root", [found.execution, found.parent_execution, found.root_execution])
    wait_for_count(c, f"RootWorkflowId = '{c.id('wf')}'", 3)
    wait_for_count(c, f"RootWorkflowId = '{c.id('wf')}' AND ParentWorkflowId IS NULL", 1)


@scenario
def grandchild(c):
    """A child of a child: its root is the first of all."""
    parent_and_child(c)
    c.run_workflow_task(start_child(c, "grandchild", "grandchildren"), queue="children")
    c.wait_for_event("CHILD_WORKFLOW_EXECUTION_STARTED", "child")
    c.history("grandchild")
    c.describe("grandchild")


@scenario
def already_running(c):
    """The child's id is taken by an open run that is no child."""
    with c.quiet():
        c.start("child")
    c.start(task_queue={"name": c.id("parents")})
    c.run_workflow_task(start_child(c, control="ctl"), queue="parents")
    c.wait_for_event("START_CHILD_WORKFLOW_EXECUTION_FAILED")
    c.run_workflow_task(complete_workflow(), queue="parents")
    c.history()


@scenario
def reuse_policies(c):
    """Which closed runs let a child take their id."""
    for number, (end, policy) in enumerate(
        (
            (complete_workflow(), "REJECT_DUPLICATE"),
            (complete_workflow(), "ALLOW_DUPLICATE_FAILED_ONLY"),
            (fail_workflow(), "ALLOW_DUPLICATE_FAILED_ONLY"),
            (complete_workflow(), "ALLOW_DUPLICATE"),
            (complete_workflow(), "TERMINATE_IF_RUNNING"),
        )
    ):
        child, queue = f"child{number}", f"queue{number}"
        with c.quiet():
            c.start(child, task_queue={"name": c.id(queue)})
            c.run_workflow_task(end, queue=queue)
            c.start(f"wf{number}", task_queue={"name": c.id(queue)})
            c.run_workflow_task(
                start_child(c, child, workflow_id_reuse_policy=f"WORKFLOW_ID_REUSE_POLICY_{policy}"),
                queue=queue,
            )
            c.poll_workflow_task(queue)
        c.history(f"wf{number}", since=5)


@scenario
def terminates_the_running_one(c):
    """With the reuse policy that says so, a child takes the place of an open run."""
    with c.quiet():
        old = c.start("child").run_id
        c.start(task_queue={"name": c.id("parents")})
    c.run_workflow_task(
        start_child(c, workflow_id_reuse_policy="WORKFLOW_ID_REUSE_POLICY_TERMINATE_IF_RUNNING"),
        queue="parents",
    )
    c.wait_for_event("CHILD_WORKFLOW_EXECUTION_STARTED")
    c.history("child", old)
    c.history()


@scenario
def of_the_parents_own_id(c):
    """A child cannot have its parent's id."""
    c.start()
    c.run_workflow_task(start_child(c, "wf"))
    c.wait_for_event("START_CHILD_WORKFLOW_EXECUTION_FAILED")
    c.history()


@scenario
def one_id_twice(c):
    """Two children of one id in one task, on one queue: one of them starts."""
    c.start()
    c.run_workflow_task(start_child(c, parent_close_policy="PARENT_CLOSE_POLICY_ABANDON"), start_child(c))
    c.wait_for_event("START_CHILD_WORKFLOW_EXECUTION_FAILED")
    c.wait_for_event("CHILD_WORKFLOW_EXECUTION_STARTED")
    # Which of them it is depends on the server's queues.
    reply = c.quietly("GetWorkflowExecutionHistory", {"namespace": c.namespace, "execution": c.execution()})
    types = [EventType.Name(event.event_type) for event in reply.history.events if event.event_id > 4]
    c.note("what the parent is told", sorted(types))


@scenario
def id_again(c):
    """The id of a child that has ended, for another child of the same parent."""
    parent_and_child(c)
    c.run_workflow_task()
    c.run_workflow_task(complete_workflow(), queue="children")
    c.wait_for_event("CHILD_WORKFLOW_EXECUTION_COMPLETED")
    c.run_workflow_task(start_child(c))
    c.wait_for_event("CHILD_WORKFLOW_EXECUTION_STARTED", count=2)
    c.run_workflow_task(fail_workflow(), queue="children")
    c.wait_for_event("CHILD_WORKFLOW_EXECUTION_FAILED")
    c.history(since=9)


@scenario
def started_while_a_task_runs(c):
    """The start is told while the parent's next task runs: it is buffered."""
    c.start()
    c.run_workflow_task(start_child(c), force_create_new_workflow_task=True)
    task = c.poll_workflow_task()
    c.run_workflow_task(queue="children")
    c.history()
    c.complete_workflow_task(task, start_timer(seconds=60))
    c.history(since=5)


@scenario
def ended_while_a_task_runs(c):
    """Start and end of a child are buffered, with a signal between; the end comes last."""
    c.start()
    c.signal("before")
    c.run_workflow_task(start_child(c))
    c.signal("after")
    c.wait_for_event("CHILD_WORKFLOW_EXECUTION_STARTED")
    task = c.poll_workflow_task()
    c.run_workflow_task(complete_workflow(result=payloads("out")), queue="children")
    c.wait_for_close("child")
    wait_for_no_children(c)
    c.signal("last")
    c.complete_workflow_task(task)
    c.history(since=5)


@scenario
def closing_is_refused_over_an_end(c):
    """A parent does not close over a child's end that it has not seen."""
    parent_and_child(c)
    task = c.poll_workflow_task()
    c.run_workflow_task(complete_workflow(), queue="children")
    c.wait_for_close("child")
    wait_for_no_children(c)
    c.complete_workflow_task(task, complete_workflow())
    c.run_workflow_task(complete_workflow())
    c.history(since=6)


@scenario
def several(c):
    """Three children in one task, which end in another order."""
    c.start()
    names = ("one", "two", "three")
    c.run_workflow_task(*(start_child(c, name, f"queue of {name}") for name in names))
    c.wait_for_event("CHILD_WORKFLOW_EXECUTION_STARTED", count=3)
    with c.quiet():
        c.run_workflow_task()
        for number, name in enumerate(("two", "three", "one")):
            c.run_workflow_task(complete_workflow(result=payloads(name)), queue=f"queue of {name}")
            c.wait_for_event("CHILD_WORKFLOW_EXECUTION_COMPLETED", count=number + 1)
            c.run_workflow_task()
    reply = c.quietly("GetWorkflowExecutionHistory", {"namespace": c.namespace, "execution": c.execution()})
    ended = [
        e.child_workflow_execution_completed_event_attributes
        for e in reply.history.events
        if e.HasField("child_workflow_execution_completed_event_attributes")
    ]
    c.note("ends in the parent's history", [c.shown(e.workflow_execution.workflow_id) for e in ended])
    c.note("what they name", [e.initiated_event_id for e in ended])


@scenario
def first_task_after_the_start(c):
    """A child begins its work on its own queue, with an activity there."""
    parent_and_child(c)
    c.run_workflow_task()
    c.run_workflow_task(schedule_activity(c, queue="children"), queue="children")
    c.complete_activity(c.poll_activity("children"), result=payloads("done"))
    c.run_workflow_task(complete_workflow(result=payloads("done")), queue="children")
    c.wait_for_event("CHILD_WORKFLOW_EXECUTION_COMPLETED")
    c.history("child")


@scenario
def signaled(c):
    """A parent signals its child at once, in the task that starts it."""
    parent_and_child(c)
    c.run_workflow_task(signal_external(c, "child", child_workflow_only=True, input=payloads("in")))
    c.wait_for_event("EXTERNAL_WORKFLOW_EXECUTION_SIGNALED")
    c.history(since=9)
    c.history("child")


@scenario
def without_names(c):
    """StartChildWorkflowExecution without id or type, or with a queue of the server's own."""
    refused(c, start_child(c, workflow_id=None))
    refused(c, start_child(c, workflow_type=None))
    refused(c, start_child(c, workflow_type={"name": ""}))
    refused(c, start_child(c, task_queue={"name": "/_sys/x/1"}))


@scenario
def with_bad_timeouts(c):
    """Negative timeouts."""
    refused(c, start_child(c, workflow_execution_timeout=secs(-1)))
    refused(c, start_child(c, workflow_run_timeout=secs(-1)))
    refused(c, start_child(c, workflow_task_timeout=secs(-1)))


@scenario
def with_a_bad_retry_policy(c):
    """Retry policies and schedules that make no sense."""
    refused(c, start_child(c, retry_policy={"initial_interval": secs(-1)}))
    refused(c, start_child(c, retry_policy={"backoff_coefficient": 0.5}))
    refused(c, start_child(c, retry_policy={"maximum_attempts": -1}))


@scenario
def with_bad_search_attributes(c):
    """Search attributes that do not exist or have the wrong type."""
    refused(c, start_child(c, search_attributes={"indexed_fields": {"Nonsense": keyword("x")}}))
    refused(c, start_child(c, search_attributes={"indexed_fields": {"OracleInt": payload("x")}}))


@scenario
def with_too_much(c):
    """Input and memo over the limit end the parent."""
    big = {"payloads": [{"metadata": {"encoding": b"json/plain"}, "data": b"y" * (2 * 1024 * 1024 + 1)}]}
    for number, attributes in enumerate(({"input": big}, {"memo": {"fields": {"a": big["payloads"][0]}}})):
        task = c.started(f"wf{number}", queue=f"queue{number}")
        with c.quiet():
            c.begin(
                "RespondWorkflowTaskCompleted",
                c._in({}, task_token=task.task_token, commands=[start_child(c, **attributes)]),
            ).outcome()
        c.history(f"wf{number}", since=4)


@scenario
def in_a_namespace_that_is_not(c):
    """A child in an unknown namespace."""
    refused(c, start_child(c, namespace="nowhere"))


@scenario
def in_its_own_namespace_by_name(c):
    """A child whose namespace is given, and is its parent's."""
    c.start()
    c.run_workflow_task(start_child(c, namespace="default"))
    c.wait_for_event("CHILD_WORKFLOW_EXECUTION_STARTED")
    c.history(since=5)


@scenario
def in_another_namespace(c):
    """A child in another namespace is refused unless the server is set to allow it."""
    space = c.id("space")
    with c.quiet():
        c.call("RegisterNamespace", {"namespace": space, "workflow_execution_retention_period": secs(86400)})
    refused(c, start_child(c, namespace=space))
    refused(c, signal_external(c, namespace=space))
    refused(c, cancel_external(c, namespace=space))
