"""What honest clients feel of an attack on the gRPC port: ./dev bench abuse

Each attack of tests/support/attacks.py runs for some seconds against a server of its own, on our wire and on
gRPC's, beside a caller that asks one thing after the other. Printed for each: the caller's median and 99th
percentile, its failed calls, and the server's peak of memory.
"""

import argparse
import tempfile
from pathlib import Path

from common import Table
from support.attacks import ATTACKS
from support.target import HonestCaller, Target


def _quantile(waits: list[float], q: float) -> float:
    ordered = sorted(waits)
    return ordered[min(len(ordered) - 1, int(q * len(ordered)))]


def _row(wire: str, name: str | None, tls: bool, seconds: float) -> list[object]:
    with tempfile.TemporaryDirectory(prefix="perdure-bench-") as folder:
        target = Target(Path(folder), tls, {"wire": wire})
        target.start()
        try:
            with HonestCaller(target) as honest:
                if name is None:
                    honest.wait_calls(50)
                else:
                    ATTACKS[name](target, seconds)
            waits = [1000 * wait for wait in honest.waits]
            peak = f"{target.memory_peak() >> 20} MB" if target.alive() else "it ended"
        finally:
            target.kill()
    median, p99 = f"{_quantile(waits, 0.5):.1f}", f"{_quantile(waits, 0.99):.1f}"
    return [name or "none", wire, len(waits), len(honest.errors), median, p99, peak]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=5, help="of each attack")
    parser.add_argument("--tls", action="store_true")
    parser.add_argument(
        "--wire", action="append", choices=["nghttp2", "grpc"], help="repeatable; default: both"
    )
    options = parser.parse_args()
    table = Table("attack", "wire", "honest calls", "failed", "median ms", "p99 ms", "peak")
    for name in (None, *ATTACKS):
        for wire in options.wire or ["nghttp2", "grpc"]:
            table.row(*_row(wire, name, options.tls, options.seconds))


if __name__ == "__main__":
    main()
