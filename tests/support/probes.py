"""Asking a server's probes over HTTP, as Kubernetes does."""

import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any


@dataclass
class Probe:
    code: int
    report: dict[str, Any]

    def failing(self) -> dict[str, str]:
        """What each failing check says."""
        return {name: check["message"] for name, check in self.report["checks"].items() if not check["ok"]}


def probe(port: int, path: str) -> Probe | None:
    """None where nobody listens."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=3) as reply:
            return Probe(reply.status, json.load(reply))
    except urllib.error.HTTPError as error:
        return Probe(error.code, json.load(error))
    except OSError:
        return None
