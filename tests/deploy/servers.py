"""The chart's server pod."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.chart import Helm, Manifest, only
from deploy.pod import Pod, pod
from support.processes import free_port
from support.servers import PERDURE

PERDURE_IMAGE = {"/usr/local/bin/perdure": PERDURE}


def free_ports() -> dict[str, int]:
    return {"grpc": free_port(), "metrics": free_port(), "health": free_port()}


@contextmanager
def server_pod(
    helm: Helm, folder: Path, dsn: str, values: Manifest | None = None, secrets: Manifest | None = None
) -> Iterator[Pod]:
    """The StatefulSet's pod, not started. The wait before SIGTERM is short."""
    given = {"ports": free_ports(), "server": {"preStopSeconds": 1}, **(values or {})}
    manifests = helm.render_with(given, folder)
    data = {"perdure-database": {"dsn": dsn}, **(secrets or {})}
    with pod(only(manifests, "StatefulSet"), manifests, data, PERDURE_IMAGE, {}) as made:
        yield made
