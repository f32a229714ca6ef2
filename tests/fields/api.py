"""The API's messages, from its descriptors, and which methods are built."""

import re
from functools import cache
from pathlib import Path

from google.protobuf import descriptor_pb2, descriptor_pool
from google.protobuf.descriptor import Descriptor, FieldDescriptor

ROOT = Path(__file__).parents[2]
DESCRIPTORS = ROOT / "build/api/api.binpb"
METHOD_TABLE = ROOT / "server/frontend/method_table.cc"
SERVICES = {
    "W": "temporal.api.workflowservice.v1.WorkflowService",
    "O": "temporal.api.operatorservice.v1.OperatorService",
}
# Words of C++ that the API uses as names: protoc, or our build, adds an underscore.
CPP_WORDS = {
    "namespace",
    "operator",
    "private",
    "public",
    "protected",
    "default",
    "delete",
    "export",
    "register",
}


@cache
def pool() -> descriptor_pool.DescriptorPool:
    made = descriptor_pool.DescriptorPool()
    for file in descriptor_pb2.FileDescriptorSet.FromString(DESCRIPTORS.read_bytes()).file:
        made.Add(file)
    return made


def message(name: str) -> Descriptor | None:
    try:
        return pool().FindMessageTypeByName(name)
    except KeyError:
        return None


def built_methods() -> dict[str, tuple[Descriptor, Descriptor]]:
    """Request and response of each method that has a handler in the method table."""
    lines = re.findall(r'^\s*\{(\w), "(\w+)", .*\bHandle<\w+>\},$', METHOD_TABLE.read_text(), re.MULTILINE)
    methods = {}
    for service, name in lines:
        method = pool().FindServiceByName(SERVICES[service]).methods_by_name[name]
        methods[name] = (method.input_type, method.output_type)
    return methods


def held_message(field: FieldDescriptor) -> Descriptor | None:
    """The API's message in a field or in the values of its map; none in scalars and in Google's own types."""
    held = field.message_type
    if held is not None and held.GetOptions().map_entry:
        held = held.fields_by_name["value"].message_type
    if held is None or held.full_name.startswith("google.protobuf."):
        return None
    return held


def cpp_class(held: Descriptor) -> str:
    """As the compiler names it: temporal::api::common::v1::Link_WorkflowEvent."""
    package = [word + "_" if word in CPP_WORDS else word for word in held.file.package.split(".")]
    inside = held.full_name.removeprefix(held.file.package + ".").replace(".", "_")
    return "::".join([*package, inside])


def cpp_name(field: FieldDescriptor) -> str:
    return field.name + "_" if field.name in CPP_WORDS else field.name
