"""The blocks of docs/operations.md."""

import re
import textwrap

from support.servers import REPOSITORY

PAGE = REPOSITORY / "docs/operations.md"
_BLOCK = re.compile(r"^( *)```(\w+)\n(.*?)^\1```$", re.DOTALL | re.MULTILINE)


def blocks(language: str) -> list[str]:
    return [textwrap.dedent(match[3]) for match in _BLOCK.finditer(PAGE.read_text()) if match[2] == language]


def file(name: str) -> str:
    """The block that begins with its file's name."""
    for language in ("python", "yaml"):
        for block in blocks(language):
            if block.startswith(f"# {name}\n"):
                return block
    raise AssertionError(f"{PAGE.name} has no {name}")


def command(words: str) -> str:
    """The one command of the page that begins so."""
    (found,) = {line for block in blocks("bash") for line in block.splitlines() if line.startswith(words)}
    return found
