"""Workers of real SDKs in a closed loop: programs that run a worker with the SDK's default options, and
clients that each start a workflow of one activity when their last one is done.

They are python_loop.py beside this file, and in system/go/loop, system/typescript and system/java. Each is
called with ADDRESS WORKFLOWS AT_ONCE and prints one line of JSON: how long all took, and each workflow's id
and milliseconds from its start to its result.
"""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
BUILD = TESTS.parent / "build" / "sdk"
TOOLS = Path(sys.executable).parent
SDKS = ("go", "python", "typescript", "java")
JAVA = ("java", "-cp", "target/loop-1.jar:target/dependency/*")


@dataclass
class Loop:
    """What such a program did."""

    seconds: float
    milliseconds: dict[str, float]  # by workflow id

    @property
    def per_second(self) -> float:
        return len(self.milliseconds) / self.seconds

    def quantile(self, share: float) -> float:
        """Milliseconds that this share of the workflows took at most."""
        ordered = sorted(self.milliseconds.values())
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


class Failed(Exception):
    """A program exited with an error; says what it printed."""


def environment() -> dict[str, str]:
    """Of every program: the tools beside this Python first, what they fetch and build kept in build/sdk/."""
    go = {"GOMODCACHE": f"{BUILD}/go/mod", "GOCACHE": f"{BUILD}/go/cache", "GOFLAGS": "-modcacherw"}
    return {**os.environ, **go, "PATH": f"{TOOLS}{os.pathsep}{os.environ['PATH']}"}


def program(sdk: str) -> tuple[Path, list[str]]:
    """The folder and the command of an SDK's program, which is built first where it must be."""
    if sdk == "python":
        return TESTS, [sys.executable, "-m", "support.python_loop"]
    if sdk == "go":
        binary = BUILD / "go" / "loop"
        _run(TESTS / "system" / "go", "go", "build", "-o", str(binary), "./loop")
        return BUILD, [str(binary)]
    if sdk == "typescript":
        return install_typescript(), [str(TOOLS / "node"), "loop.ts"]
    return build_java(), [*JAVA, "Loop"]


def build_java() -> Path:
    """The folder in which the classes of system/java can be run."""
    folder = BUILD / "java"
    shutil.copytree(TESTS / "system" / "java", folder, dirs_exist_ok=True)
    _run(folder, "mvn", "--quiet", "--batch-mode", f"-Dmaven.repo.local={BUILD}/maven", "package")
    return folder


def run_java(main_class: str, *arguments: str) -> str:
    """What a class of system/java prints."""
    return _run(build_java(), *JAVA, main_class, *arguments)


def install_typescript() -> Path:
    """The folder with the TypeScript tests and what their lock file names."""
    source, folder = TESTS / "system" / "typescript", BUILD / "typescript"
    folder.mkdir(parents=True, exist_ok=True)
    lock = (source / "package-lock.json").read_text()
    installed = folder / "installed-lock.json"
    for file in source.iterdir():
        shutil.copy(file, folder)
    if not installed.exists() or installed.read_text() != lock:
        _run(folder, "npm", "ci", "--no-audit", "--no-fund")
        installed.write_text(lock)
    return folder


def run_loop(sdk: str, address: str, workflows: int, at_once: int) -> Loop:
    """Runs an SDK's program to its end."""
    folder, command = program(sdk)
    output = _run(folder, *command, address, str(workflows), str(at_once))
    printed = json.loads(output.splitlines()[-1])
    return Loop(printed["seconds"], {done["id"]: done["ms"] for done in printed["done"]})


def _run(folder: Path, *command: str) -> str:
    """What the command printed on standard output."""
    found = shutil.which(command[0], path=environment()["PATH"])
    if found is None:
        raise Failed(f"there is no {command[0]}")
    ended = subprocess.run(
        [found, *command[1:]], cwd=folder, env=environment(), capture_output=True, text=True, check=False
    )
    if ended.returncode != 0:
        raise Failed(f"{' '.join(command)} exited with {ended.returncode}:\n{ended.stdout}\n{ended.stderr}")
    return ended.stdout
