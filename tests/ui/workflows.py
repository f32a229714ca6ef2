"""What the tests of the Web UI run."""

from datetime import timedelta

from temporalio import activity, workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ApplicationError

QUEUE = "orders"


@activity.defn
async def ship(order: str) -> str:
    return f"shipped {order}"


@activity.defn
async def charge() -> None:
    raise ApplicationError("the card service is down", type="CardDown")


@workflow.defn
class Order:
    @workflow.run
    async def run(self, order: str) -> str:
        await workflow.sleep(0.05)
        return await workflow.execute_activity(ship, order, start_to_close_timeout=timedelta(seconds=5))


@workflow.defn
class Failing:
    @workflow.run
    async def run(self) -> None:
        raise ApplicationError("out of stock", type="NoStock")


@workflow.defn
class Stuck:
    @workflow.run
    async def run(self) -> None:
        await workflow.execute_activity(
            charge,
            start_to_close_timeout=timedelta(seconds=5),
            retry_policy=RetryPolicy(initial_interval=timedelta(hours=1)),
        )


@workflow.defn
class Waiting:
    def __init__(self) -> None:
        self._word: str | None = None

    @workflow.run
    async def run(self) -> str | None:
        await workflow.wait_condition(lambda: self._word is not None)
        return self._word

    @workflow.signal
    def say(self, word: str) -> None:
        self._word = word


WORKFLOWS = [Order, Failing, Stuck, Waiting]
ACTIVITIES = [ship, charge]
