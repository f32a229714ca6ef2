"""What an operator can get wrong at the start: one line that says what to do, and exit code 1."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from pwd import getpwnam

import pytest

from support.certificates import Authority
from support.postgres import BIN, PostgresCluster, create_database
from support.processes import free_port, run
from support.servers import PERDURE, PostgresServer, write_config

SECRET = "very-secret"


class Serve:
    """`perdure serve`, or `migrate`, in a folder of its own, expected to say what is wrong and to end."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def refused(self, as_user: str | None = None, command: str = "serve", **keys: str) -> str:
        """The line."""
        usual = {"listen": f"127.0.0.1:{free_port()}", "health.listen": ""}
        config = self._folder / "perdure.yaml"
        write_config(config, usual | {key.replace("__", "."): value for key, value in keys.items()})
        config.chmod(0o644)
        return self.line([str(PERDURE), command, "--config", str(config)], as_user)

    @staticmethod
    def line(command: list[str], as_user: str | None = None) -> str:
        other = {"user": as_user, "group": getpwnam(as_user).pw_gid, "extra_groups": []} if as_user else {}
        done = subprocess.run(command, stderr=subprocess.PIPE, text=True, timeout=30, **other)  # type: ignore[call-overload]
        lines = [line for line in done.stderr.splitlines() if "level=info" not in line]
        assert len(lines) == 1, done.stderr
        assert done.returncode == 1
        assert lines[0].startswith("perdure: ")
        assert SECRET not in done.stderr
        return str(lines[0])


@pytest.fixture
def serve(tmp_path: Path) -> Serve:
    return Serve(tmp_path)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """One that other users may enter."""
    folder = Path(tempfile.mkdtemp(prefix="perdure-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def test_no_store(serve: Serve) -> None:
    assert "set store.postgres, store.sqlite or store.memory" in serve.refused()


def test_a_text_that_is_no_connection_string(serve: Serve) -> None:
    line = serve.refused(store__postgres=f"postgres//user:{SECRET}@localhost/db")
    assert "not a connection string" in line
    assert "check address, user and password in store.postgres" in line


def test_an_address_where_nobody_listens(serve: Serve) -> None:
    """`serve` would wait for it."""
    line = serve.refused(
        command="migrate",
        store__postgres=f"host=127.0.0.1 port={free_port()} user=u password={SECRET} dbname=d",
    )
    assert "Connection refused" in line
    assert "check address, user and password" in line


def test_a_wrong_password(serve: Serve, own_postgres: PostgresCluster, tmp_path: Path) -> None:
    require_passwords(own_postgres)
    run([str(BIN / "psql"), own_postgres.dsn, "-qc", "CREATE ROLE needy LOGIN PASSWORD 'right'"])
    password = tmp_path / "password"
    password.write_text(f"{SECRET}\n")
    dsn = own_postgres.dsn.replace("user=perdure", "user=needy")
    line = serve.refused(store__postgres=dsn, store__postgres_password_file=str(password))
    assert 'password authentication failed for user "needy"' in line
    assert "check address, user and password" in line


def test_a_password_that_changes_is_read_again(own_postgres: PostgresCluster, tmp_path: Path) -> None:
    """Every connection is lost, and those that follow log in with what is in the file then."""
    require_passwords(own_postgres)
    admin = [str(BIN / "psql"), own_postgres.dsn, "-qtAc"]
    run([*admin, "CREATE ROLE changing SUPERUSER LOGIN PASSWORD 'one'"])
    password = tmp_path / "password"
    password.write_text("one\n")
    dsn = create_database(own_postgres.dsn).replace("user=perdure", "user=changing")
    server = PostgresServer(tmp_path, dsn, {"store.postgres_password_file": str(password)})
    server.start()
    try:
        run([*admin, "ALTER ROLE changing PASSWORD 'two'"])
        password.write_text("two\n")
        ended = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = 'changing'"
        assert int(run([*admin, ended])) > 0
        server.wait_ready()
        assert server.stop() == 0
    finally:
        server.kill()


def require_passwords(cluster: PostgresCluster) -> None:
    """Of everybody but the owner."""
    rules = "host all perdure 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n"
    path = Path(run([str(BIN / "psql"), cluster.dsn, "-qtAc", "SHOW hba_file"]).strip())
    path.write_text(rules)
    run([str(BIN / "psql"), cluster.dsn, "-qtAc", "SELECT pg_reload_conf()"])


def test_a_database_without_its_schema(serve: Serve, own_postgres: PostgresCluster) -> None:
    assert "run `perdure migrate`" in serve.refused(store__postgres=create_database(own_postgres.dsn))


def test_a_read_only_postgres(serve: Serve, own_postgres: PostgresCluster, tmp_path: Path) -> None:
    dsn = create_database(own_postgres.dsn)
    (tmp_path / "migrated").mkdir()
    PostgresServer(tmp_path / "migrated", dsn)
    name = dsn.rsplit("=", 1)[1]
    option = f"ALTER DATABASE {name} SET default_transaction_read_only = on"
    run([str(BIN / "psql"), own_postgres.dsn, "-qc", option])
    assert "read-only: connect to the primary" in serve.refused(store__postgres=dsn)


def test_a_read_only_file(open_folder: Path) -> None:
    path = open_folder / "perdure.db"
    config = open_folder / "make.yaml"
    write_config(config, {"listen": "nowhere:0", "store.sqlite": str(path)})
    # Makes the file, and then cannot listen.
    subprocess.run([str(PERDURE), "serve", "--config", str(config)], stderr=subprocess.DEVNULL, timeout=30)
    for file in open_folder.iterdir():
        file.chmod(0o444)
    line = Serve(open_folder).refused("nobody" if os.geteuid() == 0 else None, store__sqlite=str(path))
    assert "name a file that can be written" in line


def test_a_folder_that_does_not_exist(serve: Serve) -> None:
    line = serve.refused(store__sqlite="/nowhere/perdure.db")
    assert "/nowhere/perdure.db" in line
    assert "name a file that can be written" in line


def test_certificates(serve: Serve, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    certificate, key = (str(path) for path in authority.issue("one"))
    _, other_key = (str(path) for path in authority.issue("other"))
    store = {"store__memory": "true"}
    assert "set both" in serve.refused(**store, tls__certificate_file=certificate)
    assert "set both" in serve.refused(**store, tls__client_ca_file=certificate)
    wrong = serve.refused(**store, tls__certificate_file="/nowhere", tls__key_file=key)
    assert "tls.certificate_file: cannot read /nowhere: give it a readable PEM file" in wrong
    mixed = serve.refused(**store, tls__certificate_file=certificate, tls__key_file=other_key)
    assert "is not the key of the first certificate" in mixed


def test_an_unknown_key(serve: Serve) -> None:
    line = serve.refused(store__memory="true", store__memroy="true")
    assert 'unknown key "store.memroy" in line 4; `perdure config` lists the keys' in line


def test_wrong_values(serve: Serve) -> None:
    assert "health.listen: write ADDRESS:PORT" in serve.refused(health__listen="soon")
    assert 'log level "loud" is not one of debug' in serve.refused(store__memory="true", log__level="loud")


@pytest.mark.parametrize("key", ["listen", "metrics.listen", "health.listen"])
def test_a_port_in_use(serve: Serve, key: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        line = serve.refused(store__memory="true", **{key.replace(".", "__"): f"127.0.0.1:{port}"})
    assert f"127.0.0.1:{port}" in line
    assert "choose" in line
