"""Certificate authorities for tests, made by openssl."""

from pathlib import Path

from temporalio.service import TLSConfig

from support.processes import run


class Authority:
    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder / name
        self._folder.mkdir()
        self._run(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
            "-subj", f"/CN={name}", "-keyout", "ca.key", "-out", "ca.crt",
        )  # fmt: skip
        self.certificate = (self._folder / "ca.crt").read_text()

    def issue(self, name: str, days: int = 2) -> dict[str, str]:
        """A certificate and its key, as a Secret of type kubernetes.io/tls has them, and the CA's own."""
        kind = "IP" if name.replace(".", "").isdigit() else "DNS"
        (self._folder / "extensions").write_text(f"subjectAltName={kind}:{name}\n")
        self._run(
            "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}",
            "-keyout", "tls.key", "-out", "tls.csr",
        )  # fmt: skip
        self._run(
            "x509", "-req", "-in", "tls.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial",
            "-days", str(days), "-extfile", "extensions", "-out", "tls.crt",
        )  # fmt: skip
        files = {file: (self._folder / file).read_text() for file in ("tls.crt", "tls.key")}
        return {**files, "ca.crt": self.certificate}

    def trusted(self, client: dict[str, str] | None = None) -> TLSConfig:
        """What a client needs that trusts this authority, with its own certificate if there is one."""
        own = (client["tls.crt"].encode(), client["tls.key"].encode()) if client else (None, None)
        return TLSConfig(
            server_root_ca_cert=self.certificate.encode(), client_cert=own[0], client_private_key=own[1]
        )

    def _run(self, *words: str) -> None:
        run(["openssl", *words], cwd=self._folder)
