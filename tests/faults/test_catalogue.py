"""That agents are killed everywhere: the list of crash points, the code and the tests name the same ones."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import lilypad
from lilypad.crashing import AT, CRASH_POINTS, TRACE, crash_point

from . import steps
from .steps import ALL

PACKAGE = Path(lilypad.__file__).parent


def hooks() -> set[str]:
    """The names that the code passes to `crash_point`: literals, or this fails."""
    calls = (
        node
        for file in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "crash_point"
    )
    return {ast.literal_eval(call.args[0]) for call in calls}


def test_list__has_every_hook_of_the_code__and_no_other() -> None:
    assert hooks() == set(CRASH_POINTS)


def test_tests__kill_at_every_point_of_the_list() -> None:
    assert {point.split("@")[0] for lives in ALL for point in lives} == set(CRASH_POINTS)


def test_gauntlets__are_all_run_by_some_test() -> None:
    """A list that no test reads would kill nobody."""
    files = set(Path(__file__).parent.glob("test_*.py")) - {Path(__file__)}
    tests = "".join(file.read_text() for file in files)
    named = [name for name, value in vars(steps).items() if name.isupper() and isinstance(value, tuple)]
    assert [name for name in named if name != "ALL" and not name.startswith("_") and name not in tests] == []


def test_crash_point__without_its_variables__does_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(AT, raising=False)
    monkeypatch.delenv(TRACE, raising=False)
    monkeypatch.chdir(tmp_path)
    for name in CRASH_POINTS:
        crash_point(name, "anything")
    assert list(tmp_path.iterdir()) == []
