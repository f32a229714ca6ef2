"""The check itself: each lie that a list can tell is found."""

from pathlib import Path

import pytest

from . import api
from .check import Check
from .listing import BadList, Section, parse

REQUEST = "temporal.api.workflowservice.v1.SignalWorkflowExecutionRequest"
RESPONSE = "temporal.api.workflowservice.v1.SignalWorkflowExecutionResponse"
METHODS = {"SignalWorkflowExecution": (api.message(REQUEST), api.message(RESPONSE))}
CLASS = "temporal::api::workflowservice::v1::SignalWorkflowExecutionRequest"
ANSWER = "temporal::api::workflowservice::v1::SignalWorkflowExecutionResponse"
EXECUTION = "temporal::api::common::v1::WorkflowExecution"
SOURCE = """
// request.control() is named in a comment only.
void Signal() {
  Use(request.namespace_(), request.signal_name(), request.input(), request.workflow_execution().run_id());
  *response.mutable_link() = link;
}
"""
CALLS = {
    (CLASS, "namespace_"),
    (CLASS, "signal_name"),
    (CLASS, "input"),
    (CLASS, "workflow_execution"),
    (EXECUTION, "run_id"),
    (ANSWER, "mutable_link"),
}
LIST = f"""
in {REQUEST}
    namespace           read   signal.cc
    workflow_execution  read   signal.cc
    signal_name         read   signal.cc
    input               whole  signal.cc
    identity            none   Nobody asks.
    request_id          none   Nobody asks.
    control             none   Nobody asks.
    header              none   Nobody asks.
    links               none   Nobody asks.

out {RESPONSE}
    link                whole  signal.cc
"""
SHARED = """
in temporal.api.common.v1.WorkflowExecution
    workflow_id  none  Nobody asks.
    run_id       read  signal.cc
"""


class Code:
    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "signal.cc").write_text(SOURCE)
        self.calls = {"signal.cc": set(CALLS)}
        self.texts = {"methods/SignalWorkflowExecution.txt": LIST, "messages/common.txt": SHARED}

    def replace(self, old: str, new: str) -> "Code":
        assert any(old in text for text in self.texts.values())
        self.texts = {origin: text.replace(old, new) for origin, text in self.texts.items()}
        return self

    def problems(self) -> list[str]:
        sections: list[Section] = []
        for origin, text in self.texts.items():
            sections += parse(text, origin)
        return Check(sections, METHODS, self.calls, self.root).problems()


@pytest.fixture
def code(tmp_path: Path) -> Code:
    return Code(tmp_path)


def only(problems: list[str]) -> str:
    assert len(problems) == 1, problems
    return problems[0]


def test_a_true_list_passes(code: Code) -> None:
    assert code.problems() == []


def test_a_field_on_no_list(code: Code) -> None:
    code.replace("    control             none   Nobody asks.\n", "")
    assert only(code.problems()).endswith("control is on no list")


def test_a_field_that_is_not_in_the_api(code: Code) -> None:
    code.replace("    control ", "    made_up  none  Nobody asks.\n    control ")
    assert only(code.problems()).endswith("made_up is not in the API")


def test_a_message_on_no_list(code: Code) -> None:
    code.texts["messages/common.txt"] = ""
    assert "WorkflowExecution` is on no list" in only(code.problems())


def test_a_message_in_no_method(code: Code) -> None:
    code.texts["messages/more.txt"] = "in temporal.api.common.v1.WorkflowType\n    name  none  Nobody asks.\n"
    assert only(code.problems()).endswith("WorkflowType` is in no built method")


def test_a_message_that_stands_twice(code: Code) -> None:
    code.texts["messages/other.txt"] = SHARED
    assert "stands in messages/common.txt, too" in only(code.problems())


def test_a_method_in_the_file_of_another(code: Code) -> None:
    code.texts["methods/Other.txt"] = code.texts.pop("methods/SignalWorkflowExecution.txt")
    misplaced = [problem for problem in code.problems() if "belongs into" in problem]
    assert len(misplaced) == 2
    assert misplaced[0].endswith("methods/SignalWorkflowExecution.txt")


def test_a_file_that_does_not_read_the_field(code: Code) -> None:
    code.replace("identity            none   Nobody asks.", "identity  read  signal.cc")
    assert "signal.cc calls none of" in only(code.problems())


def test_a_file_that_reads_the_field_of_another_message(code: Code) -> None:
    code.calls["signal.cc"].discard((CLASS, "signal_name"))
    code.calls["signal.cc"].add((ANSWER, "signal_name"))
    assert "signal.cc calls none of" in only(code.problems())


def test_a_file_that_names_the_field_in_a_comment_only(code: Code) -> None:
    code.calls["signal.cc"].add((CLASS, "control"))
    code.replace("control             none   Nobody asks.", "control  read  signal.cc")
    assert "signal.cc calls none of" in only(code.problems())


def test_a_file_that_is_not_there(code: Code) -> None:
    code.replace("signal_name         read   signal.cc", "signal_name  read  gone.cc")
    assert only(code.problems()).endswith("there is no file gone.cc")


@pytest.mark.parametrize("accessor", ["control", "mutable_control", "release_control"])
def test_a_field_without_effect_that_is_read(code: Code, accessor: str) -> None:
    code.calls["elsewhere.cc"] = {(CLASS, accessor)}
    assert only(code.problems()).endswith(f"it is not without effect: elsewhere.cc ({accessor})")


def test_a_field_that_is_only_kept_and_is_read(code: Code) -> None:
    code.replace("header              none   Nobody asks.", "header  kept  It stays in the event.")
    assert code.problems() == []
    code.calls["elsewhere.cc"] = {(CLASS, "has_header")}
    assert only(code.problems()).endswith("it is not without effect: elsewhere.cc (has_header)")


def test_a_field_that_is_written_by_its_number(code: Code) -> None:
    code.replace("link                whole  signal.cc", "link  bytes  signal.cc")
    assert any(problem.endswith("signal.cc does not use kLinkFieldNumber") for problem in code.problems())


def test_a_field_that_is_never_filled_and_is(code: Code) -> None:
    code.replace("link                whole  signal.cc", "link  none  Nobody asks.")
    assert only(code.problems()).endswith("it is not without effect: signal.cc (mutable_link)")


def test_a_scalar_is_not_taken_whole(code: Code) -> None:
    code.replace("signal_name         read   signal.cc", "signal_name  whole  signal.cc")
    assert only(code.problems()).endswith("only a message can be taken whole")


@pytest.mark.parametrize("line", ["    name", "    name  read", "    name  fill  signal.cc", "nonsense"])
def test_what_is_no_list(line: str) -> None:
    with pytest.raises(BadList):
        parse(f"in {REQUEST}\n{line}\n", "list")
