"""Patches and what must be the same on replay: markers, random numbers, ids, time."""

from temporalio import workflow

from support import history
from support.env import Env


@workflow.defn(name="Patched")
class BeforePatch:
    def __init__(self) -> None:
        self._go_on = False

    @workflow.signal
    def go_on(self) -> None:
        self._go_on = True

    @workflow.run
    async def run(self) -> str:
        await workflow.wait_condition(lambda: self._go_on)
        return "old"


@workflow.defn(name="Patched")
class AfterPatch:
    def __init__(self) -> None:
        self._go_on = False

    @workflow.signal
    def go_on(self) -> None:
        self._go_on = True

    @workflow.run
    async def run(self) -> str:
        path = "new" if workflow.patched("change") else "old"
        await workflow.wait_condition(lambda: self._go_on)
        return path


async def test_patched_workflow_takes_the_new_path(env: Env) -> None:
    async with env.worker([AfterPatch], max_cached_workflows=0):
        handle = await env.start(AfterPatch.run)
        await handle.signal(AfterPatch.go_on)
        assert await handle.result() == "new"
        events = await history.events(handle)
        patched = (await handle.describe()).search_attributes["TemporalChangeVersion"]
    assert history.only(events, "MarkerRecorded").marker_name == "core_patch"
    assert patched == ["change"]
    upserted = history.only(events, "UpsertWorkflowSearchAttributes")
    assert list(upserted.search_attributes.indexed_fields) == ["TemporalChangeVersion"]


async def test_workflow_from_before_the_patch_keeps_the_old_path(env: Env) -> None:
    async with env.worker([BeforePatch], max_cached_workflows=0):
        handle = await env.start(BeforePatch.run)
        async for event in handle.fetch_history_events(wait_new_event=True):
            if history.name(event) == "WorkflowTaskCompleted":
                break
    async with env.worker([AfterPatch], max_cached_workflows=0):
        await handle.signal(AfterPatch.go_on)
        assert await handle.result() == "old"
        assert "MarkerRecorded" not in history.names(await history.events(handle))


@workflow.defn
class Random:
    """Draws values, sleeps, and returns them as a worker that may have replayed the first part sees them."""

    @workflow.run
    async def run(self) -> list[str]:
        drawn = [str(workflow.uuid4()), str(workflow.random().random()), str(workflow.now())]
        Random.seen.append(drawn)
        await workflow.sleep(0.1)
        return drawn

    seen: list[list[str]] = []


async def test_replay_draws_the_same(env: Env) -> None:
    Random.seen.clear()
    async with env.worker([Random], max_cached_workflows=0):
        assert await env.execute(Random.run) == Random.seen[0]
    assert len(Random.seen) == 2
    assert Random.seen[0] == Random.seen[1]


async def test_two_runs_draw_differently(env: Env) -> None:
    """The seed comes from the server, with the start of the run."""
    async with env.worker([Random]):
        first, second = await env.execute(Random.run), await env.execute(Random.run)
    assert first[0] != second[0]
    assert first[1] != second[1]
