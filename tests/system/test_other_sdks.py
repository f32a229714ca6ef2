"""The Go, TypeScript and Java SDKs: programs of their own in go/, typescript/ and java/, run against the same
servers.

What they install is kept in build/sdk/. Go and Node come with tests/requirements.txt.
"""

import asyncio
import re
from pathlib import Path

import pytest

from support import closed_loop
from support.closed_loop import TOOLS
from support.servers import PERDURE, TEMPORAL, Server

HERE = Path(__file__).parent
# The first run fetches and compiles the SDKs.
pytestmark = pytest.mark.timeout(1200)


async def run(folder: Path, environment: dict[str, str], *command: str) -> str:
    """Runs a command of the tools beside this Python, and fails with what it printed."""
    process = await asyncio.create_subprocess_exec(
        *[str(TOOLS / command[0]), *command[1:]],
        cwd=folder,
        env=closed_loop.environment() | environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        output = (await process.communicate())[0].decode(errors="replace")
    finally:
        if process.returncode is None:
            process.kill()
    if process.returncode != 0:
        pytest.fail(f"{' '.join(command)} exited with {process.returncode}:\n{output}", pytrace=False)
    return output


@pytest.fixture
def environment(server: Server) -> dict[str, str]:
    dev_server = PERDURE if server.is_perdure else TEMPORAL
    return {
        "PERDURE_ADDRESS": server.address,
        "PERDURE_DEV_SERVER": str(dev_server),
        "PERDURE_SERVER_KIND": server.kind,
    }


async def test_go(environment: dict[str, str]) -> None:
    output = await run(HERE / "go", environment, "go", "test", "-count=1", "-v", "./...")
    assert output.count("--- PASS: ") == output.count("=== RUN ") > 0


async def test_typescript(environment: dict[str, str]) -> None:
    folder = await asyncio.to_thread(closed_loop.install_typescript)
    output = await run(folder, environment, "npm", "test")
    tests, passed = (re.search(rf"{word} (\d+)\n", output) for word in ("tests", "pass"))
    assert tests and passed and int(tests[1]) == int(passed[1]) > 0, output


async def test_java(server: Server) -> None:
    printed = await asyncio.to_thread(closed_loop.run_java, "Family", server.address)
    assert printed.splitlines() == ["from second", "from second"]
