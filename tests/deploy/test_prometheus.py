"""The alert rules: what promtool says of them, their unit tests, their metrics, and their runbook."""

import re
import shutil
from pathlib import Path

import pytest
import yaml

from deploy import promtool
from deploy.metrics import label_names, metric_of, series_names, table
from support.servers import REPOSITORY

# What the rules record, by name, and its labels.
RECORDED = {
    rule["record"]: label_names(rule["expr"]) | set(rule["labels"])
    for rule in promtool.rules()
    if "record" in rule
}


def test_promtool_takes_the_rules() -> None:
    assert "SUCCESS" in promtool.check(promtool.RULES)


def test_unit_tests_pass() -> None:
    done = promtool.unit_tests(promtool.RULES.parent)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("alert", promtool.alerts())
def test_each_alert_is_seen_to_fire_and_not_to_fire(alert: str) -> None:
    tests = yaml.safe_load(promtool.UNIT_TESTS.read_text())["tests"]
    cases = [case for test in tests for case in test["alert_rule_test"] if case["alertname"] == alert]
    assert any(case["exp_alerts"] for case in cases)
    assert any(not case["exp_alerts"] for case in cases)


@pytest.mark.parametrize("alert", promtool.alerts())
@pytest.mark.parametrize("never", [True, False])
def test_unit_tests_notice_an_alert_that_is_wrong(tmp_path: Path, alert: str, never: bool) -> None:
    """One that never fires, and one that always does."""
    whole = yaml.safe_load(promtool.RULES.read_text())
    for group in whole["groups"]:
        for rule in group["rules"]:
            if rule.get("alert") == alert:
                rule["expr"] = f"({rule['expr']}) and vector(1) > 2" if never else "vector(1)"
                rule["for"] = "0s"
    (tmp_path / promtool.RULES.name).write_text(yaml.safe_dump(whole))
    shutil.copy(promtool.UNIT_TESTS, tmp_path)
    done = promtool.unit_tests(tmp_path)
    assert done.returncode != 0
    assert alert in done.stdout + done.stderr


@pytest.mark.parametrize("rule", promtool.rules(), ids=lambda rule: rule.get("alert", rule.get("record")))
def test_the_server_has_the_metrics_and_labels(rule: dict[str, str]) -> None:
    known = table()
    read = series_names(rule["expr"])
    assert read
    labels = {"le"}
    for series in read:
        labels |= RECORDED[series] if series in RECORDED else known[metric_of(series, known)].labels
    assert label_names(rule["expr"]) <= labels


@pytest.mark.parametrize("alert", promtool.alerts())
def test_each_alert_leads_to_its_section(alert: str) -> None:
    page, _, section = promtool.alerts()[alert]["annotations"]["runbook_url"].partition("#")  # type: ignore[attr-defined]
    headings = re.findall(r"^#+ (.*)$", (REPOSITORY / page).read_text(), re.MULTILINE)
    assert section in {heading.lower().replace(" ", "-") for heading in headings}
    assert section == alert.lower()


def test_the_runbook_has_no_alert_that_is_gone() -> None:
    text = (REPOSITORY / "docs/operations.md").read_text()
    assert set(re.findall(r"\bPerdure[A-Z]\w+", text)) == set(promtool.alerts())
