"""Runs scenarios against an address, several at a time (they mostly wait)."""

from concurrent.futures import Future, ThreadPoolExecutor

from .registry import Scenario
from .story import Story

PARALLEL = 8


def transcript(scenario: Scenario, address: str) -> list[dict]:
    story = Story(address)
    try:
        scenario.run(story)
        return story.steps
    finally:
        story.close()


def run_all(scenarios: list[Scenario], address: str) -> dict[str, Future]:
    """Futures of transcripts, by scenario name. Scenarios share nothing, so their order is free."""
    pool = ThreadPoolExecutor(PARALLEL, thread_name_prefix="scenario")
    futures = {scenario.name: pool.submit(transcript, scenario, address) for scenario in scenarios}
    pool.shutdown(wait=False)
    return futures
