#!/usr/bin/env python3
"""failures.py LOG...: what failed, by name, as the runners' output in these files says: C++ test programs and
their cases, Python tests, seeds, fuzzers' findings, complaints of the compiler and of linters. So few lines
that they are seen where only the end of a long output is."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

MOST_LINES = 20
MOST_CHARACTERS = 200

LINE = re.compile(
    r"^\s+\d+ - \S+ \((?!Not Run).*\)"  # ctest: a program, and how it ended
    r"|^(FAILED|ERROR) \S+::"  # pytest
    r"|^(FAILED|ERROR) \S+\.py\b"
    r"|^seed \d+ failed: "
    r"|^SUMMARY: .*Sanitizer|^SUMMARY: libFuzzer|: invariant broken: "
    r"|^\S+:\d+:(\d+:)? (fatal )?(error|warning): "
    r"|, FAILED$|^include arrows: .*FAILED"
    r"|^ninja: build stopped|^CMake Error|^Traceback "
)
RULE = re.compile(r"^-{60,}$")
CATCH = re.compile(r"^(\S+:\d+): FAILED:$")


def named(log: str) -> Iterator[str]:
    """Each once, in the order in which they are told."""
    case: list[str] = []
    between_rules = False
    for line in log.splitlines():
        line = line.rstrip()
        if RULE.match(line):  # Catch2 names a case between two of these, over as many lines as it takes
            between_rules = not between_rules
            case = [] if between_rules else case
        elif between_rules and len(case) < 5:
            case.append(line.strip())
        elif found := CATCH.match(line):
            yield f"{' '.join(case)}: {found[1]}"
        elif LINE.match(line) or ": invariant broken: " in line:
            yield line.strip()


def main() -> None:
    logs = [Path(path).read_text(errors="replace") for path in sys.argv[1:]]
    lines = list(dict.fromkeys(line[:MOST_CHARACTERS] for log in logs for line in named(log)))
    for line in lines[:MOST_LINES]:
        print(line)
    if len(lines) > MOST_LINES:
        print(f"and {len(lines) - MOST_LINES} more")


if __name__ == "__main__":
    main()
