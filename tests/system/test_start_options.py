"""StartWorkflowExecution: what a start may say, and what a second start with the same id gets."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from temporalio.api.common.v1 import Header, Payload, Priority, WorkflowType
from temporalio.api.sdk.v1 import UserMetadata
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import StartWorkflowExecutionRequest
from temporalio.client import WorkflowExecutionStatus
from temporalio.common import (
    Priority as SdkPriority,
)
from temporalio.common import (
    SearchAttributeKey,
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDConflictPolicy,
    WorkflowIDReusePolicy,
)
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from support import history
from support.env import Env
from support.workflows import Collect, Echo


async def closed(env: Env, status: str) -> str:
    """The id of a workflow that has ended so."""
    handle = await env.start(Collect.run)
    if status == "terminated":
        await handle.terminate()
    else:
        await handle.signal(Collect.finish)
        async with env.worker([Collect]):
            await handle.result()
    return handle.id


@pytest.mark.parametrize(
    ("policy", "status", "allowed"),
    [
        (WorkflowIDReusePolicy.ALLOW_DUPLICATE, "completed", True),
        (WorkflowIDReusePolicy.ALLOW_DUPLICATE, "terminated", True),
        (WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY, "completed", False),
        (WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY, "terminated", True),
        (WorkflowIDReusePolicy.REJECT_DUPLICATE, "completed", False),
        (WorkflowIDReusePolicy.REJECT_DUPLICATE, "terminated", False),
    ],
)
async def test_reuse_of_a_closed_workflows_id(
    env: Env, policy: WorkflowIDReusePolicy, status: str, allowed: bool
) -> None:
    workflow_id = await closed(env, status)
    if allowed:
        handle = await env.start(Collect.run, id=workflow_id, id_reuse_policy=policy)
        await handle.terminate()
    else:
        with pytest.raises(WorkflowAlreadyStartedError) as refused:
            await env.start(Collect.run, id=workflow_id, id_reuse_policy=policy)
        assert refused.value.workflow_id == workflow_id


@pytest.mark.parametrize("conflict", [WorkflowIDConflictPolicy.UNSPECIFIED, WorkflowIDConflictPolicy.FAIL])
async def test_conflict_with_a_running_workflow_fails(env: Env, conflict: WorkflowIDConflictPolicy) -> None:
    first = await env.start(Collect.run)
    with pytest.raises(WorkflowAlreadyStartedError) as refused:
        await env.start(Collect.run, id=first.id, id_conflict_policy=conflict)
    assert refused.value.run_id == first.first_execution_run_id
    await first.terminate()


async def test_conflict_policy_use_existing(env: Env) -> None:
    first = await env.start(Collect.run)
    policy = WorkflowIDConflictPolicy.USE_EXISTING
    second = await env.start(Collect.run, id=first.id, id_conflict_policy=policy)
    assert second.first_execution_run_id == first.first_execution_run_id
    await first.terminate()


async def test_conflict_policy_terminate_existing(env: Env) -> None:
    first = await env.start(Collect.run)
    policy = WorkflowIDConflictPolicy.TERMINATE_EXISTING
    second = await env.start(Collect.run, id=first.id, id_conflict_policy=policy)
    assert second.first_execution_run_id != first.first_execution_run_id
    old = env.client.get_workflow_handle(first.id, run_id=first.first_execution_run_id)
    assert (await old.describe()).status == WorkflowExecutionStatus.TERMINATED
    assert (await second.describe()).status == WorkflowExecutionStatus.RUNNING
    await second.terminate()


async def test_unusable_combination_of_policies_is_refused(env: Env) -> None:
    with pytest.raises(RPCError) as refused:
        await env.start(
            Collect.run,
            id_reuse_policy=WorkflowIDReusePolicy.TERMINATE_IF_RUNNING,
            id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
        )
    assert refused.value.status == RPCStatusCode.INVALID_ARGUMENT


def raw_start(env: Env, **fields: object) -> StartWorkflowExecutionRequest:
    request = StartWorkflowExecutionRequest(
        namespace="default",
        workflow_id=env.id(),
        workflow_type=WorkflowType(name="Collect"),
        task_queue=TaskQueue(name=env.task_queue),
        request_id=str(uuid.uuid4()),
        identity="a test",
    )
    request.MergeFrom(StartWorkflowExecutionRequest(**fields))  # type: ignore[arg-type]
    return request


async def test_request_id_makes_a_repeated_start_one(env: Env) -> None:
    request = raw_start(env)
    first = await env.client.workflow_service.start_workflow_execution(request)
    second = await env.client.workflow_service.start_workflow_execution(request)
    assert first.run_id == second.run_id
    assert first.started and second.started
    handle = env.client.get_workflow_handle(request.workflow_id)
    await handle.terminate()
    # Also when the workflow has closed meanwhile.
    third = await env.client.workflow_service.start_workflow_execution(request)
    assert third.run_id == first.run_id


@pytest.mark.parametrize(
    "change",
    [
        {"workflow_id": ""},
        {"workflow_id": "x" * 1001},
        {"workflow_type": WorkflowType()},
        {"task_queue": TaskQueue()},
        {"task_queue": TaskQueue(name="x" * 1001)},
        {"request_id": "x" * 1001},
    ],
    ids=["no id", "long id", "no type", "no queue", "long queue", "long request id"],
)
async def test_invalid_starts_are_refused(env: Env, change: dict[str, object]) -> None:
    request = raw_start(env)
    for name, value in change.items():
        request.ClearField(name)  # type: ignore[arg-type]
        request.MergeFrom(StartWorkflowExecutionRequest(**{name: value}))  # type: ignore[arg-type]
    with pytest.raises(RPCError) as refused:
        await env.client.workflow_service.start_workflow_execution(request)
    assert refused.value.status == RPCStatusCode.INVALID_ARGUMENT


async def test_start_in_an_unknown_namespace(env: Env) -> None:
    with pytest.raises(RPCError) as refused:
        await env.client.workflow_service.start_workflow_execution(
            raw_start(env, namespace="no-such-namespace")
        )
    assert refused.value.status == RPCStatusCode.NOT_FOUND


async def test_eager_start(env: Env) -> None:
    """The first workflow task comes with the reply, to the worker of the same client."""
    async with env.worker([Echo]):
        handle = await env.start(Echo.run, "eager", request_eager_start=True)
        assert await handle.result() == "eager"
        events = await history.events(handle)
    assert history.attributes(events[0]).eager_execution_accepted
    assert history.names(events)[:4] == [
        "WorkflowExecutionStarted",
        "WorkflowTaskScheduled",
        "WorkflowTaskStarted",
        "WorkflowTaskCompleted",
    ]


async def test_start_delay(env: Env) -> None:
    async with env.worker([Echo]):
        begin = datetime.now(UTC)
        handle = await env.start(Echo.run, 1, start_delay=timedelta(seconds=1))
        assert await handle.result() == 1
        description = await handle.describe()
        started = history.only(await history.events(handle), "WorkflowExecutionStarted")
    assert datetime.now(UTC) - begin >= timedelta(seconds=1)
    assert started.first_workflow_task_backoff.ToMilliseconds() == 1000
    assert description.execution_time - description.start_time == timedelta(seconds=1)


async def test_signal_during_the_start_delay_waits_for_its_end(env: Env) -> None:
    async with env.worker([Collect]):
        handle = await env.start(Collect.run, start_delay=timedelta(seconds=1))
        await handle.signal(Collect.add, 1)
        await handle.signal(Collect.finish)
        assert await handle.result() == [1]
        names = history.names(await history.events(handle))
    assert names[:4] == [
        "WorkflowExecutionStarted",
        "WorkflowExecutionSignaled",
        "WorkflowExecutionSignaled",
        "WorkflowTaskScheduled",
    ]


async def test_memo_comes_back(env: Env) -> None:
    handle = await env.start(Collect.run, memo={"owner": "me", "parts": [1, 2]})
    assert await (await handle.describe()).memo() == {"owner": "me", "parts": [1, 2]}
    started = history.only(await history.events(handle), "WorkflowExecutionStarted")
    assert sorted(started.memo.fields) == ["owner", "parts"]
    await handle.terminate()


KEYWORD = SearchAttributeKey.for_keyword("SystemTestKeyword")
INT = SearchAttributeKey.for_int("SystemTestInt")
DOUBLE = SearchAttributeKey.for_float("SystemTestDouble")
BOOL = SearchAttributeKey.for_bool("SystemTestBool")
TEXT = SearchAttributeKey.for_text("SystemTestText")
DATETIME = SearchAttributeKey.for_datetime("SystemTestDatetime")
KEYWORDS = SearchAttributeKey.for_keyword_list("SystemTestKeywordList")


async def test_search_attributes_come_back(env: Env) -> None:
    moment = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    given = TypedSearchAttributes(
        [
            SearchAttributePair(KEYWORD, "word"),
            SearchAttributePair(INT, -7),
            SearchAttributePair(DOUBLE, 2.5),
            SearchAttributePair(BOOL, True),
            SearchAttributePair(TEXT, "some words"),
            SearchAttributePair(DATETIME, moment),
            SearchAttributePair(KEYWORDS, ["a", "b"]),
        ]
    )
    handle = await env.start(Collect.run, search_attributes=given)
    found = (await handle.describe()).typed_search_attributes
    for pair in given:
        assert found[pair.key] == pair.value
    await handle.terminate()


async def test_unknown_search_attribute_is_refused(env: Env) -> None:
    unknown = SearchAttributeKey.for_keyword("NobodyRegisteredThis")
    with pytest.raises(RPCError, match="NobodyRegisteredThis") as refused:
        await env.start(
            Collect.run, search_attributes=TypedSearchAttributes([SearchAttributePair(unknown, "x")])
        )
    assert refused.value.status == RPCStatusCode.INVALID_ARGUMENT


async def test_search_attribute_of_another_type_is_refused(env: Env) -> None:
    wrong = SearchAttributeKey.for_keyword("SystemTestInt")
    with pytest.raises(RPCError) as refused:
        await env.start(
            Collect.run, search_attributes=TypedSearchAttributes([SearchAttributePair(wrong, "no number")])
        )
    assert refused.value.status == RPCStatusCode.INVALID_ARGUMENT


async def test_header_and_user_metadata_are_kept(env: Env) -> None:
    header = Header(fields={"trace": Payload(metadata={"encoding": b"binary/plain"}, data=b"\x00\xff")})
    metadata = UserMetadata(summary=Payload(metadata={"encoding": b"json/plain"}, data=b'"what it is"'))
    request = raw_start(env, header=header, user_metadata=metadata)
    await env.client.workflow_service.start_workflow_execution(request)
    handle = env.client.get_workflow_handle(request.workflow_id)
    first = (await history.events(handle))[0]
    assert history.attributes(first).header == header
    assert first.user_metadata == metadata
    assert history.attributes(first).identity == "a test"
    described = (await handle.describe()).raw_description
    assert described.execution_config.user_metadata == metadata
    await handle.terminate()


async def test_priority_is_kept(env: Env) -> None:
    handle = await env.start(Collect.run, priority=SdkPriority(priority_key=2))
    started = history.only(await history.events(handle), "WorkflowExecutionStarted")
    assert started.priority == Priority(priority_key=2)
    info = (await handle.describe()).raw_description.workflow_execution_info
    assert info.priority == Priority(priority_key=2)
    await handle.terminate()


async def test_describe_tells_what_was_asked(env: Env) -> None:
    handle = await env.start(
        Collect.run,
        execution_timeout=timedelta(seconds=300),
        run_timeout=timedelta(seconds=200),
        task_timeout=timedelta(seconds=20),
    )
    description = await handle.describe()
    config = description.raw_description.execution_config
    assert config.workflow_execution_timeout.seconds == 300
    assert config.workflow_run_timeout.seconds == 200
    assert config.default_workflow_task_timeout.seconds == 20
    assert config.task_queue.name == env.task_queue
    assert description.id == handle.id
    assert description.run_id == handle.first_execution_run_id
    assert description.workflow_type == "Collect"
    assert description.task_queue == env.task_queue
    assert description.status == WorkflowExecutionStatus.RUNNING
    assert description.close_time is None
    await handle.terminate()
