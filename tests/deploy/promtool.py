"""Debian's promtool."""

import subprocess
from pathlib import Path

import yaml

from support.processes import run

PROMTOOL = "promtool"
RULES = Path(__file__).resolve().parents[2] / "deploy/prometheus/perdure.rules.yml"
UNIT_TESTS = RULES.with_name("perdure.rules.test.yml")


def check(rules: Path) -> str:
    """What promtool says of a file of rules; one that it refuses raises with its words."""
    return run([PROMTOOL, "check", "rules", "--lint-fatal", str(rules)])


def unit_tests(folder: Path) -> subprocess.CompletedProcess[str]:
    """Runs the unit tests that lie in a folder beside their rules."""
    return subprocess.run(
        [PROMTOOL, "test", "rules", UNIT_TESTS.name], cwd=folder, capture_output=True, text=True
    )


def rules() -> list[dict[str, str]]:
    groups = yaml.safe_load(RULES.read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def alerts() -> dict[str, dict[str, str]]:
    return {rule["alert"]: rule for rule in rules() if "alert" in rule}
