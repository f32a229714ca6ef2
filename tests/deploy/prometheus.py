"""A real Prometheus, Debian's, that scrapes a server and evaluates the rules at sixty times their pace."""

import json
import re
import subprocess
import time
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

import yaml

from support.processes import free_port, tail, wait_until


def quickened(rules: str) -> str:
    """The rules with each minute of their ranges and of `for` a second, and of the age of a backlog too."""
    rules = re.sub(r"\[(\d+)m\]", r"[\1s]", rules)
    rules = re.sub(r"for: (\d+)m$", r"for: \1s", rules, flags=re.MULTILINE)
    rules = re.sub(r"for: 30s$", "for: 500ms", rules, flags=re.MULTILINE)
    assert not re.search(r"\[\d+m\]|for: \d+m$", rules, re.MULTILINE)
    assert (age := "(approximate_backlog_age_seconds) > 300") in rules
    return rules.replace(age, age.replace("300", "5"))


class Prometheus:
    """Runs from the constructor to stop()."""

    def __init__(self, folder: Path, rules: str, target: str) -> None:
        (folder / "rules.yml").write_text(rules)
        config = {
            "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "500ms"},
            "rule_files": ["rules.yml"],
            # As the chart's ServiceMonitor says it.
            "scrape_configs": [
                {"job_name": "perdure", "honor_labels": True, "static_configs": [{"targets": [target]}]}
            ],
        }
        (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
        self._port = free_port()
        self._log = folder / "prometheus.log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [
                    "prometheus",
                    f"--config.file={folder / 'prometheus.yml'}",
                    f"--storage.tsdb.path={folder / 'data'}",
                    f"--web.listen-address=127.0.0.1:{self._port}",
                ],
                stdout=log,
                stderr=log,
            )
        wait_until("Prometheus", self._ready, self._process, self._log)

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait()

    def query(self, expression: str) -> list[Any]:
        return list(self._get(f"query?{urllib.parse.urlencode({'query': expression})}")["result"])

    def sick_rules(self) -> list[str]:
        """What is wrong with those that could not be evaluated, and "not evaluated" before that was tried."""
        rules = [rule for group in self._get("rules")["groups"] for rule in group["rules"]]
        assert rules
        return [rule.get("lastError", rule["health"]) for rule in rules if rule["health"] != "ok"]

    def firing(self) -> dict[str, list[dict[str, str]]]:
        """The labels of the alerts that fire, by the alert's name."""
        found: dict[str, list[dict[str, str]]] = {}
        for alert in self._get("alerts")["alerts"]:
            if alert["state"] == "firing":
                found.setdefault(alert["labels"]["alertname"], []).append(alert["labels"])
        return found

    def wait_firing(self, alert: str, fires: bool = True, seconds: float = 60) -> list[dict[str, str]]:
        deadline = time.monotonic() + seconds
        while (alert in (found := self.firing())) != fires:
            assert time.monotonic() < deadline, (
                f"{alert}: not within {seconds} s; {found}\n{tail(self._log, 5)}"
            )
            time.sleep(0.1)
        return found.get(alert, [])

    def _ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._port}/-/ready", timeout=1) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def _get(self, path: str) -> Any:
        with urllib.request.urlopen(f"http://127.0.0.1:{self._port}/api/v1/{path}", timeout=5) as answer:
            return json.loads(answer.read())["data"]
