"""Memo and search attributes that a workflow changes while it runs."""

from datetime import UTC, datetime
from typing import Any

import pytest
from temporalio import workflow
from temporalio.api.enums.v1 import WorkflowTaskFailedCause
from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes

from support import history
from support.env import Env

KEYWORD = SearchAttributeKey.for_keyword("SystemTestKeyword")
INT = SearchAttributeKey.for_int("SystemTestInt")
KEYWORDS = SearchAttributeKey.for_keyword_list("SystemTestKeywordList")
DATETIME = SearchAttributeKey.for_datetime("SystemTestDatetime")
MOMENT = datetime(2026, 5, 6, 7, 8, 9, tzinfo=UTC)


@workflow.defn
class UpsertMemo:
    @workflow.run
    async def run(self, changes: list[dict[str, Any]]) -> dict[str, Any]:
        for change in changes:
            workflow.upsert_memo(change)
        return dict(workflow.memo())


async def test_upsert_memo_adds_changes_and_removes(env: Env) -> None:
    async with env.worker([UpsertMemo]):
        changes = [{"b": 2, "c": 3}, {"a": None, "b": "two"}]
        handle = await env.start(UpsertMemo.run, changes, memo={"a": 1, "z": 26})
        expected = {"b": "two", "c": 3, "z": 26}
        assert await handle.result() == expected
        assert await (await handle.describe()).memo() == expected
        events = await history.events(handle)
    assert len(history.of_type(events, "WorkflowPropertiesModified")) == 2


@workflow.defn
class UpsertSearchAttributes:
    @workflow.run
    async def run(self) -> bool:
        workflow.upsert_search_attributes([INT.value_set(5), KEYWORDS.value_set(["x", "y"])])
        workflow.upsert_search_attributes(
            [KEYWORD.value_unset(), DATETIME.value_set(MOMENT), INT.value_set(6)]
        )
        return workflow.info().typed_search_attributes.get(INT) == 6


async def test_upsert_search_attributes(env: Env) -> None:
    async with env.worker([UpsertSearchAttributes]):
        given = TypedSearchAttributes([SearchAttributePair(KEYWORD, "gone soon")])
        handle = await env.start(UpsertSearchAttributes.run, search_attributes=given)
        assert await handle.result()
        found = (await handle.describe()).typed_search_attributes
        events = await history.events(handle)
    assert found[INT] == 6
    assert found[KEYWORDS] == ["x", "y"]
    assert found[DATETIME] == MOMENT
    assert KEYWORD not in found
    assert len(history.of_type(events, "UpsertWorkflowSearchAttributes")) == 2


@workflow.defn
class UpsertUnknown:
    """Fails its workflow task with an attribute that nobody registered, once."""

    tried = False

    @workflow.run
    async def run(self) -> str:
        if not UpsertUnknown.tried:
            UpsertUnknown.tried = True
            workflow.upsert_search_attributes(
                [SearchAttributeKey.for_int("NobodyRegisteredThis").value_set(1)]
            )
        return "without it"


@pytest.mark.expects_rpc_warnings
async def test_unknown_search_attribute_fails_the_workflow_task(env: Env) -> None:
    UpsertUnknown.tried = False
    async with env.worker([UpsertUnknown]):
        handle = await env.start(UpsertUnknown.run)
        assert await handle.result() == "without it"
        events = await history.events(handle)
    failed = history.only(events, "WorkflowTaskFailed")
    cause = WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_BAD_SEARCH_ATTRIBUTES
    assert failed.cause == cause
    assert "NobodyRegisteredThis" in failed.failure.message
