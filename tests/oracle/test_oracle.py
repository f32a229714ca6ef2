"""Each scenario's transcript equals the one recorded from the real server, but for the listed differences."""

import pytest

from . import compare
from .differences import DIFFERENCES
from .registry import all_scenarios


@pytest.mark.timeout(180)  # scenarios share a pool; the first to be asked for may wait for others
@pytest.mark.parametrize("scenario", all_scenarios(), ids=lambda scenario: scenario.name)
def test_as_the_real_server(scenario, transcripts):
    reference = scenario.expected_steps()
    got = transcripts[scenario.name].result()
    found = compare.unexplained(scenario.name, reference, got, DIFFERENCES)
    if found:
        pytest.fail(f"{scenario.says}\n{compare.report(reference, got, found)}", pytrace=False)
