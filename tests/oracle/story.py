"""The client that scenarios talk to: every call and its outcome becomes one step of the transcript.

A call that fails does not raise: it returns a Refusal (false in a condition), because errors are what many scenarios
are about. Arguments are plain data, given to the request message as they are. Ids that the scenario
makes up are unique on the server (`c.id`) and appear without their suffix in the transcript.
"""

import secrets
import time

import grpc

from . import api
from .normalize import Normalizer

CALL_TIMEOUT = 20.0
POLL_TIMEOUT = 15.0  # an empty poll is answered one second before
STORY_TIMEOUT = 60.0  # what a scenario may wait in all when it looks for an event
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

    def __init__(self, story: "Story", name: str, request, future):
        self._story, self._name, self._request, self._future = story, name, request, future

    def result(self):
        return self._story._finish(self._name, self._request, self._future)


class Story:
    def __init__(self, address: str, namespace: str = "default"):
        self.namespace = namespace
        self.token = secrets.token_hex(5)
        self.steps: list[dict] = []
        self._normalize = Normalizer(self.token)
        self._channel = grpc.insecure_channel(
            address, options=[("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
        )
        self._request_ids = 0

    def close(self):
        self._channel.close()

    def id(self, name: str) -> str:
        """A name that no other scenario uses; the empty name stays empty."""
        return f"{name}-{self.token}" if name else ""

    def request_id(self) -> str:
        self._request_ids += 1
        return f"request-{self._request_ids}"

    # -- calls ---------------------------------------------------------------------------------------------------

    def call(self, name: str, request: dict | None = None, timeout: float | None = CALL_TIMEOUT):
        """One call, one step."""
        return self.begin(name, request, timeout).result()

    def begin(self, name: str, request: dict | None = None, timeout: float | None = CALL_TIMEOUT) -> Pending:
        """Sends a call without waiting for it."""
        built, future = self._send(name, request or {}, timeout)
        return Pending(self, name, built, future)

    def quietly(self, name: str, request: dict, timeout: float | None = CALL_TIMEOUT):
        """A call that is no part of the transcript; raises if it fails."""
        return self._send(name, request, timeout)[1].result()

    def _send(self, name, request, timeout):
        path, request_class, response_class = api.method(name)
        built = request_class(**request)
        rpc = self._channel.unary_unary(
            path, request_serializer=request_class.SerializeToString, response_deserializer=response_class.FromString
        )
        return built, rpc.future(built, timeout=timeout, wait_for_ready=True)

    def _finish(self, name, request, future):
        step = {"call": name, "request": self._shown(request)}
        try:
            outcome = future.result()
            step["response"] = self._normalize.message(outcome)
        except grpc.RpcError as error:
            outcome = Refusal(error)
            step["error"] = self._normalize.error(error)
        self.steps.append(step)
        return outcome

    def _shown(self, request) -> dict:
        """The request, without what every request of the story has."""
        shown = self._normalize.message(request)
        if shown.get("namespace") == self.namespace:
            del shown["namespace"]
        if shown.get("identity") == IDENTITY:
            del shown["identity"]
        return shown

    def _in(self, fields: dict, **defaults) -> dict:
        """Defaults under the caller's fields; None removes a default."""
        merged = {"namespace": self.namespace, **defaults, **fields}
        return {key: value for key, value in merged.items() if value is not None}

    # -- workflow executions -------------------------------------------------------------------------------------

    def start_request(self, workflow_id="wf", **fields) -> dict:
        return self._in(
            fields,
            workflow_id=self.id(workflow_id),
            workflow_type={"name": "Greet"},
            task_queue={"name": self.id("queue")},
            identity=IDENTITY,
            request_id=fields.get("request_id") or self.request_id(),
        )

    def start(self, workflow_id="wf", **fields):
        return self.call("StartWorkflowExecution", self.start_request(workflow_id, **fields))

    def execution(self, workflow_id="wf", run_id="") -> dict:
        return {"workflow_id": self.id(workflow_id), "run_id": run_id}

    def signal(self, name="go", workflow_id="wf", run_id="", **fields):
        execution = self.execution(workflow_id, run_id)
        return self.call(
            "SignalWorkflowExecution",
            self._in(
                fields, workflow_execution=execution, signal_name=name, identity=IDENTITY, request_id=self.request_id()
            ),
        )

    def terminate(self, workflow_id="wf", run_id="", **fields):
        execution = self.execution(workflow_id, run_id)
        return self.call("TerminateWorkflowExecution", self._in(fields, workflow_execution=execution, identity=IDENTITY))

    def cancel(self, workflow_id="wf", run_id="", **fields):
        execution = self.execution(workflow_id, run_id)
        return self.call(
            "RequestCancelWorkflowExecution",
            self._in(fields, workflow_execution=execution, identity=IDENTITY, request_id=self.request_id()),
        )

    def describe(self, workflow_id="wf", run_id=""):
        return self.call("DescribeWorkflowExecution", self._in({}, execution=self.execution(workflow_id, run_id)))

    def history(self, workflow_id="wf", run_id="", **fields):
        return self.call(
            "GetWorkflowExecutionHistory", self._in(fields, execution=self.execution(workflow_id, run_id))
        )

    def wait_for_event(self, event_type: str, workflow_id="wf", run_id="", count: int = 1):
        """Returns when the history holds `count` events of a type, found by history long polls; writes no step."""
        wanted, seen, page = f"EVENT_TYPE_{event_type}", 0, b""
        deadline = time.monotonic() + STORY_TIMEOUT
        while seen < count:
            if time.monotonic() > deadline:
                raise AssertionError(f"{seen} of {count} events {event_type} within {STORY_TIMEOUT:g} s")
            request = self._in(
                {}, execution=self.execution(workflow_id, run_id), wait_new_event=True, next_page_token=page
            )
            reply = self.quietly("GetWorkflowExecutionHistory", request, timeout=30)
            names = [event.DESCRIPTOR.fields_by_name["event_type"].enum_type.values_by_number[event.event_type].name
                     for event in reply.history.events]
            seen += names.count(wanted)
            page = reply.next_page_token
            if not page and seen < count:
                raise AssertionError(f"the run closed with {seen} of {count} events {event_type}")

    def wait_for_poller(self, queue="queue", task_queue_type="TASK_QUEUE_TYPE_WORKFLOW", sticky_of: str | None = None):
        """Returns when the server knows of a poller of a queue; writes no step."""
        request = self.poll_request(queue, sticky_of, task_queue_type=task_queue_type)
        del request["identity"]
        deadline = time.monotonic() + STORY_TIMEOUT
        while not self.quietly("DescribeTaskQueue", request).pollers:
            if time.monotonic() > deadline:
                raise AssertionError(f"no poller of {queue} within {STORY_TIMEOUT:g} s")

    def wait_for_close(self, workflow_id="wf", run_id=""):
        """A long poll for the close event: a step of the transcript."""
        return self.history(
            workflow_id, run_id, wait_new_event=True, history_event_filter_type="HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT"
        )

    # -- workflow tasks ------------------------------------------------------------------------------------------

    def poll_request(self, queue="queue", sticky_of: str | None = None, **fields) -> dict:
        task_queue = {"name": self.id(queue)}
        if sticky_of:
            task_queue |= {"kind": "TASK_QUEUE_KIND_STICKY", "normal_name": self.id(sticky_of)}
        return self._in(fields, task_queue=task_queue, identity=IDENTITY)

    def poll_workflow_task(self, queue="queue", sticky_of=None, timeout=POLL_TIMEOUT, **fields):
        return self.call("PollWorkflowTaskQueue", self.poll_request(queue, sticky_of, **fields), timeout)

    def begin_poll_workflow_task(self, queue="queue", sticky_of=None, timeout=POLL_TIMEOUT, **fields) -> Pending:
        return self.begin("PollWorkflowTaskQueue", self.poll_request(queue, sticky_of, **fields), timeout)

    def complete_workflow_task(self, task, *commands, **fields):
        return self.call(
            "RespondWorkflowTaskCompleted",
            self._in(fields, task_token=token_of(task), commands=list(commands), identity=IDENTITY),
        )

    def fail_workflow_task(self, task, cause="WORKFLOW_TASK_FAILED_CAUSE_WORKFLOW_WORKER_UNHANDLED_FAILURE", **fields):
        return self.call(
            "RespondWorkflowTaskFailed", self._in(fields, task_token=token_of(task), cause=cause, identity=IDENTITY)
        )

    def run_workflow_task(self, *commands, queue="queue", **fields):
        """Poll and complete, both in the transcript; returns the completion's outcome."""
        return self.complete_workflow_task(self.poll_workflow_task(queue), *commands, **fields)

    def sticky(self, queue="sticky", timeout=5) -> dict:
        """Sticky attributes for a completion."""
        from .commands import secs

        return {
            "worker_task_queue": {
                "name": self.id(queue),
                "kind": "TASK_QUEUE_KIND_STICKY",
                "normal_name": self.id("queue"),
            },
            "schedule_to_start_timeout": secs(timeout),
        }

    # -- activities ----------------------------------------------------------------------------------------------

    def poll_activity(self, queue="queue", timeout=POLL_TIMEOUT, **fields):
        return self.call("PollActivityTaskQueue", self.poll_request(queue, **fields), timeout)

    def begin_poll_activity(self, queue="queue", timeout=POLL_TIMEOUT, **fields) -> Pending:
        return self.begin("PollActivityTaskQueue", self.poll_request(queue, **fields), timeout)

    def complete_activity(self, task, **fields):
        return self._answer_activity("RespondActivityTaskCompleted", task, fields)

    def fail_activity(self, task, **fields):
        return self._answer_activity("RespondActivityTaskFailed", task, fields)

    def cancel_activity(self, task, **fields):
        return self._answer_activity("RespondActivityTaskCanceled", task, fields)

    def heartbeat(self, task, **fields):
        return self._answer_activity("RecordActivityTaskHeartbeat", task, fields)

    def _answer_activity(self, name, task, fields):
        return self.call(name, self._in(fields, task_token=token_of(task), identity=IDENTITY))

    def activity_by_id(self, name, activity_id="a1", workflow_id="wf", run_id="", **fields):
        """One of the ById forms, by its RPC's name."""
        request = self._in(
            fields, workflow_id=self.id(workflow_id), run_id=run_id, activity_id=activity_id, identity=IDENTITY
        )
        return self.call(name, request)


def token_of(task) -> bytes:
    return task if isinstance(task, bytes) else task.task_token
