"""Measures what a workflow costs a server when a real worker runs it, beside raw calls, with the real
server's dev server in the same run.

    ./dev bench sdk                            the Go SDK on every server
    ./dev bench sdk --sdks go python --servers sqlite real-file --workflows 5000

The workers and clients are those of tests/support/closed_loop.py, with the SDKs' default options; the raw
calls are perdure_load's, with as many in flight and as few pollers as such a worker has. Read the server's
CPU a workflow: rates are also the worker's.
"""

import argparse

from common import AGAINST, KINDS, Measured, Table, cluster_for, cpu_ms, errors_of, process_cpu_ms, running
from support.closed_loop import SDKS, program, run_loop

RAW = "raw calls"
# A worker of the Go SDK polls so often at a time, for either kind of task.
POLLERS = 2


class Cost:
    """Server milliseconds of CPU a workflow, by server and by what drove it."""

    def __init__(self) -> None:
        self._of: dict[tuple[str, str], float] = {}

    def note(self, kind: str, driver: str, milliseconds: float) -> None:
        self._of[kind, driver] = milliseconds

    def compare(self) -> None:
        """Against raw calls on the same server, and against the real server under the same driver."""
        print()
        table = Table("server", "driven by", "CPU ms/wf", "against raw calls", "against the real server")
        for (kind, driver), cost in self._of.items():
            raw, real = self._of.get((kind, RAW)), self._of.get((AGAINST.get(kind, ""), driver))
            table.row(
                *(kind, driver, cost),
                None if raw is None else f"{cost / raw:.2f}x",
                None if real is None else f"1/{real / max(cost, 0.001):.1f}",
            )


def _measure_sdk(kind: str, measured: Measured, sdk: str, options: argparse.Namespace, table: Table) -> float:
    run_loop(sdk, measured.server.address, options.warm_up, options.in_flight)
    pids = measured.pids()
    before = {name: process_cpu_ms(pid) for name, pid in pids.items()}
    loop = run_loop(sdk, measured.server.address, options.workflows, options.in_flight)
    used = {name: process_cpu_ms(pid) - before[name] for name, pid in pids.items()}
    table.row(
        *(kind, f"{sdk} SDK", loop.per_second, loop.quantile(0.5), loop.quantile(0.99), loop.quantile(1)),
        *(sum(used.values()) / options.workflows, used["server"] / options.workflows, "0"),
    )
    return used["server"] / options.workflows


def _measure_raw(kind: str, measured: Measured, options: argparse.Namespace, table: Table) -> float:
    figures = measured.load(
        *("--in-flight", options.in_flight, "--seconds", options.seconds),
        *("--sticky", "--pollers", POLLERS),
    )
    workflows = max(figures["workflows"], 1)
    server = figures["used"]["server_cpu_ms"] / workflows
    table.row(
        *(kind, RAW, figures["workflows_per_second"], figures["p50_ms"], figures["p99_ms"], None),
        *(cpu_ms(figures) / workflows, server, errors_of(figures)),
    )
    return server


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--servers", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--sdks", nargs="+", choices=SDKS, default=["go"])
    parser.add_argument("--in-flight", type=int, default=30)
    parser.add_argument("--workflows", type=int, default=2000, help="of each SDK, on each server")
    parser.add_argument("--warm-up", type=int, default=100, help="workflows before them")
    parser.add_argument("--seconds", type=float, default=7, help="of raw calls")
    options = parser.parse_args()
    for sdk in options.sdks:
        program(sdk)

    table = Table(
        *("server     ", "driven by   ", "wf/s", "p50 ms", "p99 ms", "max ms", "CPU ms/wf", "of it server"),
        "errors",
    )
    cost = Cost()
    with cluster_for(options.servers) as cluster:
        for kind in options.servers:
            with running(kind, cluster) as measured:
                cost.note(kind, RAW, _measure_raw(kind, measured, options, table))
                for sdk in options.sdks:
                    cost.note(kind, f"{sdk} SDK", _measure_sdk(kind, measured, sdk, options, table))
    cost.compare()


if __name__ == "__main__":
    main()
