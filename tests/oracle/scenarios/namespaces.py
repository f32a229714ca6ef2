"""Namespaces that change and end: every field of an update, deprecated ones, and deleted ones."""

from google.protobuf.duration_pb2 import Duration

from ..commands import complete_workflow, secs
from ..registry import scenario
from ..servers import SEARCH_ATTRIBUTES
from .namespace import DAY, describe, register

DELETION = 120.0  # the real server runs a workflow for it


def update(c, name="space", **fields):
    return c.call("UpdateNamespace", {"namespace": c.id(name), **fields})


def deprecate(c, name="space"):
    return c.call("DeprecateNamespace", {"namespace": c.id(name)})


def delete(c, name="space", **fields):
    """Deletes one and notes what its new name is made of."""
    space_id = c.quietly("DescribeNamespace", {"namespace": c.id(name)}).namespace_info.id
    reply = c.quietly("DeleteNamespace", {"namespace": c.id(name), **fields}, DELETION)
    expected = f"{c.id(name)}-deleted-{space_id[:5]}"
    c.note("renamed to its name and five characters of its id", reply.deleted_namespace == expected)
    return space_id, reply.deleted_namespace


def state_of(c, **named):
    described = c.attempt("DescribeNamespace", named)
    return described.namespace_info.state if described else "none"


@scenario
def update_bad_binaries(c):
    """Binaries are marked as bad, up to ten, and unmarked; the real server keeps them if more is changed."""
    register(c)
    marked = {"update_info": {"description": "marked"}}
    bad = {"one": {"reason": "slow", "operator": "ops"}, "two": {}}
    update(c, config={"bad_binaries": {"binaries": bad}}, **marked)
    update(c, config={"bad_binaries": {"binaries": {"one": {"reason": "other"}}}}, **marked)
    update(c, delete_bad_binary="two")
    update(c, delete_bad_binary="two")
    update(c, config={"bad_binaries": {"binaries": {f"b{i}": {} for i in range(10)}}}, **marked)
    describe(c)


@scenario
def update_replication(c):
    """The replication of a local namespace: its cluster and no other."""
    register(c)
    update(c, replication_config={"active_cluster_name": "active"})
    update(c, replication_config={"active_cluster_name": "nowhere"})
    update(c, replication_config={"clusters": [{"cluster_name": "active"}]})
    update(c, replication_config={"clusters": [{"cluster_name": "nowhere"}]})
    update(c, replication_config={"clusters": [{"cluster_name": "active"}, {"cluster_name": "active"}]})
    update(c, replication_config={"clusters": [{"cluster_name": ""}]})
    update(c, replication_config={"state": "REPLICATION_STATE_NORMAL"})
    update(c, replication_config={"state": "REPLICATION_STATE_HANDOVER"})
    update(c, replication_config={"state": "REPLICATION_STATE_HANDOVER", "active_cluster_name": "active"})
    describe(c)


@scenario
def update_promote(c):
    """A local namespace is not promoted where there are no global ones; its retention is a global one's."""
    register(c)
    update(c, promote_namespace=True, config={"workflow_execution_retention_ttl": secs(7200)})
    update(c, promote_namespace=True, replication_config={"clusters": [{"cluster_name": "nowhere"}]})
    update(c, promote_namespace=True, update_info={"description": "new"})
    describe(c)


@scenario
def update_archival(c):
    """Archival of a cluster that has none changes nothing."""
    register(c, history_archival_state="ARCHIVAL_STATE_ENABLED", history_archival_uri="file:///nowhere")
    describe(c)
    enabled = {
        "history_archival_state": "ARCHIVAL_STATE_ENABLED",
        "history_archival_uri": "file:///nowhere",
        "visibility_archival_state": "ARCHIVAL_STATE_ENABLED",
        "visibility_archival_uri": "nonsense",
    }
    update(c, config=enabled)
    describe(c)


@scenario
def update_retention(c):
    """Retention: none, too short, malformed, long."""
    register(c)
    for retention in (secs(0), secs(3599), secs(3600), secs(10 * 365 * 24 * 3600)):
        update(c, config={"workflow_execution_retention_ttl": retention})
    update(c, config={"workflow_execution_retention_ttl": Duration(seconds=7200, nanos=-1)})
    describe(c)


@scenario
def update_info(c):
    """What is empty does not change; data are merged, also with an empty value."""
    register(c, description="old", owner_email="a@b.c", data={"a": "1"})
    update(c, update_info={"description": "", "owner_email": ""})
    update(c, update_info={"data": {"a": "", "b": "2"}})
    update(c, update_info={"description": "x", "state": "NAMESPACE_STATE_REGISTERED"})
    update(c, update_info={"state": 7})
    describe(c)


@scenario
def update_order(c):
    """Of several faults the first is told, and nothing is changed."""
    register(c)
    update(
        c,
        update_info={"description": "new"},
        config={"workflow_execution_retention_ttl": secs(1)},
        delete_bad_binary="none",
        replication_config={"active_cluster_name": "nowhere"},
    )
    update(c, delete_bad_binary="none", replication_config={"active_cluster_name": "nowhere"})
    update(c, replication_config={"active_cluster_name": "nowhere"}, promote_namespace=True)
    update(c, name="x" * 1001)
    describe(c)


@scenario
def aliases(c):
    """Aliases of search attributes: added by their columns, used by starts, taken away."""
    register(c)
    space = c.id("space")

    def custom():
        listed = c.quietly("ListSearchAttributes", {"namespace": space}).custom_attributes
        own = {name: kind for name, kind in sorted(listed.items()) if name not in SEARCH_ATTRIBUTES}
        c.note("custom attributes", [f"{name}: {kind}" for name, kind in own.items()])
        config = c.quietly("DescribeNamespace", {"namespace": space}).config
        # Which column of its type a new attribute gets is free to vary.
        columns = config.custom_search_attribute_aliases
        shown = [
            f"{'Keyword..' if name == 'Colour' else column}={name}"
            for column, name in columns.items()
            if name not in SEARCH_ATTRIBUTES
        ]
        c.note("aliases", sorted(shown))

    custom()
    c.call(
        "AddSearchAttributes",
        {"namespace": space, "search_attributes": {"Colour": "INDEXED_VALUE_TYPE_KEYWORD"}},
    )
    custom()
    update(c, config={"custom_search_attribute_aliases": {"Int02": "Size", "Bool01": "Shape"}})
    custom()
    update(c, config={"custom_search_attribute_aliases": {"Int02": "Other"}})
    update(c, config={"custom_search_attribute_aliases": {"Int03": "Size"}})
    update(c, config={"custom_search_attribute_aliases": {"Nonsense": "Unknown"}})
    custom()
    c.call(
        "RemoveSearchAttributes",
        {"namespace": space, "search_attributes": ["Shape"]},
    )
    update(c, config={"custom_search_attribute_aliases": {"Int02": "", "Int03": ""}})
    custom()


@scenario
def state_deprecated(c):
    """DeprecateNamespace: starts are refused, everything else goes on; twice, and back."""
    register(c)
    space = c.id("space")
    c.start(namespace=space)
    deprecate(c)
    c.until("deprecated", lambda: not c.attempt("StartWorkflowExecution", _start(c, "other", space)))
    c.start("other", namespace=space)
    c.signal_with_start(workflow_id="another", namespace=space)
    c.call("SignalWorkflowExecution", _signal(c, space))
    task = c.poll_workflow_task(namespace=space)
    c.complete_workflow_task(task, complete_workflow(), namespace=space)
    deprecate(c)
    update(c, update_info={"state": "NAMESPACE_STATE_REGISTERED"})
    update(c, update_info={"description": "still changed"})
    describe(c)


def _start(c, workflow_id, space):
    return c.start_request(workflow_id, namespace=space, request_id="probe")


def _signal(c, space):
    return {"namespace": space, "workflow_execution": c.execution(), "signal_name": "go"}


@scenario
def deprecate_refused(c):
    """DeprecateNamespace of what is not there."""
    c.call("DeprecateNamespace", {})
    c.call("DeprecateNamespace", {"namespace": "nowhere"})
    c.call("DeprecateNamespace", {"namespace": "x" * 1001})


@scenario
def describe_more(c):
    """By name and id at once; ids that are none; with weak consistency."""
    register(c)
    space_id = describe(c).namespace_info.id
    c.call("DescribeNamespace", {"namespace": c.id("space"), "id": space_id})
    c.call("DescribeNamespace", {"namespace": "x" * 1001})
    c.until(
        "the registry knows it",
        lambda: c.attempt("DescribeNamespace", {"namespace": c.id("space"), "weak_consistency": True}),
    )
    c.call("DescribeNamespace", {"namespace": c.id("space"), "weak_consistency": True})
    c.call("DescribeNamespace", {"id": space_id, "weak_consistency": True})


@scenario
def list_more(c):
    """A page of ListNamespaces is as long as it was asked for."""
    reply = c.quietly("ListNamespaces", {"page_size": 1})
    c.note("namespaces of a page", len(reply.namespaces))


@scenario
def delete_refused(c):
    """DeleteNamespace without a name, with two, of what is not there, of the system's own."""
    register(c)
    space_id = describe(c).namespace_info.id
    c.call("DeleteNamespace", {})
    c.call("DeleteNamespace", {"namespace": c.id("space"), "namespace_id": space_id})
    c.call("DeleteNamespace", {"namespace": "nowhere"})
    c.call("DeleteNamespace", {"namespace_id": "11111111-2222-3333-4444-555555555555"})
    c.call("DeleteNamespace", {"namespace": "temporal-system"}, DELETION)
    c.call("DeleteNamespace", {"namespace": "x" * 1001})


@scenario
def deleted(c):
    """A deleted namespace is there under another name, answers nothing, and its name is free at once."""
    register(c, description="first")
    space_id, renamed = delete(c, namespace_delete_delay=secs(3600))
    c.note("state by id", state_of(c, id=space_id))
    c.note("state by its new name", state_of(c, namespace=renamed))
    c.note("state by its old name", state_of(c, namespace=c.id("space")))
    register(c, description="second")
    described = describe(c)
    c.note("another one", described.namespace_info.id != space_id)


@scenario
def deleted_by_id(c):
    """By id, too; and a deleted one again, by id or by its new name, answers as before."""
    register(c)
    space_id = describe(c).namespace_info.id
    late = {"namespace_delete_delay": secs(3600)}
    renamed = c.quietly("DeleteNamespace", {"namespace_id": space_id} | late, DELETION).deleted_namespace
    c.note("renamed", renamed.startswith(c.id("space") + "-deleted-"))
    again = c.attempt("DeleteNamespace", {"namespace": renamed} | late, DELETION)
    c.note("again by name", bool(again) and again.deleted_namespace == renamed)
    again = c.attempt("DeleteNamespace", {"namespace_id": space_id} | late, DELETION)
    c.note("again by id", bool(again) and again.deleted_namespace == renamed)


@scenario
def deleted_lists(c):
    """Lists have no deleted namespace unless they ask for it."""
    register(c)
    _, renamed = delete(c, namespace_delete_delay=secs(3600))

    def listed(**fields):
        token, found = b"", 0
        while True:
            reply = c.quietly("ListNamespaces", {"page_size": 10, "next_page_token": token, **fields})
            found += sum(n.namespace_info.name == renamed for n in reply.namespaces)
            token = reply.next_page_token
            if not token:
                return found

    c.note("listed", listed())
    c.note("listed with the deleted ones", listed(namespace_filter={"include_deleted": True}))


@scenario
def deleted_calls(c):
    """What a deleted namespace answers, by its old name and by its new one."""
    register(c)
    space = c.id("space")
    c.start(namespace=space)
    _, renamed = delete(c, namespace_delete_delay=secs(3600))
    c.until("the old name is gone", lambda: not c.attempt("StartWorkflowExecution", _start(c, "w", space)))
    c.start("other", namespace=space)

    def refused(method, **fields):
        def told():
            reply = c.refusal_of(method, {"namespace": renamed, **fields})
            return reply if reply and "invalid state" in reply["message"] else None

        c.until(f"{method} is refused", told)
        answer = told()
        answer["message"] = answer["message"].replace(renamed, "<renamed>")
        for detail in answer.get("details", ()):
            detail.pop("namespace", None)
        c.note(method, answer)

    refused("StartWorkflowExecution", **_without_namespace(_start(c, "w", space)))
    refused("SignalWorkflowExecution", **_without_namespace(_signal(c, space)))
    refused("ListWorkflowExecutions")
    refused("CountWorkflowExecutions")
    refused("PollWorkflowTaskQueue", task_queue={"name": c.id("queue")})
    refused("PollActivityTaskQueue", task_queue={"name": c.id("queue")})
    refused("DescribeTaskQueue", task_queue={"name": "queue"})
    refused("UpdateNamespace", update_info={"description": "new"})
    refused("DeprecateNamespace")
    refused("AddSearchAttributes", search_attributes={"New": "INDEXED_VALUE_TYPE_INT"})
    refused("ListSearchAttributes")


def _without_namespace(request):
    return {key: value for key, value in request.items() if key != "namespace"}


@scenario
def state_deleted(c):
    """An update may say DELETED: the name stays, and nothing answers by it any more."""
    register(c)
    update(c, update_info={"state": "NAMESPACE_STATE_DELETED"})
    space = c.id("space")
    c.until("it is refused", lambda: not c.attempt("StartWorkflowExecution", _start(c, "w", space)))
    c.start(namespace=space)
    c.call("UpdateNamespace", {"namespace": space, "update_info": {"state": "NAMESPACE_STATE_REGISTERED"}})
    describe(c)
    delete(c)


@scenario
def register_then_use(c):
    """A namespace whose name was deleted is of use again: its runs are its own."""
    register(c)
    space = c.id("space")
    c.start(namespace=space)
    delete(c)
    register(c, workflow_execution_retention_period=DAY)
    c.until("it is of use", lambda: c.attempt("CountWorkflowExecutions", {"namespace": space}))
    c.call("DescribeWorkflowExecution", {"namespace": space, "execution": c.execution()})
