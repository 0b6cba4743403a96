"""docs/errors.md has every error of ours, as it is now, with what to do about it."""

from __future__ import annotations

import re
import runpy
from pathlib import Path
from typing import Any

import pytest

from lilypad.chain.abi import Entry
from lilypad.chain.artifacts import artifact_names, load_artifact
from lilypad.chain.contracts import decode_error

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def script() -> dict[str, Any]:
    return runpy.run_path(str(ROOT / "scripts" / "export_errors.py"))


def test_document__is_up_to_date(script: dict[str, Any]) -> None:
    written = (ROOT / "docs" / "errors.md").read_text()
    assert written == script["document"](), "run: python scripts/export_errors.py"


def test_document__has_every_error_of_every_abi(script: dict[str, Any]) -> None:
    """The compiler's selectors, not the script's own."""
    abis = [entry for name in artifact_names() for entry in load_artifact(name).abi if entry["type"] == "error"]
    compiled = {(entry["name"], "0x" + Entry(entry).selector.hex()) for entry in abis if "_" in entry["name"]}
    assert {(error.name, error.selector) for error in script["read_errors"]()} == compiled


def test_document__each_entry__says_why_and_what_to_do(script: dict[str, Any]) -> None:
    for error in script["read_errors"]():
        sentences = re.findall(r"[^.]+\.(?= |$)", error.notice)
        assert len(sentences) >= 2, f"{error.name}: {error.notice}"
        assert error.notice.endswith(".")
        assert len(error.notice) < 300, f"{error.name} tells a story"


def test_document__no_two_errors__share_a_selector(script: dict[str, Any]) -> None:
    selectors = [error.selector for error in script["read_errors"]()]
    assert len(set(selectors)) == len(selectors)


def test_errors__are_declared_in_interfaces_alone() -> None:
    elsewhere = [file for file in (ROOT / "contracts").rglob("*.sol") if file.parent.name != "interfaces"]
    assert [file.name for file in elsewhere if re.search(r"^\s*error \w+\(", file.read_text(), re.MULTILINE)] == []


def test_selector__of_a_revert__is_the_one_that_agents_decode(script: dict[str, Any]) -> None:
    for error in script["read_errors"]():
        words = bytes(32) * (error.canonical.count(",") + (not error.canonical.endswith("()")))
        assert decode_error(bytes.fromhex(error.selector[2:]) + words).name == error.name
