"""The official `temporal` command prints against Perdure what it prints against the real server.

A story is told to both servers side by side: the same commands, in the same order, as text and as JSON. Each
command's exit code and output is compared, with ids and times replaced. What differs on purpose
stands in DIFFERENCES.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.common import RetryPolicy
from temporalio.exceptions import ApplicationError
from temporalio.runtime import Runtime
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from oracle.compare import mismatches
from oracle.differences import ABSENT, Difference
from support.env import eventually
from support.servers import TEMPORAL, Server

NOT_BUILT = "announced when it is built"
pytestmark = pytest.mark.timeout(600)  # some hundred runs of a program

# `scenario` is a glob over the command's words, `path` a regular expression: of text the line's number, of
# JSON the way to the value.
DIFFERENCES = [
    Difference("operator cluster describe*", r".*", "its own stores"),
    Difference("operator cluster list*", r".*", "its own address and shards"),
    Difference(
        "operator search-attribute list -n cli*",
        r"\[(3[6-9]|4[0-2])\]|.*\.customAttributes\.SystemTest\w+",
        "what a server is started with, all of its namespaces have",
    ),
    Difference("operator cluster system", r"\[2\]", NOT_BUILT, "1.32.0 false true true"),
    Difference("operator cluster system *", r".*\.capabilities\.\w+", NOT_BUILT, ABSENT),
    Difference("operator namespace list*", r".*", "the real server lists one of its own, and not by name"),
    Difference(
        "task-queue describe *--legacy-mode *",
        r".*\.(rate_per_second|task_id_block)",
        "a queue has no limit but what its workers set, and hands out no ids",
        ABSENT,
    ),
    Difference("operator namespace *", r".*\.capabilities\.\w+", NOT_BUILT, ABSENT),
    Difference("operator namespace *", r".*\.supportsSchedules", NOT_BUILT, ABSENT),
    Difference(
        "workflow list *",
        r".*\.searchAttributes\.indexedFields",
        "an open run's row is not written again for its first build id; Describe and the closed row show it",
        ABSENT,
    ),
]

QUEUE = "the-queue"
COMMAND_SECONDS = 30


@activity.defn
async def ship(order: str) -> str:
    return f"shipped {order}"


@activity.defn
async def unstable() -> None:
    raise ApplicationError("the card service is down", type="CardDown")


@activity.defn
async def by_hand() -> str:
    activity.raise_complete_async()


@workflow.defn
class Order:
    @workflow.run
    async def run(self, order: str) -> str:
        await workflow.sleep(0.01)
        return await workflow.execute_activity(ship, order, start_to_close_timeout=timedelta(seconds=5))


@workflow.defn
class Failing:
    @workflow.run
    async def run(self) -> None:
        raise ApplicationError("out of stock", {"item": 7}, type="NoStock")


@workflow.defn
class Stuck:
    @workflow.run
    async def run(self) -> None:
        await workflow.execute_activity(
            unstable,
            start_to_close_timeout=timedelta(seconds=5),
            retry_policy=RetryPolicy(initial_interval=timedelta(hours=1)),
        )


@workflow.defn
class ByHand:
    @workflow.run
    async def run(self) -> str:
        return await workflow.execute_activity(
            by_hand,
            activity_id="the-activity",
            start_to_close_timeout=timedelta(minutes=5),
            retry_policy=RetryPolicy(maximum_attempts=1),
        )


@workflow.defn
class Waiting:
    def __init__(self) -> None:
        self._words: list[str] = []

    @workflow.run
    async def run(self) -> list[str]:
        await workflow.wait_condition(lambda: "done" in self._words)
        return self._words

    @workflow.signal
    def say(self, word: str) -> None:
        self._words.append(word)


@dataclass
class Teller:
    """Tells the story to one server, and remembers what the command printed."""

    address: str
    client: Client
    printed: dict[str, Any] = field(default_factory=dict)

    async def read(self, *commands: str) -> None:
        """Each as text and as JSON, side by side: for what changes nothing."""
        await asyncio.gather(*[way(words) for words in commands for way in (self.text, self.json)])

    async def text(self, words: str) -> None:
        output, code = await self.run(words)
        self.printed[words] = [f"exit code {code}", *_lines(output)]

    async def json(self, words: str) -> None:
        words = f"{words} --output json"
        output, code = await self.run(words)
        try:
            self.printed[words] = {"exit code": code, "output": _plain(json.loads(output))}
        except json.JSONDecodeError:
            self.printed[words] = [f"exit code {code}", *_lines(output)]

    async def until(self, what: str, ready: Callable[[], Any]) -> None:
        async def is_ready() -> bool:
            return bool(await ready())

        await eventually(what, is_ready)

    async def run(self, words: str) -> tuple[str, int]:
        command = [str(TEMPORAL), *_split(words), "--address", self.address]
        command += ["--disable-config-file", "--disable-config-env", "--color", "never"]
        process = await asyncio.create_subprocess_exec(
            *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        try:
            output = (await asyncio.wait_for(process.communicate(), COMMAND_SECONDS))[0].decode()
        except TimeoutError:
            raise AssertionError(f"`{words}` takes more than {COMMAND_SECONDS} s at {self.address}") from None
        finally:
            if process.returncode is None:
                process.kill()
        return output, process.returncode or 0


def _split(words: str) -> list[str]:
    """At blanks, but not within single quotes."""
    return [quoted or plain for quoted, plain in re.findall(r"'([^']*)'|(\S+)", words)]


REPLACED = [
    (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "<id>"),
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "<time>"),
    (r"(\d+ (seconds?|minutes?|hours?) (ago|from now)|now)\b", "<when>"),
    (r"\b[0-9.]+(µs|ms|s)\b", "<duration>"),
    (r"127\.0\.0\.1:\d+", "<address>"),
    (r"\(?[0-9a-f]{32}\)?", "<hash>"),
]
# Values that are free to vary.
VARYING = {"taskId", "durationMillis", "historySizeBytes", "coreUsedFlags", "last_access_time"}
VARYING |= {"tasksAddRate", "tasksDispatchRate", "backlogIncreaseRate", "approximateBacklogAge"}


def _replace(text: str) -> str:
    for pattern, name in REPLACED:
        text = re.sub(pattern, name, text)
    return text


def _lines(output: str) -> list[str]:
    """Without the widths of columns, which follow their contents; the rows of a queue's types in order."""
    lines = [re.sub(r"\s+", " ", _replace(line)).strip() for line in output.splitlines()]
    lines = [_without_varying(line) for line in lines if line]
    for i in range(1, len(lines)):
        if lines[i].startswith("UNVERSIONED activity") and lines[i - 1].startswith("UNVERSIONED workflow"):
            lines[i - 1 : i + 1] = [lines[i], lines[i - 1]]
    return lines


def _without_varying(line: str) -> str:
    """A line that shows a value, or the rates of a task queue, says that they vary."""
    line = re.sub(r"^(UNVERSIONED \w+ \d+ <duration>) .*", r"\1 <varies>", line)
    name = re.match(r'^(?:[\w.]*\.)?"?(\w+)"?(?:\[\d+\])?:? ', line)
    if name and name[1] in VARYING | {"HistorySize"}:
        return f"{name[1]} <varies>"
    return line


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            _replace(key): "<varies>" if key in VARYING else _plain(inner) for key, inner in value.items()
        }
    if isinstance(value, list):
        plain = [_plain(inner) for inner in value]
        by_type = all(isinstance(inner, dict) and "taskQueueType" in inner for inner in plain)
        return sorted(plain, key=lambda inner: inner["taskQueueType"]) if by_type else plain
    return _replace(value) if isinstance(value, str) else value


async def _namespaces(to: Teller) -> None:
    create = "operator namespace create --namespace cli --retention 72h --email me@example.org"
    await to.text(f"{create} --description 'a space' --data key=\"value\"")
    await to.text(create)
    await to.until("namespace", lambda: _answers(to, "workflow count --namespace cli"))
    await to.read("operator namespace describe --namespace cli")
    await to.text("operator namespace update --namespace cli --retention 48h --description changed")
    await to.text("operator namespace update --namespace nowhere --retention 48h")
    await to.read(
        "operator namespace describe -n cli",
        "operator namespace describe -n nowhere",
        "operator namespace list",
        "operator cluster health",
        "operator cluster system",
        "operator cluster describe",
        "operator search-attribute list",
        "operator cluster list",
    )
    await to.text("operator search-attribute create -n cli --name Colour --type Keyword")
    await to.read("operator search-attribute list -n cli")
    await to.text("operator search-attribute create -n cli --name Colour --type Keyword")
    await to.text("operator search-attribute create -n cli --name ExecutionStatus --type Keyword")
    await to.text("operator search-attribute remove -n cli --name Colour --yes")
    await to.text("operator search-attribute remove -n cli --name Unknown --yes")
    await to.text("operator cluster remove --name nowhere")
    await to.text("operator namespace delete -n nowhere --yes")


async def _answers(to: Teller, words: str) -> bool:
    return (await to.run(words))[1] == 0


async def _starts(to: Teller) -> None:
    start = f"workflow start --task-queue {QUEUE} --type"
    await to.text(f"{start} Waiting --workflow-id waiting --memo note=\"a\" --static-summary 'it waits'")
    await to.json(f"{start} Waiting --workflow-id waiting-2 --id-reuse-policy RejectDuplicate")
    await to.text(f"{start} Waiting --workflow-id waiting --fail-existing")
    await to.json(f"{start} Waiting --workflow-id waiting --id-conflict-policy UseExisting")
    await to.text(f"{start} Stuck --workflow-id stuck --run-timeout 2h --execution-timeout 3h")
    await to.text(f"{start} ByHand --workflow-id by-hand")
    await to.text(f"{start} ByHand --workflow-id by-hand-2")
    await to.text("workflow start --task-queue nobody --type Nothing --workflow-id nothing --input 5")
    execute = f"workflow execute --task-queue {QUEUE} --type"
    await to.text(f"{execute} Order --workflow-id order-1 --input '\"1\"'")
    await to.json(f"{execute} Order --workflow-id order-2 --input '\"2\"'")
    await to.text(f"{execute} Failing --workflow-id failing-1")
    await to.json(f"{execute} Failing --workflow-id failing-2")
    await to.text(f"{start} Order --workflow-id failing-1 --id-reuse-policy RejectDuplicate")
    await to.until("activities", lambda: _activities_run(to))
    await to.until("visibility", lambda: _counted(to, "ExecutionStatus != 'Running'", 4))
    await to.until("visibility", lambda: _counted(to, "", 10))


async def _activities_run(to: Teller) -> bool:
    pending = {}
    for name in ("stuck", "by-hand", "by-hand-2"):
        described = await to.client.get_workflow_handle(name).describe()
        pending[name] = list(described.raw_description.pending_activities)
    if not all(pending.values()):
        return False
    started = [pending[name][0].HasField("last_started_time") for name in ("by-hand", "by-hand-2")]
    return pending["stuck"][0].attempt == 2 and all(started)


async def _counted(to: Teller, query: str, count: int) -> bool:
    return (await to.client.count_workflows(query)).count == count


QUERIES = [
    'WorkflowType = "Order"',
    'WorkflowType = "Order" OR WorkflowType = "Failing"',
    'ExecutionStatus IN ("Running", "Failed") AND NOT WorkflowId STARTS_WITH "by"',
    'StartTime > "2020-01-01T00:00:00Z" AND CloseTime IS NULL',
    "Nonsense = 5",
    "WorkflowType =",
]


async def _reads(to: Teller) -> None:
    for name in ("waiting", "stuck", "by-hand", "order-1", "failing-1", "nobody"):
        run = f"--workflow-id {name}"
        await to.read(f"workflow describe {run}", f"workflow show {run}")
    for option in ("--detailed", "--reverse", "--follow"):
        await to.text(f"workflow show --workflow-id order-1 {option}")
    await to.read(*[f"workflow result --workflow-id {name}" for name in ("order-1", "failing-1", "nobody")])
    for query in QUERIES:
        await to.read(f"workflow list --query '{query}'", f"workflow count --query '{query}'")
    await to.read(
        "workflow list",
        "workflow list --limit 3",
        "workflow count",
        "workflow count --query 'GROUP BY ExecutionStatus'",
    )
    describe = "task-queue describe --task-queue"
    await to.read(
        f"{describe} {QUEUE}",
        f"{describe} nobody",
        f"{describe} unused",
        f"{describe} {QUEUE} --legacy-mode",
        f"{describe} {QUEUE} --task-queue-type activity --report-reachability",
    )


async def _changes(to: Teller) -> None:
    await to.text("workflow signal --workflow-id waiting --name say --input '\"hello\"'")
    await to.json("workflow signal --workflow-id waiting --name say --input '\"done\"'")
    await to.read("workflow result --workflow-id waiting")
    await to.text("workflow signal --workflow-id waiting --name say")
    await to.text("workflow cancel -w waiting-2")
    await to.text("workflow result --workflow-id waiting-2")
    await to.text("workflow cancel --workflow-id waiting-2")
    await to.text("workflow terminate --workflow-id stuck --reason 'it hangs'")
    await to.text("workflow terminate --workflow-id stuck")
    await to.json("workflow terminate --workflow-id nothing")
    await to.read("workflow describe -w stuck")
    complete = "activity complete --activity-id the-activity --workflow-id"
    await to.text(f"{complete} by-hand --result '\"by hand\"'")
    await to.read("workflow result --workflow-id by-hand")
    await to.text(f"{complete} by-hand --result '\"again\"'")
    fail = "activity fail --activity-id the-activity --workflow-id"
    await to.text(f"{fail} by-hand-2 --reason broken --detail '{{\"part\": 3}}'")
    await to.read("workflow result --workflow-id by-hand-2")
    for verb in ("signal --name say", "cancel", "terminate"):
        await to.text(f"workflow {verb} --workflow-id nobody")
    await to.text(f"{complete} nobody --result 1")
    closed = ("waiting", "waiting-2", "stuck", "nothing", "by-hand", "by-hand-2")
    await to.read(*[f"workflow show -w {name}" for name in closed])


async def _tell(server: Server, runtime: Runtime) -> dict[str, Any]:
    client = await Client.connect(server.address, runtime=runtime)
    to = Teller(server.address, client)
    async with Worker(
        client,
        task_queue=QUEUE,
        identity="the-worker",
        workflows=[Order, Failing, Stuck, ByHand, Waiting],
        activities=[ship, unstable, by_hand],
        workflow_runner=UnsandboxedWorkflowRunner(),
    ):
        await _namespaces(to)
        await _starts(to)
        await _reads(to)
        await _changes(to)
    return to.printed


@pytest.fixture
async def servers(server_kind: str, make_server: Callable[[str], Server]) -> AsyncIterator[list[Server]]:
    """The real server and one of the kind under test, each with nothing on it."""
    both = [make_server("real"), make_server(server_kind)]
    for server in both:
        await asyncio.to_thread(server.start)
    yield both
    for server in both:
        await asyncio.to_thread(server.stop)


async def test_prints_what_it_prints_against_the_real_server(
    servers: list[Server], short_lived_runtime: Runtime
) -> None:
    async with asyncio.TaskGroup() as both:
        told = [both.create_task(_tell(server, short_lived_runtime), name=server.kind) for server in servers]
    real, ours = (task.result() for task in told)
    assert set(ours) == set(real)
    found = [
        f"{words}\n  {path}: {left!r}\n    -> {right!r}"
        for words in sorted(real)
        for path, left, right in mismatches(real[words], ours[words])
        if not any(difference.explains(words, path, left, right) for difference in DIFFERENCES)
    ]
    assert not found, f"{len(found)} differences (real -> ours):\n" + "\n".join(found)
