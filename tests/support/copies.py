"""Many runs at once: copies of the rows of one, written into the store of a server that is stopped."""

import sqlite3

from support.postgres import query
from support.servers import PostgresServer, Server

# A count over them that no index helps.
EXPENSIVE_FILTER = " OR ".join(f"WorkflowId = 'nobody-{i}'" for i in range(500))


def copy_runs(server: Server, dsn: str | None, count: int) -> None:
    """The store has one run; it gets `count` more, open for ever, that lists see."""
    if isinstance(server, PostgresServer):
        assert dsn is not None
        named = "SELECT string_agg(column_name, ',') FROM information_schema.columns"
        columns = query(dsn, f"{named} WHERE table_name = 'executions'").split(",")
        new = {
            "run_id": "gen_random_uuid()",
            "workflow_id": "convert_to('copy-' || i, 'UTF8')",
            "is_current": "false",
        }
        query(dsn, f"{_insert(columns, new, f'generate_series(1, {count}) AS i')}; ANALYZE executions")
        return
    database = sqlite3.connect(server.folder / "perdure.db")
    columns = [row[1] for row in database.execute("PRAGMA table_info(executions)")]
    new = {"run_id": "randomblob(16)", "workflow_id": "CAST('copy-' || i AS BLOB)", "is_current": "0"}
    numbers = f"SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}"
    database.execute(f"CREATE TEMP TABLE numbers AS WITH RECURSIVE n (i) AS ({numbers}) SELECT i FROM n")
    database.execute(_insert(columns, new, "numbers"))
    database.commit()
    database.close()


def _insert(columns: list[str], new: dict[str, str], numbers: str) -> str:
    values = ", ".join(new.get(column, column) for column in columns)
    source = f"(SELECT * FROM executions LIMIT 1) AS copied CROSS JOIN {numbers}"
    return f"INSERT INTO executions ({', '.join(columns)}) SELECT {values} FROM {source}"
