"""Payments of instant and netted deals: nothing appears, nothing is lost, and the creator pays the price alone."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from lilypad.protocol import settlement
from lilypad.protocol.offers import Netting
from lilypad.protocol.settlement import Change, Changes
from lilypad.protocol.terms import DealTerms
from lilypad.types import Address

from .strategies import nettings, terms, uint

TREASURY = Address("0x7777777777777777777777777777777777777777")  # type: ignore[arg-type]


def minus(one: Changes, other: Changes) -> dict[Address, Change]:
    difference = {a: one.get(a, Change()) + Change(-c.free, -c.locked) for a, c in other.items()}
    whole = {**one, **difference}
    return {account: change for account, change in whole.items() if change != Change()}


@settings(max_examples=200)
@given(terms(), uint(64))
def test_direct__is_what_a_deal_pays_without_what_it_locked(deal: DealTerms, instructions: int) -> None:
    price = settlement.cost(deal, instructions)
    direct = settlement.direct(deal, price, TREASURY)
    assert direct == minus(settlement.paid(deal, price, TREASURY), settlement.home(deal))
    assert sum(change.free for change in direct.values()) == 0
    assert not any(change.locked for change in direct.values())


@settings(max_examples=200)
@given(terms(), uint(64))
def test_direct__nobody_but_the_creator_pays(deal: DealTerms, instructions: int) -> None:
    price = settlement.cost(deal, instructions)
    for account, change in settlement.direct(deal, price, TREASURY).items():
        assert change.free >= (-price if account == deal.creator else 0)


@given(nettings, st.integers(0, 1_000))
def test_netted__creator_pays_the_amount_and_the_share_is_the_provider_s_to_bear(owed: Netting, bps: int) -> None:
    changes = settlement.netted(owed, bps, TREASURY)
    share = owed.amount * bps // 10_000
    assert sum(change.free for change in changes.values()) == 0
    if len({owed.creator, owed.provider, TREASURY}) == 3:
        paid = [changes.get(account, Change()).free for account in (owed.creator, owed.provider, TREASURY)]
        assert paid == [-owed.amount, owed.amount - share, share]
