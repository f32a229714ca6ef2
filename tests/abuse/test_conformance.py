"""HTTP/2 as RFC 9113 and RFC 7541 have it: h2spec, and what it does not ask."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from support import closed_loop
from support.raw_h2 import (
    END_HEADERS,
    END_STREAM,
    GOAWAY,
    HEADERS,
    SERVICE,
    RawConnection,
    call,
    data,
    frame,
    request_block,
)
from support.target import Target

STREAM_CLOSED = 5
KNOWN = {
    # It wants an answer with a body, and to what is no call of gRPC there is none.
    "Sends a WINDOW_UPDATE frame on half-closed (remote) stream",
    "Sends a PRIORITY frame on half-closed (remote) stream",
    # libnghttp2 drops them, and says nothing.
    "closed: Sends a DATA frame after sending RST_STREAM frame",
    "closed: Sends a DATA frame",
}


def first(connection: RawConnection, kind: int, stream: int) -> bytes:
    """The payload of the next frame of that kind on that stream."""
    return next(payload for *found, payload in connection.frames() if found == [kind, stream])


@pytest.mark.timeout(180)
def test_a_call_on_a_closed_stream_ends_the_connection(plain_target: Target) -> None:
    connection = plain_target.connect()
    connection.send(call(1, "GetSystemInfo", b""))
    first(connection, HEADERS, 1)
    connection.send(call(3, "GetSystemInfo", b""))
    first(connection, HEADERS, 3)
    connection.send(frame(HEADERS, END_HEADERS | END_STREAM, 1, request_block(SERVICE + "GetSystemInfo")))
    assert int.from_bytes(first(connection, GOAWAY, 0)[4:8], "big") == STREAM_CLOSED
    connection.close()


@pytest.mark.timeout(180)
def test_what_was_on_its_way_when_the_server_ended_the_call_is_no_error(plain_target: Target) -> None:
    connection = plain_target.connect()
    connection.send(frame(HEADERS, END_HEADERS, 1, request_block(SERVICE + "StartWorkflowExecution")))
    too_large = b"\x00" + (5 << 20).to_bytes(4, "big")
    connection.send(data(1, too_large, end=False))
    first(connection, HEADERS, 1)
    connection.send(data(1, b"x" * 1000, end=False))
    connection.send(call(3, "GetSystemInfo", b""))
    first(connection, HEADERS, 3)
    connection.close()


@pytest.mark.timeout(1200)
@pytest.mark.skipif("PERDURE_TEST_FULL" not in os.environ, reason="takes a quarter of a minute: --full")
def test_h2spec(target: Target) -> None:
    program = closed_loop.BUILD / "go" / "h2spec"
    source = Path(__file__).parent / "h2spec"
    build = ["go", "build", "-o", str(program), "github.com/summerwind/h2spec/cmd/h2spec"]
    subprocess.run(build, cwd=source, env=closed_loop.environment(), check=True)
    command = [str(program), "--host", "127.0.0.1", "--port", str(target.port), "--timeout", "2"]
    command += ["--path", SERVICE + "GetSystemInfo", *(["--tls", "--insecure"] if target.authority else [])]
    output = subprocess.run(command, capture_output=True, text=True).stdout
    assert re.search(r"\d+ tests, \d{3} passed", output), output
    failures = output.partition("Failures:")[2]
    assert set(re.findall(r"\u00d7 \d+: (.*)", failures)) <= KNOWN, failures
