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
def address_of(request):
    """The server under test by what is switched on: --address, ORACLE_ADDRESS, or a Perdure of our own."""
    given = request.config.getoption("--address", default=None) or os.environ.get("ORACLE_ADDRESS")
    started: dict[tuple[str, ...], str] = {}
    with contextlib.ExitStack() as stack:

        def address(switched_on: tuple[str, ...] = ()) -> str:
            if given:
                return given
            if switched_on not in started:
                started[switched_on] = stack.enter_context(servers.dev_server("perdure", switched_on))
            return started[switched_on]

        yield address


@pytest.fixture(scope="session")
def transcripts(request, address_of):
    """Futures of the transcripts of all selected scenarios, which run side by side."""
    chosen = {item.callspec.params["scenario"] for item in request.session.items if _is_scenario(item)}
    futures = {}
    for switched_on in sorted({scenario.switched_on for scenario in chosen}):
        together = sorted((s for s in chosen if s.switched_on == switched_on), key=lambda s: s.name)
        futures |= run_all(together, address_of(switched_on))
    yield futures
    for future in futures.values():
        future.cancel()


def _is_scenario(item) -> bool:
    return "scenario" in getattr(getattr(item, "callspec", None), "params", {})
