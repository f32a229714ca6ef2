"""Temporal's own server dashboards: a real Prometheus answers what they ask with the right numbers.

The dashboards themselves (repository temporalio/dashboards) are not here; these are the metrics and labels
that their queries name. What has no answer, and why, stands in docs/metrics.md.
"""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import grpc
import pytest

from deploy.counted_load import CountedLoad
from deploy.prometheus import Prometheus
from support.servers import REPOSITORY, MeteredServer

pytestmark = pytest.mark.timeout(600, func_only=True)
Expected = Callable[[CountedLoad], int]


def calls(*names: str) -> Expected:
    return lambda load: sum(load.calls[name] for name in names)


def done(name: str) -> Expected:
    return lambda load: load.done[name]


def all_calls(load: CountedLoad) -> int:
    return load.calls.total()


def added(load: CountedLoad) -> int:
    return load.done["workflow tasks"] + load.done["workflow tasks not polled"]


def nothing(load: CountedLoad) -> int:
    return 0


def quantile(buckets: str) -> str:
    return f"histogram_quantile(0.95, sum(rate({buckets}[5m])) by (operation, le)) > 0"


STARTS = "StartWorkflowExecution|SignalWorkflowExecution|SignalWithStartWorkflowExecution"
ACTIVITY_ANSWERS = "RespondActivityTaskCompleted|RespondActivityTaskFailed|RespondActivityTaskCanceled"
COMPLETED = 'service_name="history",operation="RespondWorkflowTaskCompleted"'
# What the dashboards sum, and what it must have risen by.
QUERIES: dict[str, Expected] = {
    'workflow_success{operation="CompletionStats"}': done("success"),
    'workflow_failed{operation="CompletionStats"}': done("failed"),
    'workflow_timeout{operation="CompletionStats"}': done("timeout"),
    'workflow_terminate{operation="CompletionStats"}': done("terminate"),
    'workflow_cancel{operation="CompletionStats"}': done("cancel"),
    'service_requests{service_name="frontend"}': all_calls,
    f'service_requests{{operation=~"{STARTS}"}}': calls("StartWorkflowExecution", "SignalWorkflowExecution"),
    'service_requests{operation="AddWorkflowTask"}': added,
    'service_requests{operation="RecordWorkflowTaskStarted"}': done("workflow tasks"),
    'service_requests{operation="RespondWorkflowTaskCompleted"}': calls("RespondWorkflowTaskCompleted"),
    'service_requests{operation="RespondWorkflowTaskFailed"}': calls("RespondWorkflowTaskFailed"),
    'service_requests{operation="AddActivityTask"}': done("activity tasks"),
    'service_requests{operation="RecordActivityTaskStarted"}': done("activity tasks"),
    f'service_requests{{operation=~"{ACTIVITY_ANSWERS}"}}': calls("RespondActivityTaskCompleted"),
    'service_latency_count{service_name="frontend"}': all_calls,
    "service_errors": nothing,
    "service_errors_entity_not_found": done("NOT_FOUND"),
    "service_errors_execution_already_started": done("ALREADY_EXISTS"),
    'action{service_name="frontend"}': done("actions"),
    "state_transition_count_count": done("transitions"),
    'start_timer_command{service_name="history"}': done("success"),
    'record_marker_command{service_name="history"}': done("success"),
    'upsert_workflow_search_attributes_command{service_name="history"}': done("success"),
    'signal_external_workflow_command{service_name="history"}': nothing,
    'continue_as_new_command{service_name="history"}': nothing,
    'child_workflow_command{service_name="history"}': nothing,
    'modify_workflow_properties_command{service_name="history"}': nothing,
    f"command{{{COMPLETED}}}": done("commands"),
    f"complete_workflow_task_sticky_enabled_count{{{COMPLETED}}}": done("sticky"),
    f"complete_workflow_task_sticky_disabled_count{{{COMPLETED}}}": done("not sticky"),
    f"empty_completion_commands{{{COMPLETED}}}": done("without commands"),
    f"failed_workflow_tasks{{{COMPLETED}}}": done("refused tasks"),
    f"multiple_completion_commands{{{COMPLETED}}}": nothing,
    "poll_success": lambda load: load.done["workflow tasks"] + load.done["activity tasks"],
    "poll_timeouts": nothing,
    'start_to_close_timeout{operation="TimerActiveTaskActivityTimeout"}': done("activity timeouts"),
    'persistence_requests{operation="ListExecutions",service_name="frontend"}': calls(
        "ListWorkflowExecutions"
    ),
    "persistence_errors": nothing,
    "sharditem_created_count": nothing,
    "sharditem_removed_count": nothing,
    "shard_closed_count": nothing,
}
# Answered with some number above 0, which nobody counts but the server.
SOME = (
    quantile("service_latency_bucket"),
    quantile('service_latency_bucket{service_name="frontend"}'),
    quantile("persistence_latency_bucket"),
    quantile('persistence_latency_bucket{service_name="history"}'),
    quantile('syncmatch_latency_bucket{service_name=~"matching"}'),
    quantile('asyncmatch_latency_bucket{service_name=~"matching"}'),
    'sum(rate(persistence_requests{service_name="history"}[5m])) > 0',
    "sum(rate(poll_success_sync[5m])) > 0",
    "memory_allocated > 1000000",
    "memory_heap > 1000000",
)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[MeteredServer]:
    made = MeteredServer(tmp_path)
    made.start()
    yield made
    made.kill()


@pytest.fixture
def prometheus(server: MeteredServer, tmp_path: Path) -> Iterator[Prometheus]:
    folder = tmp_path / "prometheus"
    folder.mkdir()
    running = Prometheus(folder, "groups: []\n", f"127.0.0.1:{server.metrics_port}")
    yield running
    running.stop()


# The server's start was awaited by the one that is left out.
CALLS = 'sum(service_requests{service_name="frontend",operation!="DescribeNamespace"})'


def number(prometheus: Prometheus, expression: str) -> float | None:
    """The one number that an expression has; None when it has none."""
    found = prometheus.query(expression)
    assert len(found) <= 1, expression
    return float(found[0]["value"][1]) if found else None


def wait_scraped(prometheus: Prometheus, load: CountedLoad, before: float) -> None:
    """Until Prometheus has seen all calls of the load."""
    deadline = time.monotonic() + 30
    while (number(prometheus, 'sum(service_requests{service_name="frontend"})') or 0) < before + all_calls(
        load
    ):
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_each_query_has_the_right_number(server: MeteredServer, prometheus: Prometheus) -> None:
    with grpc.insecure_channel(server.address) as channel:
        first = CountedLoad(channel)
        first.round()
        # A rate sees what rises between two scrapes of a series.
        wait_scraped(prometheus, first, 0)
        before = {selector: number(prometheus, f"sum({selector})") for selector in QUERIES}
        load = CountedLoad(channel)
        load.round()
        wait_scraped(prometheus, load, all_calls(first))
    wrong = []
    for selector, expected in QUERIES.items():
        after = number(prometheus, f"sum({selector})")
        rate = number(prometheus, f"sum(rate({selector}[5m]))")
        rose = None if after is None else after - (before[selector] or 0)
        if rose != expected(load) or rate is None or (rate > 0) != (expected(load) > 0):
            wrong.append(f"{selector}: rose by {rose}, right {expected(load)}; rate {rate}")
    assert wrong == []
    assert [expression for expression in SOME if not prometheus.query(expression)] == []
    availability = (
        "100 - (sum(rate(service_errors[5m]) OR on() vector(0)) / sum(rate(service_requests[5m])) * 100)"
    )
    assert number(prometheus, availability) == 100
    assert number(prometheus, "numshards_gauge") == 4096
    assert number(prometheus, "sum by (temporal_service_type) (restarts)") == 1


def test_what_has_no_answer_is_listed() -> None:
    page = (REPOSITORY / "docs/metrics.md").read_text()
    for metric in (
        "num_goroutines",
        "membership_changed_count",
        "client_requests",
        "memory_stack",
        "cache_*",
    ):
        assert f"`{metric}" in page
