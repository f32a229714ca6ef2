"""Attacks on the gRPC port: memory is kept, honest clients are served, and the attack is seen."""

import threading
import time

import pytest

from support.attacks import ATTACKS
from support.target import HonestCaller, Target

SECONDS = 3.0
# What the server counts each attack as.
KINDS = {
    "rapid_reset": "resets",
    "never_reading": "unread_answers",
    "half_sent": "windows",
    "open_streams": "streams",
    "padded_headers": "protocol",
}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", ATTACKS)
def test_one_attack(target: Target, name: str) -> None:
    with HonestCaller(target) as honest:
        # Where others have the processors, an attack needs longer to be one.
        for seconds in (SECONDS, 2 * SECONDS, 4 * SECONDS):
            ATTACKS[name](target, seconds)
            if target.limits_met(KINDS[name]):
                break
    honest.was_served()
    assert_over(target)
    assert target.limits_met(KINDS[name]) > 0
    assert len(target.log_lines(f'kind="{KINDS[name]}"')) == 1, "one line a minute"


@pytest.mark.timeout(300)
def test_all_attacks_at_once(target: Target) -> None:
    with HonestCaller(target) as honest:
        threads = [threading.Thread(target=attack, args=(target, SECONDS)) for attack in ATTACKS.values()]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    honest.was_served()
    assert_over(target)


def assert_over(target: Target) -> None:
    """A second after the attack a new client finds everything as before."""
    time.sleep(1)
    after = HonestCaller(target)
    with target.channel() as channel:
        after.one_call(channel)
    assert not after.errors
