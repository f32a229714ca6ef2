"""A PostgreSQL cluster of the tests' own, in a temporary folder on a free port, with fsync on."""

import os
import shutil
import subprocess
import tempfile
import uuid
from pathlib import Path
from typing import Any

from support.processes import free_port, run, wait_until

# A libpq keyword/value string of a running server on which the tests may create databases.
GIVEN = "PERDURE_TEST_POSTGRES"
BIN = Path(os.environ.get("PERDURE_POSTGRES_BIN", "/usr/lib/postgresql/15/bin"))

_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "max_connections": "100",
    "log_min_messages": "warning",
}


def create_database(dsn: str) -> str:
    """Creates an empty database with a new name and returns its connection string."""
    name = f"perdure_{uuid.uuid4().hex[:12]}"
    query(dsn, f"CREATE DATABASE {name}")
    return f"{dsn} dbname={name}"


def query(dsn: str, sql: str) -> str:
    """What one statement returns: fields separated by |, rows by line ends."""
    return run([str(BIN / "psql"), dsn, "-qAtc", sql]).strip()


def dsn_of(port: int) -> str:
    """The tests' own user, at a PostgreSQL or a pooler on this port."""
    return f"host=127.0.0.1 port={port} user=perdure dbname=postgres"


def as_other_user(*owned: Path) -> dict[str, Any]:
    """For subprocess; gives that user, which Debian brings, these files. Neither program runs as root."""
    if os.geteuid() != 0:
        return {}
    for path in owned:
        shutil.chown(path, "postgres", "postgres")
    return {"user": "postgres", "group": "postgres", "extra_groups": []}


def wait_until_ready(what: str, port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    ready = [str(BIN / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port)]
    wait_until(what, lambda: subprocess.run(ready).returncode == 0, process, log)


class PostgresCluster:
    """Started by the constructor. crash() and start() again keep the data; remove() ends and deletes all."""

    def __init__(self, settings: dict[str, str] | None = None) -> None:
        """`settings`: more of PostgreSQL's own."""
        self._settings = _SETTINGS | (settings or {})
        self._folder = Path(tempfile.mkdtemp(prefix="perdure-postgres-"))
        self._log = self._folder / "log"
        self._log.touch()
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._user = as_other_user(self._folder)
        data = str(self._folder / "data")
        run([str(BIN / "initdb"), "-D", data, "-U", "perdure", "-A", "trust", "-E", "UTF8"], **self._user)
        self.start()

    @property
    def dsn(self) -> str:
        return dsn_of(self._port)

    @property
    def port(self) -> int:
        return self._port

    @property
    def data(self) -> Path:
        """Its files, for who replaces them while it is stopped; give_to_user() gives them to its user."""
        return self._folder / "data"

    def give_to_user(self) -> None:
        if self._user:
            for path in (self.data, *self.data.rglob("*")):
                if not path.is_symlink():
                    shutil.chown(path, "postgres", "postgres")

    @property
    def pid(self) -> int:
        """Of the postmaster; the backends are its children."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        settings = [f"-c{key}={value}" for key, value in self._settings.items()]
        command = [str(BIN / "postgres"), "-D", str(self._folder / "data"), "-p", str(self._port)]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [*command, "-k", str(self._folder), *settings],
                stdout=log,
                stderr=log,
                **self._user,
            )
        wait_until_ready("PostgreSQL", self._port, self._process, self._log)

    def crash(self) -> None:
        """Immediate stop: no checkpoint, no goodbye to clients; the next start recovers from the WAL."""
        self._stop("immediate")

    def remove(self) -> None:
        self._stop("fast")
        shutil.rmtree(self._folder)

    def _stop(self, mode: str) -> None:
        assert self._process is not None
        run([str(BIN / "pg_ctl"), "stop", "-D", str(self._folder / "data"), "-m", mode], **self._user)
        self._process.wait()
