"""TLS handshakes that are refused: each is counted by its reason, and the log names one a minute."""

import contextlib
import socket
import ssl
from pathlib import Path

import pytest

from support.certificates import Authority
from support.raw_h2 import PREFACE, tls_context
from support.target import HonestCaller, Target


def refused(target: Target, reason: str) -> float:
    return target.metrics().get(f'perdure_tls_refused{{reason="{reason}"}}', 0)


def shake_hands(target: Target, context: ssl.SSLContext) -> None:
    """Until the server, or this client, has ended the connection."""
    with socket.create_connection(("127.0.0.1", target.port), timeout=5) as plain:
        with contextlib.suppress(OSError), context.wrap_socket(plain, server_hostname="localhost") as secured:
            while secured.recv(1000):
                pass


def speak_plain_text(target: Target) -> None:
    with socket.create_connection(("127.0.0.1", target.port), timeout=5) as plain:
        plain.sendall(PREFACE)
        with contextlib.suppress(ConnectionResetError):
            while plain.recv(1000):
                pass


def old_version(authority: Path) -> ssl.SSLContext:
    context = tls_context(authority)
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.TLSv1_1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    return context


def another_protocol(authority: Path) -> ssl.SSLContext:
    context = tls_context(authority)
    context.set_alpn_protocols(["http/1.1"])
    return context


def no_protocol(authority: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=authority)


@pytest.mark.timeout(180)
def test_refused_handshakes_are_counted_by_reason(tmp_path: Path) -> None:
    target = Target(tmp_path, tls=True)
    target.start()
    try:
        authority = target.authority
        assert authority is not None
        speak_plain_text(target)
        shake_hands(target, old_version(authority))
        shake_hands(target, another_protocol(authority))
        shake_hands(target, no_protocol(authority))
        shake_hands(target, tls_context(Authority(tmp_path, "another").path))
        assert refused(target, "plain_text") == 1
        assert refused(target, "version") == 1
        assert refused(target, "alpn") == 2
        assert refused(target, "refused_by_client") == 1
        assert target.limits_met("tls") == 5
        assert len(target.log_lines('kind="tls"')) == 1, "one line a minute"
        honest = HonestCaller(target)
        with target.channel() as channel:
            honest.one_call(channel)
        assert not honest.errors
    finally:
        target.kill()


@pytest.mark.timeout(180)
def test_clients_without_a_right_certificate_are_counted(tmp_path: Path) -> None:
    clients = Authority(tmp_path, "clients")
    target = Target(tmp_path, tls=True, settings={"tls.client_ca_file": str(clients.path)})
    target.start()
    try:
        assert target.authority is not None
        shake_hands(target, tls_context(target.authority))
        strange = tls_context(target.authority)
        certificate, key = Authority(tmp_path, "strangers").issue("stranger")
        strange.load_cert_chain(certificate, key)
        shake_hands(target, strange)
        assert refused(target, "no_certificate") == 1
        assert refused(target, "bad_certificate") == 1
    finally:
        target.kill()
