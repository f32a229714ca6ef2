"""Which scenarios there are: functions that drive a Story; their docstrings say what they show.

A module's SWITCHED_ON names settings of the real server that must be true for its scenarios.
"""

import importlib
import json
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

REFERENCES = Path(__file__).parent / "references"
_scenarios: dict[str, "Scenario"] = {}


@dataclass(frozen=True)
class Scenario:
    name: str  # "<topic>/<function>"
    run: Callable
    # Settings of the real server that are true while it is recorded: what it ships switched off.
    switched_on: tuple[str, ...] = ()

    @property
    def reference(self) -> Path:
        return REFERENCES / f"{self.name}.json"

    def expected_steps(self) -> list:
        """The recorded transcript."""
        if not self.reference.exists():
            raise FileNotFoundError(f"{self.name} has no reference: python -m oracle.record '{self.name}'")
        return json.loads(self.reference.read_text())["steps"]

    @property
    def says(self) -> str:
        return " ".join((self.run.__doc__ or "").split())


def scenario(run: Callable) -> Callable:
    topic = run.__module__.rsplit(".", 1)[-1]
    name = f"{topic}/{run.__name__}"
    if name in _scenarios:
        raise ValueError(f"two scenarios are named {name}")
    _scenarios[name] = Scenario(name, run, run.__globals__.get("SWITCHED_ON", ()))
    return run


def all_scenarios() -> list[Scenario]:
    from . import scenarios

    for module in pkgutil.iter_modules(scenarios.__path__):
        importlib.import_module(f"{scenarios.__name__}.{module.name}")
    return [_scenarios[name] for name in sorted(_scenarios)]
