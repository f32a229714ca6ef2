"""Measures Perdure beside the real server's dev server, in turn on the same machine, and prints ratios.

    ./dev bench                                the usual comparison
    ./dev bench --servers sqlite real-memory --in-flight 1 64 --seconds 20

Figures of one run mean nothing alone: machines are shared. Read the ratios, and CPU, WAL and statements
a workflow.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY / "tests"))

from support.postgres import PostgresCluster, create_database  # noqa: E402
from support.servers import PERDURE, TEMPORAL, PostgresServer, RealServer, Server, SqliteServer  # noqa: E402

LOAD = REPOSITORY / "build/release/perdure_load"
KINDS = ("postgres", "sqlite", "memory", "real-memory", "real-file")
# Which of the real server's a server is held against.
AGAINST = {"postgres": "real-memory", "sqlite": "real-file", "memory": "real-memory"}


class _Memory(Server):
    """A dev server without a file."""

    def __init__(self, folder: Path, kind: str, binary: Path) -> None:
        super().__init__(folder)
        self.kind = kind
        self._binary = binary

    def command(self) -> list[str]:
        flags = ["server", "start-dev", "--headless", "--ip", "127.0.0.1", "--port", str(self.port)]
        return [str(self._binary), *flags]


@contextmanager
def _running(kind: str, cluster: PostgresCluster | None) -> Iterator[tuple[Server, list[str]]]:
    """A fresh server of the kind, and the load generator's options that watch it."""
    folder = Path(tempfile.mkdtemp(prefix="perdure-bench-"))
    watch: list[str] = []
    server: Server
    if kind == "postgres":
        assert cluster is not None
        dsn = create_database(cluster.dsn)
        server = PostgresServer(folder, dsn)
        watch = ["--postgres", dsn, "--pid", f"postgres={cluster.pid}"]
    elif kind == "sqlite":
        server = SqliteServer(folder)
    elif kind == "real-file":
        server = RealServer(folder)
    else:
        server = _Memory(folder, kind, PERDURE if kind == "memory" else TEMPORAL)
    server.start()
    try:
        yield server, [*watch, "--pid", f"server={server.pid}"]
    finally:
        server.stop()
        shutil.rmtree(folder)


def _measure(address: str, watch: list[str], in_flight: int, options: argparse.Namespace) -> dict[str, float]:
    command = [str(LOAD), "--address", address, "--in-flight", str(in_flight), *watch]
    command += ["--seconds", str(options.seconds), "--activities", str(options.activities)]
    command += ["--payload", str(options.payload)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if not done.stdout:
        raise RuntimeError(f"{' '.join(command)} exited with {done.returncode} and no figures")
    return dict(json.loads(done.stdout))


def _row(kind: str, figures: dict[str, float]) -> str:
    cpu = figures.get("server_cpu_ms_per_workflow", 0) + figures.get("postgres_cpu_ms_per_workflow", 0)
    cells = [f"{kind:12}", f"{figures['in_flight']:9}", f"{figures['workflows_per_second']:8.1f}"]
    cells += [f"{figures[key]:8.1f}" for key in ("p50_ms", "p95_ms", "p99_ms")]
    cells += [f"{cpu:7.2f}", f"{figures.get('server_peak_mb', 0):8.0f}"]
    for key in ("wal_bytes_per_workflow", "commits_per_workflow", "statements_per_workflow"):
        cells.append(f"{figures[key]:9.2f}" if key in figures else f"{'-':>9}")
    cells.append(f"{figures['errors']:6}")
    return " ".join(cells)


def _compare(results: dict[tuple[str, int], dict[str, float]]) -> None:
    for (kind, in_flight), ours in results.items():
        theirs = results.get((AGAINST.get(kind, ""), in_flight))
        if theirs is None or not theirs["workflows_per_second"] or not ours["p99_ms"]:
            continue
        throughput = ours["workflows_per_second"] / theirs["workflows_per_second"]
        print(
            f"{kind} against {AGAINST[kind]}, {in_flight} in flight: {throughput:.1f}x the workflows/s, "
            f"p50 1/{theirs['p50_ms'] / ours['p50_ms']:.1f}, p99 1/{theirs['p99_ms'] / ours['p99_ms']:.1f}"
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
    options = parser.parse_args()

    print(
        "server       in flight     wf/s      p50      p95      p99"
        "  CPU ms  peak MB       WAL   commits statements errors"
    )
    results: dict[tuple[str, int], dict[str, float]] = {}
    cluster = PostgresCluster() if "postgres" in options.servers else None
    try:
        for kind in options.servers:
            with _running(kind, cluster) as (server, watch):
                for in_flight in options.in_flight:
                    figures = _measure(server.address, watch, in_flight, options)
                    results[kind, in_flight] = figures
                    print(_row(kind, figures), flush=True)
    finally:
        if cluster is not None:
            cluster.remove()
    _compare(results)


if __name__ == "__main__":
    main()
