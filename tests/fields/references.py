"""Which fields the real server's recorded answers show."""

import json
from collections.abc import Iterator
from pathlib import Path

from google.protobuf.descriptor import Descriptor

from . import api

REFERENCES = Path(__file__).parents[1] / "oracle/references"

Shown = tuple[str, str]
"""A message and a field of it."""


def shown_fields(methods: dict[str, tuple[Descriptor, Descriptor]]) -> dict[Shown, str]:
    """Each with a transcript that shows it."""
    shown: dict[Shown, str] = {}
    for path in sorted(REFERENCES.rglob("*.json")):
        for step in json.loads(path.read_text())["steps"]:
            if step.get("call") in methods and "response" in step:
                for field in walk(methods[step["call"]][1], step["response"]):
                    shown.setdefault(field, str(path.relative_to(REFERENCES)))
    return shown


def walk(held: Descriptor, value: object) -> Iterator[Shown]:
    """Of a transcript's value; text in place of a message says that it was shown before."""
    if not isinstance(value, dict):
        return
    for name, part in value.items():
        field = held.fields_by_name.get(name)
        if field is None:
            raise ValueError(f"{held.full_name} has no field {name}")
        yield held.full_name, name
        inside = api.held_message(field)
        if inside is None:
            continue
        is_map = field.message_type.GetOptions().map_entry
        parts = part.values() if is_map else part if isinstance(part, list) else [part]
        for one in parts:
            yield from walk(inside, one)
