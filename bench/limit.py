"""What PostgreSQL allows, and what the store and the server take of it: ./dev bench limit

The limit is the same bytes, appended by one pipelined connection to a table without an index, with nothing
around it. The store is written through by a program that does nothing else; the server runs whole workflows
of one activity with 64 in flight, beside its load generator.
"""

import argparse
import json

from common import REPOSITORY, Table, cluster_for, errors_of, running
from support.postgres import query
from support.processes import run

APPEND_LIMIT = REPOSITORY / "build/release/perdure_append_limit"
IN_FLIGHT = 64


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--workflows", type=int, default=20_000, help="that the store writes")
    parser.add_argument("--seconds", type=float, default=15, help="of load on the server")
    options = parser.parse_args()

    table = Table(
        *(f"{'what':31}", "records/s", "share of the limit", "WAL B/wf", "database B/wf"),
        *("statements/wf", "commits/wf", "errors"),
    )
    with cluster_for(["postgres"]) as cluster:
        assert cluster is not None
        command = [str(APPEND_LIMIT), "--postgres", cluster.dsn, "--in-flight", str(IN_FLIGHT)]
        parts = json.loads(run([*command, "--workflows", str(options.workflows)]))
        limit = parts["limit_8_under_way"]["records_per_second"]
        for name, figures in parts.items():
            rate = figures["records_per_second"]
            table.row(
                *(name.replace("_", " "), rate, rate / limit),
                *(figures["wal_bytes_per_workflow"], figures["database_bytes_per_workflow"]),
                *(figures["statements_per_workflow"], figures["commits_per_workflow"], "0"),
            )
        with running("postgres", cluster) as measured:
            figures = measured.load("--in-flight", IN_FLIGHT, "--seconds", options.seconds, "--drain", 30)
            assert measured.dsn is not None
            count = "SELECT (SELECT count(*) FROM history)::float8 / (SELECT count(*) FROM executions)"
            records = float(query(measured.dsn, count))  # a workflow
        workflows, used = max(figures["workflows"], 1), figures["used"]
        rate = figures["workflows_per_second"] * records
        table.row(
            *(f"server ({records:.1f} records a workflow)", rate, rate / limit),
            *(used["wal_bytes"] / workflows, used["database_bytes"] / workflows),
            *(used["statements"] / workflows, used["commits"] / workflows, errors_of(figures)),
        )


if __name__ == "__main__":
    main()
