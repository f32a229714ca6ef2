#!/usr/bin/env python3
"""with_postgres.py COMMAND...: runs it with a PostgreSQL of its own, named in PERDURE_TEST_POSTGRES, and a
PgBouncer before that, whose port is in PERDURE_TEST_PGBOUNCER_PORT."""

import os
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from support.pgbouncer import GIVEN_PGBOUNCER_PORT, PgBouncer  # noqa: E402
from support.postgres import GIVEN, PostgresCluster  # noqa: E402


def main() -> int:
    if GIVEN in os.environ:
        return subprocess.run(sys.argv[1:]).returncode
    cluster = PostgresCluster()
    try:
        bouncer = PgBouncer(cluster.port)
        try:
            given = {GIVEN: cluster.dsn, GIVEN_PGBOUNCER_PORT: str(bouncer.port)}
            return subprocess.run(sys.argv[1:], env=os.environ | given).returncode
        finally:
            bouncer.remove()
    finally:
        cluster.remove()


if __name__ == "__main__":
    sys.exit(main())
