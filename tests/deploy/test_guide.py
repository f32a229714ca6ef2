"""docs/operations.md, tried: its files, and its commands in its order, on the pods that its values make."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from deploy import guide
from deploy.chart import Helm, Manifest
from deploy.pod import Pod
from deploy.servers import free_ports, server_and_worker
from support.postgres import BIN, create_database
from support.processes import tail
from support.servers import REPOSITORY

pytestmark = pytest.mark.timeout(600, func_only=True)


class Shell:
    """Runs the page's commands in a folder, as a user who has port-forwarded the Service and its tools."""

    def __init__(self, folder: Path, helm: Helm, **environment: str) -> None:
        self._folder = folder
        paths = [str(helm.program.parent), str(Path(sys.executable).parent), str(BIN), os.environ["PATH"]]
        self._environment = {"HOME": str(folder), "PATH": ":".join(paths), **environment}
        self.ran: set[str] = set()

    def __call__(self, words: str, succeeds: bool = True) -> str:
        """The command of the page that begins with these words."""
        line = guide.command(words)
        self.ran.add(line)
        done = subprocess.run(
            ["bash", "-euc", line], cwd=self._folder, env=self._environment, capture_output=True, text=True
        )
        assert (done.returncode == 0) == succeeds, f"{line}\n{done.stdout}{done.stderr}"
        return done.stdout + done.stderr


@contextmanager
def cluster(
    helm: Helm, folder: Path, dsn: str, ports: dict[str, int], worker: str
) -> Iterator[tuple[Pod, Pod]]:
    """Server and worker of greetings.yaml, both running."""
    (folder / "greetings.yaml").write_text(guide.file("greetings.yaml"))
    (folder / "ports.yaml").write_text(yaml.safe_dump({"ports": ports, "server": {"preStopSeconds": 0}}))
    (folder / "greetings.py").write_text(worker)
    manifests: list[Manifest] = helm.render([folder / "greetings.yaml", folder / "ports.yaml"])
    with server_and_worker(manifests, {"perdure-database": {"dsn": dsn}}, folder / "greetings.py") as pods:
        yield pods


def test_from_helm_template_to_a_fixed_workflow(helm: Helm, tmp_path: Path, postgres_dsn: str) -> None:
    dsn, ports = create_database(postgres_dsn), free_ports()
    (tmp_path / "deploy").symlink_to(REPOSITORY / "deploy")
    shell = Shell(tmp_path, helm, TEMPORAL_ADDRESS=f"127.0.0.1:{ports['grpc']}", DSN=dsn)
    greetings = guide.file("greetings.py")
    with cluster(helm, tmp_path, dsn, ports, greetings) as (server, worker):
        assert "kind: StatefulSet" in shell("helm template")
        assert "SERVING" in shell("temporal operator cluster health")
        assert "Hello, Ada" in shell(
            "temporal workflow execute --task-queue greetings --type Greeting --workflow-id greeting-1"
        )

        shell("temporal workflow start --task-queue greetings --type Greeting --workflow-id greeting-2")
        failed = shell("temporal workflow result --workflow-id greeting-2", succeeds=False)
        assert "Message: 'fr'" in failed and "GREETINGS[language]" in failed
        assert "greeting-2" in shell("temporal workflow list")
        shown = shell("temporal workflow show --workflow-id greeting-2")
        assert "ActivityTaskFailed" in shown and "WorkflowExecutionFailed" in shown
        for pod in (worker, server):
            code = pod.delete()
            assert code == 0, tail(pod.log)

    fixed = greetings.replace('{"en": "Hello"}', '{"en": "Hello", "fr": "Bonjour"}')
    assert fixed != greetings
    with cluster(helm, tmp_path, dsn, ports, fixed):
        again = "temporal workflow execute --task-queue greetings --type Greeting --workflow-id greeting-2"
        assert "Bonjour, Jean" in shell(again)
        backup_and_restore(shell, helm, tmp_path, dsn, postgres_dsn, fixed)
    assert shell.ran | {guide.command("pg_restore")} == {
        line for block in guide.blocks("bash") for line in block.splitlines()
    }


def backup_and_restore(
    shell: Shell, helm: Helm, folder: Path, dsn: str, postgres_dsn: str, worker: str
) -> None:
    """A dump of the running server's database, in a new one, under a new server."""
    shell("pg_dump")
    new, ports = create_database(postgres_dsn), free_ports()
    restoring = Shell(folder, helm, TEMPORAL_ADDRESS=f"127.0.0.1:{ports['grpc']}", NEW_DSN=new)
    restoring("pg_restore")
    with cluster(helm, folder, new, ports, worker):
        assert "Bonjour, Jean" in restoring("temporal workflow result --workflow-id greeting-2")
        assert "ActivityTaskCompleted" in restoring("temporal workflow show --workflow-id greeting-2")


@pytest.mark.parametrize("name", ["monitoring.yaml", "tls.yaml"])
def test_other_values_of_the_page(helm: Helm, tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    file.write_text(guide.file(name))
    assert helm.render([file])


def test_every_path_of_the_page_is_there() -> None:
    text = guide.PAGE.read_text()
    for word in ("deploy/Dockerfile", "deploy/helm/perdure/values.yaml", "deploy/helm/values/"):
        assert word in text
        assert (REPOSITORY / word).exists()
