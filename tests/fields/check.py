"""Whether the lists are complete and true of the code."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from . import api
from .listing import UNTOUCHED, Entry, Section
from .uses import Uses

Methods = dict[str, tuple[Descriptor, Descriptor]]


def readers(field: FieldDescriptor) -> set[str]:
    """The accessors that do nothing but read."""
    name = api.cpp_name(field)
    return {name, f"has_{name}", f"{name}_size", f"release_{name}"}


def fillers(field: FieldDescriptor) -> set[str]:
    name = api.cpp_name(field)
    return {f"set_{name}", f"add_{name}", f"set_allocated_{name}"}


def accessors(field: FieldDescriptor, direction: str) -> set[str]:
    """Those that show that a file reads, or fills, the field."""
    both = {f"mutable_{api.cpp_name(field)}"}
    if direction == "out":
        return fillers(field) | both
    of_oneof = {f"{field.containing_oneof.name}_case"} if field.containing_oneof is not None else set()
    return readers(field) | both | of_oneof


class Check:
    def __init__(self, sections: list[Section], methods: Methods, uses: Uses, root: Path = api.ROOT) -> None:
        self.sections = {(section.direction, section.message): section for section in sections}
        self.all = sections
        self.methods = methods
        self.uses = uses
        self.root = root
        self.called = set().union(*uses.values()) if uses else set()

    def problems(self) -> list[str]:
        return [*self.twice(), *self.misplaced(), *self.reach(), *self.wrong()]

    def twice(self) -> Iterator[str]:
        seen: dict[tuple[str, str], str] = {}
        for section in self.all:
            key = (section.direction, section.message)
            if key in seen:
                yield f"{section.origin}: `{' '.join(key)}` stands in {seen[key]}, too"
            seen[key] = section.origin

    def misplaced(self) -> Iterator[str]:
        """A method's own messages stand in its file; all others do not."""
        for name, (request, response) in self.methods.items():
            for key in (("in", request.full_name), ("out", response.full_name)):
                section = self.sections.get(key)
                if section is not None and section.origin != f"methods/{name}.txt":
                    yield f"{section.origin}: `{' '.join(key)}` belongs into methods/{name}.txt"

    def reach(self) -> Iterator[str]:
        """Every message that a built method can take or give has a section; nothing else has."""
        waiting = [("in", request) for request, _ in self.methods.values()]
        waiting += [("out", response) for _, response in self.methods.values()]
        reached: set[tuple[str, str]] = set()
        while waiting:
            direction, held = waiting.pop()
            key = (direction, held.full_name)
            if key in reached:
                continue
            reached.add(key)
            section = self.sections.get(key)
            if section is None:
                yield f"`{' '.join(key)}` is on no list; its fields: {', '.join(f.name for f in held.fields)}"
                continue
            for field in held.fields:
                entry = section.entries.get(field.name)
                inside = api.held_message(field)
                if inside is not None and entry is not None and entry.way in ("read", "fill", "bytes"):
                    waiting.append((direction, inside))
        for section in self.all:
            if (section.direction, section.message) not in reached:
                yield f"{section.origin}: `{section.direction} {section.message}` is in no built method"

    def wrong(self) -> Iterator[str]:
        for section in self.all:
            held = api.message(section.message)
            if held is None:
                yield f"{section.origin}: the API has no message {section.message}"
                continue
            for field in held.fields:
                if field.name not in section.entries:
                    yield f"{section.origin}: {section.direction} {field.full_name} is on no list"
            for name, entry in section.entries.items():
                where = f"{section.origin}: {section.direction} {section.message}.{name}"
                field = held.fields_by_name.get(name)
                if field is None:
                    yield f"{where} is not in the API"
                    continue
                problem = self.untrue(section, field, entry)
                if problem:
                    yield f"{where}: {problem}"

    def untrue(self, section: Section, field: FieldDescriptor, entry: Entry) -> str | None:
        if entry.way in UNTOUCHED:
            return self.touched(section, field)
        if entry.way == "whole" and api.held_message(field) is None:
            return "only a message can be taken whole"
        path = self.root / entry.what
        if not path.is_file():
            return f"there is no file {entry.what}"
        if entry.way == "bytes":
            number = "k" + "".join(word.capitalize() for word in field.name.split("_")) + "FieldNumber"
            return None if number in code(path) else f"{entry.what} does not use {number}"
        wanted = accessors(field, section.direction)
        held = api.cpp_class(field.containing_type)
        # What a header calls is a symbol in the objects of those that include it.
        called = self.called if path.suffix == ".h" else self.uses.get(entry.what, set())
        written = {accessor for accessor in wanted if re.search(rf"\b{accessor}\s*[(<]", code(path))}
        if not any((held, accessor) in called for accessor in written):
            return f"{entry.what} calls none of {', '.join(sorted(wanted))}"
        return None

    def touched(self, section: Section, field: FieldDescriptor) -> str | None:
        forbidden = readers(field) if section.direction == "in" else fillers(field)
        other = "out" if section.direction == "in" else "in"
        # A message that goes both ways may be changed for the other.
        if (other, section.message) not in self.sections:
            forbidden = forbidden | {f"mutable_{api.cpp_name(field)}"}
        held = api.cpp_class(field.containing_type)
        users = {
            f"{source} ({accessor})"
            for source, called in self.uses.items()
            for accessor in forbidden
            if (held, accessor) in called
        }
        return f"it is not without effect: {', '.join(sorted(users))}" if users else None


@cache
def code(path: Path) -> str:
    """Without comments and literals."""
    text = re.sub(r'"(?:\\.|[^"\\\n])*"', '""', path.read_text())
    return re.sub(r"//[^\n]*", "", text)
