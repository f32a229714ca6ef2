"""An HTTP/2 client that sends whatever it is told to, frame by frame; it checks and answers nothing."""

import contextlib
import socket
import ssl
import struct
from collections.abc import Iterator
from pathlib import Path

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = 0, 1, 3, 4, 6, 7, 8, 9
END_STREAM, ACK, END_HEADERS = 0x1, 0x1, 0x4
INITIAL_WINDOW_SIZE = 4

SERVICE = "/temporal.api.workflowservice.v1.WorkflowService/"


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def _text(text: str) -> bytes:
    """A string of HPACK, of up to 126 bytes."""
    raw = text.encode()
    assert len(raw) < 127
    return bytes([len(raw)]) + raw


def request_block(path: str, *more: tuple[str, str]) -> bytes:
    """The header block of a gRPC call; no table of the connection is used or changed."""
    block = b"\x83\x86" + b"\x04" + _text(path) + b"\x01" + _text("localhost")
    fields = [("content-type", "application/grpc"), ("te", "trailers"), *more]
    return block + b"".join(b"\x00" + _text(name) + _text(value) for name, value in fields)


def message(body: bytes) -> bytes:
    """As gRPC frames it."""
    return b"\x00" + struct.pack(">I", len(body)) + body


def data(stream: int, body: bytes, end: bool = True) -> bytes:
    """In frames of the size that every peer takes."""
    chunks = [body[at : at + 16384] for at in range(0, len(body), 16384)] or [b""]
    last = len(chunks) - 1
    return b"".join(
        frame(DATA, END_STREAM if end and at == last else 0, stream, chunk) for at, chunk in enumerate(chunks)
    )


def call(stream: int, method: str, body: bytes) -> bytes:
    """A whole call of the workflow service."""
    return frame(HEADERS, END_HEADERS, stream, request_block(SERVICE + method)) + data(stream, message(body))


def tls_context(authority: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=authority)
    context.set_alpn_protocols(["h2"])
    return context


class RawConnection:
    """Connected, with preface and settings sent. Only `drain` and `frames` read what the server sends."""

    def __init__(
        self, port: int, authority: Path | None = None, settings: dict[int, int] | None = None
    ) -> None:
        plain = socket.create_connection(("127.0.0.1", port), timeout=5)
        self.socket: socket.socket = plain
        if authority is not None:
            self.socket = tls_context(authority).wrap_socket(plain, server_hostname="localhost")
        self._incoming = self.socket.makefile("rb")  # for frames alone
        payload = b"".join(struct.pack(">HI", key, value) for key, value in (settings or {}).items())
        self.socket.sendall(PREFACE + frame(SETTINGS, 0, 0, payload) + frame(SETTINGS, ACK, 0))

    def send(self, raw: bytes) -> bool:
        """False: the server has closed the connection, or takes nothing for a second."""
        self.socket.settimeout(1)
        try:
            self.socket.sendall(raw)
            return True
        except OSError:
            return False

    def drain(self) -> bool:
        """Reads what is there, and throws it away. False: the connection is closed."""
        self.socket.settimeout(0)
        try:
            while True:
                if not self.socket.recv(1 << 20):
                    return False
        except (BlockingIOError, ssl.SSLWantReadError):
            return True
        except OSError:
            return False

    def frames(self) -> Iterator[tuple[int, int, bytes]]:
        """Kind, stream and payload of each that comes, until the connection is closed."""
        self.socket.settimeout(10)
        while len(head := self._incoming.read(9)) == 9:
            length, stream = int.from_bytes(head[:3], "big"), int.from_bytes(head[5:], "big")
            yield head[3], stream, self._incoming.read(length)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self.socket.close()
