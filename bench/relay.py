"""A port of 127.0.0.1 that leads to another one: what readings put between a server and PostgreSQL.

Each relay has a thread of its own; what it forwards comes in order, and as soon as it may.
"""

import asyncio
import itertools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

CHUNK = 1 << 16


class Relay:
    """Forwards both ways. What a subclass does with one of them, it does in place of that way's method."""

    def __init__(self, to_port: int) -> None:
        self.port = 0
        self._to_port = to_port
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._serve(),))

    @contextmanager
    def serving(self) -> Iterator[Self]:
        self._thread.start()
        self._ready.wait()
        try:
            yield self
        finally:
            self._loop.call_soon_threadsafe(self._end.set)
            self._thread.join()

    async def _serve(self) -> None:
        self._end = asyncio.Event()
        server = await asyncio.start_server(self._connection, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._end.wait()
        server.close()

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answers, requests = await asyncio.open_connection("127.0.0.1", self._to_port)
        ways = (self._pass_requests(reader, requests), self._pass_answers(answers, writer))
        await asyncio.gather(*ways, return_exceptions=True)

    async def _pass_requests(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await forward(reader, writer)

    async def _pass_answers(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await forward(reader, writer)


class Recorder(Relay):
    """Keeps what clients send, each connection's in a file of the folder. What was answered stands there."""

    def __init__(self, to_port: int, folder: Path) -> None:
        super().__init__(to_port)
        self._folder = folder
        self._numbers = itertools.count()

    async def _pass_requests(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with (self._folder / f"connection-{next(self._numbers)}").open("wb", buffering=0) as kept:
            await forward(reader, writer, kept.write)

    def holding(self, part: bytes) -> Path:
        """The one connection that sent this."""
        found = [path for path in self._folder.iterdir() if part in path.read_bytes()]
        if len(found) != 1:
            raise RuntimeError(f"{len(found)} connections sent {part!r}: one was expected")
        return found[0]


async def forward(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    keep: Callable[[bytes], object] = lambda data: None,
) -> None:
    """Until the reader's end, which it passes on. Keeps what it read before it sends it."""
    try:
        while data := await reader.read(CHUNK):
            keep(data)
            writer.write(data)
            await writer.drain()
    finally:
        writer.close()
