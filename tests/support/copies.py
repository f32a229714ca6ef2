"""Many runs at once, written into the store of a server that is stopped: copies of the rows of one, and runs
that retention may remove."""

import sqlite3

from support.postgres import query
from support.servers import PostgresServer, Server

# Counts over them that no index helps: by many ids, and one that compares each row with each of many values.
IDS_FILTER = " OR ".join(f"WorkflowId = 'nobody-{i}'" for i in range(500))
EXPENSIVE_FILTER = " OR ".join(f"WorkflowId STARTS_WITH 'x{i}'" for i in range(450))


def copy_runs(server: Server, dsn: str | None, count: int) -> None:
    """The store has one run; it gets `count` more, open for ever, that lists see."""
    if isinstance(server, PostgresServer):
        assert dsn is not None
        named = "SELECT string_agg(column_name, ',') FROM information_schema.columns"
        columns = query(dsn, f"{named} WHERE table_name = 'executions'").split(",")
        new = {
            "run_id": "gen_random_uuid()",
            "id": "convert_to('copy-' || i, 'UTF8')",
            "is_current": "false",
        }
        query(dsn, f"{_insert(columns, new, f'generate_series(1, {count}) AS i')}; ANALYZE executions")
        return
    database = sqlite3.connect(server.folder / "perdure.db")
    columns = [row[1] for row in database.execute("PRAGMA table_info(executions)")]
    new = {"run_id": "randomblob(16)", "id": "CAST('copy-' || i AS BLOB)", "is_current": "0"}
    numbers = f"SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}"
    database.execute(f"CREATE TEMP TABLE numbers AS WITH RECURSIVE n (i) AS ({numbers}) SELECT i FROM n")
    database.execute(_insert(columns, new, "numbers"))
    database.commit()
    database.close()


def _insert(columns: list[str], new: dict[str, str], numbers: str) -> str:
    values = ", ".join(new.get(column, column) for column in columns)
    source = f"(SELECT * FROM executions LIMIT 1) AS copied CROSS JOIN {numbers}"
    return f"INSERT INTO executions ({', '.join(columns)}) SELECT {values} FROM {source}"


def write_expired_runs(server: Server, dsn: str | None, runs: int, events: int) -> None:
    """Runs of so many events each, in rows of their own, that may go at once; the table `gone` names them.
    Nothing in them can be read."""
    if isinstance(server, PostgresServer):
        assert dsn is not None
        named = f"gen_random_uuid() AS run_id FROM generate_series(1, {runs}) AS n (i)"
        numbers = f"generate_series(1, {events}) AS n (e)"
        statements = _expired(named, numbers, events, "''::bytea", "gen_random_uuid()", "true")
        query(dsn, "; ".join(statements) + "; ANALYZE")
        return
    series = (
        "(WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {}) SELECT i {} FROM n)"
    )
    named = f"randomblob(16) AS run_id FROM {series.format(runs, '')}"
    numbers = series.format(events, "AS e")
    database = sqlite3.connect(server.folder / "perdure.db")
    for statement in _expired(named, numbers, events, "x''", "randomblob(16)", "1"):
        database.execute(statement)
    database.commit()
    database.close()


def _expired(named: str, numbers: str, events: int, nothing: str, nobody: str, current: str) -> list[str]:
    run = {"shard": "shard", "kind": "1", "run_id": "run_id"}
    bytes_of_execution = ("id", "type", "queue", "memo", "search_attributes", "extra")
    execution = run | dict.fromkeys(bytes_of_execution, nothing)
    execution |= {"namespace_id": nobody, "is_current": current, "status": "2"}
    execution |= {"start_time": "1", "execution_time": "1", "close_time": "2", "delete_at": "3"}
    execution |= {"history_length": str(events), "state_transition_count": str(events)}
    execution |= {"history_size_bytes": str(100 * events)}
    row = run | {"first_event_id": "e", "sequence": "e", "event_count": "1", "changes": nothing}
    row |= {"events": f"CAST('{'x' * 100}' AS {'bytea' if 'bytea' in nothing else 'BLOB'})"}
    return [
        f"CREATE TABLE gone AS SELECT i % 4096 AS shard, {named}",
        _from_gone("executions", execution, ""),
        _from_gone("history", row, f"CROSS JOIN {numbers}"),
        _from_gone("wake", run | {"at": "3"}, ""),
    ]


def _from_gone(table: str, values: dict[str, str], joined: str) -> str:
    columns = ", ".join(values)
    return f"INSERT INTO {table} ({columns}) SELECT {', '.join(values.values())} FROM gone {joined}"
