import contextlib
import os

import pytest

from . import servers
from .runner import run_all


def pytest_addoption(parser):
    parser.addoption(
        "--address", help="HOST:PORT of a running server; without it Perdure's dev server is started"
    )


@pytest.fixture(scope="session")
def address(request):
    """The server under test: --address, ORACLE_ADDRESS, or a Perdure of our own."""
    given = request.config.getoption("--address", default=None) or os.environ.get("ORACLE_ADDRESS")
    with contextlib.nullcontext(given) if given else servers.dev_server("perdure") as it:
        yield it


@pytest.fixture(scope="session")
def transcripts(request, address):
    """Futures of the transcripts of all selected scenarios, which run side by side."""
    chosen = {item.callspec.params["scenario"] for item in request.session.items if _is_scenario(item)}
    futures = run_all(sorted(chosen, key=lambda s: s.name), address)
    yield futures
    for future in futures.values():
        future.cancel()


def _is_scenario(item) -> bool:
    return "scenario" in getattr(getattr(item, "callspec", None), "params", {})
