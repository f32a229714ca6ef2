"""Measures Perdure beside the real server's dev server, in turn on the same machine, and prints ratios.

    ./dev bench                                the usual comparison
    ./dev bench --servers sqlite real-memory --in-flight 1 64 --seconds 20
    ./dev bench READING [--help]               another: asks, core, ready, idle, restart, overload, growth,
                                               limit, sdk, ...

Figures of one run mean nothing alone: machines are shared. Read the ratios, and CPU, WAL and statements
a workflow.
"""

import argparse

from common import AGAINST, KINDS, Figures, Measured, Table, cluster_for, cpu_ms, errors_of, running

REST_SECONDS = 3
STORE = ("wal_bytes", "commits", "statements", "database_bytes")


def _measure(measured: Measured, in_flight: int, options: argparse.Namespace) -> Figures:
    return measured.load(
        *("--in-flight", in_flight, "--seconds", options.seconds),
        *("--activities", options.activities, "--payload", options.payload),
        *(["--sticky"] if options.sticky else []),
    )


def _row(table: Table, kind: str, in_flight: int, rest_mb: float, figures: Figures) -> None:
    used, workflows = figures["used"], max(figures["workflows"], 1)
    table.row(
        *(kind, in_flight, figures["workflows_per_second"]),
        *(figures["p50_ms"], figures["p95_ms"], figures["p99_ms"]),
        *(cpu_ms(figures) / workflows, used["server_cpu_ms"] / workflows),
        used["load_cpu_ms"] / workflows,
        *(used[key] / workflows if key in used else None for key in STORE),
        *(rest_mb, used["server_peak_mb"], errors_of(figures)),
    )


def _compare(results: dict[tuple[str, int], Figures]) -> None:
    pairs = [
        (kind, in_flight, ours, theirs)
        for (kind, in_flight), ours in results.items()
        if (theirs := results.get((AGAINST.get(kind, ""), in_flight)))
    ]
    if not pairs:
        return
    print()
    table = Table("server", "against", "in flight", "workflows/s", "p50", "p99", "CPU a workflow")
    for kind, in_flight, ours, theirs in pairs:
        cpu = [cpu_ms(figures) / max(figures["workflows"], 1) for figures in (theirs, ours)]
        table.row(
            *(kind, AGAINST[kind], in_flight),
            f"{ours['workflows_per_second'] / max(theirs['workflows_per_second'], 0.1):.1f}x",
            *(f"1/{theirs[key] / max(ours[key], 0.001):.1f}" for key in ("p50_ms", "p99_ms")),
            f"1/{cpu[0] / max(cpu[1], 0.001):.1f}",
        )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--servers", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--in-flight", nargs="+", type=int, default=[1, 64])
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--activities", type=int, default=1)
    parser.add_argument("--payload", type=int, default=0)
    parser.add_argument("--sticky", action="store_true", help="workflow tasks bring new events alone")
    options = parser.parse_args()

    table = Table(
        *("server     ", "in flight", "wf/s", "p50 ms", "p95 ms", "p99 ms", "CPU ms/wf", "of it server"),
        "load ms/wf",
        *("WAL B/wf", "commits/wf", "statements/wf", "database B/wf", "rest MB", "peak MB", "errors"),
    )
    results: dict[tuple[str, int], Figures] = {}
    with cluster_for(options.servers) as cluster:
        for kind in options.servers:
            with running(kind, cluster) as measured:
                rest = measured.load("idle", "--polls", 0, "--warm-up", REST_SECONDS, "--seconds", 0)
                for in_flight in options.in_flight:
                    results[kind, in_flight] = figures = _measure(measured, in_flight, options)
                    _row(table, kind, in_flight, rest["server_rss_mb"], figures)
    _compare(results)


if __name__ == "__main__":
    main()
