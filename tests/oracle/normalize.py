"""Turns messages and errors into plain data from which everything free to vary is gone.

What varies is replaced, not dropped, and the same value gets the same placeholder within one transcript, so
that relations ("this event names the run that the start returned") are still compared:

  uuids           <run-1>, <id-1>: run-N where the field that showed it first is a run id
  timestamps      <time>, or <zero time> for an explicit zero
  task tokens     <token-1>, a new number each time the server shows one (two may be equal or not)
  page tokens     <page-1>, the same; long-poll tokens <poll-1>
  sizes, counters <n> when positive (FREE_NUMBERS)

An event that one transcript shows again unchanged becomes "<id> <type>, as before".

Fields in IGNORED say how one server schedules its work, not what it promises, and are left out.
"""

import re

from google.protobuf.descriptor import FieldDescriptor
from google.rpc import status_pb2

# Later attempts of a workflow task get more time, with jitter.
STEADY_ATTEMPTS = 3
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
SYNTAX_ERROR = re.compile("(malformed SQL query): .*")
LONG_RUN = re.compile("x{50,}")  # how scenarios make something too long

# (message, field): left out of the transcript.
IGNORED = {
    ("TaskQueueStats", "tasks_add_rate"): "measured",
    ("TaskQueueStats", "tasks_dispatch_rate"): "measured",
    ("TaskQueueStatus", "task_id_block"): "an internal sequence number",
    ("TaskQueueStatus", "read_level"): "an internal sequence number",
    ("TaskQueueStatus", "ack_level"): "an internal sequence number",
    ("NamespaceConfig", "custom_search_attribute_aliases"): "how the store names its columns",
    ("GetClusterInfoResponse", "server_version"): "the server's own",
    ("GetClusterInfoResponse", "history_shard_count"): "the server's own",
    ("GetClusterInfoResponse", "persistence_store"): "the server's own",
    ("GetClusterInfoResponse", "visibility_store"): "the server's own",
    ("GetSystemInfoResponse", "server_version"): "the server's own",
    ("HistoryEvent", "event_time"): "a time",
    ("HistoryEvent", "version"): "the failover version of a cluster",
    ("HistoryEvent", "task_id"): "an internal sequence number",
    ("PollWorkflowTaskQueueResponse", "backlog_count_hint"): "a hint",
    ("PollWorkflowTaskQueueResponse", "poller_scaling_decision"): "depends on how the poll met its task",
    ("PollWorkflowTaskQueueResponse", "poller_group_id"): "how the server partitions pollers",
    ("PollWorkflowTaskQueueResponse", "poller_group_infos"): "how the server partitions pollers",
    ("PollWorkflowTaskQueueResponse", "poller_groups_info"): "how the server partitions pollers",
    ("PollActivityTaskQueueResponse", "poller_scaling_decision"): "depends on how the poll met its task",
    ("PollActivityTaskQueueResponse", "poller_group_id"): "how the server partitions pollers",
    ("PollActivityTaskQueueResponse", "poller_group_infos"): "how the server partitions pollers",
    ("PollActivityTaskQueueResponse", "poller_groups_info"): "how the server partitions pollers",
}

# Lists without an order of their own, and what they are shown by.
UNORDERED = {"pending_activities": "activity_id", "pollers": "identity"}

# Numbers that depend on encoding or timing; zero and not zero are told apart.
FREE_NUMBERS = {"history_size_bytes", "state_size_bytes", "state_transition_count", "size_bytes"}
# Durations that are measured, not configured.
FREE_DURATIONS = {"execution_duration", "approximate_backlog_age"}
# Durations that are the difference of two times; tenths of a second are what counts.
ROUNDED_DURATIONS = {"current_retry_interval"}
# A run begins no sooner than a second after the one that it follows: what is left of that second.
CEILED_DURATIONS = {"first_workflow_task_backoff"}


class Normalizer:
    """Placeholders of one transcript. Not thread safe: one scenario uses it from one thread."""

    def __init__(self, token: str):
        self._suffix = "-" + token  # what makes this scenario's ids unique
        self._seen: dict[object, str] = {}
        self._counts: dict[str, int] = {}
        self._in_request = False
        self._events: list[dict] = []  # as shown so far

    def request(self, msg) -> dict:
        """A request: tokens in it were shown by the server before, or made up."""
        self._in_request = True
        try:
            return self._fields(msg)
        finally:
            self._in_request = False

    def message(self, msg) -> dict | str:
        if msg.DESCRIPTOR.name == "HistoryEvent":
            return self._event(msg)
        return self._fields(msg)

    def _event(self, msg) -> dict | str:
        event = self._fields(msg)
        scheduled = event.get("workflow_task_scheduled_event_attributes")
        if scheduled and msg.workflow_task_scheduled_event_attributes.attempt > STEADY_ATTEMPTS:
            scheduled["start_to_close_timeout"] = "<grown>"
        if event in self._events:
            return f"{event.get('event_id')} {event.get('event_type')}, as before"
        self._events.append(event)
        return event

    def _fields(self, msg) -> dict:
        return {
            field.name: self._field(msg, field, value)
            for field, value in msg.ListFields()
            if (msg.DESCRIPTOR.name, field.name) not in IGNORED
        }

    def error(self, err) -> dict:
        """A grpc.RpcError as code, message and decoded details."""
        out = {"code": err.code().name, "message": self.text(err.details() or "")}
        details = self._details(err)
        if details:
            out["details"] = details
        return out

    def text(self, text: str, kind: str = "id") -> str:
        text = text.replace(self._suffix, "")
        text = UUID.sub(lambda m: self._placeholder(kind, m.group(0)), text)
        text = SYNTAX_ERROR.sub(r"\1: <what the parser says>", text)
        return LONG_RUN.sub(lambda m: f"<x, {len(m.group(0))} times>", text)

    def _details(self, err) -> list:
        packed = [value for key, value in err.trailing_metadata() or () if key == "grpc-status-details-bin"]
        if not packed:
            return []
        status = status_pb2.Status.FromString(packed[0])
        details = [self._any(detail) for detail in status.details]
        if status.code != err.code().value[0] or status.message != err.details():
            details.append({"status differs": [status.code, self.text(status.message)]})
        return details

    def _any(self, packed) -> dict:
        from . import api  # the registry of message classes

        cls = api.message_class(packed.TypeName())
        if cls is None:
            return {"@type": packed.TypeName(), "bytes": len(packed.value)}
        return {"@type": packed.TypeName(), **self.message(cls.FromString(packed.value))}

    def _field(self, msg, field, value):
        if field.message_type and field.message_type.GetOptions().map_entry:
            value_field = field.message_type.fields_by_name["value"]
            return {
                self.text(str(key)): self._value(value_field, value[key]) for key in sorted(value, key=str)
            }
        if field.is_repeated:
            if field.name in UNORDERED:
                value = sorted(value, key=lambda item: getattr(item, UNORDERED[field.name]))
            return [self._value(field, item) for item in value]
        if field.name in FREE_NUMBERS:
            return "<n>" if value else 0
        if field.name in FREE_DURATIONS:
            return "<duration>"
        if field.name in ROUNDED_DURATIONS:
            return f"{round(value.seconds + value.nanos / 1e9, 1):g}s"
        if field.name in CEILED_DURATIONS:
            return f"{value.seconds + (value.nanos > 0)}s"
        return self._value(field, value)

    def _value(self, field, value):
        if field.type == FieldDescriptor.TYPE_MESSAGE:
            return self._submessage(field.message_type.full_name, value)
        if field.type == FieldDescriptor.TYPE_ENUM:
            known = field.enum_type.values_by_number.get(value)
            return known.name if known else value
        if field.type == FieldDescriptor.TYPE_BYTES:
            return self._bytes(field.name, value)
        if field.type == FieldDescriptor.TYPE_STRING:
            return self.text(value, "run" if field.name.endswith("run_id") else "id")
        return value

    def _submessage(self, name: str, value):
        if name == "google.protobuf.Timestamp":
            return "<time>" if value.seconds > 0 else "<zero time>"
        if name == "google.protobuf.Duration":
            return f"{value.seconds + value.nanos / 1e9:g}s"
        if name == "google.protobuf.Any":
            return self._any(value)
        return self.message(value)

    def _bytes(self, name: str, value: bytes):
        if name == "task_token":
            return self._opaque("token", value)
        if name.endswith("page_token"):
            return self._opaque("page", value)
        if name == "long_poll_token":
            return self._opaque("poll", value)
        return self._plain(value)

    def _opaque(self, kind: str, value: bytes) -> str:
        """A server's token by when it was shown last; one that a scenario made up as it is."""
        if self._in_request:
            return self._plain(value) if value.startswith(b"made-up") else self._placeholder(kind, value)
        self._seen.pop(value, None)
        return self._placeholder(kind, value)

    def _plain(self, value: bytes) -> str:
        try:
            return self.text(value.decode("utf-8"))
        except UnicodeDecodeError:
            return f"<{len(value)} bytes>"

    def _placeholder(self, kind: str, value) -> str:
        if value not in self._seen:
            self._counts[kind] = self._counts.get(kind, 0) + 1
            self._seen[value] = f"<{kind}-{self._counts[kind]}>"
        return self._seen[value]
