"""Sends calls and writes each with its outcome as one step of a transcript."""

import contextlib
import secrets

import grpc

from . import api
from .normalize import Normalizer

CALL_TIMEOUT = 20.0
IDENTITY = "oracle"


class Refusal:
    """An RPC's error; false, so that `if not response` reads well."""

    def __init__(self, error: grpc.RpcError):
        self.code = error.code().name
        self.message = error.details()

    def __bool__(self):
        return False

    def __repr__(self):
        return f"{self.code}: {self.message}"


class Pending:
    """A call under way; `result()` waits for it and writes its step."""

    def __init__(self, recorder: "Recorder", name: str, request, future):
        self.name, self.request = name, request
        self._recorder, self._future = recorder, future

    def result(self):
        return self._recorder.record(self, self.outcome())

    def cancel(self):
        """Gives up; writes no step."""
        self._future.cancel()

    def outcome(self):
        """The response, or the error as a value."""
        try:
            return self._future.result()
        except grpc.RpcError as error:
            return error


class Recorder:
    def __init__(self, address: str, namespace: str = "default"):
        self.namespace = namespace
        self.token = secrets.token_hex(5)
        self.steps: list[dict] = []
        self._normalize = Normalizer(self.token)
        self._channel = grpc.insecure_channel(
            address, options=[("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
        )
        self._request_ids = 0
        self._recording = True

    def close(self):
        self._channel.close()

    def id(self, name: str) -> str:
        """A name that no other scenario uses; the empty name stays empty."""
        return f"{name}-{self.token}" if name else ""

    def request_id(self) -> str:
        self._request_ids += 1
        return f"request-{self._request_ids}"

    def call(self, name: str, request: dict | None = None, timeout: float | None = CALL_TIMEOUT):
        """One call, one step."""
        return self.begin(name, request, timeout).result()

    def begin(self, name: str, request: dict | None = None, timeout: float | None = CALL_TIMEOUT) -> Pending:
        """Sends a call without waiting for it."""
        built, future = self._send(name, request or {}, timeout)
        return Pending(self, name, built, future)

    def call_raw(self, path: str, body: bytes = b""):
        """Bytes to a path; only an error is part of the transcript."""
        step = {"call": path, "request": f"{len(body)} raw bytes"}
        try:
            self._channel.unary_unary(path)(body, timeout=CALL_TIMEOUT, wait_for_ready=True)
        except grpc.RpcError as error:
            step["error"] = self._normalize.error(error)
        self.steps.append(step)

    @contextlib.contextmanager
    def quiet(self):
        """What is called inside is preparation: no part of the transcript, and must succeed."""
        self._recording = False
        try:
            yield
        finally:
            self._recording = True

    def race(self, *calls: Pending) -> list:
        """Waits for calls whose order is open; the order of their steps does not tell who won."""
        outcomes = [call.outcome() for call in calls]
        ranked = sorted(
            zip(calls, outcomes, strict=True),
            key=lambda pair: (isinstance(pair[1], grpc.RpcError), pair[0].request.SerializeToString()),
        )
        return [self.record(call, outcome) for call, outcome in ranked]

    def quiet_race(self, *calls: Pending) -> list:
        """Waits for calls; no step is written. Their outcomes in the calls' order."""
        outcomes = [call.outcome() for call in calls]
        return [Refusal(one) if isinstance(one, grpc.RpcError) else one for one in outcomes]

    def note(self, what: str, value):
        """A step that is no call: what the scenario found out, of messages or plain data."""
        values = (
            [self._normalize.message(one) if hasattr(one, "DESCRIPTOR") else one for one in value]
            if isinstance(value, list)
            else value
        )
        self.steps.append({"note": what, "found": values})

    def shown(self, text: str) -> str:
        """A text as it stands in the transcript."""
        return self._normalize.text(text)

    def quietly(self, name: str, request: dict, timeout: float | None = CALL_TIMEOUT):
        """A call that is no part of the transcript; raises if it fails."""
        return self._send(name, request, timeout)[1].result()

    def attempt(self, name: str, request: dict, timeout: float | None = CALL_TIMEOUT):
        """The same of a call that may fail: then a Refusal."""
        try:
            return self.quietly(name, request, timeout)
        except grpc.RpcError as error:
            return Refusal(error)

    def refusal_of(self, name: str, request: dict, timeout: float | None = CALL_TIMEOUT) -> dict | None:
        """The same: its error as a transcript has it; None where it succeeds."""
        try:
            self.quietly(name, request, timeout)
        except grpc.RpcError as error:
            return self._normalize.error(error)
        return None

    def _send(self, name, request, timeout):
        path, request_class, response_class = api.method(name)
        built = request_class(**request)
        rpc = self._channel.unary_unary(
            path,
            request_serializer=request_class.SerializeToString,
            response_deserializer=response_class.FromString,
        )
        return built, rpc.future(built, timeout=timeout, wait_for_ready=True)

    def record(self, call: Pending, outcome, since: int = 0):
        """Writes the step of a call that has ended, with events from id `since` on only."""
        failed = isinstance(outcome, grpc.RpcError)
        if not self._recording:
            if failed:
                raise AssertionError(
                    f"preparation failed: {call.name}: {outcome.code().name} {outcome.details()}"
                )
            return outcome
        step = {"call": call.name, "request": self._shown(call.request)}
        if failed:
            step["error"] = self._normalize.error(outcome)
            outcome = Refusal(outcome)
        else:
            shown = outcome
            if since:
                step["events shown"] = f"from {since} on"
                shown = type(outcome)()
                shown.CopyFrom(outcome)
                del shown.history.events[:]
                shown.history.events.extend(e for e in outcome.history.events if e.event_id >= since)
            step["response"] = self._normalize.message(shown)
        self.steps.append(step)
        return outcome

    def _shown(self, request) -> dict:
        """The request, without what every request of the story has."""
        shown = self._normalize.request(request)
        if shown.get("namespace") == self.namespace:
            del shown["namespace"]
        if shown.get("identity") == IDENTITY:
            del shown["identity"]
        return shown
