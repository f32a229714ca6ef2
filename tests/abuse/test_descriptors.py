"""Descriptors: as many as the process may have, and no more."""

import contextlib
import resource
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import grpc
import pytest

from support.probes import probe
from support.processes import wait_until
from support.target import HonestCaller, Target, long_history


def limited(soft: int, hard: int) -> Callable[[], None]:
    return lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def all_rest(pid: int) -> bool:
    """Whether every thread has begun and waits for something."""
    tasks = Path(f"/proc/{pid}/task").glob("*/stat")
    return all(task.read_text().rsplit(")", 1)[1].split()[0] == "S" for task in tasks)


class Limited(Target):
    """With so many descriptors."""

    def __init__(self, folder: Path, descriptors: int, tls: bool = False) -> None:
        super().__init__(folder, tls)
        self._descriptors = descriptors

    def launch(self) -> None:
        with self.log.open("ab") as log:
            preparation = limited(self._descriptors, self._descriptors)
            self._process = subprocess.Popen(self.command(), stdout=log, stderr=log, preexec_fn=preparation)


@pytest.mark.timeout(180)
def test_running_out_is_survived(tmp_path: Path) -> None:
    target = Limited(tmp_path, 64)
    target.start()
    try:
        for _ in range(2):
            connections = []
            for _ in range(120):
                try:
                    connections.append(socket.create_connection(("127.0.0.1", target.port), timeout=1))
                except OSError:
                    break
            answer = probe(target.health_port, "/livez")
            assert answer is not None and answer.code == 200
            for connection in connections:
                connection.close()
        honest = HonestCaller(target)
        time.sleep(1)
        with target.channel() as channel:
            honest.one_call(channel)
        assert not honest.errors
        ready = probe(target.health_port, "/readyz")
        assert ready is not None and ready.code == 200
        assert len(target.log_lines('kind="connections"')) == 1
    finally:
        target.kill()


@pytest.mark.timeout(180)
def test_the_soft_limit_is_raised(tmp_path: Path) -> None:
    target = Target(tmp_path, tls=False)
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with target.log.open("ab") as log:
        target._process = subprocess.Popen(
            target.command(), stdout=log, stderr=log, preexec_fn=limited(64, hard)
        )
    try:
        target.wait_ready()
        limits = Path(f"/proc/{target.pid}/limits").read_text()
        (line,) = [line for line in limits.splitlines() if line.startswith("Max open files")]
        assert int(line.split()[3]) > 64
    finally:
        target.kill()


@pytest.mark.timeout(180)
def test_too_few_descriptors_are_one_line(tmp_path: Path) -> None:
    target = Limited(tmp_path, 20)
    target.launch()
    assert target._process is not None
    assert target._process.wait(timeout=20) == 1
    lines = [line for line in target.log.read_text().splitlines() if "level=info" not in line]
    assert len(lines) == 1, lines
    assert "descriptors" in lines[0]


@pytest.mark.timeout(180)
def test_out_of_memory_is_one_line_and_a_code_of_its_own(tmp_path: Path) -> None:
    target = Target(tmp_path, tls=False)
    target.start()
    assert target._process is not None
    # jemalloc itself crashes where it has nothing for a thread's first allocation.
    wait_until("threads begun", lambda: all_rest(target.pid), target._process, target.log)
    # No byte more than it has.
    resource.prlimit(target.pid, resource.RLIMIT_DATA, (1 << 20, 1 << 20))
    with contextlib.suppress(grpc.RpcError):
        for number in range(200):
            long_history(target, f"run-{number}", 1_500_000)
    assert target._process.wait(timeout=20) == 4
    lines = [line for line in target.log.read_text().splitlines() if "out of memory" in line]
    assert len(lines) == 1, target.log.read_text()
