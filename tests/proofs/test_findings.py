"""Slither finds nothing in the contracts that is not answered, and nothing is answered that it does not find."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

from tests.proofs.findings import ANSWERS, ROOT, Finding, differences, find, read_answers

SLITHER = ROOT / ".build" / "prove" / "venv" / "bin" / "slither"
ONE, OTHER = Finding("timestamp", "A.f"), Finding("timestamp", "A.g")

CARELESS = """// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;
contract Careless {
    function destroy(address payable to) external { (bool ok,) = to.call{value: address(this).balance}(""); ok; }
}
"""


@pytest.fixture(scope="session")
def tools(missing: Callable[[str], NoReturn]) -> tuple[Path, Path]:
    if not SLITHER.exists():
        missing("slither is not there: make prove")
    (solc,) = (ROOT / ".build" / "solcx").glob("solc-v*")
    return SLITHER, solc


@pytest.mark.timeout(600)  # the compiler takes a minute, more on a busy machine
def test_contracts__every_finding_is_answered(tools: tuple[Path, Path], tmp_path: Path) -> None:
    found = find(tmp_path, *tools)
    assert found, "slither was not even shown the contracts"
    assert differences(found, read_answers(ANSWERS.read_text())) == []


def test_careless_contract__is_found(tools: tuple[Path, Path], tmp_path: Path) -> None:
    contracts = tmp_path / "contracts"
    contracts.mkdir()
    (contracts / "Careless.sol").write_text(CARELESS)
    found = find(tmp_path, *tools, contracts=contracts)
    assert Finding("arbitrary-send-eth", "Careless.destroy") in found
    assert any("arbitrary-send-eth" in line for line in differences(found, Counter()))


@pytest.mark.parametrize(
    ("found", "answered", "said"),
    [
        ({ONE: ["a"]}, {ONE: 1}, []),
        ({ONE: ["a"], OTHER: ["b"]}, {ONE: 1}, ["no answer to timestamp in A.g:\nb"]),
        ({ONE: ["a", "b"]}, {ONE: 1}, ["no answer to timestamp in A.f:\nab"]),
        ({}, {ONE: 1}, ["an answer to what is not found: timestamp in A.f"]),
        ({ONE: ["a"]}, {ONE: 2}, ["an answer to what is not found: timestamp in A.f"]),
    ],
)
def test_differences__new_and_stale__are_told(
    found: dict[Finding, list[str]], answered: dict[Finding, int], said: list[str]
) -> None:
    assert differences(found, answered) == said


def test_answer__without_a_sentence__is_refused() -> None:
    with pytest.raises(ValueError, match="timestamp"):
        read_answers('[[answer]]\ncheck = "timestamp"\nwhere = ["A.f"]\nwhy = ""\n')
