"""Requests to workflows in a closed loop: a signal, a query on a sticky worker, an update, a signal with
start, a reset of a run of 1,000 events, beside the real server's dev server in one run.

A signal is done when the workflow task that it brought has been answered; a query and an update with their
results; a signal with start when its workflow is completed; a reset when it is acknowledged.
"""

import argparse

from common import AGAINST, KINDS, Figures, Measured, Table, cluster_for, cpu_ms, errors_of, running

ASKS = ("signal", "query", "update", "signal-with-start", "reset")
STORE = ("wal_bytes", "commits", "statements")


def _measure(measured: Measured, ask: str, options: argparse.Namespace) -> Figures:
    return measured.load(
        "asks",
        *("--ask", ask, "--in-flight", options.in_flight, "--seconds", options.seconds),
        *("--base-events", options.base_events),
    )


def _row(table: Table, kind: str, ask: str, figures: Figures) -> None:
    used, asked = figures["used"], max(figures["workflows"], 1)
    table.row(
        *(kind, ask, figures["workflows_per_second"]),
        *(figures["p50_ms"], figures["p95_ms"], figures["p99_ms"]),
        *(cpu_ms(figures) / asked, used["server_cpu_ms"] / asked, used["load_cpu_ms"] / asked),
        *(used[key] / asked if key in used else None for key in STORE),
        *(figures["refused"], errors_of(figures)),
    )


def _compare(results: dict[tuple[str, str], Figures]) -> None:
    pairs = [
        (kind, ask, ours, theirs)
        for (kind, ask), ours in results.items()
        if (theirs := results.get((AGAINST.get(kind, ""), ask)))
    ]
    if not pairs:
        return
    print()
    table = Table("server", "against", "request", "requests/s", "p50", "p99", "CPU a request")
    for kind, ask, ours, theirs in pairs:
        cpu = [cpu_ms(figures) / max(figures["workflows"], 1) for figures in (theirs, ours)]
        table.row(
            *(kind, AGAINST[kind], ask),
            f"{ours['workflows_per_second'] / max(theirs['workflows_per_second'], 0.1):.1f}x",
            *(f"1/{theirs[key] / max(ours[key], 0.001):.1f}" for key in ("p50_ms", "p99_ms")),
            f"1/{cpu[0] / max(cpu[1], 0.001):.1f}",
        )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--servers", nargs="+", choices=KINDS, default=["postgres", "memory", "real-memory"])
    parser.add_argument("--asks", nargs="+", choices=ASKS, default=list(ASKS))
    parser.add_argument("--in-flight", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--base-events", type=int, default=1000, help="of the runs that are reset")
    options = parser.parse_args()

    table = Table(
        *("server     ", "request          ", "req/s", "p50 ms", "p95 ms", "p99 ms"),
        *("CPU ms/req", "of it server", "load ms/req", "WAL B/req", "commits/req", "statements/req"),
        *("refused", "errors"),
    )
    results: dict[tuple[str, str], Figures] = {}
    with cluster_for(options.servers) as cluster:
        for kind in options.servers:
            for ask in options.asks:
                with running(kind, cluster) as measured:
                    results[kind, ask] = figures = _measure(measured, ask, options)
                    _row(table, kind, ask, figures)
    _compare(results)


if __name__ == "__main__":
    main()
