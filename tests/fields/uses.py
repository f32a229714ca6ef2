"""Which source file calls which accessor of the API's messages.

The preset `fields` compiles what handles the API's messages without inlining, so each accessor that a file
calls is a symbol in its object, named by the compiler with the message that it belongs to.
"""

import re
import subprocess
from pathlib import Path

from .api import ROOT

BUILD = ROOT / "build/fields"
ACCESSOR = re.compile(
    r"^(?:void )?(temporal::api(?:::\w+)+)::([a-z]\w*)(?:\[abi:cxx11\])?(?:<.*>)?\(.*\)(?: const)?$"
)

Uses = dict[str, set[tuple[str, str]]]
"""By source file, the classes and accessors that it calls."""


def build() -> None:
    subprocess.run([ROOT / "scripts/build.sh", "fields", "api_users"], check=True)


def read_objects(folder: Path = BUILD) -> Uses:
    objects = {}
    for path in folder.rglob("*.cc.o"):
        # server/frontend/CMakeFiles/perdure_frontend.dir/handlers/x.cc.o is server/frontend/handlers/x.cc.
        source = re.sub(r"CMakeFiles/[^/]+\.dir/", "", str(path.relative_to(folder))).removesuffix(".o")
        if (ROOT / source).is_file():
            objects[source] = path
    return {source: accessors(path) for source, path in objects.items()}


def accessors(path: Path) -> set[tuple[str, str]]:
    listed = subprocess.run(
        ["nm", "--demangle", "--format=just-symbols", path], check=True, capture_output=True, text=True
    )
    found = set()
    for line in listed.stdout.splitlines():
        match = ACCESSOR.match(line)
        if match:
            found.add((match[1], match[2]))
    return found
