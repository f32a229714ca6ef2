"""Namespaces: register, describe, update, list; and what a new one is good for."""

from ..commands import complete_workflow, secs
from ..registry import scenario

DAY = secs(24 * 3600)


def register(c, name="space", **fields):
    defaults = {"namespace": c.id(name), "workflow_execution_retention_period": DAY}
    merged = {key: value for key, value in (defaults | fields).items() if value is not None}
    return c.call("RegisterNamespace", merged)


def describe(c, name="space"):
    return c.call("DescribeNamespace", {"namespace": c.id(name)})


@scenario
def default_namespace(c):
    """The namespace that every dev server has, with its capabilities and limits."""
    c.call("DescribeNamespace", {"namespace": "default"})


@scenario
def registered(c):
    """Register and describe, by name and by id."""
    register(c, description="for a test", owner_email="a@b.c", data={"team": "blue"})
    by_name = describe(c)
    c.call("DescribeNamespace", {"id": by_name.namespace_info.id})


@scenario
def registered_twice(c):
    """A name can be registered once."""
    register(c)
    register(c)


@scenario
def register_refused(c):
    """Names, retention and other fields that are refused."""
    register(c, "")
    register(c, "x" * 1001)
    register(c, "with space and ümlaut!")
    register(c, "without", workflow_execution_retention_period=None)
    register(c, "zero", workflow_execution_retention_period=secs(0))
    register(c, "short", workflow_execution_retention_period=secs(60))
    register(c, "negative", workflow_execution_retention_period=secs(-1))
    register(c, "global", is_global_namespace=True)
    register(c, "clusters", clusters=[{"cluster_name": "nowhere"}], active_cluster_name="nowhere")
    c.call("RegisterNamespace", {"namespace": "temporal-system", "workflow_execution_retention_period": DAY})
    c.call("RegisterNamespace", {"namespace": "default", "workflow_execution_retention_period": DAY})


@scenario
def describe_refused(c):
    """Describe without a name, with an unknown one, with an unknown id."""
    c.call("DescribeNamespace", {})
    c.call("DescribeNamespace", {"namespace": "nowhere"})
    c.call("DescribeNamespace", {"id": "11111111-2222-3333-4444-555555555555"})


@scenario
def updated(c):
    """Update what may change; the data are merged."""
    register(c, description="old", data={"a": "1"})
    c.call(
        "UpdateNamespace",
        {
            "namespace": c.id("space"),
            "update_info": {"description": "new", "owner_email": "x@y.z", "data": {"b": "2"}},
            "config": {"workflow_execution_retention_ttl": secs(48 * 3600)},
        },
    )
    describe(c)


@scenario
def update_refused(c):
    """Updates that are refused."""
    register(c)
    c.call("UpdateNamespace", {})
    c.call("UpdateNamespace", {"namespace": "nowhere", "update_info": {"description": "x"}})
    for seconds in (60, -1):
        config = {"workflow_execution_retention_ttl": secs(seconds)}
        c.call("UpdateNamespace", {"namespace": c.id("space"), "config": config})
    c.call("UpdateNamespace", {"namespace": c.id("space"), "promote_namespace": True})
    c.call("UpdateNamespace", {"namespace": c.id("space")})


@scenario
def listed(c):
    """A new namespace is in the list; of which only that one is part of the transcript."""
    register(c)
    token, found = b"", []
    while True:
        reply = c.quietly("ListNamespaces", {"page_size": 10, "next_page_token": token})
        found += [n for n in reply.namespaces if n.namespace_info.name == c.id("space")]
        token = reply.next_page_token
        if not token:
            break
    c.note("listed", found)


@scenario
def keeps_runs_apart(c):
    """One workflow id in two namespaces is two workflows; a task token works in its own namespace only."""
    register(c)
    space = c.id("space")
    c.start(namespace=space)
    c.start()
    task = c.poll_workflow_task(namespace=space)
    c.complete_workflow_task(task, complete_workflow())
    c.complete_workflow_task(task, complete_workflow(), namespace=space)
    c.call("DescribeWorkflowExecution", {"namespace": space, "execution": c.execution()})
    c.describe()
