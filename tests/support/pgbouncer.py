"""A PgBouncer of the tests' own before a PostgreSQL server, in transaction mode, on a free port."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from support.postgres import as_other_user, dsn_of, wait_until_ready
from support.processes import free_port, run

# The port of a running one, before the server that support.postgres.GIVEN names.
GIVEN_PGBOUNCER_PORT = "PERDURE_TEST_PGBOUNCER_PORT"

_REPOSITORY = Path(__file__).resolve().parents[2]

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
{more}
"""


def later_pgbouncer() -> Path:
    """A version that gives each transaction the statements its client has named; built when it is missing."""
    folder = _REPOSITORY / "build/pgbouncer"
    run([str(_REPOSITORY / "scripts/build_pgbouncer.sh"), str(folder)])
    return folder / "pgbouncer"


class PgBouncer:
    """Started by the constructor; remove() ends it. It knows the user of PostgresCluster alone."""

    def __init__(self, server_port: int, program: Path | None = None, settings: str = "") -> None:
        """`program`: another than Debian's. `settings`: more lines of its section."""
        self.port = free_port()
        self._folder = Path(tempfile.mkdtemp(prefix="perdure-pgbouncer-"))
        file = self._folder / "settings"
        file.write_text(
            _SETTINGS.format(server_port=server_port, port=self.port, folder=self._folder, more=settings)
        )
        (self._folder / "users").write_text('"perdure" ""\n')
        log = self._folder / "log"
        if program is None:
            found = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin") or "pgbouncer"
        else:  # where the other user can reach it
            found = str(shutil.copy2(program, self._folder))
        user = as_other_user(self._folder, file, self._folder / "users")
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                [found, str(file)],
                stdout=output,
                stderr=output,
                **user,
            )
        wait_until_ready("PgBouncer", self.port, self._process, log)

    @property
    def dsn(self) -> str:
        return dsn_of(self.port)

    def remove(self) -> None:
        self._process.terminate()
        self._process.wait()
        shutil.rmtree(self._folder)
