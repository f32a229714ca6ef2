"""Workflows whose runs follow on each other: continue-as-new, retries, a cron schedule."""

from temporalio import workflow
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from activities import OPTIONS, Work, square

CONTINUED_RUNS = 4
RETRIED_RUNS = 3
# The client terminates a schedule when it has had so many.
CRON_RUNS = 4


@workflow.defn
class Continued:
    """Each run adds the result of an activity to what the one before had."""

    @workflow.run
    async def run(self, seed: int, runs: int = CONTINUED_RUNS, total: int = 0) -> int:
        total += await workflow.execute_activity(square, Work(seed + runs - 1), **OPTIONS)
        if runs > 1:
            workflow.continue_as_new(args=[seed, runs - 1, total])
        return total


@workflow.defn
class Retried:
    """Fails after an activity, but in its last run."""

    @workflow.run
    async def run(self, seed: int) -> int:
        attempt = workflow.info().attempt
        result = await workflow.execute_activity(square, Work(seed), **OPTIONS)
        if attempt < RETRIED_RUNS:
            raise ApplicationError(f"run {attempt} fails")
        return result + attempt


@workflow.defn
class Cron:
    """Adds one to what the run before returned."""

    @workflow.run
    async def run(self, seed: int) -> int:
        await workflow.execute_activity(square, Work(seed), **OPTIONS)
        before = workflow.get_last_completion_result(int) if workflow.has_last_completion_result() else 0
        return (before or 0) + 1
