"""What activities began, in a file that outlives the processes that write it."""

import os
from collections import Counter
from pathlib import Path


def record(path: Path, entry: str) -> None:
    """Appends a line, whole or not at all, and returns when it is on disk."""
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    try:
        os.write(file, f"{entry}\n".encode())
        os.fsync(file)
    finally:
        os.close(file)


def entries(path: Path) -> list[str]:
    return path.read_text().splitlines()


def duplicates(path: Path) -> list[str]:
    return sorted(entry for entry, count in Counter(entries(path)).items() if count > 1)
