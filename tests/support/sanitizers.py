"""What sanitizers report of the programs under test, where they are built with one: each fails a test."""

import os
from pathlib import Path

import pytest

# Names the folder in which each program under test leaves its reports, one file a process.
REPORTS = "PERDURE_SANITIZER_REPORTS"


class SanitizerReports:
    """Without the folder there are none."""

    def __init__(self) -> None:
        folder = os.environ.get(REPORTS)
        self._folder = Path(folder) if folder else None
        self._seen: set[Path] = set()

    def check(self) -> None:
        """Fails with those that came since the last call, whole."""
        found = sorted(set(self._folder.iterdir()) - self._seen) if self._folder else []
        self._seen.update(found)
        if found:
            texts = [f"{path}:\n{path.read_text(errors='replace')}" for path in found]
            pytest.fail("\n".join(texts), pytrace=False)
