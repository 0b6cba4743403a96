"""What a deal brings: the contracts' settlement, seen from one account."""

from __future__ import annotations

import pytest

from lilypad.ops.ledger import Ledger, Totals
from lilypad.protocol import settlement
from lilypad.protocol.deal import Deal, DealStatus, Verdict
from lilypad.protocol.income import net

from .helpers import CHALLENGER, CREATOR, PROVIDER, ended, open_deal

ENDS = [
    (ended(DealStatus.ACCEPTED, cost=400), 400 - 4 - 10 - 2, -400),
    (ended(DealStatus.LATE), -70, 70),
    (ended(DealStatus.DECLINED), -10, 10),
    (ended(DealStatus.REJECTED, verdict=Verdict.WRONG), -800, 190),
    (ended(DealStatus.ACCEPTED, verdict=Verdict.RIGHT, cost=400), 384 + 30, -400),
    (ended(DealStatus.ACCEPTED, verdict=Verdict.WITHHELD, cost=400), 384 - 40, -400),
    (ended(DealStatus.UNDECIDED, verdict=Verdict.UNDECIDED), 0, 0),
    (open_deal(), 0, 0),
]


@pytest.mark.parametrize(("deal", "provider", "creator"), ENDS)
def test_net__of_an_end__is_what_each_side_has_more_or_less(deal: Deal, provider: int, creator: int) -> None:
    assert net(deal, PROVIDER) == provider
    assert net(deal, CREATOR) == creator


def test_net__of_a_challenger__is_its_reward() -> None:
    deal = ended(DealStatus.REJECTED, verdict=Verdict.WRONG)
    assert deal.dispute is not None
    change = settlement.wrong(deal.terms, deal.dispute)[CHALLENGER]
    assert net(deal, CHALLENGER) == change.free + change.locked > 0


def test_totals__of_good_and_bad_deals__are_apart() -> None:
    ledger = Ledger(PROVIDER)
    for deal in (
        ended(DealStatus.ACCEPTED, 1, cost=400),
        ended(DealStatus.ACCEPTED, 2, cost=400),
        ended(DealStatus.LATE, 3),
    ):
        ledger.put(deal)
    assert ledger.totals() == Totals(income=2 * 384, outlay=70)
    assert ledger.by_status() == {"accepted": 2, "late": 1}


def test_totals__after_a_reorganisation__forget_what_it_undid() -> None:
    ledger = Ledger(PROVIDER)
    ledger.put(ended(DealStatus.ACCEPTED, cost=400))
    ledger.put(open_deal())
    assert ledger.totals() == Totals(0, 0)
    ledger.forget(open_deal())
    assert not ledger.by_status()


def test_totals__of_deals_that_the_book_has_let_go_of__stay() -> None:
    ledger = Ledger(PROVIDER)
    for deal in (ended(DealStatus.ACCEPTED, 1, cost=400), ended(DealStatus.LATE, 2)):
        ledger.put(deal)
        ledger.leave(deal)
    ledger.put(ended(DealStatus.ACCEPTED, 3, cost=400))
    assert ledger.totals() == Totals(income=2 * 384, outlay=70)
    assert ledger.by_status() == {"accepted": 2, "late": 1}
    assert [deal.status for deal in ledger] == [DealStatus.ACCEPTED]
