"""What a kill costs with many runs open: ./dev bench restart

Opens runs that wait for a far timer, lets them go quiet, signals some of them (hot), lets the timers of a
hundred more come due from a second before a kill -9 to a second after it, and then starts the server again
while clients signal the hot runs. Times count from the start of the process.
"""

import argparse
import statistics
import time
from typing import Any

from common import KINDS, Measured, Table, cluster_for, finish, running

SERVERS = [kind for kind in KINDS if kind not in ("memory", "real-memory")]
FAR_SECONDS = 30 * 24 * 3600
LEAD_SECONDS = 6  # from the making of the due runs to the kill
SPREAD_SECONDS = 1
CALLS_SECONDS = 25  # from before the kill
DUE = 100


def _sleep_until(moment: float) -> None:
    time.sleep(max(0.0, moment - time.time()))


def _open(measured: Measured, options: argparse.Namespace) -> float:
    """Returns how long it took to make the runs."""
    seconds = 0.0
    for prefix, count, hot in (("far", options.runs - options.hot, 0), ("hot", options.hot, options.hot)):
        opened = measured.load(
            *("open", "--runs", count, "--hot", hot, "--prefix", prefix, "--task-queue", prefix),
            *("--in-flight", options.in_flight, "--fire-at", time.time() + FAR_SECONDS),
            watch=False,
        )
        seconds += opened["seconds"]
        if not hot:
            time.sleep(options.quiet)
    return seconds


def _kill_and_restart(measured: Measured, options: argparse.Namespace) -> tuple[float, float, Any, Any]:
    """When the process was killed and the next one started; when due runs were handed out; the calls."""
    kill_at = time.time() + LEAD_SECONDS
    caller = measured.begin_load(
        *("signal", "--runs", options.hot, "--prefix", "hot", "--task-queue", "hot"),
        *("--rate", options.rate, "--seconds", CALLS_SECONDS),
    )
    measured.load(
        *("open", "--runs", DUE, "--prefix", "due", "--task-queue", "due", "--in-flight", DUE),
        *("--fire-at", kill_at, "--spread", SPREAD_SECONDS),
        watch=False,
    )
    _sleep_until(kill_at)
    measured.server.kill()
    collector = measured.begin_load("collect", "--runs", DUE, "--task-queue", "due", "--seconds", 60)
    _sleep_until(kill_at + SPREAD_SECONDS)
    started = time.time()
    measured.server.launch()
    return kill_at, started, finish(collector), finish(caller)


def _measure(table: Table, kind: str, measured: Measured, options: argparse.Namespace) -> None:
    opening = _open(measured, options)
    killed, started, due, calls = _kill_and_restart(measured, options)
    ends = sorted(begin + took / 1e3 for begin, took, code in calls if code == "OK" and begin > killed)
    first_answer = ends[0] if ends else float("inf")
    later = [(took, code) for begin, took, code in calls if begin > first_answer]
    took = [took for took, code in later if code == "OK"]
    hundredths = statistics.quantiles(took, n=100) if len(took) > 1 else [float("nan")] * 99
    rest = measured.load("idle", "--polls", 0, "--warm-up", 0, "--seconds", 0)
    table.row(
        *(kind, f"{options.runs} ({options.runs / opening:.0f}/s)", options.hot),
        *(f"{len(due)} of {DUE}", (due[0] - started) * 1e3, (due[-1] - started) * 1e3),
        *((first_answer - started) * 1e3, hundredths[49], hundredths[98], max(took, default=0.0)),
        *(f"{sum(code != 'OK' for _, code in later)} of {len(later)}", rest["server_peak_mb"]),
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--servers", nargs="+", choices=SERVERS, default=["postgres", "sqlite"])
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--hot", type=int, default=5_000)
    parser.add_argument("--quiet", type=float, default=60, help="seconds before the hot ones are made")
    parser.add_argument("--in-flight", type=int, default=64, help="while the runs are made")
    parser.add_argument("--rate", type=float, default=200, help="signals a second around the kill")
    options = parser.parse_args()

    table = Table(
        *("server   ", "open runs (made/s)", "hot", "due handed out", "first due ms", "all due ms"),
        *("first call answered ms", "calls after p50 ms", "p99 ms", "max ms", "failed", "peak MB"),
    )
    with cluster_for(options.servers) as cluster:
        for kind in options.servers:
            with running(kind, cluster) as measured:
                _measure(table, kind, measured, options)


if __name__ == "__main__":
    main()
