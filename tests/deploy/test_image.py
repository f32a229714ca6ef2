"""The image: what hadolint says, and that it holds just the libraries that the binary links."""

import functools
import re
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.chart import Helm, of_kind
from support.processes import run
from support.servers import PERDURE, REPOSITORY

DOCKERFILE = REPOSITORY / "deploy/Dockerfile"
# In debian:12-slim itself, as is what they depend on.
SLIM = {"libc6", "libgcc-s1", "libstdc++6"}


def last_stage() -> str:
    return DOCKERFILE.read_text().rpartition("\nFROM ")[2]


def installed() -> set[str]:
    """The packages that the last stage installs."""
    command = re.search(r"apt-get install (.*?)&&", last_stage(), re.DOTALL)
    assert command
    return {word for word in command[1].replace("\\", " ").split() if not word.startswith("-")}


@functools.cache
def package_of(library: Path) -> str:
    """The package of a shared library, which may be listed under a path before /usr was merged."""
    for path in (library, library.resolve(), Path(str(library.resolve()).removeprefix("/usr"))):
        done = subprocess.run(["dpkg-query", "--search", str(path)], capture_output=True, text=True)
        if done.returncode == 0:
            return done.stdout.partition(":")[0]
    raise AssertionError(f"{library} belongs to no package")


def with_dependencies(packages: set[str]) -> set[str]:
    found: set[str] = set()
    wanted = set(packages)
    while wanted:
        found |= wanted
        command = ["dpkg-query", "--show", "--showformat=${Depends},", *sorted(wanted)]
        names = re.findall(r"([a-z0-9][a-z0-9.+-]+)[^,]*,", run(command).replace(" ", ""))
        wanted = {re.split(r"[(|:]", name)[0] for name in names} - found
    return found


def linked() -> dict[str, Path]:
    lines = run(["ldd", str(PERDURE)]).splitlines()
    found = {line.split()[0]: Path(line.split()[2]) for line in lines if "=>" in line}
    assert len(found) > 20
    return found


def test_hadolint_has_nothing_to_say() -> None:
    assert run([str(Path(sys.executable).with_name("hadolint")), str(DOCKERFILE)]) == ""


def test_the_image_holds_every_library_that_the_binary_loads() -> None:
    there = with_dependencies(installed() | SLIM)
    missing = {name: package for name, path in linked().items() if (package := package_of(path)) not in there}
    assert missing == {}


def test_the_image_holds_no_package_that_the_binary_does_not_link_itself() -> None:
    listing = run(["objdump", "--private-headers", str(PERDURE)])
    needed = {name for name in re.findall(r"NEEDED\s+(\S+)", listing)}
    packages = {package_of(path) for name, path in linked().items() if name in needed}
    assert installed() == packages - SLIM


def test_the_binary_is_where_the_chart_starts_it(helm: Helm) -> None:
    (stateful_set,) = of_kind(helm.render([]), "StatefulSet")
    pod = stateful_set["spec"]["template"]["spec"]
    (place,) = re.findall(r"COPY --from=build /perdure (\S+)", last_stage())
    assert {container["command"][0] for container in pod["containers"] + pod["initContainers"]} == {place}
    assert f'ENTRYPOINT ["{place}"]' in last_stage()
    (user,) = re.findall(r"^USER (\d+):\d+$", last_stage(), re.MULTILINE)
    assert int(user) == pod["securityContext"]["runAsUser"]


def test_the_ports_are_the_charts(helm: Helm) -> None:
    (stateful_set,) = of_kind(helm.render([]), "StatefulSet")
    ports = {
        str(p["containerPort"]) for p in stateful_set["spec"]["template"]["spec"]["containers"][0]["ports"]
    }
    (exposed,) = re.findall(r"^EXPOSE (.*)$", last_stage(), re.MULTILINE)
    assert set(exposed.split()) == ports


@pytest.mark.parametrize(
    "name", ["CMakeLists.txt", "scripts/build.sh", "server/main.cc", "tests/CMakeLists.txt"]
)
def test_the_builds_own_files_are_not_ignored(name: str) -> None:
    ignored = (REPOSITORY / ".dockerignore").read_text().splitlines()
    patterns = [line.removeprefix("**/") for line in ignored if line and not line.startswith("#")]
    assert not any(Path(name).match(pattern) or name.startswith(f"{pattern}/") for pattern in patterns)
