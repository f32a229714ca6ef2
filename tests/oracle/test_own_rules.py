"""The oracle's own rules: what is hidden, what is told apart, what a listed difference explains."""

from temporalio.api.workflowservice.v1 import StartWorkflowExecutionResponse

from . import compare
from .differences import ABSENT, Difference
from .normalize import Normalizer

ONE, TWO = (f"{digit * 8}-1111-1111-1111-111111111111" for digit in "12")


def shown(*runs: str) -> list:
    normalizer = Normalizer("token")
    return [normalizer.message(StartWorkflowExecutionResponse(run_id=run)) for run in runs]


def test_ids_are_hidden_but_not_whether_they_are_equal():
    assert shown(ONE, TWO) == shown(TWO, ONE)
    assert shown(ONE, ONE) != shown(ONE, TWO)


def test_a_missing_step_or_field_is_a_mismatch():
    reference = [{"call": "A", "response": {"x": 1, "y": {}}}]
    assert list(compare.mismatches(reference, reference)) == []
    assert [path for path, _, _ in compare.mismatches(reference, [{"call": "A", "response": {"x": 1}}])] == [
        "[0].response.y"
    ]
    assert [path for path, _, _ in compare.mismatches(reference, [])] == ["[0]"]


def test_a_difference_explains_its_own_path_and_value_only():
    known = [
        Difference("topic/*", r".*\.code", "a reason", "INVALID_ARGUMENT"),
        Difference("*", r".*\.z", "r", ABSENT),
    ]
    reference = [{"error": {"code": "UNKNOWN"}, "z": 1}]
    assert not compare.unexplained("topic/a", reference, [{"error": {"code": "INVALID_ARGUMENT"}}], known)
    assert compare.unexplained("topic/a", reference, [{"error": {"code": "INTERNAL"}}], known)
    assert compare.unexplained("other/a", reference, [{"error": {"code": "INVALID_ARGUMENT"}}], known)
    assert compare.unexplained("topic/a", reference, [{"error": {"code": "UNKNOWN"}, "z": 2}], known)
