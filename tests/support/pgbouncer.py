"""A PgBouncer of the tests' own before a PostgreSQL server, in transaction mode, on a free port."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from support.postgres import BIN
from support.processes import free_port, wait_until

# The port of a running one, before the server that support.postgres.GIVEN names.
GIVEN_PGBOUNCER_PORT = "PERDURE_TEST_PGBOUNCER_PORT"

_SETTINGS = """\
[databases]
* = host=127.0.0.1 port={server_port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = trust
auth_file = {folder}/users
pool_mode = transaction
default_pool_size = 20
"""


class PgBouncer:
    """Started by the constructor; remove() ends it. It knows the user of PostgresCluster alone."""

    def __init__(self, server_port: int) -> None:
        self.port = free_port()
        self._folder = Path(tempfile.mkdtemp(prefix="perdure-pgbouncer-"))
        settings = self._folder / "settings"
        settings.write_text(_SETTINGS.format(server_port=server_port, port=self.port, folder=self._folder))
        (self._folder / "users").write_text('"perdure" ""\n')
        log = self._folder / "log"
        command = [shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin") or "pgbouncer"]
        user: dict[str, object] = {}
        if os.geteuid() == 0:  # it refuses to run as root
            user = {"user": "postgres", "group": "postgres", "extra_groups": []}
            for path in (self._folder, settings, self._folder / "users"):
                shutil.chown(path, "postgres", "postgres")
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                [*command, str(settings)],
                stdout=output,
                stderr=output,
                **user,  # type: ignore[call-overload]
            )
        ready = [str(BIN / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        wait_until("PgBouncer", lambda: subprocess.run(ready).returncode == 0, self._process, log)

    @property
    def dsn(self) -> str:
        return f"host=127.0.0.1 port={self.port} user=perdure dbname=postgres"

    def remove(self) -> None:
        self._process.terminate()
        self._process.wait()
        shutil.rmtree(self._folder)
