"""What PostgreSQL allows, and what the store and the server take of it: ./dev bench limit

The limit is the same bytes, appended by one pipelined connection with nothing around it. Read twice:

- "server's own bytes": what a server sent in a run of its own, through a relay that kept it, sent again byte
  for byte, with 8 transactions under way, and with 1, as the server must. The rows that are then in the
  database must be those of that run ("kept run", beside the server without a relay).
- "limit": the records' bodies alone, in a table without an index: in transactions of 64 records, and in ones
  as small as those that the server made in this run.

The store is written through by a program that does nothing else; the server runs whole workflows of one
activity with 64 in flight, beside its load generator. A disk's flushes are fast at one moment and slow at the
next, so the server and the sending of its own bytes take turns, and the median of each is printed.
"""

import argparse
import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from common import REPOSITORY, Figures, Table, cluster_for, errors_of, running
from relay import Recorder
from support.postgres import PostgresCluster, create_database, query
from support.processes import run

APPEND_LIMIT = REPOSITORY / "build/release/perdure_append_limit"
REPLAY = REPOSITORY / "build/release/perdure_replay"
IN_FLIGHT = 64
# What batches write, all of it: the counts are compared, and a sum over what is in the rows.
WRITTEN = ("history", "executions", "snapshots", "wake", "writers", "shards")
# A batch says this, and no other connection than that of the executor of history.
BATCH = b"UPDATE writers SET batch"
# The relay may make transactions so much larger or smaller than the server's; beyond that, it is said.
LIKE = 0.2

T = TypeVar("T")


def _limit(cluster: PostgresCluster, workflows: int, records_a_transaction: int) -> Figures:
    command = [str(APPEND_LIMIT), "--postgres", cluster.dsn, "--in-flight", str(records_a_transaction)]
    parts: Figures = json.loads(run([*command, "--workflows", str(workflows)]))
    return parts


@dataclass
class Served:
    """A run of the server, and what it wrote."""

    figures: Figures
    dsn: str
    records: float  # a workflow
    together: float  # records a transaction that writes

    @property
    def workflows(self) -> int:
        """Of the measured time."""
        return max(self.figures["workflows"], 1)

    @property
    def rate(self) -> float:
        return float(self.figures["workflows_per_second"]) * self.records


def _serve(cluster: PostgresCluster, seconds: float, in_flight: int, relay: Recorder | None = None) -> Served:
    through = None if relay is None else relay.port
    with running("postgres", cluster, through, {"history.executors": "1"}) as measured:
        figures = measured.load("--in-flight", in_flight, "--seconds", seconds, "--drain", 30)
        assert measured.dsn is not None
    records = "SELECT count(*)::float8 FROM history"
    # A writer's row counts the transactions that write. Commits are of look-ups too.
    parts = ("SELECT count(*) FROM executions", "SELECT sum(batch) FROM writers")
    counts = query(measured.dsn, "SELECT " + ", ".join(f"({records}) / ({part})" for part in parts))
    a_workflow, together = map(float, counts.split("|"))
    return Served(figures, measured.dsn, a_workflow, together)


def _rows(dsn: str) -> dict[str, str]:
    sums = "SELECT count(*), sum(hashtextextended(t::text, 0)) FROM"
    return {table: query(dsn, f"{sums} {table} AS t") for table in WRITTEN}


def _replay(cluster: PostgresCluster, must_be: dict[str, str], stream: Path, under_way: int) -> Figures:
    """The figures, as _limit() has them; fails where other rows were written than these."""
    dsn = create_database(cluster.dsn)
    command = [str(REPLAY), "--postgres", dsn, "--stream", str(stream), "--under-way", str(under_way)]
    seen = json.loads(run(command))
    rows = _rows(dsn)
    if rows != must_be:
        raise RuntimeError(f"the replay wrote other rows than the server:\n{rows}\n{must_be}")
    records, workflows = (int(rows[table].split("|")[0]) for table in ("history", "executions"))
    return {
        "records_per_second": records / seen["seconds"],
        "records_a_transaction": records / seen["transactions"],
        "wal_bytes_per_workflow": seen["wal_bytes"] / workflows,
        "database_bytes_per_workflow": seen["database_bytes"] / workflows,
        "statements_per_workflow": seen["statements"] / workflows,
        "commits_per_workflow": seen["transactions"] / workflows,
    }


def _median(seen: list[T], rate: Callable[[T], float]) -> T:
    return sorted(seen, key=rate)[len(seen) // 2]


def _limit_row(table: Table, name: str, together: float, part: Figures, limit: float, rate: float) -> None:
    own = part["records_per_second"]
    table.row(
        *(name, together, own, own / limit, rate / own),
        *(part["wal_bytes_per_workflow"], part["database_bytes_per_workflow"]),
        *(part["statements_per_workflow"], part["commits_per_workflow"], "0"),
    )


def _server_row(table: Table, name: str, served: Served, rate: float) -> None:
    used, workflows = served.figures["used"], served.workflows
    table.row(
        *(f"{name} ({served.records:.1f} records a workflow)", served.together, served.rate, ""),
        *(rate / served.rate, used["wal_bytes"] / workflows, used["database_bytes"] / workflows),
        *(used["statements"] / workflows, used["commits"] / workflows, errors_of(served.figures)),
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--workflows", type=int, default=20_000, help="that the store writes")
    parser.add_argument("--seconds", type=float, default=15, help="of load on the server")
    parser.add_argument(
        "--recorded-in-flight", type=int, default=IN_FLIGHT, help="of the run whose bytes are kept"
    )
    parser.add_argument(
        "--rounds", type=int, default=3, help="of the server and the replays in turn; medians are printed"
    )
    options = parser.parse_args()

    with cluster_for(["postgres"]) as cluster, tempfile.TemporaryDirectory() as folder:
        assert cluster is not None
        with Recorder(cluster.port, Path(folder)).serving() as relay:
            recorded = _serve(cluster, options.seconds, options.recorded_in_flight, relay)
        stream, written = relay.holding(BATCH), _rows(recorded.dsn)
        servers: list[Served] = []
        replayed: dict[int, list[Figures]] = {8: [], 1: []}
        for _ in range(options.rounds):
            servers.append(_serve(cluster, options.seconds, IN_FLIGHT))
            for under_way, seen in replayed.items():
                seen.append(_replay(cluster, written, stream, under_way))
        served = _median(servers, lambda server: server.rate)
        replays = {
            key: _median(seen, lambda part: part["records_per_second"]) for key, seen in replayed.items()
        }
        sizes = (IN_FLIGHT, round(served.together))
        limits = {size: _limit(cluster, options.workflows, size) for size in sizes}
        rate = served.rate

        table = Table(
            *(f"{'what':41}", "records a transaction", "records/s", "share of the limit"),
            *("the server's share", "WAL B/wf", "database B/wf", "statements/wf", "commits/wf", "errors"),
        )
        for under_way, part in replays.items():
            name, most = f"server's own bytes, {under_way} under way", replays[8]["records_per_second"]
            _limit_row(table, name, part["records_a_transaction"], part, most, rate)
        for size, parts in limits.items():
            most = parts["limit_8_under_way"]["records_per_second"]
            for name, part in parts.items():
                _limit_row(table, name.replace("_", " "), size, part, most, rate)
        _server_row(table, "server", served, rate)
        _server_row(table, "kept run", recorded, rate)
        unlike = recorded.together / served.together
        if not 1 - LIKE <= unlike <= 1 + LIKE:
            print(f"\nThe kept run's transactions are {unlike:.2f} of the server's: try --recorded-in-flight")


if __name__ == "__main__":
    main()
