"""Custom search attributes by the `temporal` command and an SDK: made, set, changed, found, removed."""

import asyncio
from datetime import UTC, datetime

from temporalio import workflow
from temporalio.client import Client
from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes
from temporalio.service import RPCError

from support.env import Env, eventually
from support.processes import run
from support.servers import TEMPORAL

TEXT = SearchAttributeKey.for_text("SysText")
KEY = SearchAttributeKey.for_keyword("SysKey")
INT = SearchAttributeKey.for_int("SysInt")
DOUBLE = SearchAttributeKey.for_float("SysDouble")
BOOL = SearchAttributeKey.for_bool("SysBool")
TIME = SearchAttributeKey.for_datetime("SysTime")
LIST = SearchAttributeKey.for_keyword_list("SysList")
TYPES = {
    TEXT: "Text",
    KEY: "Keyword",
    INT: "Int",
    DOUBLE: "Double",
    BOOL: "Bool",
    TIME: "Datetime",
    LIST: "KeywordList",
}
NOON = datetime(2024, 2, 29, 12, 0, 0, 500_000, tzinfo=UTC)


@workflow.defn
class Upsert:
    @workflow.run
    async def run(self) -> str:
        known = workflow.info().typed_search_attributes
        key, number = known[KEY], known[INT]
        workflow.upsert_search_attributes(
            [INT.value_set(number + 1), KEY.value_unset(), LIST.value_set(["b", "c"])]
        )
        return key


async def found(client: Client, query: str) -> list[str]:
    return sorted([execution.id async for execution in client.list_workflows(query)])


async def is_known(client: Client, name: str) -> bool:
    try:
        await client.count_workflows(f"{name} IS NULL")
    except RPCError:
        return False
    return True


async def operator(env: Env, *words: str) -> str:
    command = [str(TEMPORAL), "operator", "search-attribute", *words, "--address", env.server.address]
    return await asyncio.to_thread(run, [*command, "--disable-config-file", "--disable-config-env"])


async def test_attributes_of_all_types(env: Env) -> None:
    names = [word for key, kind in TYPES.items() for word in ("--name", key.name, "--type", kind)]
    await operator(env, "create", *names)
    for key in TYPES:
        await eventually(key.name, lambda key=key: is_known(env.client, key.name), 30)
    listed = await operator(env, "list")
    assert all(key.name in listed for key in TYPES)

    values = TypedSearchAttributes(
        [
            SearchAttributePair(TEXT, "The quick-brown fox"),
            SearchAttributePair(KEY, "blue"),
            SearchAttributePair(INT, 41),
            SearchAttributePair(DOUBLE, 1.5),
            SearchAttributePair(BOOL, True),
            SearchAttributePair(TIME, NOON),
            SearchAttributePair(LIST, ["a", "b"]),
        ]
    )
    started = await env.start(Upsert.run, search_attributes=values)
    mine = f"TaskQueue = '{env.task_queue}' AND "
    for query in (
        "SysText = 'fox'",
        "SysKey = 'blue' AND SysKey STARTS_WITH 'b'",
        "SysInt BETWEEN 40 AND 42",
        "SysDouble > 1.25",
        "SysBool = true",
        "SysTime > '2024-02-29T12:00:00Z' AND SysTime < '2024-02-29T12:00:01Z'",
        "SysList IN ('a', 'x')",
    ):

        async def is_found(query: str = query) -> bool:
            return await found(env.client, mine + query) == [started.id]

        await eventually(query, is_found)
        assert await found(env.client, f"{mine}NOT ({query})") == []

    async with env.worker([Upsert]):
        assert await started.result() == "blue"

    async def is_upserted() -> bool:
        query = mine + "SysInt = 42 AND SysKey IS NULL AND SysList = 'c' AND SysList != 'a'"
        return await found(env.client, query) == [started.id]

    await eventually("what was upserted", is_upserted)
    shown = (await started.describe()).typed_search_attributes
    assert (shown[INT], shown[LIST], shown.get(KEY), shown[TIME]) == (42, ["b", "c"], None, NOON)
    async for execution in env.client.list_workflows(mine + "SysInt = 42"):
        assert execution.typed_search_attributes[INT] == 42

    await operator(env, "remove", "--name", "SysDouble", "--yes")

    async def is_gone() -> bool:
        return not await is_known(env.client, "SysDouble")

    await eventually("the removal", is_gone, 30)
