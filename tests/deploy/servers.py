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


@contextmanager
def server_and_worker(
    manifests: list[Manifest], secrets: Manifest, program: Path
) -> Iterator[tuple[Pod, Pod]]:
    """The pods of the StatefulSet and of the Deployment, whose image has `program` in /app; both running."""
    names = {"perdure.default.svc": "127.0.0.1"}
    image = {f"/app/{program.name}": program}
    with (
        pod(only(manifests, "StatefulSet"), manifests, secrets, PERDURE_IMAGE, names) as server,
        pod(only(manifests, "Deployment"), manifests, secrets, image, names) as worker,
    ):
        server.run_init_containers()
        server.start()
        server.wait_started()
        worker.start()
        yield server, worker
