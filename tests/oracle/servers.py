"""The two servers that scenarios run against: the real one and Perdure, each a dev server in memory."""

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

from support.servers import PERDURE, TEMPORAL, Server, require_binaries

# What scenarios count on, on either server.
SEARCH_ATTRIBUTES = {"OracleKeyword": "Keyword", "OracleInt": "Int"}


class DevServer(Server):
    """`server start-dev` without a file. `kind` is "real" or "perdure"."""

    def __init__(self, folder: Path, kind: str, switched_on: tuple[str, ...] = ()) -> None:
        super().__init__(folder)
        self.kind = kind
        self.switched_on = switched_on  # settings of the real server

    def command(self) -> list[str]:
        binary = TEMPORAL if self.kind == "real" else PERDURE
        flags = ["--headless", "--ip", "127.0.0.1", "--port", str(self.port)]
        for name, value_type in SEARCH_ATTRIBUTES.items():
            flags += ["--search-attribute", f"{name}={value_type}"]
        for name in self.switched_on:
            flags += ["--dynamic-config-value", f"{name}=true"]
        return [str(binary), "server", "start-dev", *flags]


@contextlib.contextmanager
def dev_server(kind: str, switched_on: tuple[str, ...] = ()) -> Iterator[str]:
    """A dev server on a free loopback port; yields its address."""
    require_binaries(kind)
    with tempfile.TemporaryDirectory(prefix="oracle-") as folder:
        server = DevServer(Path(folder), kind, switched_on)
        server.start()
        try:
            yield server.address
        finally:
            server.stop()
