"""Differences from the real server that we mean to keep, each with its reason. Any other fails the test."""

import re
from dataclasses import dataclass
from fnmatch import fnmatch


@dataclass(frozen=True)
class Difference:
    scenario: str  # a glob over "<topic>/<scenario>"
    path: str  # a regular expression that must match the mismatch's whole path, "[step].response.field"
    reason: str

    def explains(self, name: str, path: str, _reference, _got) -> bool:
        return fnmatch(name, self.scenario) and re.fullmatch(self.path, path) is not None


DIFFERENCES: list[Difference] = []
