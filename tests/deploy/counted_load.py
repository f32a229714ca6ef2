"""A load of raw calls that knows what it did: each call by its name, and what became of each run."""

import time
import uuid
from collections import Counter
from typing import Any

import grpc
from google.protobuf.duration_pb2 import Duration
from temporalio.api.command.v1 import Command
from temporalio.api.common.v1 import Payload, Payloads
from temporalio.api.enums.v1 import CommandType, WorkflowExecutionStatus
from temporalio.api.workflowservice.v1 import request_response_pb2 as api
from temporalio.api.workflowservice.v1.service_pb2_grpc import WorkflowServiceStub

NAMESPACE = "default"
_RUNNING = WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_RUNNING


def _seconds(seconds: float) -> Duration:
    duration = Duration()
    duration.FromMilliseconds(round(seconds * 1000))
    return duration


def command(kind: str, **attributes: Any) -> Command:
    field = f"{kind.lower()}_command_attributes"
    return Command(command_type=CommandType.Value(f"COMMAND_TYPE_{kind}"), **{field: attributes})


class CountedLoad:
    """A round of calls, one after the other; `done` counts what they came to."""

    def __init__(self, channel: grpc.Channel) -> None:
        self._stub = WorkflowServiceStub(channel)
        self._queue = ""
        self._identity = str(uuid.uuid4())
        self.calls: Counter[str] = Counter()
        self.done: Counter[str] = Counter()
        self._runs: list[str] = []

    def round(self) -> None:
        self._runs = []
        for step in (
            self._all_commands,
            self._fails,
            self._is_cancelled,
            self._times_out,
            self._task_fails,
            self._commands_are_refused,
            self._activity_times_out,
            self._mistakes,
        ):
            # The same in each load: a rate sees no rise in a series that begins with it.
            self._queue = step.__name__
            step()
        self.call("ListWorkflowExecutions", query="")
        for run in self._runs:
            described = self.call("DescribeWorkflowExecution", execution={"workflow_id": run})
            info = described.workflow_execution_info
            assert info.status != _RUNNING
            self.done["transitions"] += info.state_transition_count

    def call(self, name: str, **fields: Any) -> Any:
        self.calls[name] += 1
        request = getattr(api, f"{name}Request")(namespace=NAMESPACE, **fields)
        return getattr(self._stub, name)(request, timeout=15)

    def refused(self, name: str, **fields: Any) -> grpc.StatusCode:
        try:
            self.call(name, **fields)
        except grpc.RpcError as error:
            code = error.code()
            assert isinstance(code, grpc.StatusCode)
            self.done[code.name] += 1
            return code
        raise AssertionError(f"{name} was not refused")

    def _start(self, **fields: Any) -> str:
        workflow_id = str(uuid.uuid4())
        self.call(
            "StartWorkflowExecution",
            workflow_id=workflow_id,
            request_id=str(uuid.uuid4()),
            workflow_type={"name": "Order"},
            task_queue={"name": self._queue},
            **fields,
        )
        self.done["actions"] += 1
        self._runs.append(workflow_id)
        return workflow_id

    def _poll_request(self, sticky: str) -> Any:
        queue: dict[str, Any] = {"name": self._queue}
        if sticky:
            queue = {"name": sticky, "kind": "TASK_QUEUE_KIND_STICKY", "normal_name": self._queue}
        return api.PollWorkflowTaskQueueRequest(
            namespace=NAMESPACE, task_queue=queue, identity=self._identity
        )

    def _poll(self, sticky: str = "") -> Any:
        return self._polled(self._stub.PollWorkflowTaskQueue(self._poll_request(sticky), timeout=15))

    def _polled(self, task: Any) -> Any:
        self.calls["PollWorkflowTaskQueue"] += 1
        assert task.task_token
        self.done["workflow tasks"] += 1
        return task

    def _waiting_poll(self, sticky: str = "") -> Any:
        """Returns when the server has the poll, which has no task yet; `result()` waits for it."""
        request = self._poll_request(sticky)
        waiting = self._stub.PollWorkflowTaskQueue.future(request, timeout=15)
        deadline = time.monotonic() + 10
        queue = request.task_queue
        while not self._polls(queue):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        return waiting

    def _polls(self, queue: Any) -> bool:
        described = self.call("DescribeTaskQueue", task_queue=queue, task_queue_type=1)
        return self._identity in [poller.identity for poller in described.pollers]

    def _complete(self, task: Any, *commands: Command, sticky: str = "") -> None:
        fields: dict[str, Any] = {}
        if sticky:
            fields["sticky_attributes"] = {
                "worker_task_queue": {"name": sticky, "kind": "TASK_QUEUE_KIND_STICKY"},
                "schedule_to_start_timeout": _seconds(30),
            }
        self.call("RespondWorkflowTaskCompleted", task_token=task.task_token, commands=commands, **fields)
        self.done["sticky" if sticky else "not sticky"] += 1
        self.done["commands"] += len(commands)

    def _activity(self, start_to_close: float) -> Command:
        return command(
            "SCHEDULE_ACTIVITY_TASK",
            activity_id="a",
            activity_type={"name": "Pack"},
            task_queue={"name": self._queue},
            start_to_close_timeout=_seconds(start_to_close),
            retry_policy={"maximum_attempts": 1},
        )

    def _poll_activity(self) -> Any:
        task = self.call("PollActivityTaskQueue", task_queue={"name": self._queue})
        assert task.task_token
        self.done["activity tasks"] += 1
        return task

    def _terminate(self, workflow_id: str) -> None:
        self.call("TerminateWorkflowExecution", workflow_execution={"workflow_id": workflow_id})
        self.done["terminate"] += 1

    def _all_commands(self) -> None:
        sticky = f"sticky-{uuid.uuid4()}"
        waiting = self._waiting_poll(sticky)
        workflow_id = self._start()
        keyword = Payload(metadata={"encoding": b"json/plain", "type": b"Keyword"}, data=b'"red"')
        fields = {"indexed_fields": {"SystemTestKeyword": keyword}}
        self._complete(
            self._poll(),
            command("START_TIMER", timer_id="t", start_to_fire_timeout=_seconds(60)),
            command("RECORD_MARKER", marker_name="m"),
            command("UPSERT_WORKFLOW_SEARCH_ATTRIBUTES", search_attributes=fields),
            self._activity(start_to_close=10),
            sticky=sticky,
        )
        self.done["actions"] += 4
        task = self._poll_activity()
        self.call("RecordActivityTaskHeartbeat", task_token=task.task_token)
        self.call("RespondActivityTaskCompleted", task_token=task.task_token)
        self._complete(self._polled(waiting.result()), sticky=sticky)
        self.done["without commands"] += 1
        signalled = {"workflow_id": workflow_id}
        self.call("SignalWorkflowExecution", workflow_execution=signalled, signal_name="s", input=Payloads())
        self.done["actions"] += 2
        self._complete(self._poll(sticky), command("COMPLETE_WORKFLOW_EXECUTION"))
        self.done["success"] += 1

    def _fails(self) -> None:
        """Its worker waits before it starts."""
        waiting = self._waiting_poll()
        self._start()
        failure = {"message": "no"}
        self._complete(self._polled(waiting.result()), command("FAIL_WORKFLOW_EXECUTION", failure=failure))
        self.done["failed"] += 1

    def _is_cancelled(self) -> None:
        workflow_id = self._start()
        self.call("RequestCancelWorkflowExecution", workflow_execution={"workflow_id": workflow_id})
        self._complete(self._poll(), command("CANCEL_WORKFLOW_EXECUTION"))
        self.done["cancel"] += 1

    def _times_out(self) -> None:
        workflow_id = self._start(workflow_run_timeout=_seconds(1))
        self.done["workflow tasks not polled"] += 1
        deadline = time.monotonic() + 30
        while self._status(workflow_id) == _RUNNING:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        self.done["timeout"] += 1

    def _status(self, workflow_id: str) -> int:
        described = self.call("DescribeWorkflowExecution", execution={"workflow_id": workflow_id})
        return int(described.workflow_execution_info.status)

    def _task_fails(self) -> None:
        workflow_id = self._start()
        self.call("RespondWorkflowTaskFailed", task_token=self._poll().task_token)
        self.done["failed tasks"] += 1
        self._poll()
        self._terminate(workflow_id)

    def _commands_are_refused(self) -> None:
        workflow_id = self._start()
        refused = command("START_TIMER", timer_id="")
        code = self.refused(
            "RespondWorkflowTaskCompleted", task_token=self._poll().task_token, commands=[refused]
        )
        assert code == grpc.StatusCode.INVALID_ARGUMENT
        self.done["refused tasks"] += 1
        self._poll()
        self._terminate(workflow_id)

    def _activity_times_out(self) -> None:
        workflow_id = self._start()
        self._complete(self._poll(), self._activity(start_to_close=0.3))
        self.done["actions"] += 1
        self._poll_activity()
        self._poll()
        self.done["activity timeouts"] += 1
        self._terminate(workflow_id)

    def _mistakes(self) -> None:
        execution = {"workflow_id": "nobody"}
        code = self.refused("DescribeWorkflowExecution", execution=execution)
        assert code == grpc.StatusCode.NOT_FOUND
        workflow_id = self._start()
        code = self.refused(
            "StartWorkflowExecution",
            workflow_id=workflow_id,
            request_id=str(uuid.uuid4()),
            workflow_type={"name": "Order"},
            task_queue={"name": self._queue},
        )
        assert code == grpc.StatusCode.ALREADY_EXISTS
        self.refused("CountWorkflowExecutions", query="Nonsense = 1")
        self.done["workflow tasks not polled"] += 1
        self._terminate(workflow_id)
