"""What is done with each field of the API: the lists in methods/ and messages/.

A section says what is done with a message as it comes from a client (`in`) or goes to one (`out`):

    in temporal.api.workflowservice.v1.SomeRequest
        namespace   read   server/frontend/handlers/handle.h
        input       whole  engine/workflow/run/start_new_run.cc
        old_field   none   Why it has no effect.

`read` and `fill` name a file that does it, and what is inside the field has a section of its own. `whole`
names the file that takes or gives a message as it is, without looking into it. `bytes` names the file that
writes the field into an answer by its number. `kept` is what nobody looks at and what stays in the message
that holds it, as that is stored or passed on. `none` says why nothing is done. A line that begins with # is a
comment.
"""

from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent
WAYS = {"in": {"read", "whole", "kept", "none"}, "out": {"fill", "whole", "bytes", "kept", "none"}}
UNTOUCHED = {"kept", "none"}


@dataclass
class Entry:
    way: str
    what: str
    """The file, or the reason."""


@dataclass
class Section:
    direction: str
    message: str
    origin: str
    entries: dict[str, Entry] = field(default_factory=dict)


class BadList(Exception):
    pass


def parse(text: str, origin: str) -> list[Section]:
    sections: list[Section] = []
    for number, line in enumerate(text.splitlines(), 1):
        at = f"{origin}:{number}"
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if not line[0].isspace():
            direction, _, message = line.strip().partition(" ")
            if direction not in WAYS or not message:
                raise BadList(f"{at}: a section begins with `in MESSAGE` or `out MESSAGE`")
            sections.append(Section(direction, message, origin))
            continue
        words = line.split(None, 2)
        if not sections or len(words) != 3 or words[1] not in WAYS[sections[-1].direction]:
            raise BadList(f"{at}: not `FIELD WAY FILE-OR-REASON`: {line.strip()}")
        if words[0] in sections[-1].entries:
            raise BadList(f"{at}: {words[0]} stands here twice")
        sections[-1].entries[words[0]] = Entry(words[1], words[2])
    return sections


def read_all(folder: Path = HERE) -> list[Section]:
    files = sorted([*folder.glob("methods/*.txt"), *folder.glob("messages/*.txt")])
    return [section for file in files for section in parse(file.read_text(), str(file.relative_to(folder)))]
