"""The Helm chart: rendering it, and finding what was rendered."""

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from support.servers import REPOSITORY

CHART = REPOSITORY / "deploy/helm/perdure"
VALUES = sorted((REPOSITORY / "deploy/helm/values").glob("*.yaml"))
KUBERNETES = "1.37"

Manifest = dict[str, Any]


class Refused(Exception):
    """Helm's words."""


@dataclass(frozen=True)
class Helm:
    program: Path

    def lint(self, values: list[Path]) -> str:
        return self._run("lint", "--strict", str(CHART), *self._flags(values))

    def render(self, values: list[Path], release: str = "perdure") -> list[Manifest]:
        text = self._run("template", release, str(CHART), "--kube-version", KUBERNETES, *self._flags(values))
        return [manifest for manifest in yaml.safe_load_all(text) if manifest]

    def render_with(self, values: Manifest, folder: Path) -> list[Manifest]:
        file = folder / "values.yaml"
        file.write_text(yaml.safe_dump(values))
        return self.render([file])

    @staticmethod
    def _flags(values: list[Path]) -> list[str]:
        return [word for file in values for word in ("--values", str(file))]

    def _run(self, *words: str) -> str:
        done = subprocess.run([self.program, *words], capture_output=True, text=True)
        if done.returncode != 0:
            raise Refused(done.stdout + done.stderr)
        assert done.stderr == ""
        return done.stdout


def of_kind(manifests: list[Manifest], kind: str) -> list[Manifest]:
    return [manifest for manifest in manifests if manifest["kind"] == kind]


def only(manifests: list[Manifest], kind: str) -> Manifest:
    (manifest,) = of_kind(manifests, kind)
    return manifest
