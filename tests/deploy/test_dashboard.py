"""The dashboard: its first screen, its expressions, its metrics."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy import promtool
from deploy.metrics import label_names, metric_of, series_names, table
from support.servers import REPOSITORY

FILE = REPOSITORY / "deploy/grafana/perdure.json"
DASHBOARD = json.loads(FILE.read_text())
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
TARGETS = [(panel["title"], target["expr"]) for panel in PANELS for target in panel["targets"]]
# A screen of 1080 lines shows this many rows of Grafana's grid below its header.
FIRST_SCREEN = 22
QUESTIONS = {
    "success and failure": {"workflow_success", "workflow_failed"},
    "activity retries": {"activity_retry"},
    "poll latency": {"poll_latency"},
    "backlog": {"approximate_backlog_count", "approximate_backlog_age_seconds"},
    "end-to-end duration": {"workflow_schedule_to_close_latency"},
}


def without_variables(expression: str) -> str:
    return re.sub(r"\$\w+", ".*", expression.replace("$__rate_interval", "5m"))


def metrics_of(panel: dict[str, Any]) -> set[str]:
    known = table()
    names = set[str]().union(*(series_names(target["expr"]) for target in panel["targets"]))
    return {metric_of(name, known) for name in names}


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_first_screen_answers(question: str) -> None:
    seen = [p for p in PANELS if p["gridPos"]["y"] + p["gridPos"]["h"] <= FIRST_SCREEN]
    graphs = [p for p in seen if p["type"] == "timeseries" and metrics_of(p) >= QUESTIONS[question]]
    numbers = [p for p in seen if p["type"] == "stat" and metrics_of(p) & QUESTIONS[question]]
    assert graphs and numbers


def test_promtool_takes_every_expression(tmp_path: Path) -> None:
    rules = [{"record": f"panel:{i}", "expr": without_variables(expr)} for i, (_, expr) in enumerate(TARGETS)]
    file = tmp_path / "expressions.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]}))
    assert f"{len(TARGETS)} rules found" in promtool.check(file)


@pytest.mark.parametrize(
    ("title", "expression"), TARGETS, ids=[f"{t}-{i}" for i, (t, _) in enumerate(TARGETS)]
)
def test_the_server_has_the_metrics_and_labels(title: str, expression: str) -> None:
    known = table()
    names = {metric_of(series, known) for series in series_names(expression)}
    assert names
    labels = {"le", "instance"}.union(*(known[name].labels for name in names))
    assert label_names(expression) <= labels


@pytest.mark.parametrize("variable", [v for v in DASHBOARD["templating"]["list"] if v["type"] == "query"])
def test_variables_ask_for_labels_that_are_there(variable: dict[str, Any]) -> None:
    asked = re.fullmatch(r"label_values\((.*), (\w+)\)", variable["query"]["query"])
    assert asked
    known = table()
    (series,) = series_names(asked[1])
    metric = known[metric_of(series, known)]
    assert asked[2] in metric.labels
    assert label_names(asked[1]) <= metric.labels


def test_panels_do_not_overlap() -> None:
    taken: dict[tuple[int, int], str] = {}
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        for x in range(place["x"], place["x"] + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                assert (x, y) not in taken, f"{panel['title']} lies on {taken[x, y]}"
                taken[x, y] = panel["title"]


def test_ids_are_unique() -> None:
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(ids) == len(set(ids))
