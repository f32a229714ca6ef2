"""Half-sent requests to probes and metrics, and too many of them."""

import socket
import urllib.request

import pytest

from support.probes import probe
from support.target import Target


def half_sent(port: int, count: int, sent: bytes) -> list[socket.socket]:
    connections = []
    for _ in range(count):
        connection = socket.create_connection(("127.0.0.1", port), timeout=5)
        connection.sendall(sent)
        connections.append(connection)
    return connections


@pytest.mark.timeout(180)
@pytest.mark.parametrize("count", [5, 200])
def test_half_sent_probes(plain_target: Target, count: int) -> None:
    connections = half_sent(plain_target.health_port, count, b"GET /livez HTTP/1.1\r\nHost: x\r\nA")
    try:
        for path in ("/livez", "/readyz"):
            answer = probe(plain_target.health_port, path)
            assert answer is not None and answer.code == 200
    finally:
        for connection in connections:
            connection.close()


@pytest.mark.timeout(180)
@pytest.mark.parametrize("count", [1, 200])
def test_half_sent_scrapes(plain_target: Target, count: int) -> None:
    connections = half_sent(plain_target.metrics_port, count, b"GET /metrics HT")
    try:
        assert plain_target.metrics()["restarts"] == 1
    finally:
        for connection in connections:
            connection.close()


@pytest.mark.timeout(180)
def test_endless_headers_end(plain_target: Target) -> None:
    connection = socket.create_connection(("127.0.0.1", plain_target.health_port), timeout=5)
    sent = 0
    with pytest.raises(OSError):
        while sent < 64 << 20:
            connection.sendall(b"GET /livez HTTP/1.1\r\n" if sent == 0 else b"X-A: " + b"b" * 1000 + b"\r\n")
            sent += 1000
    connection.close()
    answer = probe(plain_target.health_port, "/livez")
    assert answer is not None and answer.code == 200


@pytest.mark.timeout(180)
def test_a_request_that_does_not_arrive_is_given_up(plain_target: Target) -> None:
    (connection,) = half_sent(plain_target.health_port, 1, b"GET /livez HTTP/1.1\r\nHo")
    connection.settimeout(15)
    assert connection.recv(100) == b""
    connection.close()


@pytest.mark.timeout(180)
def test_scrapes_that_are_compressed_or_kept_alive(plain_target: Target) -> None:
    """As Prometheus asks."""
    headers = {"Accept-Encoding": "gzip", "Accept": "text/plain;version=0.0.4"}
    request = urllib.request.Request(f"http://127.0.0.1:{plain_target.metrics_port}/metrics", headers=headers)
    with urllib.request.urlopen(request, timeout=3) as reply:
        assert reply.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        assert reply.read()
