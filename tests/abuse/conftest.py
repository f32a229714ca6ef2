"""A server for each attack, plain and with TLS."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.target import Target


@pytest.fixture(params=["plain", "tls"])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Target]:
    server = Target(tmp_path, tls=request.param == "tls")
    server.start()
    yield server
    server.kill()


@pytest.fixture
def plain_target(tmp_path: Path) -> Iterator[Target]:
    server = Target(tmp_path, tls=False)
    server.start()
    yield server
    server.kill()
