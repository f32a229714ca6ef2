"""Transcripts as text, and what two of them do not have in common."""

import difflib
import json
import re
from collections.abc import Iterator

WIDTH = 110


def to_text(value, indent: int = 0) -> str:
    """JSON in which whatever fits on a line stands on one."""
    flat = json.dumps(value, ensure_ascii=False)
    if not isinstance(value, (dict, list)) or not value or len(flat) + indent <= WIDTH:
        return flat
    pad = " " * (indent + 1)
    if isinstance(value, dict):
        items = [f"{json.dumps(k)}: {to_text(v, indent + 1)}" for k, v in value.items()]
        opened, closed = "{", "}"
    else:
        items = [to_text(v, indent + 1) for v in value]
        opened, closed = "[", "]"
    return opened + "\n" + ",\n".join(pad + item for item in items) + "\n" + " " * indent + closed


def mismatches(reference, got, path: str = "") -> Iterator[tuple[str, object, object]]:
    """(path, reference's value, got value); ABSENT where one side has nothing."""
    if isinstance(reference, dict) and isinstance(got, dict):
        for key in {**reference, **got}:
            yield from mismatches(reference.get(key, ABSENT), got.get(key, ABSENT), f"{path}.{key}")
    elif isinstance(reference, list) and isinstance(got, list):
        for index in range(max(len(reference), len(got))):
            left = reference[index] if index < len(reference) else ABSENT
            right = got[index] if index < len(got) else ABSENT
            yield from mismatches(left, right, f"{path}[{index}]")
    elif reference != got:
        yield path, reference, got


class _Absent:
    def __repr__(self):
        return "(absent)"


ABSENT = _Absent()


def unexplained(name: str, reference: list, got: list, differences: list) -> list[tuple[str, object, object]]:
    """The mismatches of a scenario that no listed difference explains."""
    return [
        found
        for found in mismatches(reference, got)
        if not any(difference.explains(name, *found) for difference in differences)
    ]


def report(reference: list, got: list, found: list) -> str:
    """For a person: which fields differ, and the steps that they are in, side by side."""
    lines = [f"{len(found)} field(s) differ (reference -> got):"]
    lines += [f"  {path}: {_short(left)} -> {_short(right)}" for path, left, right in found[:40]]
    steps = sorted({int(re.match(r"\[(\d+)\]", path).group(1)) for path, _, _ in found})
    for step in steps[:6]:
        left = reference[step] if step < len(reference) else {}
        right = got[step] if step < len(got) else {}
        either = left or right
        lines.append(f"\nstep {step}, {either.get('call', 'note')}:")
        lines += difflib.unified_diff(
            to_text(left).split("\n"), to_text(right).split("\n"), "reference", "got", lineterm="", n=4
        )
    return "\n".join(lines)


def _short(value) -> str:
    text = value if isinstance(value, _Absent) else json.dumps(value, ensure_ascii=False)
    text = str(text)
    return text if len(text) <= 300 else text[:300] + "…"
