"""What the readings share: servers on stores of their own, the load generator, and Markdown tables."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY / "tests"))

from support.postgres import PostgresCluster, create_database, query  # noqa: E402
from support.servers import PERDURE, TEMPORAL, PostgresServer, RealServer, Server, SqliteServer  # noqa: E402

LOAD = REPOSITORY / "build/release/perdure_load"
KINDS = ("postgres", "sqlite", "memory", "real-memory", "real-file")
# Which of the real server's a server is held against.
AGAINST = {"postgres": "real-memory", "sqlite": "real-file", "memory": "real-memory"}

TICK_MS = 1000 / os.sysconf("SC_CLK_TCK")

Figures = dict[str, Any]


class _Memory(Server):
    """A dev server without a file."""

    def __init__(self, folder: Path, kind: str, binary: Path) -> None:
        super().__init__(folder)
        self.kind = kind
        self._binary = binary

    def command(self) -> list[str]:
        flags = ["server", "start-dev", "--headless", "--ip", "127.0.0.1", "--port", str(self.port)]
        return [str(self._binary), *flags]


class Measured:
    """A server, and what perdure_load needs to know of it."""

    def __init__(self, server: Server, dsn: str | None, cluster: PostgresCluster | None) -> None:
        self.server = server
        self.dsn = dsn
        self._cluster = cluster

    def load(self, *arguments: object, watch: bool = True) -> Figures | list[Any]:
        """Runs perdure_load to its end and returns what it printed."""
        return finish(self.begin_load(*arguments, watch=watch))

    def begin_load(self, *arguments: object, watch: bool = False) -> subprocess.Popen[str]:
        watched = self._watched() if watch else []
        command = [str(LOAD), *map(str, arguments), "--address", self.server.address, *watched]
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    def pids(self) -> dict[str, int]:
        """Of the server and, where it is on PostgreSQL, of that."""
        database = {} if self._cluster is None else {"postgres": self._cluster.pid}
        return {"server": self.server.pid} | database

    def _watched(self) -> list[str]:
        watched = [word for name, pid in self.pids().items() for word in ("--pid", f"{name}={pid}")]
        return watched if self.dsn is None else [*watched, "--postgres", self.dsn]


def finish(load: subprocess.Popen[str]) -> Any:
    """What a perdure_load printed, once it has ended."""
    output, _ = load.communicate()
    if load.returncode != 0:
        raise RuntimeError(f"{load.args!r} exited with {load.returncode}")
    return json.loads(output)


@contextmanager
def cluster_for(kinds: list[str]) -> Iterator[PostgresCluster | None]:
    """A PostgreSQL that counts statements, where one of the servers needs it."""
    if "postgres" not in kinds:
        yield None
        return
    cluster = PostgresCluster({"shared_preload_libraries": "pg_stat_statements"})
    try:
        query(cluster.dsn, "CREATE EXTENSION pg_stat_statements")
        yield cluster
    finally:
        cluster.remove()


@contextmanager
def running(
    kind: str,
    cluster: PostgresCluster | None,
    through_port: int | None = None,
    settings: dict[str, str] | None = None,
) -> Iterator[Measured]:
    """A fresh server of the kind, started. Of `postgres` alone: `through_port`, of a relay by which it
    reaches PostgreSQL, in the clear; `settings`, more keys of its configuration."""
    folder = Path(tempfile.mkdtemp(prefix="perdure-bench-"))
    dsn = None
    server: Server
    if kind == "postgres":
        assert cluster is not None
        dsn = create_database(cluster.dsn)
        in_the_clear = f" port={through_port} sslmode=disable gssencmode=disable"
        server = PostgresServer(folder, dsn if through_port is None else dsn + in_the_clear, settings)
    elif kind == "sqlite":
        server = SqliteServer(folder)
    elif kind == "real-file":
        server = RealServer(folder)
    else:
        server = _Memory(folder, kind, PERDURE if kind == "memory" else TEMPORAL)
    server.start()
    try:
        yield Measured(server, dsn, cluster if kind == "postgres" else None)
    finally:
        server.stop()
        shutil.rmtree(folder)


def process_cpu_ms(process: int) -> float:
    """Of a process, its children that live and those that have ended."""
    total = 0.0
    for pid in (process, *_children(process)):
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except FileNotFoundError:
            continue
        # utime and stime, and of the process itself what its ended children took.
        total += sum(map(int, fields[11 : 15 if pid == process else 13])) * TICK_MS
    return total


def _children(process: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{process}/task").iterdir():
        found += map(int, (task / "children").read_text().split())
    return found


def cpu_ms(figures: Figures) -> float:
    """Of server and database together."""
    used = figures["used"]
    return float(used.get("server_cpu_ms", 0) + used.get("postgres_cpu_ms", 0))


def errors_of(figures: Figures) -> str:
    return ", ".join(f"{count} {what}" for what, count in figures["errors"].items()) or "0"


class Table:
    """Rows of a Markdown table, each printed as soon as it is there."""

    def __init__(self, *columns: str) -> None:
        self._widths = [max(len(column), 6) for column in columns]
        self.row(*columns)
        print("|" + "|".join("-" * (width + 2) for width in self._widths) + "|", flush=True)

    def row(self, *cells: object) -> None:
        padded = [_text(cell).rjust(width) for cell, width in zip(cells, self._widths, strict=True)]
        print("| " + " | ".join(padded) + " |", flush=True)


def _text(cell: object) -> str:
    if cell is None:
        return "-"
    if isinstance(cell, float):
        return f"{cell:.0f}" if abs(cell) >= 100 else f"{cell:.3g}"
    return str(cell)
