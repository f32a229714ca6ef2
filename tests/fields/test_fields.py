"""No field of the API is dropped in silence: the lists of this folder are complete, and true of the code."""

import pytest

from . import api, uses
from .check import Check
from .listing import read_all
from .references import shown_fields


@pytest.fixture(scope="module")
def check() -> Check:
    uses.build()
    return Check(read_all(), api.built_methods(), uses.read_objects())


def test_there_is_something_to_check(check: Check) -> None:
    assert len(check.methods) > 30
    assert len(check.uses) > 100
    assert ("temporal::api::command::v1::StartTimerCommandAttributes", "timer_id") in check.called
    # Setters of strings are inlined by force in other builds.
    assert ("temporal::api::taskqueue::v1::TaskQueue", "set_name") in check.called


def test_every_field_is_handled_or_has_a_reason(check: Check) -> None:
    problems = check.problems()
    assert not problems, "\n" + "\n".join(problems)


def test_what_the_real_server_was_seen_to_fill_is_filled() -> None:
    """In the oracle's references; a capability is announced when what it promises is built."""
    listed = {section.message: section for section in read_all() if section.direction == "out"}
    shown = {
        (message, field): transcript
        for (message, field), transcript in shown_fields(api.built_methods()).items()
        if message in listed  # others are given whole
    }
    assert len(shown) > 200
    missing = []
    for (message, field), transcript in shown.items():
        entry = listed[message].entries[field]
        if entry.way == "none" and not entry.what.startswith("Announced when"):
            missing.append(f"{transcript} shows {message}.{field}, which is not filled: {entry.what}")
    assert not missing, "\n" + "\n".join(missing)
