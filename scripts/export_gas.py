"""Puts the measured gas of benchmarks/gas.json into the table of docs/contracts.md.

python scripts/export_gas.py
"""

from __future__ import annotations

import json
from pathlib import Path

ROOT = Path(__file__).parent.parent
MEASURED = ROOT / "benchmarks" / "gas.json"
TARGET = ROOT / "docs" / "contracts.md"
BEGIN, END = "<!-- gas: written by scripts/export_gas.py -->\n", "<!-- end of gas -->"

ROWS = {
    "deposit": "`deposit`",
    "withdraw": "`withdraw`",
    "move": "`move`",
    "agree": "`agree`, by anybody with both signatures",
    "agree_by_creator": "`agree`, by the creator itself",
    "agree_batch32_per_deal": "`agreeBatch` of 32, each",
    "decline": "`decline`",
    "submit": "`submitResult`",
    "accept": "`accept`, the provider is paid alone",
    "accept_shared": "`accept`, solver, author and protocol have shares",
    "finalize": "`finalize`",
    "settle": "`settle` of an agreed deal, by the provider",
    "settle_batch32_per_deal": "`settleBatch` of 32, each",
    "instant": "`instant`: the whole deal",
    "instant_batch32_per_deal": "`instantBatch` of 32, each, the provider is paid alone",
    "instant_batch32_per_deal_shared": "`instantBatch` of 32, each, solver, author and protocol have shares",
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


def main() -> None:
    TARGET.write_text(document())


def document() -> str:
    """The page as it is, with the numbers of now."""
    before, rest = TARGET.read_text().split(BEGIN)
    _, after = rest.split(END)
    measured = json.loads(MEASURED.read_text())
    rows = [f"| {call} | {measured[key]:,} |" for key, call in ROWS.items() if key in measured]
    return "\n".join([before + BEGIN, "| call | gas |", "| --- | ---: |", *rows, "", END]) + after


if __name__ == "__main__":
    main()
