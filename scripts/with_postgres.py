#!/usr/bin/env python3
"""with_postgres.py COMMAND...: runs it with a PostgreSQL of its own, named in PERDURE_TEST_POSTGRES."""

import os
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from support.postgres import GIVEN, PostgresCluster  # noqa: E402


def main() -> int:
    if GIVEN in os.environ:
        return subprocess.run(sys.argv[1:]).returncode
    cluster = PostgresCluster()
    try:
        return subprocess.run(sys.argv[1:], env={**os.environ, GIVEN: cluster.dsn}).returncode
    finally:
        cluster.remove()


if __name__ == "__main__":
    sys.exit(main())
