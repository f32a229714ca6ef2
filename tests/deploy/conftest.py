"""Helm, built once. On a new machine that takes minutes, so the tests' time limits leave fixtures out."""

from pathlib import Path

import pytest

from deploy.chart import Helm
from support.processes import run
from support.servers import REPOSITORY


@pytest.fixture(scope="session")
def helm() -> Helm:
    return Helm(Path(run([str(REPOSITORY / "scripts/helm.sh")]).splitlines()[-1]))
