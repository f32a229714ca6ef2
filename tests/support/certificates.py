"""Certificates of a test's own, made by openssl."""

import os
from pathlib import Path

from support.processes import run


class Authority:
    """Signs certificates; its own lies at `path`."""

    def __init__(self, folder: Path, name: str = "authority") -> None:
        self._folder = folder
        self._name = name
        self.path = folder / f"{name}.pem"
        self._key = folder / f"{name}.key"
        run(
            ["openssl", "req", "-x509", "-days", "2", "-subj", f"/CN={name}", *_new_key(self._key, self.path)]
        )

    def issue(self, name: str, common_name: str = "localhost") -> tuple[Path, Path]:
        """A certificate for 127.0.0.1 and localhost, and its key."""
        certificate, key = self._folder / f"{name}.pem", self._folder / f"{name}.key"
        request, extensions = self._folder / f"{name}.csr", self._folder / f"{name}.ext"
        extensions.write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
        run(["openssl", "req", "-subj", f"/CN={common_name}", *_new_key(key, request)])
        command = ["openssl", "x509", "-req", "-days", "2", "-in", str(request), "-out", str(certificate)]
        command += ["-CA", str(self.path), "-CAkey", str(self._key), "-CAcreateserial"]
        run([*command, "-extfile", str(extensions)])
        return certificate, key


def _new_key(key: Path, out: Path) -> list[str]:
    kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    return [*kind, "-keyout", str(key), "-out", str(out)]


def replace(path: Path, by: Path) -> None:
    """As whoever renews a certificate does: a reader sees the old file or the new one."""
    copy = path.with_suffix(".new")
    copy.write_bytes(by.read_bytes())
    os.replace(copy, path)
