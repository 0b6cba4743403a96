"""Puts the measured gas of benchmarks/gas.json into the tables of docs/contracts.md, docs/mediation.md and docs/gas.md.

python scripts/export_gas.py
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parent.parent
MEASURED = ROOT / "benchmarks" / "gas.json"
CALLS = ROOT / "docs" / "contracts.md"
DISPUTES = ROOT / "docs" / "mediation.md"
COMPARISON = ROOT / "docs" / "gas.md"

ROWS = {
    "deposit": "`deposit`",
    "withdraw": "`withdraw`",
    "move": "`move`",
    "agree": "`agree`, by the creator with the provider's signature",
    "agree_by_solver": "`agree`, by anybody with both signatures",
    "agree_next_nonce_segment": "`agree` that is the first in new nonce segments of both sides: once in 32",
    "agree_batch32_per_deal": "`agreeBatch` of 32, each",
    "decline": "`decline`",
    "submit": "`submitResult`",
    "accept": "`accept`, the provider is paid alone",
    "accept_shared": "`accept`, solver, author and protocol have shares",
    "finalize": "`finalize`",
    "settle": "`settle`, by the provider",
    "settle_batch32_per_deal": "`settleBatch` of 32, each",
    "instant": "`instant`: the whole deal",
    "instant_shared": "`instant`, solver, author and protocol have shares",
    "instant_batch32_per_deal": "`instantBatch` of 32, each",
    "net64_per_deal": "`net` of 64 deals, each",
    "late": "`late`",
    "challenge": "`challenge`, without what the mediation does",
    "verdict_right": "`verdict`: right",
    "verdict_withheld": "`verdict`: withheld",
    "verdict_wrong": "`verdict`: wrong",
    "verdict_undecided": "`verdict`: undecided",
    "expire": "`expire`",
    "cancel_nonce": "`cancelNonce`",
}

DISPUTE_ROWS = {
    "challenge_mediated": "`challenge`, the case included",
    "draw_3": "`draw` of three",
    "commit": "`commit`, one mediator by itself",
    "reveal": "`reveal`, one mediator by itself",
    "tally_3": "`tally` of three, revealed before",
    "draw_commit_3": "`drawAndCommit` of three",
    "reveal_tally_3": "`tally` of three sealed votes: reveal, ruling, verdict, pay",
    "draw_tally_3_together": "`drawAndTally` of three: all of it, signed",
    "appeal": "`appeal`",
    "draw_tally_7_together": "`drawAndTally` of the seven that an appeal brings",
    "execute_3": "`execute`",
    "settle_round_3": "`settleRound`",
    "stake": "`stake`",
    "unstake": "`unstake`",
    "collect": "`collect`",
    "dispute_3": "a dispute by commit and reveal, three transactions",
    "dispute_3_together": "a dispute with signed reveals together, two transactions",
    "mediated_accept_3": "a deal from `agree` to the end, disputed, by commit and reveal: right",
    "mediated_reject_3": "the same: wrong",
}

OTHERS = {
    "happy_three_tx": ("three transactions: agree, submit, accept", "1,768,831 (4)", "1,789,358", "266,146"),
    "happy_two_tx": ("two transactions: agree, settle", "", "1,602,991", ""),
    "instant": ("one transaction: instant", "", "", ""),
    "instant_batch32_per_deal": ("whole deals of 32 creators in one transaction, each", "", "", "67,300"),
    "settle_batch32_per_deal": ("32 agreed deals settled in one transaction, each", "", "", "67,300"),
    "net64_per_deal": ("64 finished deals netted, each", "", "", ""),
    "agree": ("agree", "1,115,479 (2)", "734,414", "149,434"),
    "submit": ("submit a result", "435,291", "346,967", "116,712"),
    "accept": ("accept", "218,061", "403,929", ""),
    "finalize": ("finalize", "218,061", "403,929", ""),
    "late": ("the provider was late", "211,737 to 242,126", "181,000", "101,892"),
}
"""What it is, and what Lilypad v2, iExec PoCo and Boundless pay for it."""


def main() -> None:
    measured = json.loads(MEASURED.read_text())
    CALLS.write_text(calls(measured))
    DISPUTES.write_text(disputes(measured))
    COMPARISON.write_text(comparison(measured))


def calls(measured: Mapping[str, int]) -> str:
    """docs/contracts.md as it is, with the numbers of now."""
    return _with_table(CALLS, "gas", _rows(ROWS, measured))


def disputes(measured: Mapping[str, int]) -> str:
    """docs/mediation.md as it is, with the numbers of now."""
    return _with_table(DISPUTES, "gas", _rows(DISPUTE_ROWS, measured))


def comparison(measured: Mapping[str, int]) -> str:
    """docs/gas.md as it is, with the numbers of now."""
    head = ["| | here | Lilypad v2 | iExec PoCo | Boundless |", "| --- | ---: | ---: | ---: | ---: |"]
    rows = [
        f"| {name} | **{measured[key]:,}** | {' | '.join(figures)} |"
        for key, (name, *figures) in OTHERS.items()
        if key in measured
    ]
    return _with_table(COMPARISON, "comparison", [*head, *rows])


def _rows(names: Mapping[str, str], measured: Mapping[str, int]) -> list[str]:
    rows = [f"| {call} | {measured[key]:,} |" for key, call in names.items() if key in measured]
    return ["| call | gas |", "| --- | ---: |", *rows]


def _with_table(page: Path, name: str, table: list[str]) -> str:
    begin, end = f"<!-- {name}: written by scripts/export_gas.py -->\n", f"<!-- end of {name} -->"
    before, rest = page.read_text().split(begin)
    _, after = rest.split(end)
    return "\n".join([before + begin, *table, "", end]) + after


if __name__ == "__main__":
    main()
