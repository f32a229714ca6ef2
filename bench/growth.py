"""How costs grow: ./dev bench growth

Workflows of 1, 10 and 100 activities, payloads of 0, 1 KB and 64 KB, and steps (an activity scheduled, done,
and its workflow task) in histories of up to 10,000 events. The workers are sticky, as the SDKs' are: without,
each workflow task carries the whole history. The cost of a step must not grow with the history.
"""

import argparse

from common import KINDS, Measured, Table, cluster_for, cpu_ms, errors_of, running

EVENTS_A_STEP = 6
STEPS_A_WINDOW = 34  # of one run: about 200 events
SHOWN_EVENTS = (200, 1_000, 2_500, 5_000, 10_000)


def _loop(table: Table, kind: str, measured: Measured, options: argparse.Namespace, by: str) -> None:
    sizes = options.activities if by == "--activities" else options.payloads
    for size in sizes:
        figures = measured.load(
            *("--sticky", "--in-flight", options.in_flight, "--seconds", options.seconds, by, size)
        )
        activities = size if by == "--activities" else 1
        workflows, used = max(figures["workflows"], 1), figures["used"]
        wal = used["wal_bytes"] / workflows if "wal_bytes" in used else None
        table.row(
            *(kind, activities, size if by == "--payload" else 0, figures["workflows_per_second"]),
            *(figures["workflows_per_second"] * activities, figures["p50_ms"], figures["p99_ms"]),
            *(cpu_ms(figures) / workflows, cpu_ms(figures) / workflows / activities, wal),
            errors_of(figures),
        )


def _history(table: Table, kind: str, measured: Measured, options: argparse.Namespace) -> None:
    window = STEPS_A_WINDOW * options.runs
    figures = measured.load(
        *("steps", "--sticky", "--in-flight", options.runs, "--steps", window),
        *("--activities", -(-options.events // EVENTS_A_STEP)),
    )
    first = None
    for number, entry in enumerate(figures["windows"], 1):
        events = number * STEPS_A_WINDOW * EVENTS_A_STEP
        before = events - STEPS_A_WINDOW * EVENTS_A_STEP
        last = number == len(figures["windows"])
        if not last and not any(before < shown <= events for shown in SHOWN_EVENTS):
            continue
        cpu = cpu_ms(entry) / entry["steps"]
        first = first or (cpu, entry["p50_ms"])
        wal = entry["used"]["wal_bytes"] / entry["steps"] if "wal_bytes" in entry["used"] else None
        table.row(
            *(kind, f"{before}-{events}", entry["steps"], entry["p50_ms"], entry["p99_ms"], cpu, wal),
            *(cpu / max(first[0], 0.001), entry["p50_ms"] / max(first[1], 0.001), errors_of(figures)),
        )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--servers", nargs="+", choices=KINDS, default=["postgres", "sqlite", "real-memory"])
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--in-flight", type=int, default=16)
    parser.add_argument("--activities", type=int, nargs="+", default=[1, 10, 100])
    parser.add_argument("--payloads", type=int, nargs="+", default=[0, 1024, 65536])
    parser.add_argument("--events", type=int, default=10_000, help="of one history")
    parser.add_argument("--runs", type=int, default=16, help="that grow such a history side by side")
    options = parser.parse_args()

    with cluster_for(options.servers) as cluster:
        table = Table(
            *("server     ", "activities", "payload B", "wf/s", "activities/s", "p50 ms", "p99 ms"),
            *("CPU ms/wf", "CPU ms/activity", "WAL B/wf", "errors"),
        )
        for kind in options.servers:
            with running(kind, cluster) as measured:
                _loop(table, kind, measured, options, "--activities")
                _loop(table, kind, measured, options, "--payload")
        print()
        table = Table(
            *("server     ", "events of the history", "steps", "step p50 ms", "p99 ms", "CPU ms/step"),
            *("WAL B/step", "CPU / first", "p50 / first", "errors"),
        )
        for kind in options.servers:
            with running(kind, cluster) as measured:
                _history(table, kind, measured, options)


if __name__ == "__main__":
    main()
