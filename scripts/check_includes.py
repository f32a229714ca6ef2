#!/usr/bin/env python3
"""Checks that dependencies point one way: base <- engine <- server, base <- persistence <- server.

Reads the #include lines of our C++ and a few words that only base/ may say. Headers are included from the
repository's root, so the compiler cannot see these borders.
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# Folder -> our folders that it may include, besides itself. The longest matching folder counts.
ENGINE = {"engine", "engine/workflow"}
STORES = {"persistence/memory", "persistence/sqlite", "persistence/postgres"}
BELOW_SERVER = {"base", "persistence", "server", "server/metrics", "server/net", "server/http"} | ENGINE
# Roles talk to each other by the interfaces in their headers; whoever serves clients stands above them.
ROLES = {
    "server/activities",
    "server/calls",
    "server/cluster",
    "server/history",
    "server/matching",
    "server/visibility",
    "server/workers",
    "server/workflows",
}
SERVING = {"server/auth", "server/frontend", "server/health", "server/wire"}
ALL = BELOW_SERVER | ROLES | SERVING | STORES | {"persistence/contract", "server/cli", "tests", "bench"}
ALLOWED = {
    "proto": set(),
    "base": set(),
    "engine": {"base"},
    "engine/workflow": {"base", "engine"},
    "persistence": {"base"},
    "persistence/contract": {"base", "persistence"},
    **{store: {"base", "persistence"} for store in STORES},
    "server/metrics": {"base"},
    "server/net": {"base", "server/metrics"},
    "server/http": {"base", "server/metrics", "server/net"},
    **{role: BELOW_SERVER | ROLES for role in ROLES},
    "server/auth": {"base", "server", "server/metrics"},
    "server/health": {"base", "server/http", "server/metrics", "server/net"},
    "server/frontend": BELOW_SERVER | ROLES | SERVING,
    "server/wire": BELOW_SERVER | ROLES | {"server/auth", "server/frontend"},
    # Where the parts are put together.
    "server": BELOW_SERVER | ROLES | SERVING | STORES | {"server/cli"},
    "server/cli": BELOW_SERVER | ROLES | SERVING | STORES,
    "tests": ALL,
    "bench": ALL,
}
# Tests may use any store and the contract suite, except those of the engine and of base.
TEST_EXTRA = STORES | {"persistence/contract"}

# Folder -> included headers that it must not name.
FORBIDDEN_HEADERS = {
    "engine": r"<(thread|mutex|shared_mutex|condition_variable|future|atomic|chrono|ctime|random)>"
    r"|<(fstream|iostream)>"
    r"|<(sys/|netinet/|arpa/|unistd\.h|pthread\.h|time\.h|grpc|libpq|sqlite3|absl/synchronization)"
    r'|"(grpc|libpq|sqlite3|absl/synchronization|absl/random)',
    "persistence": r'["<](temporal/|grpc)',
}

# What gives a clock, a thread or a random source; base/ holds the only ones.
SOURCES = re.compile(
    r"\b(std::j?thread\b(?!::)|std::async\b|pthread_create|(system|steady|high_resolution)_clock::now|absl::Now\("
    r"|std::random_device|std::mt19937|absl::BitGen|gettimeofday|clock_gettime|getrandom)"
)
# gRPC's own deadlines are points of the wall clock.
SOURCES_ALLOWED = re.compile(
    r"^(base|bench|tests)/|_test\.cc$|/testing/|^persistence/contract/|^server/frontend/grpc_(call|server)\.cc$"
)

INCLUDE = re.compile(r'^\s*#\s*include\s+(["<][^">]+[">])')
TOP_FOLDERS = ("proto", "base", "engine", "persistence", "server", "tests", "bench")
OURS = re.compile(r"^(base|engine|persistence|server|tests|bench)/")


def folder_of(path: str) -> str:
    folder = path.rsplit("/", 1)[0]
    while folder not in ALLOWED:
        if "/" not in folder:
            return folder
        folder = folder.rsplit("/", 1)[0]
    return folder


# Tests and what is there for them alone.
def is_test(path: str) -> bool:
    return path.endswith("_test.cc") or "/testing/" in path


def may_include(path: str, header: str) -> bool:
    source, target = folder_of(path), folder_of(header)
    if source == target or target in ALLOWED.get(source, set()):
        return True
    return is_test(path) and target in TEST_EXTRA and not source.startswith(("base", "engine"))


def complaints(path: str) -> list[str]:
    found = []
    top = path.split("/", 1)[0]
    for number, line in enumerate((ROOT / path).read_text().splitlines(), 1):
        match = INCLUDE.match(line)
        if match:
            header = match[1]
            if header.startswith('"') and OURS.match(header[1:]) and not may_include(path, header[1:-1]):
                found.append(f"{path}:{number}: {folder_of(path)} must not include {header}")
            pattern = FORBIDDEN_HEADERS.get(top)
            if pattern and not is_test(path) and re.search(pattern, header):
                found.append(f"{path}:{number}: nothing in {top}/ may include {header}")
        code = line.split("//", 1)[0]
        if SOURCES.search(code) and not SOURCES_ALLOWED.search(path):
            found.append(
                f"{path}:{number}: only base/ has clocks, threads and random sources: {code.strip()}"
            )
    return found


def main() -> int:
    files = sorted(
        str(file.relative_to(ROOT))
        for folder in TOP_FOLDERS
        for suffix in ("*.h", "*.cc")
        for file in (ROOT / folder).rglob(suffix)
    )
    found = [complaint for path in files for complaint in complaints(path)]
    print("\n".join(found) if found else f"include arrows: {len(files)} files, all point one way")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
