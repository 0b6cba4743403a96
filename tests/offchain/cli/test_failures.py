"""From an exception to an exit code and a line."""

from __future__ import annotations

import pytest

from lilypad.cli.failures import Interrupted, cause_of, exit_code, exit_code_of_module, explain
from lilypad.errors import ChainUnavailableError, FaultError, RecoverableError, RejectedError


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (RejectedError("x"), 3),
        (RecoverableError("x"), 4),
        (FaultError("x"), 5),
        (OSError("x"), 5),
        (Interrupted(2), 130),
        (Interrupted(15), 143),
    ],
)
def test_exit_code__of_an_error__is_its_class_s(error: Exception, code: int) -> None:
    assert exit_code(error) == code


@pytest.mark.parametrize(
    ("status", "code"), [(0, 0), (1, 1), (123, 123), (124, 123), (255, 123), (256, 124), (257, 125)]
)
def test_exit_code__of_a_module__keeps_clear_of_the_special_ones(status: int, code: int) -> None:
    assert exit_code_of_module(status) == code


def test_cause__of_a_group__is_the_gravest_of_ours() -> None:
    fault = FaultError("the disk is full")
    group = ExceptionGroup("tasks", [OSError("x"), RecoverableError("y"), ExceptionGroup("inner", [fault])])
    assert cause_of(group) is fault
    other = OSError("alone")
    assert cause_of(ExceptionGroup("tasks", [other])) is other


def test_explanation__of_an_absent_chain__says_what_to_do() -> None:
    error = ChainUnavailableError("no", endpoints="127.0.0.1:8545", last="ClientError")
    assert explain(error) == "no chain at 127.0.0.1:8545: start one with `lilypad up`, or set LILYPAD_RPC"


def test_explanation__of_missing_money__is_in_lily() -> None:
    assert explain(FaultError("too poor", missing=5 * 10**17)) == "too poor (missing=0.5 LILY)"
