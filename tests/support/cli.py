"""The official `temporal` command, asked about one server."""

import asyncio
import json
from typing import Any

from support.processes import run
from support.servers import TEMPORAL


class Cli:
    def __init__(self, address: str) -> None:
        self._address = address

    async def text(self, *words: str) -> str:
        command = [
            str(TEMPORAL),
            *words,
            "--address",
            self._address,
            "--disable-config-file",
            "--disable-config-env",
        ]
        return await asyncio.to_thread(run, command)

    async def json(self, *words: str) -> Any:
        return json.loads(await self.text(*words, "--output", "json"))
