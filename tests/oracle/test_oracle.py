"""Each scenario's transcript equals the one recorded from the real server, but for the listed differences."""

import grpc
import pytest

from . import compare
from .differences import DIFFERENCES
from .left import LEFT
from .registry import all_scenarios


@pytest.mark.timeout(180)  # scenarios share a pool; the first to be asked for may wait for others
@pytest.mark.parametrize("scenario", all_scenarios(), ids=lambda scenario: scenario.name)
def test_as_the_real_server(scenario, transcripts):
    reference = scenario.expected_steps()
    try:
        got = transcripts[scenario.name].result()
    except grpc.RpcError:  # a call that the story cannot go on without
        if scenario.name in LEFT:
            pytest.xfail(LEFT[scenario.name])
        raise
    found = compare.unexplained(scenario.name, reference, got, DIFFERENCES)
    if found and scenario.name in LEFT:
        pytest.xfail(LEFT[scenario.name])
    if found:
        pytest.fail(f"{scenario.says}\n{compare.report(reference, got, found)}", pytrace=False)
