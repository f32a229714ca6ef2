"""Custom search attributes: added, removed and listed; set by starts and upserts; and what filters find.

Each scenario has a namespace of its own: the real server has three to ten columns a type in each.
"""

import json

import grpc

from ..commands import command, complete_workflow, continue_as_new, secs
from ..registry import scenario
from ..servers import SEARCH_ATTRIBUTES
from .visibility import count

TYPES = {
    "AText": "TEXT",
    "AKey": "KEYWORD",
    "AInt": "INT",
    "ADouble": "DOUBLE",
    "ABool": "BOOL",
    "ATime": "DATETIME",
    "AList": "KEYWORD_LIST",
}
RUNS = {
    "wf1": {
        "AKey": "red",
        "AInt": 5,
        "ADouble": 1.5,
        "ABool": True,
        "ATime": "2024-01-01T00:00:00.125+02:00",
        "AList": ["a", "b"],
        "AText": "The quick-brown fox, JUMPS over_the lazy.dog 42 it's user@example.com Größe",
    },
    "wf2": {
        "AKey": "blue",
        "AInt": -7,
        "ADouble": -2,
        "ABool": False,
        "ATime": "2023-01-01T00:00:00.375Z",
        "AList": ["b", "c"],
        "AText": "slow green turtle a.b.c foo/bar naïve",
    },
    "wf3": {},
    "wf4": {"AKey": "", "AText": "", "AList": [], "AInt": 0},
    "wf5": {"AKey": None, "AInt": [9], "AText": ["in a list"], "ABool": [True], "ADouble": 5},
}


def attribute(value) -> dict:
    data = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return {"metadata": {"encoding": b"json/plain"}, "data": data.encode()}


def attributes(values: dict) -> dict:
    return {"indexed_fields": {name: attribute(value) for name, value in values.items()}}


def upsert(values: dict) -> dict:
    return command("UPSERT_WORKFLOW_SEARCH_ATTRIBUTES", search_attributes=attributes(values))


def types(names: dict) -> dict:
    return {name: f"INDEXED_VALUE_TYPE_{kind}" for name, kind in names.items()}


def add(c, **names):
    return c.call("AddSearchAttributes", {"namespace": c.namespace, "search_attributes": types(names)})


def remove(c, *names):
    return c.call("RemoveSearchAttributes", {"namespace": c.namespace, "search_attributes": names})


def custom(c):
    """A step: the custom attributes of the namespace, but for those that every scenario counts on."""
    listed = c.quietly("ListSearchAttributes", {"namespace": c.namespace}).custom_attributes
    own = {name: kind for name, kind in sorted(listed.items()) if name not in SEARCH_ATTRIBUTES}
    c.note("custom attributes", [f"{name}: {kind}" for name, kind in own.items()])


def succeeds(c, name: str, request: dict) -> bool:
    try:
        c.quietly(name, request)
    except grpc.RpcError:
        return False
    return True


def is_known(c, name: str) -> bool:
    return succeeds(c, "CountWorkflowExecutions", {"namespace": c.namespace, "query": f"`{name}` IS NULL"})


def with_space(c, names: dict | None = None) -> None:
    """Preparation: a namespace of the scenario's own with these attributes, good for calls."""
    c.namespace = c.id("space")
    request = {"namespace": c.namespace, "workflow_execution_retention_period": secs(86400)}
    c.quietly("RegisterNamespace", request)
    request = {"namespace": c.namespace, "search_attributes": types(names or {"ABool": "BOOL"})}
    c.until("the namespace", lambda: succeeds(c, "AddSearchAttributes", request))
    for name in names or ():
        c.until(f"the attribute {name}", lambda name=name: is_known(c, name))


def with_runs(c) -> None:
    """Preparation: the runs of RUNS, listed."""
    with_space(c, TYPES)
    with c.quiet():
        for workflow_id, values in RUNS.items():
            c.start(workflow_id, search_attributes=attributes(values))
    wait_for_runs(c, len(RUNS))


def wait_for_runs(c, number: int, query: str = "") -> None:
    request = {"namespace": c.namespace, "query": query}
    c.until("the runs", lambda: c.quietly("CountWorkflowExecutions", request).count == number)


def found(c, query: str):
    """A step: which runs a filter finds, or the error."""
    try:
        page = c.quietly("ListWorkflowExecutions", {"namespace": c.namespace, "query": query})
    except grpc.RpcError:
        c.call("ListWorkflowExecutions", {"namespace": c.namespace, "query": query})
        return
    c.note(query, sorted(c.shown(info.execution.workflow_id) for info in page.executions))


def finds(c, *queries: str):
    for query in queries:
        found(c, query)
    count(c, queries[0])


# -- the attributes of a namespace ---------------------------------------------------------------------------


@scenario
def add_refused(c):
    """No attributes, no namespace, names that are the system's, types that are none."""
    with_space(c)
    c.call("AddSearchAttributes", {"namespace": c.namespace})
    c.call("AddSearchAttributes", {"search_attributes": types({"A": "INT"})})
    c.call("AddSearchAttributes", {"namespace": "nowhere", "search_attributes": types({"A": "INT"})})
    for name in ("WorkflowId", "BuildIds", "NamespaceId", "TemporalSomething", "ExecutionStatus"):
        add(c, **{name: "KEYWORD"})
    add(c, A="UNSPECIFIED")
    c.call("AddSearchAttributes", {"namespace": c.namespace, "search_attributes": {"A": 99}})
    custom(c)


@scenario
def added(c):
    """All types; strange names; the same name again, of another type too, is no error and changes nothing."""
    with_space(c)
    add(c, **TYPES)
    custom(c)
    add(c, AInt="INT")
    add(c, AInt="KEYWORD")
    add(c, AInt="KEYWORD", Another="KEYWORD")
    add(
        c, **{"with blank": "KEYWORD", "Ümlaut": "KEYWORD", "1": "KEYWORD", "a-b.c": "KEYWORD", "": "KEYWORD"}
    )
    custom(c)


@scenario
def remove_refused(c):
    """No attributes, no namespace, the system's; one that is not there is no error."""
    with_space(c)
    c.call("RemoveSearchAttributes", {"namespace": c.namespace})
    c.call("RemoveSearchAttributes", {"search_attributes": ["ABool"]})
    c.call("RemoveSearchAttributes", {"namespace": "nowhere", "search_attributes": ["ABool"]})
    remove(c, "Nobody")
    remove(c, "WorkflowId")
    remove(c, "BuildIds", "ABool")
    custom(c)


@scenario
def removed(c):
    """An attribute that is removed is unknown to starts and filters; its name is free for another type."""
    with_space(c, TYPES)
    remove(c, "AInt", "AKey", "Nobody")
    custom(c)
    c.until("the removal", lambda: not is_known(c, "AInt") and not is_known(c, "AKey"))
    found(c, "AInt = 5")
    c.start(search_attributes=attributes({"AInt": 5}))
    add(c, AInt="BOOL")
    custom(c)


@scenario
def list_refused(c):
    """Lists of attributes without a namespace, and of one that is not there."""
    c.call("ListSearchAttributes", {})
    c.call("ListSearchAttributes", {"namespace": "nowhere"})


@scenario
def system_attributes(c):
    """What is there without being added, by both calls. (The real server's other names are its columns'.)"""
    with_space(c)
    listed = c.quietly("ListSearchAttributes", {"namespace": c.namespace}).system_attributes
    c.note("system", [f"{name}: {kind}" for name, kind in sorted(listed.items())])
    keys = c.quietly("GetSearchAttributes", {}).keys
    c.note("keys of the system", [f"{name}: {kind}" for name, kind in sorted(keys.items()) if name in listed])


# -- values --------------------------------------------------------------------------------------------------


@scenario
def set_by_a_start(c):
    """Values of all types in the history, the description and the list, each with its type."""
    with_space(c, TYPES)
    c.start(search_attributes=attributes(RUNS["wf1"]))
    c.history()
    c.describe()
    wait_for_runs(c, 1)
    c.call("ListWorkflowExecutions", {"namespace": c.namespace})


@scenario
def wrong_values(c):
    """Values that are not of the type, and names that are unknown or the system's."""
    with_space(c, TYPES)
    wrong = {
        "AText": [5, True, ["a", "b"], [1]],
        "AKey": [5, 1.5, True, ["a", "b"], [1]],
        "AInt": ["x", "5", 1.5, True, [1, 2], 9223372036854775808],
        "ADouble": ["x", "1.5", True, [1.5, 2]],
        "ABool": ["true", 1, [True, False]],
        "ATime": ["x", "2024-01-01", 5, 1.5, True],
        "AList": ["x", 5, True, [1]],
        "Unknown": ["x"],
        "WorkflowId": ["x"],
        "RunId": [None],
    }
    for name, values in wrong.items():
        for value in values:
            c.start(search_attributes=attributes({name: value}))


@scenario
def null_and_empty(c):
    """Null and an empty list set nothing; an empty text is a value."""
    with_space(c, TYPES)
    for number, value in enumerate((None, [], "", [""], [None])):
        name = f"wf{number}"
        c.start(name, search_attributes=attributes({"AKey": value}))
        c.describe(name)
    c.start(
        "nothing", search_attributes={"indexed_fields": {"AKey": {"metadata": {"encoding": b"binary/null"}}}}
    )
    c.describe("nothing")


@scenario
def upserted(c):
    """Upserts of all types, changed, and unset by null."""
    with_space(c, TYPES)
    c.start(search_attributes=attributes({"AKey": "first", "AInt": 1}))
    c.run_workflow_task(upsert(RUNS["wf1"]), upsert({"AKey": "second", "AInt": None}))
    c.history()
    c.describe()
    wait_for_runs(c, 1, "AKey = 'second'")
    finds(c, "AKey = 'red'", "AInt IS NULL", "AList = 'b'", "AText = 'fox'")
    c.signal()
    c.run_workflow_task(upsert({"AKey": None, "AList": []}))
    c.describe()
    wait_for_runs(c, 1, "AKey IS NULL")


@scenario
def wrong_upsert(c):
    """An upsert of a value of another type fails the workflow task."""
    with_space(c, TYPES)
    c.start()
    c.run_workflow_task(upsert({"AInt": "x"}))
    c.history()


@scenario
def unknown_upsert(c):
    """An upsert of an attribute that the namespace does not have."""
    with_space(c, TYPES)
    c.start()
    c.run_workflow_task(upsert({"AKey": "x", "Unknown": "x"}))
    c.history()


@scenario
def carried_on(c):
    """The next run of a chain has what the command says; a closed run keeps what it had."""
    with_space(c, TYPES)
    c.start(search_attributes=attributes({"AKey": "first"}))
    c.run_workflow_task(
        continue_as_new(
            workflow_type={"name": "Greet"},
            task_queue={"name": c.id("queue")},
            search_attributes=attributes({"AKey": "second"}),
        )
    )
    wait_for_runs(c, 1, "AKey = 'first' AND ExecutionStatus = 'ContinuedAsNew'")
    wait_for_runs(c, 1, "AKey = 'second'")
    finds(c, "AKey = 'first'", "AKey STARTS_WITH 's'", "AKey IS NOT NULL AND ExecutionStatus = 'Running'")
    with c.quiet():
        c.run_workflow_task(complete_workflow())
    wait_for_runs(c, 1, "AKey = 'second' AND ExecutionStatus = 'Completed'")
    found(c, "AKey IN ('first', 'second') AND CloseTime IS NOT NULL")


# -- filters -------------------------------------------------------------------------------------------------


@scenario
def by_keyword(c):
    with_runs(c)
    finds(
        c,
        "AKey = 'red'",
        "AKey = 'RED'",
        "AKey = ''",
        "AKey != 'red'",
        "AKey > 'blue'",
        "AKey < 'red'",
        "AKey >= 'blue'",
        "AKey <= 'blue'",
        "AKey BETWEEN 'a' AND 'c'",
        "AKey NOT BETWEEN 'a' AND 'c'",
        "AKey IN ('red', 'blue')",
        "AKey NOT IN ('red')",
        "AKey STARTS_WITH 're'",
        "AKey STARTS_WITH ''",
        "AKey NOT STARTS_WITH 're'",
        "AKey IS NULL",
        "AKey IS NOT NULL",
        "NOT AKey = 'red'",
        "AKey = 'red' OR AInt = -7",
        "NOT (AKey = 'red' OR AInt = -7)",
        "AKey = 'red' AND AInt = 5 AND ABool = true AND ExecutionStatus = 'Running'",
    )


@scenario
def by_int(c):
    with_runs(c)
    finds(
        c,
        "AInt = 5",
        "AInt != 5",
        "AInt > 0",
        "AInt >= 0",
        "AInt < 0",
        "AInt <= -7",
        "AInt = 9",
        "AInt BETWEEN -7 AND 5",
        "AInt NOT BETWEEN 0 AND 5",
        "AInt IN (5, 9)",
        "AInt NOT IN (5, 9)",
        "AInt = 5.0",
        "AInt = 5.5",
        "AInt > 4.5",
        "AInt IS NULL",
        "NOT AInt = 5",
    )


@scenario
def by_double(c):
    with_runs(c)
    finds(
        c,
        "ADouble = 1.5",
        "ADouble = 5",
        "ADouble > 1",
        "ADouble < 0.0",
        "ADouble != 1.5",
        "ADouble >= -2",
        "ADouble BETWEEN -2 AND 1.5",
        "ADouble IN (1.5, 5)",
        "ADouble IS NULL",
    )


@scenario
def by_bool(c):
    with_runs(c)
    finds(
        c,
        "ABool = true",
        "ABool = FALSE",
        "ABool != true",
        "ABool > false",
        "ABool IN (true, false)",
        "ABool IS NULL",
        "NOT ABool = true",
    )


@scenario
def by_time(c):
    with_runs(c)
    finds(
        c,
        "ATime = '2023-12-31T22:00:00.125Z'",
        "ATime = '2024-01-01T00:00:00.125+02:00'",
        "ATime != '2023-12-31T22:00:00.125Z'",
        "ATime > '2023-12-31T22:00:00Z'",
        "ATime < '2023-12-31T22:00:00Z'",
        "ATime BETWEEN '2023-01-01T00:00:00Z' AND '2023-06-01T00:00:00Z'",
        "ATime > 5",
        "ATime IS NULL",
    )


@scenario
def by_list(c):
    with_runs(c)
    finds(
        c,
        "AList = 'a'",
        "AList = 'b'",
        "AList = 'x'",
        "AList != 'a'",
        "AList IN ('a', 'c')",
        "AList NOT IN ('a', 'c')",
        "AList IS NULL",
        "AList IS NOT NULL",
        "NOT AList = 'a'",
    )


@scenario
def by_text(c):
    """Words in any case, without accents; any of those between blanks; what is between words separates."""
    with_runs(c)
    words = "quick QUICK brown quick-brown fox, fo over over_the lazy.dog dog 42 it its user@example.com"
    words += " example größe grosse naive naïve foo/bar bar a.b.c a the list ..."
    finds(
        c,
        *(f"AText = '{word}'" for word in words.split()),
        "AText = 'it''s'",
        "AText = 'brown quick'",
        "AText = 'fox turtle'",
        "AText = '... turtle'",
        "AText != 'quick'",
        "AText != 'turtle quick'",
        "NOT AText = 'quick'",
        "AText IS NULL",
        "AText IS NOT NULL",
    )


@scenario
def filters_refused(c):
    """Values of another type, and operators that a type does not take."""
    with_runs(c)
    for query in (
        "AKey = 5",
        "AKey = true",
        "AKey IN ('red', 5)",
        "AKey BETWEEN 1 AND 2",
        "AInt = '5'",
        "AInt = true",
        "AInt STARTS_WITH 5",
        "AInt BETWEEN 5 AND 'x'",
        "ADouble = '1.5'",
        "ADouble STARTS_WITH 1.5",
        "ABool = 'true'",
        "ABool = 1",
        "ABool BETWEEN false AND true",
        "ATime = 'x'",
        "ATime = true",
        "ATime = 5.5",
        "ATime STARTS_WITH 5",
        "AList > 'a'",
        "AList <= 'a'",
        "AList = 5",
        "AList STARTS_WITH 'a'",
        "AList BETWEEN 'a' AND 'b'",
        "AText > 'a'",
        "AText = ''",
        "AText = '  '",
        "AText = 5",
        "AText IN ('quick')",
        "AText NOT IN ('quick')",
        "AText STARTS_WITH 'qui'",
        "AText BETWEEN 'a' AND 'b'",
        "Unknown = 'x'",
        "Unknown IS NULL",
    ):
        found(c, query)


@scenario
def grouped(c):
    """Groups are those of the status, whatever the filter names."""
    with_runs(c)
    count(c, "AKey IS NOT NULL GROUP BY ExecutionStatus")
    count(c, "AKey = 'nobody' GROUP BY ExecutionStatus")
    count(c, "GROUP BY AKey")
    count(c, "GROUP BY ABool")
    count(c, "GROUP BY Unknown")
