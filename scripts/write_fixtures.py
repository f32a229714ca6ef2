#!/usr/bin/env python3
"""Writes what this release stores into tests/fixtures/<kind>/<release>: as few logs of the unit tests'
entities as cover each kind of change, type of event and field of a snapshot. A later release must fold them
to what they mean now (engine/workflow/fold/fixtures_test.cc, engine/activity/fixtures_test.cc). Once a
release is out, its folders never change.

usage: scripts/write_fixtures.py RELEASE [--kind KIND] [--replace]
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FIXTURES = ROOT / "tests/fixtures"
# By kind, the program whose tests make its entities.
PROGRAMS = {"workflow": "engine_workflow_test", "activity": "engine_activity_test"}
TESTS_OF_FIXTURES = ("~what earlier releases stored*", "~each kind of change*", "~each field of an activity*")
MOST_BYTES = 200_000  # of a log; what only longer ones cover goes without


def covered_by(path: Path) -> frozenset[str]:
    with path.open() as file:
        return frozenset(line[2:].strip() for line in file if line.startswith("# "))


def choose(logs: dict[Path, frozenset[str]]) -> list[Path]:
    """Greedily: what adds most, and of those the smallest; then whoever has become superfluous goes."""
    chosen: list[Path] = []
    missing = set().union(*logs.values())
    while missing:
        best = max(logs, key=lambda path: (len(logs[path] & missing), -path.stat().st_size))
        chosen.append(best)
        missing -= logs[best]
    for path in list(chosen):
        others = frozenset().union(*(logs[other] for other in chosen if other != path))
        if logs[path] <= others:
            chosen.remove(path)
    return chosen


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("release", help="the name of the folder")
    parser.add_argument("--kind", choices=PROGRAMS, help="without it all kinds")
    parser.add_argument("--replace", action="store_true", help="the release is not out yet")
    arguments = parser.parse_args()
    for kind in [arguments.kind] if arguments.kind else PROGRAMS:
        folder = FIXTURES / kind / arguments.release
        if folder.exists() and not arguments.replace:
            print(f"{folder} is there: what was released never changes", file=sys.stderr)
            return 1
        write(PROGRAMS[kind], folder)
    return 0


def write(program: str, folder: Path) -> None:
    with tempfile.TemporaryDirectory() as recorded:
        environment = os.environ | {"PERDURE_WRITE_FIXTURES": recorded}
        command = [ROOT / "build/release" / program, *TESTS_OF_FIXTURES]
        subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
        paths = [path for path in Path(recorded).glob("*.fixture") if path.stat().st_size <= MOST_BYTES]
        logs = {path: covered_by(path) for path in sorted(paths, key=lambda path: int(path.stem))}
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        chosen = choose(logs)
        for number, path in enumerate(chosen, start=1):
            shutil.copyfile(path, folder / f"{number:02}.fixture")
    size = sum(path.stat().st_size for path in folder.iterdir())
    items = len(frozenset().union(*logs.values()))
    print(f"{folder.parent.name}: {len(chosen)} logs of {len(logs)}, {size} bytes, cover {items} items")


if __name__ == "__main__":
    sys.exit(main())
