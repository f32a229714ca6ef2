#!/usr/bin/env python3
"""lint.py [FILE...]: clang-tidy over our C++, all of it or the named files.

Takes the commands of build/release (which must be built), without the precompiled header. A file is skipped
if nothing that its result depends on has changed since it was found clean: its text, our headers that it
includes, its command, .clang-tidy of its folder and those above.
"""

import hashlib
import json
import os
import shlex
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build/release"
CLEAN = ROOT / "build/lint/clean"
# Not Debian's: this one does not walk through the system's headers, and so takes a third of the time.
CLANG_TIDY = ROOT / "build/venv/tools/bin/clang-tidy"


def without_pch(command: str) -> list[str]:
    words, kept = shlex.split(command), []
    # Whatever launches the compiler (ccache) is no part of the command.
    words = words[next(i for i, word in enumerate(words) if word.endswith(("c++", "g++"))) :]
    skip_next = False
    for word, following in zip(words, [*words[1:], ""], strict=True):
        if skip_next:
            skip_next = False
        elif word == "-include" and "cmake_pch" in following:
            skip_next = True
        elif word != "-Winvalid-pch":
            kept.append(word)
    return kept


def our_commands() -> dict[Path, dict[str, str]]:
    commands = {}
    for entry in json.loads((BUILD / "compile_commands.json").read_text()):
        file = Path(entry["file"])
        if file.is_relative_to(ROOT / "build") or file.is_relative_to(ROOT / "cmake"):
            continue
        command = shlex.join(without_pch(entry["command"]))
        commands[file] = {"directory": entry["directory"], "file": entry["file"], "command": command}
    return commands


def our_headers() -> dict[Path, list[Path]]:
    """For each source, the files of ours that its last compilation read, generated ones included."""
    listing = subprocess.run(
        ["ninja", "-C", BUILD, "-t", "deps"], check=True, capture_output=True, text=True
    ).stdout
    headers: dict[Path, list[Path]] = {}
    for block in listing.split("\n\n"):
        lines = block.splitlines()[1:]
        files = [Path(os.path.normpath(BUILD / line.strip())) for line in lines]
        files = [
            file for file in files if file.is_relative_to(ROOT) and not file.name.startswith("cmake_pch")
        ]
        if files:
            headers[files[0]] = sorted(set(files))
    return headers


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


def tidy(file: Path) -> str | None:
    """None if the file is clean, else what clang-tidy says."""
    done = subprocess.run(
        [CLANG_TIDY, "--quiet", "-p", ROOT / "build/lint", file], capture_output=True, text=True, cwd=ROOT
    )
    return None if done.returncode == 0 else done.stdout + (done.stderr if not done.stdout else "")


def main() -> int:
    tools = [ROOT / "scripts/python_env.sh", "tools", ROOT / "scripts/requirements.txt"]
    subprocess.run(tools, check=True, stdout=subprocess.DEVNULL)
    commands = our_commands()
    CLEAN.mkdir(parents=True, exist_ok=True)
    (ROOT / "build/lint/compile_commands.json").write_text(json.dumps(list(commands.values()), indent=1))

    named = [Path(name).resolve() for name in sys.argv[1:]]
    headers, hasher = our_headers(), Hasher()
    wanted = {}
    for file in named or sorted(commands):
        # What has not been compiled has no known headers, so its result is not kept.
        known = file in headers
        key = hasher.key(commands[file]["command"], file, headers[file]) if known else ""
        if not known or not (CLEAN / key).exists():
            wanted[file] = key

    failed = 0
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for key, complaint in zip(wanted.values(), pool.map(tidy, wanted), strict=True):
            if complaint is None and key:
                (CLEAN / key).touch()
            elif complaint is not None:
                failed += 1
                print(complaint, flush=True)
    total = len(named or commands)
    print(f"clang-tidy: {total} files, {len(wanted)} of them checked now, {failed} with warnings")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
