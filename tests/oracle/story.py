"""The client that scenarios talk to: the verbs of a workflow's life, each one call and one step.

A call that fails does not raise: it returns a Refusal (false in a condition); many scenarios are about
errors. Arguments are plain data, given to the request message as they are. Ids that the scenario makes up are
unique on the server (`c.id`) and appear without their suffix in the transcript.
"""

import time

from temporalio.api.enums.v1 import EventType

from .commands import secs
from .recorder import IDENTITY, Pending, Recorder

POLL_TIMEOUT = 15.0  # an empty poll is answered one second before
STORY_TIMEOUT = 60.0  # what a scenario may wait in all when it looks for an event


class Story(Recorder):
    def _in(self, fields: dict, **defaults) -> dict:
        """Defaults under the caller's fields; None removes a default."""
        merged = {"namespace": self.namespace, **defaults, **fields}
        return {key: value for key, value in merged.items() if value is not None}

    # -- workflow executions ---------------------------------------------------------------------------------

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
                fields,
                workflow_execution=execution,
                signal_name=name,
                identity=IDENTITY,
                request_id=self.request_id(),
            ),
        )

    def signal_with_start(self, name="go", workflow_id="wf", **fields):
        request = self.start_request(workflow_id, **fields) | {"signal_name": name}
        return self.call("SignalWithStartWorkflowExecution", request)

    def terminate(self, workflow_id="wf", run_id="", **fields):
        execution = self.execution(workflow_id, run_id)
        return self.call(
            "TerminateWorkflowExecution", self._in(fields, workflow_execution=execution, identity=IDENTITY)
        )

    def cancel(self, workflow_id="wf", run_id="", **fields):
        execution = self.execution(workflow_id, run_id)
        return self.call(
            "RequestCancelWorkflowExecution",
            self._in(fields, workflow_execution=execution, identity=IDENTITY, request_id=self.request_id()),
        )

    def describe(self, workflow_id="wf", run_id=""):
        return self.call(
            "DescribeWorkflowExecution", self._in({}, execution=self.execution(workflow_id, run_id))
        )

    def history(self, workflow_id="wf", run_id="", since: int = 0, timeout=30.0, **fields):
        """The history; with `since`, only events from that id on are part of the transcript."""
        request = self._in(fields, execution=self.execution(workflow_id, run_id))
        call = self.begin("GetWorkflowExecutionHistory", request, timeout)
        return self.record(call, call.outcome(), since)

    def begin_history(self, workflow_id="wf", run_id="", timeout=30.0, **fields) -> Pending:
        request = self._in(fields, execution=self.execution(workflow_id, run_id))
        return self.begin("GetWorkflowExecutionHistory", request, timeout)

    def wait_for_event(self, event_type: str, workflow_id="wf", run_id="", count: int = 1):
        """Returns when the history holds `count` events of a type, seen by long polls; writes no step."""
        wanted, seen, page = f"EVENT_TYPE_{event_type}", 0, b""
        deadline = time.monotonic() + STORY_TIMEOUT
        while seen < count:
            if time.monotonic() > deadline:
                raise AssertionError(f"{seen} of {count} events {event_type} within {STORY_TIMEOUT:g} s")
            request = self._in(
                {}, execution=self.execution(workflow_id, run_id), wait_new_event=True, next_page_token=page
            )
            reply = self.quietly("GetWorkflowExecutionHistory", request, timeout=30)
            names = [EventType.Name(event.event_type) for event in reply.history.events]
            seen += names.count(wanted)
            page = reply.next_page_token
            if not page and seen < count:
                raise AssertionError(f"the run closed with {seen} of {count} events {event_type}")

    def wait_for_poller(
        self, queue="queue", sticky_of: str | None = None, task_queue_type="TASK_QUEUE_TYPE_WORKFLOW"
    ):
        """Returns when the server knows of a poller of a queue; writes no step."""
        request = self.poll_request(queue, sticky_of, task_queue_type=task_queue_type)
        del request["identity"]
        self.until(f"a poller of {queue}", lambda: self.quietly("DescribeTaskQueue", request).pollers)

    def until(self, what: str, condition):
        """Asks again until the condition holds; for what no long poll tells."""
        deadline = time.monotonic() + STORY_TIMEOUT
        while not condition():
            if time.monotonic() > deadline:
                raise AssertionError(f"not within {STORY_TIMEOUT:g} s: {what}")
            time.sleep(0.02)

    def wait_for_close(self, workflow_id="wf", run_id=""):
        """A long poll for the close event: a step of the transcript."""
        return self.history(
            workflow_id,
            run_id,
            wait_new_event=True,
            history_event_filter_type="HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT",
        )

    # -- workflow tasks --------------------------------------------------------------------------------------

    def poll_request(self, queue="queue", sticky_of: str | None = None, **fields) -> dict:
        task_queue = {"name": self.id(queue)}
        if sticky_of:
            task_queue |= {"kind": "TASK_QUEUE_KIND_STICKY", "normal_name": self.id(sticky_of)}
        return self._in(fields, task_queue=task_queue, identity=IDENTITY)

    def poll_workflow_task(self, queue="queue", sticky_of=None, timeout=POLL_TIMEOUT, **fields):
        return self.call("PollWorkflowTaskQueue", self.poll_request(queue, sticky_of, **fields), timeout)

    def begin_poll_workflow_task(
        self, queue="queue", sticky_of=None, timeout=POLL_TIMEOUT, **fields
    ) -> Pending:
        return self.begin("PollWorkflowTaskQueue", self.poll_request(queue, sticky_of, **fields), timeout)

    def complete_workflow_task(self, task, *commands, **fields):
        return self.call(
            "RespondWorkflowTaskCompleted",
            self._in(fields, task_token=token_of(task), commands=list(commands), identity=IDENTITY),
        )

    def fail_workflow_task(
        self, task, cause="WORKFLOW_TASK_FAILED_CAUSE_WORKFLOW_WORKER_UNHANDLED_FAILURE", **fields
    ):
        return self.call(
            "RespondWorkflowTaskFailed",
            self._in(fields, task_token=token_of(task), cause=cause, identity=IDENTITY),
        )

    def run_workflow_task(self, *commands, queue="queue", **fields):
        """Poll and complete, both in the transcript; returns the completion's outcome."""
        return self.complete_workflow_task(self.poll_workflow_task(queue), *commands, **fields)

    def started(self, workflow_id="wf", queue="queue", **fields):
        """Preparation: a new run with its first workflow task polled; returns the task."""
        with self.quiet():
            self.start(workflow_id, task_queue={"name": self.id(queue)}, **fields)
            return self.poll_workflow_task(queue)

    def sticky(self, queue="sticky", timeout=5) -> dict:
        """Sticky attributes for a completion."""
        return {
            "worker_task_queue": {
                "name": self.id(queue),
                "kind": "TASK_QUEUE_KIND_STICKY",
                "normal_name": self.id("queue"),
            },
            "schedule_to_start_timeout": secs(timeout),
        }

    # -- activities ------------------------------------------------------------------------------------------

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
            fields,
            workflow_id=self.id(workflow_id),
            run_id=run_id,
            activity_id=activity_id,
            identity=IDENTITY,
        )
        return self.call(name, request)


def token_of(task) -> bytes:
    return task if isinstance(task, bytes) else task.task_token
