"""Runs what a manifest says of a pod as processes of this machine, the way a node's kubelet would.

Volumes become folders below one of the pod's own, with the owners and modes that the manifest gives them;
every mounted path in commands, arguments, environment and ConfigMaps is that folder's. The image is what
`image` names: files by their path in the container. Run by root, the processes have the manifest's user and
groups, so a file that it cannot read is noticed, and nothing of the image or of a volume can be written.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from deploy.chart import Manifest, of_kind
from support.processes import tail

IS_ROOT = os.geteuid() == 0
# Of a container: what it brings itself, and what stands for its image's.
PATH = f"{Path(sys.executable).parent}:{os.environ['PATH']}"


def _anyone_may_run(program: str) -> bool:
    found = shutil.which(program, path=PATH)
    assert found, f"no {program}"
    return all(folder.stat().st_mode & 0o001 for folder in Path(found).parents)


class Pod:
    """One pod of a StatefulSet or Deployment. Nothing runs until run_init_containers() and start()."""

    def __init__(
        self,
        owner: Manifest,
        manifests: list[Manifest],
        secrets: Mapping[str, Mapping[str, str]],
        image: Mapping[str, Path],
        names: Mapping[str, str],
    ) -> None:
        """`names`: what stands for names that only a cluster resolves."""
        self._spec: Manifest = owner["spec"]["template"]["spec"]
        self._container: Manifest = self._spec["containers"][0]
        self.name = f"{owner['metadata']['name']}-0"
        self._config_maps = {m["metadata"]["name"]: m["data"] for m in of_kind(manifests, "ConfigMap")}
        self._secrets = secrets
        # Not pytest's folder, which other users cannot enter.
        self.folder = Path(tempfile.mkdtemp(prefix="perdure-pod-"))
        self.folder.chmod(0o755)
        self.log = self.folder / "log"
        self.log.touch()
        self._process: subprocess.Popen[bytes] | None = None
        self._paths = dict(names)
        for place, file in image.items():
            self._add_image_file(place, file)
        self.mount()

    # --- life

    def run_init_containers(self) -> str:
        """What they say; one that fails raises with it."""
        said = ""
        for container in self._spec.get("initContainers", []):
            command = [*self._there(container["command"]), *self._there(container["args"])]
            done = subprocess.run(
                command,
                env=self._environment(container),
                capture_output=True,
                text=True,
                **self._process_options(command),
            )
            assert done.returncode == 0, f"{container['name']}: {done.stdout}{done.stderr}"
            said += done.stdout
        return said

    def start(self) -> None:
        container = self._container
        command = [*self._there(container.get("command", [])), *self._there(container.get("args", []))]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                env=self._environment(container),
                stdout=log,
                stderr=log,
                **self._process_options(command),
            )

    def probe(self, kind: str) -> int:
        """The status that a probe's request is answered with; 0 if it is not answered in the probe's time."""
        probe = self._container[f"{kind}Probe"]
        request = probe["httpGet"]
        url = f"http://127.0.0.1:{self.port(request['port'])}{request['path']}"
        try:
            with urllib.request.urlopen(url, timeout=probe["timeoutSeconds"]) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    def wait_started(self) -> None:
        """As the startup probe allows, then until it is ready. The probes' periods are not waited for."""
        probe = self._container["startupProbe"]
        self._wait("startup", 200, probe["periodSeconds"] * probe["failureThreshold"])
        self.wait_ready()

    def wait_ready(self, seconds: float = 30) -> None:
        self._wait("readiness", 200, seconds)

    def wait_unready(self, seconds: float = 30) -> None:
        self._wait("readiness", 503, seconds)

    def alive(self) -> bool:
        assert self._process is not None
        return self._process.poll() is None

    def delete(self) -> int:
        """preStop, SIGTERM, SIGKILL when the grace is over; the exit code."""
        assert self._process is not None
        grace = self._spec["terminationGracePeriodSeconds"]
        began = time.monotonic()
        if "lifecycle" in self._container:
            command = self._there(self._container["lifecycle"]["preStop"]["exec"]["command"])
            subprocess.run(command, check=True, timeout=grace, **self._process_options(command))
        self._process.send_signal(signal.SIGTERM)
        try:
            code = self._process.wait(timeout=max(0.0, grace - (time.monotonic() - began)))
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait()
        return code

    def kill(self) -> None:
        """SIGKILL, as when the node runs out of memory."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def remove(self) -> None:
        if self._process is not None and self.alive():
            self.kill()
        shutil.rmtree(self.folder)

    # --- what it has

    def port(self, name: str) -> int:
        (port,) = [p["containerPort"] for p in self._container["ports"] if p["name"] == name]
        return int(port)

    def mount(self) -> None:
        """Writes the volumes."""
        mounts = {m["name"]: m["mountPath"] for m in self._container.get("volumeMounts", [])}
        for name, place in mounts.items():
            self._paths[place] = str(self.folder / "volumes" / name)
        for volume in self._spec.get("volumes", []):
            files, mode = self._files_of(volume)
            self._project(self.folder / "volumes" / volume["name"], files, mode)

    def set_secrets(self, secrets: Mapping[str, Mapping[str, str]]) -> None:
        """They change under the running pod."""
        self._secrets = secrets
        self.mount()

    def _files_of(self, volume: Manifest) -> tuple[dict[str, str], int]:
        if "configMap" in volume:
            data = self._config_maps[volume["configMap"]["name"]]
            return {key: self._with_paths(text) for key, text in data.items()}, 0o644
        secret = volume["secret"]
        data = self._secrets[secret["secretName"]]
        items = secret.get("items") or [{"key": key, "path": key} for key in data]
        return {item["path"]: data[item["key"]] for item in items}, secret["defaultMode"]

    def _project(self, folder: Path, files: dict[str, str], mode: int) -> None:
        """All files of a volume at once: they are links into a folder, and the link to that is exchanged."""
        version = folder / f"..{time.monotonic_ns()}"
        version.mkdir(parents=True)
        for file, content in files.items():
            path = version / file
            path.write_text(content)
            path.chmod(mode)
            if IS_ROOT:
                os.chown(path, 0, self._spec["securityContext"]["fsGroup"])
            if not (folder / file).is_symlink():
                (folder / file).symlink_to(Path("..data") / file)
        (folder / "..new").symlink_to(version.name)
        (folder / "..new").rename(folder / "..data")

    def _add_image_file(self, place: str, file: Path) -> None:
        there = self.folder / "image" / place.lstrip("/")
        there.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, there)
        self._paths[place] = str(there)

    # --- how its processes run

    def _environment(self, container: Manifest) -> dict[str, str]:
        found = {"PATH": PATH, "HOSTNAME": self.name}
        for entry in container.get("env", []):
            if "valueFrom" in entry:
                assert entry["valueFrom"] == {"fieldRef": {"fieldPath": "metadata.name"}}
                found[entry["name"]] = self.name
            else:
                found[entry["name"]] = self._with_paths(entry["value"])
        return found

    def _process_options(self, command: list[str]) -> dict[str, Any]:
        options: dict[str, Any] = {"cwd": self.folder}
        security = self._spec["securityContext"]
        # What stands for a program of another image may lie where only its owner gets.
        if IS_ROOT and _anyone_may_run(command[0]):
            options |= {"user": security["runAsUser"], "group": security["runAsGroup"]}
            options |= {"extra_groups": [security["fsGroup"]]}
        return options

    def _there(self, words: list[str]) -> list[str]:
        return [self._with_paths(word) for word in words]

    def _with_paths(self, text: str) -> str:
        for place, there in sorted(self._paths.items(), key=lambda item: -len(item[0])):
            text = text.replace(place, there)
        return text

    def _wait(self, kind: str, status: int, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while (found := self.probe(kind)) != status:
            assert self.alive(), f"it ended:\n{tail(self.log)}"
            assert time.monotonic() < deadline, f"{kind} says {found} after {seconds} s:\n{tail(self.log)}"
            time.sleep(0.05)


@contextmanager
def pod(*arguments: Any, **options: Any) -> Iterator[Pod]:
    made = Pod(*arguments, **options)
    try:
        yield made
    finally:
        made.remove()
