#!/usr/bin/env python3
"""lint.py [FILE...]: clang-tidy over our C++, all of it or the named files.

Takes the commands of build/release (which must be built), but without the precompiled header. A file is
skipped if nothing that its result depends on has changed since it was found clean: its text, our headers that
it includes, its command, .clang-tidy of its folder and those above.

Most of the time goes into headers that neighbours include as well. So files of a folder are looked at several
at a time, one after the other in one text; where that is not clean each of them is looked at by itself, and
only what is then said counts.
"""

import hashlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build/release"
CLEAN = ROOT / "build/lint/clean"
TOGETHER = ROOT / "build/lint/together"
FILES_TOGETHER = 10
# Not Debian's: this one does not walk through the system's headers, and so takes a third of the time.
CLANG_TIDY = ROOT / "build/venv/tools/bin/clang-tidy"


def our_commands() -> dict[Path, dict[str, str]]:
    """Those of a build tree in which files are not compiled together; it is only configured, never built."""
    tree = ROOT / "build/lint/tree"
    options = ["-DPERDURE_UNITY=OFF", "-DPERDURE_PCH=OFF"]
    subprocess.run(
        ["cmake", "--preset", "release", "-B", tree, *options],
        check=True,
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
    )
    commands = {}
    for entry in json.loads((tree / "compile_commands.json").read_text()):
        file = Path(entry["file"])
        if file.is_relative_to(ROOT / "build") or file.is_relative_to(ROOT / "cmake"):
            continue
        # What is generated lies in the tree that is built.
        words = shlex.split(entry["command"].replace(str(tree), str(BUILD)))
        # Whatever launches the compiler (ccache) is no part of the command.
        first = next(i for i, word in enumerate(words) if word.endswith(("c++", "g++")))
        command = shlex.join(words[first:])
        commands[file] = {"directory": str(BUILD), "file": entry["file"], "command": command}
    return commands


INCLUDE = re.compile(r'^#include "(.+)"$', re.MULTILINE)
# What a file names for itself; what it says of another's class has a `::`.
OWN_NAMES = (
    re.compile(r"^(?:struct|class|enum(?: class)?|union) (\w+)\b(?!.*;$)", re.MULTILINE),
    re.compile(r"^using (\w+) =", re.MULTILINE),
    re.compile(r"^(?!namespace |using )\w[\w:<>,&* ]*?[ &*](\w+)(?:\(| = |\{|\[|;)", re.MULTILINE),
)


def own_names(file: Path) -> set[str]:
    """Nothing of a library's: its files are compiled together, and share none."""
    if not (file.name.endswith("_test.cc") or file.relative_to(ROOT).parts[0] in ("tests", "bench")):
        return set()
    text = file.read_text()
    return {name for pattern in OWN_NAMES for name in pattern.findall(text)}


class Headers:
    """The files of ours that a source reads, itself and generated ones included."""

    def __init__(self) -> None:
        self._included: dict[Path, list[Path]] = {}

    def of(self, source: Path) -> list[Path]:
        found, left = {source}, [source]
        while left:
            for header in self._includes(left.pop()):
                if header not in found:
                    found.add(header)
                    left.append(header)
        return sorted(found)

    def _includes(self, file: Path) -> list[Path]:
        if file not in self._included:
            named = INCLUDE.findall(file.read_text())
            paths = [root / name for name in named for root in (ROOT, BUILD / "proto/cpp")]
            self._included[file] = [path for path in paths if path.is_file()]
        return self._included[file]


class Hasher:
    def __init__(self) -> None:
        self._files: dict[Path, bytes] = {}
        version = subprocess.run([CLANG_TIDY, "--version"], check=True, capture_output=True).stdout
        self._rules = version + (ROOT / ".clang-tidy").read_bytes() + (ROOT / "proto/api.lock").read_bytes()

    def key(self, command: str, source: Path, files: list[Path]) -> str:
        whole = hashlib.sha256(self._rules + command.encode())
        rules = [folder / ".clang-tidy" for folder in source.parents if ROOT in folder.parents]
        files = files + [file for file in rules if file.exists()]
        for file in files:
            if file not in self._files:
                self._files[file] = hashlib.sha256(file.read_bytes()).digest()
            whole.update(str(file).encode() + self._files[file])
        return whole.hexdigest()


def tidy(file: Path, *arguments: str) -> str | None:
    """None if the file is clean, else what clang-tidy says."""
    done = subprocess.run([CLANG_TIDY, "--quiet", file, *arguments], capture_output=True, text=True, cwd=ROOT)
    return None if done.returncode == 0 else done.stdout + (done.stderr if not done.stdout else "")


class Lint:
    def __init__(self, commands: dict[Path, dict[str, str]]) -> None:
        self._flags: dict[Path, tuple[str, ...]] = {}
        for file, command in commands.items():
            words = shlex.split(command["command"])[1:]
            ends = [words.index("-o"), words.index("-c")]
            self._flags[file] = tuple(
                word for i, word in enumerate(words) if i not in ends and i - 1 not in ends
            )

    def groups(self, files: Iterable[Path]) -> list[list[Path]]:
        """The larger first. Two files of one group share no name of their own."""
        groups: dict[object, list[tuple[list[Path], set[str]]]] = {}
        for file in files:
            names = own_names(file)
            alike = groups.setdefault((file.parent, self._flags[file]), [])
            for group, taken in alike:
                if len(group) < FILES_TOGETHER and not names & taken:
                    group.append(file)
                    taken |= names
                    break
            else:
                alike.append(([file], names))
        return sorted((group for alike in groups.values() for group, _ in alike), key=len, reverse=True)

    def complaints(self, group: list[Path]) -> dict[Path, str]:
        """Of each file that is not clean."""
        if len(group) > 1 and self._together_clean(group):
            return {}
        said = {file: tidy(file, "-p", str(ROOT / "build/lint")) for file in group}
        return {file: complaint for file, complaint in said.items() if complaint is not None}

    def _together_clean(self, group: list[Path]) -> bool:
        # In the folder's place, for the rules of its .clang-tidy.
        folder = TOGETHER / group[0].parent.relative_to(ROOT)
        folder.mkdir(parents=True, exist_ok=True)
        for above in (group[0].parent, *group[0].parent.parents):
            rules = above / ".clang-tidy"
            if above != ROOT and rules.exists():
                (TOGETHER / above.relative_to(ROOT) / ".clang-tidy").write_bytes(rules.read_bytes())
        whole = folder / group[0].name
        whole.write_text("".join(file.read_text() for file in group))
        return tidy(whole, "--", *self._flags[group[0]]) is None


def main() -> int:
    tools = [ROOT / "scripts/python_env.sh", "tools", ROOT / "scripts/requirements.txt"]
    subprocess.run(tools, check=True, stdout=subprocess.DEVNULL)
    commands = our_commands()
    CLEAN.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(TOGETHER, ignore_errors=True)
    (ROOT / "build/lint/compile_commands.json").write_text(json.dumps(list(commands.values()), indent=1))

    named = [Path(name).resolve() for name in sys.argv[1:]]
    headers, hasher = Headers(), Hasher()
    wanted = {}
    for file in named or sorted(commands):
        key = hasher.key(commands[file]["command"], file, headers.of(file))
        if not (CLEAN / key).exists():
            wanted[file] = key

    lint = Lint(commands)
    groups = lint.groups(wanted)
    failed = 0
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for group, complaints in zip(groups, pool.map(lint.complaints, groups), strict=True):
            for file in group:
                if file not in complaints:
                    (CLEAN / wanted[file]).touch()
                    continue
                failed += 1
                print(complaints[file], flush=True)
    total = len(named or commands)
    print(f"clang-tidy: {total} files, {len(wanted)} of them checked now, {failed} with warnings")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
