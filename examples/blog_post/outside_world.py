"""The services that the activities pretend to call, kept in one SQLite file.

Every write carries an idempotency key. The first write with a key takes effect; a later one with
the same key changes nothing and gets the first one's answer. That is what a real service must offer
(Stripe, for example, calls it the same) for an activity that may run more than once to act once.
"""

import json
import os
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

DEFAULT_PATH = Path(tempfile.gettempdir()) / "perdure-blog-post.db"

_SCHEMA = """
CREATE TABLE IF NOT EXISTS effects (
    idempotency_key TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    content TEXT NOT NULL
)
"""


class OutsideWorld:
    """Safe to use from several threads and processes: each call opens its own connection."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path or Path(os.environ.get("BLOG_POST_DB", DEFAULT_PATH))

    def once(self, key: str, kind: str, make: Callable[[], Any]) -> Any:
        """Stores make()'s value under the key, or returns what is stored there already."""
        with closing(self._connect()) as db, db:
            db.execute("BEGIN IMMEDIATE")
            row = db.execute("SELECT content FROM effects WHERE idempotency_key = ?", (key,)).fetchone()
            if row is not None:
                return json.loads(row[0])
            value = make()
            db.execute("INSERT INTO effects VALUES (?, ?, ?)", (key, kind, json.dumps(value)))
            return value

    def remove(self, key: str) -> None:
        """Removes what is stored under the key; removing twice is the same as once."""
        with closing(self._connect()) as db, db:
            db.execute("DELETE FROM effects WHERE idempotency_key = ?", (key,))

    def effects(self) -> list[tuple[str, str, Any]]:
        """Everything stored, as (idempotency key, kind, value)."""
        with closing(self._connect()) as db:
            rows = db.execute("SELECT idempotency_key, kind, content FROM effects ORDER BY rowid")
            return [(key, kind, json.loads(content)) for key, kind, content in rows]

    def _connect(self) -> sqlite3.Connection:
        db = sqlite3.connect(self._path, timeout=10, isolation_level=None)
        db.execute(_SCHEMA)
        return db
