"""What PostgreSQL allows, and what the store and the server take of it: ./dev bench limit

The limit is the same bytes, appended by one pipelined connection to a table without an index, with nothing
around it: in transactions of 64 records, and in ones as small as those that the server made in this run. The
store is written through by a program that does nothing else; the server runs whole workflows of one activity
with 64 in flight, beside its load generator.
"""

import argparse
import json

from common import REPOSITORY, Figures, Table, cluster_for, errors_of, running
from support.postgres import PostgresCluster, query
from support.processes import run

APPEND_LIMIT = REPOSITORY / "build/release/perdure_append_limit"
IN_FLIGHT = 64


def _limit(cluster: PostgresCluster, workflows: int, records_a_transaction: int) -> Figures:
    command = [str(APPEND_LIMIT), "--postgres", cluster.dsn, "--in-flight", str(records_a_transaction)]
    parts: Figures = json.loads(run([*command, "--workflows", str(workflows)]))
    return parts


def _serve(cluster: PostgresCluster, seconds: float) -> tuple[Figures, float]:
    """The figures, and how many records a workflow has."""
    with running("postgres", cluster) as measured:
        figures = measured.load("--in-flight", IN_FLIGHT, "--seconds", seconds, "--drain", 30)
        assert measured.dsn is not None
        count = "SELECT (SELECT count(*) FROM history)::float8 / (SELECT count(*) FROM executions)"
        return figures, float(query(measured.dsn, count))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--workflows", type=int, default=20_000, help="that the store writes")
    parser.add_argument("--seconds", type=float, default=15, help="of load on the server")
    options = parser.parse_args()

    with cluster_for(["postgres"]) as cluster:
        assert cluster is not None
        figures, records = _serve(cluster, options.seconds)
        workflows, used = max(figures["workflows"], 1), figures["used"]
        rate = figures["workflows_per_second"] * records
        together = round(records * workflows / used["commits"])
        limits = {size: _limit(cluster, options.workflows, size) for size in (IN_FLIGHT, together)}

    table = Table(
        *(f"{'what':31}", "records a transaction", "records/s", "share of the limit", "the server's share"),
        *("WAL B/wf", "database B/wf", "statements/wf", "commits/wf", "errors"),
    )
    for size, parts in limits.items():
        limit = parts["limit_8_under_way"]["records_per_second"]
        for name, part in parts.items():
            own = part["records_per_second"]
            table.row(
                *(name.replace("_", " "), size, own, own / limit, rate / own),
                *(part["wal_bytes_per_workflow"], part["database_bytes_per_workflow"]),
                *(part["statements_per_workflow"], part["commits_per_workflow"], "0"),
            )
    table.row(
        *(f"server ({records:.1f} records a workflow)", together, rate, "", 1),
        *(used["wal_bytes"] / workflows, used["database_bytes"] / workflows),
        *(used["statements"] / workflows, used["commits"] / workflows, errors_of(figures)),
    )


if __name__ == "__main__":
    main()
