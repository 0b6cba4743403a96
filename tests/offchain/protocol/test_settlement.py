"""Every end of a deal: nothing appears, nothing is lost, and nobody pays more than it locked."""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import given, settings
from hypothesis import strategies as st

from lilypad.protocol import settlement
from lilypad.protocol.settlement import BURNED, Challenge, Change, Changes
from lilypad.protocol.terms import DealTerms
from lilypad.types import Address

from .strategies import challenges, terms, uint

TREASURY = Address("0x7777777777777777777777777777777777777777")  # type: ignore[arg-type]


def ends(deal: DealTerms, dispute: Challenge, count: int) -> Mapping[str, tuple[Changes, bool]]:
    """Each end's changes, and whether the dispute's money was locked in it."""
    cost = settlement.cost(deal, count)
    return {
        "declined": (settlement.declined(deal), False),
        "late": (settlement.late(deal), False),
        "paid": (settlement.paid(deal, cost, TREASURY), False),
        "right": (settlement.right(deal, dispute, cost, TREASURY), True),
        "withheld": (settlement.withheld(deal, dispute, cost, TREASURY), True),
        "wrong": (settlement.wrong(deal, dispute), True),
        "undecided": (settlement.undecided(deal, dispute), True),
    }


def added(*parts: Changes) -> dict[Address, Change]:
    total: dict[Address, Change] = {}
    for part in parts:
        for account, change in part.items():
            total[account] = total.get(account, Change()) + change
    return total


@settings(max_examples=300)
@given(terms(), challenges, uint(64))
def test_every_end__conserves_and_leaves_nobody_below_zero(deal: DealTerms, dispute: Challenge, count: int) -> None:
    for name, (changes, disputed) in ends(deal, dispute, count).items():
        assert sum(c.free + c.locked for c in changes.values()) == 0, name
        locked = [settlement.locked(deal)]
        if disputed:
            locked.append(settlement.locked_by_challenge(dispute))
        whole = added(*locked, changes)
        assert all(change.locked == 0 for change in whole.values()), name
        assert all(change.free >= 0 for change in changes.values()), name
        most = added(*locked)
        for account, change in whole.items():
            assert change.free >= -most.get(account, Change()).locked, (name, account)


@given(terms(), uint(64))
def test_cost__lies_between_minimum_and_ceiling(deal: DealTerms, count: int) -> None:
    cost = settlement.cost(deal, count)
    assert deal.minimum_payment <= cost <= deal.payment_ceiling
    if deal.minimum_payment < cost < deal.payment_ceiling:
        assert cost == count * deal.price_per_instruction


@given(terms(), st.integers(0, 2**63 - 2))
def test_cost__more_instructions__is_never_cheaper(deal: DealTerms, count: int) -> None:
    assert settlement.cost(deal, count) <= settlement.cost(deal, count + 1)


@given(terms())
def test_instruction_limit__is_the_most_that_the_ceiling_pays(deal: DealTerms) -> None:
    limit = deal.instruction_limit
    assert limit * deal.price_per_instruction <= deal.payment_ceiling or deal.price_per_instruction == 0
    if limit < 2**63 - 1:
        assert (limit + 1) * deal.price_per_instruction > deal.payment_ceiling


@given(terms(), challenges)
def test_wrong__collateral_covers_the_fee__challenger_does_not_pay(deal: DealTerms, dispute: Challenge) -> None:
    if dispute.fee > deal.collateral or dispute.challenger in (deal.creator, deal.provider):
        return
    if dispute.challenger == dispute.mediation:
        return
    whole = added(settlement.locked_by_challenge(dispute), settlement.wrong(deal, dispute))
    assert whole.get(dispute.challenger, Change()).free >= 0


@given(terms(), challenges)
def test_wrong__provider_with_every_other_role__still_loses_what_is_burned(deal: DealTerms, dispute: Challenge) -> None:
    changes = settlement.wrong(deal, dispute)
    rest = deal.collateral - min(dispute.fee, deal.collateral)
    assert changes.get(BURNED, Change()).free >= rest // 2


@given(terms(), challenges, uint(64))
def test_right__losing_bond__is_partly_burned(deal: DealTerms, dispute: Challenge, count: int) -> None:
    changes = settlement.right(deal, dispute, settlement.cost(deal, count), TREASURY)
    assert changes.get(BURNED, Change()).free >= dispute.bond // 2


@given(terms())
def test_late_and_declined__provider_pays_the_creator_its_part_of_the_collateral(deal: DealTerms) -> None:
    for changes, bps in (
        (settlement.late(deal), deal.late_penalty_bps),
        (settlement.declined(deal), deal.decline_fee_bps),
    ):
        whole = added(settlement.locked(deal), changes)
        part = deal.collateral * bps // 10_000
        assert whole.get(deal.creator, Change()).free == part
        assert whole.get(deal.provider, Change()).free == -part
