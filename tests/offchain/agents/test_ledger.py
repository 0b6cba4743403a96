"""What a provider gained and lost, for every way in which a deal can end."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lilypad.agents.ledger import gained
from lilypad.protocol.deal import Deal, DealStatus, Verdict
from lilypad.protocol.settlement import Challenge

from .deals import CREATOR, agreed_deal, submitted_deal

DISPUTE = Challenge(CREATOR.address, 40, 60)


def ended(status: DealStatus, **changes: Any) -> Deal:
    return replace(submitted_deal(), status=status, **changes)


@pytest.mark.parametrize(
    ("deal", "wei"),
    [
        (agreed_deal(), 0),
        (submitted_deal(), 0),
        (ended(DealStatus.ACCEPTED, cost=200), 180),
        (ended(DealStatus.ACCEPTED, cost=200, dispute=DISPUTE, verdict=Verdict.RIGHT), 180 + 30),
        (ended(DealStatus.ACCEPTED, cost=200, dispute=DISPUTE, verdict=Verdict.WITHHELD), 180 - 40),
        (ended(DealStatus.REJECTED, cost=0, dispute=DISPUTE, verdict=Verdict.WRONG), -1_000),
        (ended(DealStatus.UNDECIDED, cost=0, dispute=DISPUTE, verdict=Verdict.UNDECIDED), 0),
        (ended(DealStatus.DECLINED, cost=0), 0),
        (ended(DealStatus.LATE, cost=0), -10),
    ],
    ids=["agreed", "submitted", "paid", "right", "withheld", "wrong", "undecided", "declined", "late"],
)
def test_gained__of_a_deal__is_what_its_end_leaves_the_provider(deal: Deal, wei: int) -> None:
    """An author has a tenth of what is paid."""
    assert gained(deal) == wei
