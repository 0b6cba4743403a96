"""The instrument itself: what it finds in a source, and what a report says of it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.coverage.instrument import Decision, instrument
from tests.coverage.measure import ROOT, Branch, excuse, report

HEAD = "// SPDX-License-Identifier: MIT\npragma solidity 0.8.37;\n"
BODY = """
function f(uint256 a, bool b) view returns (uint256 c) {
    if (a > 1 && !b) c = b ? 1 : 2;
    for (uint256 i; i < a; ++i) require(a != 7, "seven");
    while (c < 3) ++c;
    try Self(msg.sender).g(a) { c = 1; } catch { c = 2; }
}
interface Self { function g(uint256 a) external view; }
"""


@pytest.fixture
def solc() -> Path:
    (found,) = (Path(os.environ.get("SOLCX_BINARY_PATH", ROOT / ".build" / "solcx"))).glob("solc-v*")
    return found


def copy(tmp_path: Path, solc: Path, body: str) -> tuple[list[Decision], str]:
    contracts = tmp_path / "contracts"
    contracts.mkdir()
    (contracts / "Free.sol").write_text(HEAD + body)
    decisions = instrument(tmp_path, contracts, tmp_path / "copy", solc)
    return decisions, (tmp_path / "copy" / "Free.sol").read_text()


def test_decisions__of_every_kind__are_found_with_their_line(tmp_path: Path, solc: Path) -> None:
    decisions, _ = copy(tmp_path, solc, BODY)
    found = {(d.line, d.kind, d.source) for d in decisions}
    assert found == {
        (5, "if", "a > 1 && !b"),
        (5, "&&", "a > 1"),
        (5, "&&", "!b"),
        (5, "conditional", "b"),
        (6, "for", "i < a"),
        (6, "require", "a != 7"),
        (7, "while", "c < 3"),
        (8, "try", "try Self(msg.sender).g(a)"),
    }


def test_copy__has_the_source_s_lines_and_compiles(tmp_path: Path, solc: Path) -> None:
    _, text = copy(tmp_path, solc, BODY)
    assert len(text.splitlines()) == len((HEAD + BODY).splitlines())
    assert text.count("Branch.b") == 9  # a try tells in both of its blocks
    again = instrument(tmp_path, tmp_path / "copy", tmp_path / "second", solc)  # which compiles the first copy
    assert len(again) == 8 + 8 + 2  # and finds the decision of each function that stands for one, and the try's two


def test_decision__in_assembly__is_refused(tmp_path: Path, solc: Path) -> None:
    with pytest.raises(NotImplementedError, match="YulIf"):
        copy(tmp_path, solc, 'function f() pure { assembly ("memory-safe") { if 1 { revert(0, 0) } } }')


def test_report__branch_never_taken__names_it_and_fails_its_file() -> None:
    poor, rich = Decision("contracts/Poor.sol", 7, "if", "a < b"), Decision("contracts/Rich.sol", 1, "if", "c")
    found = [Branch(poor, True, 3), Branch(poor, False, 0), *[Branch(rich, way, 1) for way in (True, False)] * 20]
    text, enough = report(found)
    assert not enough
    assert "contracts/Poor.sol:7: never false: if a < b" in text
    assert "less than 95 % of its branches: contracts/Poor.sol" in text
    assert "contracts/Rich.sol" not in text.split("less than")[1]


def test_report__one_of_many_missing__is_named_but_enough() -> None:
    decision = Decision("contracts/Big.sol", 7, "if", "a < b")
    text, enough = report([Branch(decision, True, 0), *[Branch(decision, False, 1)] * 39])
    assert enough
    assert "never true" in text


EXCUSE = '[[branch]]\nfile = "A.sol"\nsource = "a < b"\nnever = true\nwhy = "It cannot be."\n'


@pytest.mark.parametrize(("taken", "left", "stale"), [(0, 1, 0), (1, 1, 1)])
def test_excuse__of_a_branch__holds_while_no_test_takes_it(taken: int, left: int, stale: int) -> None:
    decision = Decision("A.sol", 7, "if", "a < b")
    found, wrong = excuse([Branch(decision, True, taken), Branch(decision, False, 1)], EXCUSE)
    assert (len(found), len(wrong)) == (left, stale)


def test_excuse__for_what_is_not_there__is_told() -> None:
    assert excuse([], EXCUSE) == ([], ["an excuse for what is taken or not there: A.sol a < b True"])
    assert excuse([], '[[file]]\nfile = "A.sol"\nwhy = "No."') == ([], ["an excuse for what is not there: A.sol"])


def test_excuse__without_a_reason__is_refused() -> None:
    with pytest.raises(ValueError, match="no reason"):
        excuse([], EXCUSE.replace("It cannot be.", ""))
