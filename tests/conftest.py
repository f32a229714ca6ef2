"""Which servers whole-system and kill tests run against, PostgreSQL for them, and what sanitizers report."""

import os
from collections.abc import Iterator

import pytest

from support.postgres import GIVEN, PostgresCluster
from support.sanitizers import SanitizerReports
from support.servers import KINDS


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--server",
        action="append",
        choices=KINDS,
        help="a server to test, repeatable; default: sqlite and postgres. `real` checks the tests themselves",
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    kinds = metafunc.config.getoption("--server") or ["sqlite", "postgres"]
    if "server_kind" in metafunc.fixturenames:
        metafunc.parametrize("server_kind", kinds, scope="session")
    if "dev_kind" in metafunc.fixturenames:  # a dev server: once, whatever the stores
        dev = {"real" if kind == "real" else "sqlite" for kind in kinds}
        metafunc.parametrize("dev_kind", sorted(dev), scope="session")


@pytest.fixture(scope="session")
def postgres_dsn() -> Iterator[str]:
    """A PostgreSQL server on which databases may be created: the given one, or a cluster of our own."""
    given = os.environ.get(GIVEN)
    if given:
        yield given
        return
    cluster = PostgresCluster()
    yield cluster.dsn
    cluster.remove()


@pytest.fixture(scope="session", autouse=True)
def sanitizer_reports() -> Iterator[SanitizerReports]:
    """Begins before the servers that tests share, and so sees what these report when they end."""
    reports = SanitizerReports()
    yield reports
    reports.check()


@pytest.fixture(autouse=True)
def no_sanitizer_report(sanitizer_reports: SanitizerReports) -> Iterator[None]:
    """Of the servers that the test ran on."""
    yield
    sanitizer_reports.check()
