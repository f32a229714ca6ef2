"""The metrics that the server has, and those that a PromQL expression names."""

import re
from dataclasses import dataclass

from support.servers import REPOSITORY

TABLE = REPOSITORY / "server/metrics/metric_table.cc"
# Parts of an expression in which no metric's name stands: strings, ranges, grouping and matching clauses.
_NO_NAMES = re.compile(r'"[^"]*"|\[[^\]]*\]|\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)')
_MATCHERS = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)?\{([^}]*)\}")
_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*(?!\s*\(|[a-zA-Z0-9_:])")
_WORDS = {"and", "or", "unless", "bool", "offset", "inf", "nan"}
_HISTOGRAM = ("_bucket", "_sum", "_count")


@dataclass(frozen=True)
class Metric:
    kind: str
    labels: frozenset[str]


def table() -> dict[str, Metric]:
    """The rows of the server's own table, read from its source."""
    text = TABLE.read_text()
    constants = dict(re.findall(r'std::string_view (\w+) =\s*"([^"]*)";', text))
    row = re.compile(r'\{"(\w+)", k(Counter|Gauge|Histogram), k\w+,\s*("[^"]*"|\w+),')
    found = {}
    for name, kind, labels in row.findall(text):
        names = labels.strip('"') if labels.startswith('"') else constants[labels]
        found[name] = Metric(kind.lower(), frozenset(filter(None, names.split(","))))
    return found


def series_names(expression: str) -> set[str]:
    """The series that an expression reads, with the endings of histograms."""
    bare = _MATCHERS.sub(lambda match: match[1] or "", _NO_NAMES.sub("", expression))
    bare = re.sub(r"(?<![a-zA-Z_:])[0-9.]+(e[0-9]+|[smhd])?", "", bare)
    return {name for name in _NAME.findall(bare) if name not in _WORDS}


def metric_of(series: str, known: dict[str, Metric]) -> str:
    """The metric's own name; a series that no metric has is an error that names it."""
    for ending in _HISTOGRAM:
        name = series.removesuffix(ending)
        if name != series and name in known and known[name].kind == "histogram":
            return name
    assert series in known, f"the server has no metric {series}"
    assert known[series].kind != "histogram", f"{series} is a histogram: ask for {series}_bucket"
    return series


def label_names(expression: str) -> set[str]:
    """The labels that an expression matches or groups by."""
    found: set[str] = set()
    for _, matchers in _MATCHERS.findall(expression):
        found |= set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", re.sub(r'"[^"]*"', "", matchers)))
    for clause in re.findall(r"\b(?:by|on)\s*\(([^)]*)\)", expression):
        found |= {name.strip() for name in clause.split(",") if name.strip()}
    return found
