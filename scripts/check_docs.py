#!/usr/bin/env python3
"""Checks that what the pages and the comments name is there: files, constants, metrics, alerts, config keys,
chart values, options of our programs, and links.

A name is recognised by its form (`server/wire/`, `host/steps.cc`, `kListPage`, `perdure_fences`,
`store.pgbouncer`, `--config`), in Markdown within backticks or a link, in a comment of C++ anywhere. Prose is
not understood: a sentence may still be wrong.
"""

import os
import re
import sys
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CODE = (".cc", ".h")
# Pages of others that comments cite.
NOT_OURS = {"PROTOCOL-HTTP2.md"}
# Whoever these are told to has options of its own.
FOREIGN = re.compile(
    r"\b(temporal|helm|kubectl|docker|pip|pytest|pg_dump|pg_restore|psql|stress-ng|perf|git|omes)\b"
)
FILE = re.compile(
    r"(?<![\w./<-])[\w*-][\w./*-]*\.(?:cc|h|py|md|proto|sql|sh|yaml|yml|toml|txt|json)\b(?![\w(])"
)
FOLDER = re.compile(r"(?<![\w./-])((?:[\w*-]+/)+)(?![\w.*-])")
CONSTANT = re.compile(r"\bk[A-Z][a-z]\w+\b")
OWN_NAME = re.compile(r"\bperdure_[a-z_]+\b")
ALERT = re.compile(r"\bPerdure[A-Z]\w+\b")
KEY = re.compile(r"^[a-z][A-Za-z_]*(?:\.[a-z][A-Za-z_]*)+$")
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]+\b")
IN_TICKS = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


@cache
def files() -> frozenset[str]:
    found = []
    for folder, below, names in os.walk(ROOT):
        here = Path(folder)
        skipped = {"node_modules", ".git"} | ({"build"} if here == ROOT else set())
        below[:] = [name for name in below if name not in skipped and not name.endswith("_cache")]
        found += [str((here / name).relative_to(ROOT)) for name in names]
    return frozenset(found)


@cache
def folders() -> frozenset[str]:
    return frozenset(str(parent) for name in files() for parent in Path(name).parents if str(parent) != ".")


@cache
def text(name: str) -> str:
    return (ROOT / name).read_text(errors="replace")


@cache
def all_of(*suffixes: str) -> str:
    return "\n".join(text(name) for name in sorted(files()) if name.endswith(suffixes))


def matches(pattern: str, names: frozenset[str]) -> bool:
    """Whether a path, or the end of one, is what a page says; `*` and NAME stand for a part of one."""
    pattern = re.sub(r"(?<=/)[A-Z]+(?=/|$)", "*", pattern)
    if "*" not in pattern:
        return pattern in names or any(name.endswith("/" + pattern) for name in names)
    form = re.compile(r"(?:.*/)?" + re.escape(pattern).replace(r"\*", "[^/]*"))
    return any(form.fullmatch(name) for name in names)


def is_file(name: str, beside: str) -> bool:
    return (
        matches(name, files())
        or str(Path(beside).parent / name) in files()
        or name.startswith("build/")
        or name in NOT_OURS
        # A page may show a file that its reader makes.
        or f"# {name}" in text(beside)
        # What is generated, the API's own, and headers of libraries.
        or name.endswith((".pb.h", ".pb.cc"))
        or name.startswith(("temporal/", "google/", "grpc", "nghttp2/", "absl/", "openssl/"))
    )


@cache
def constants() -> frozenset[str]:
    code = re.sub(r"//.*", "", all_of(*CODE))
    return frozenset(CONSTANT.findall(code))


@cache
def own_names() -> frozenset[str]:
    return frozenset(OWN_NAME.findall(all_of(".cc", ".h", ".txt", ".cmake")))


@cache
def options() -> frozenset[str]:
    in_programs = re.findall(r'"(--[a-z][a-z-]+)', all_of(".cc", ".py"))
    return frozenset(in_programs + OPTION.findall(all_of(".sh", "dev")))


@cache
def config_keys() -> frozenset[str]:
    return frozenset(re.findall(r'^    \{"([a-z_.]+)",', text("server/cli/config_keys.cc"), re.MULTILINE))


@cache
def chart_values() -> frozenset[str]:
    """The dotted names in values.yaml, and in its comments, whose indentation goes on."""
    found, above = set(), []
    for line in text("deploy/helm/perdure/values.yaml").splitlines():
        match = re.match(r"(#?\s*)(?:- )?(\w+):", line)
        if not match:
            continue
        indent = len(match[1])
        above = [entry for entry in above if entry[0] < indent] + [(indent, match[2])]
        found.add(".".join(name for _, name in above))
        for inner in re.findall(r"[{,]\s*(\w+):", line):
            found.add(".".join([name for _, name in above] + [inner]))
    return frozenset(found)


def dynamic_keys() -> set[str]:
    """The real server's own, which a dev server takes."""
    return set(re.findall(r'"([a-z]+\.[A-Za-z.]+)"', text("server/cli/dynamic_config.cc")))


def is_key(name: str) -> bool:
    roots = {key.split(".")[0] for key in config_keys() | chart_values()}
    if name.split(".")[0] not in roots or name.endswith((".crt", ".key")):
        return True
    if name in config_keys() or name.removesuffix("[]") in config_keys() or name in dynamic_keys():
        return True
    values = chart_values()
    return name in values or any(value.startswith(name + ".") for value in values)


class Page:
    def __init__(self, name: str) -> None:
        self.name = name
        self.found: list[str] = []

    def say(self, number: int, complaint: str) -> None:
        self.found.append(f"{self.name}:{number}: error: {complaint}")

    def check_names(self, number: int, words: str) -> None:
        for name in FILE.findall(words):
            if not is_file(name, self.name):
                self.say(number, f"there is no file {name}")
        for name in CONSTANT.findall(words):
            if name not in constants():
                self.say(number, f"no code has a constant {name}")
        for name in OWN_NAME.findall(words):
            if name not in own_names():
                self.say(number, f"no code has {name}")


def anchors(name: str) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", text(name), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def check_link(page: Page, number: int, target: str) -> None:
    if re.match(r"https?:|mailto:", target):
        return
    path, _, anchor = target.partition("#")
    name = page.name if not path else str((Path(page.name).parent / path).as_posix())
    name = str((ROOT / name).resolve().relative_to(ROOT))
    if name not in files() and name not in folders():
        page.say(number, f"leads nowhere: {target}")
    elif anchor and anchor not in anchors(name):
        page.say(number, f"no title for {target}")


def check_markdown(name: str) -> list[str]:
    page = Page(name)
    code_block = continued = False
    for number, line in enumerate(text(name).splitlines(), 1):
        if line.lstrip().startswith("```"):
            code_block = not code_block
        for target in LINK.findall(line):
            check_link(page, number, target)
        spans = IN_TICKS.findall(line)
        for span in spans:
            page.check_names(number, span)
            for folder in FOLDER.findall(span):
                if span.rstrip("/") + "/" == folder and not matches(folder.rstrip("/"), folders()):
                    if not (folder.startswith("build/") or folder == "build/"):
                        page.say(number, f"there is no folder {folder}")
            if KEY.match(span) and not FILE.fullmatch(span) and not is_key(span):
                page.say(number, f"neither a config key nor a value of the chart: {span}")
        shown = " ".join(spans) + (line if line.startswith("    ") or code_block else "")
        foreign = FOREIGN.search(shown) or continued
        continued = line.endswith("\\")
        if not foreign:
            for option in OPTION.findall(shown):
                if option not in options():
                    page.say(number, f"no program of ours has {option}")
        for alert in ALERT.findall(line):
            if alert not in text("deploy/prometheus/perdure.rules.yml"):
                page.say(number, f"there is no alert {alert}")
    return page.found


def check_comments(name: str) -> list[str]:
    page = Page(name)
    for number, line in enumerate(text(name).splitlines(), 1):
        match = re.search(r"(?:^|\s)// (.*)", line)
        if match:
            page.check_names(number, match[1])
    return page.found


def check_decisions() -> list[str]:
    index = text("docs/decisions/README.md")
    found = []
    for name in sorted(files()):
        match = re.fullmatch(r"docs/decisions/(\d{4}-.+\.md)", name)
        if match and not re.search(rf"^- \[.+\]\({re.escape(match[1])}\)$", index, re.MULTILINE):
            found.append(f"{name}:1: error: docs/decisions/README.md does not list it")
    return found


def main() -> int:
    pages = sorted(name for name in files() if name.endswith(".md"))
    sources = sorted(name for name in files() if name.endswith(CODE))
    found = check_decisions()
    for name in pages:
        found += check_markdown(name)
    for name in sources:
        found += check_comments(name)
    print("\n".join(found) if found else f"docs: {len(pages)} pages and the comments name what is there")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
