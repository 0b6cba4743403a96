"""Payments of instant and netted deals: nothing appears, nothing is lost, and the creator pays the price alone."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from lilypad.protocol import settlement
from lilypad.protocol.offers import InstantDeal, Netting
from lilypad.protocol.settlement import Change
from lilypad.protocol.terms import DealTerms
from lilypad.protocol.words import Shares
from lilypad.types import Address

from .strategies import fair_instants, nettings, some_account, terms, uint

TREASURY = Address("0x7777777777777777777777777777777777777777")  # type: ignore[arg-type]


@settings(max_examples=200)
@given(terms(), uint(64))
def test_instant__is_what_a_deal_pays_without_what_it_locked(deal: DealTerms, instructions: int) -> None:
    price = settlement.cost(deal, instructions)
    shares = deal.shares
    at_once = InstantDeal(
        *(deal.creator, deal.provider, deal.solver, bytes(32), bytes(32), bytes(32), instructions, price),
        *(shares.solver_bps, shares.royalty_bps, shares.protocol_bps, 0, 0),
    )
    direct = dict(settlement.instant(at_once, deal.author, shares.protocol_bps, TREASURY))
    assert not any(change.locked for change in direct.values())
    for account, change in settlement.locked(deal).items():
        direct[account] = direct.get(account, Change()) + Change(-change.free, -change.locked)
    assert {a: c for a, c in direct.items() if c != Change()} == settlement.paid(deal, price, TREASURY)


@settings(max_examples=200)
@given(fair_instants(), some_account)
def test_instant__nobody_but_the_creator_pays(deal: InstantDeal, author: Address) -> None:
    changes = settlement.instant(deal, author, deal.protocol_bps, TREASURY)
    assert sum(change.free for change in changes.values()) == 0
    for account, change in changes.items():
        assert change.free >= (-deal.cost if account == deal.creator else 0)


@given(fair_instants(), some_account, st.data())
def test_instant__protocol_takes_less_than_was_reckoned_with__the_provider_has_it(
    deal: InstantDeal, author: Address, data: st.DataObject
) -> None:
    taken = data.draw(st.integers(0, deal.protocol_bps))
    changes, reckoned = (
        settlement.instant(deal, author, bps, TREASURY).get(deal.provider, Change())
        for bps in (taken, deal.protocol_bps)
    )
    assert changes.free - reckoned.free == deal.cost * deal.protocol_bps // 10_000 - deal.cost * taken // 10_000


def test_instant__shares_that_are_odd__are_rounded_down_for_the_provider() -> None:
    names = [Address("0x" + digit * 40) for digit in "1234"]  # type: ignore[arg-type]
    creator, provider, solver, author = names
    shares = Shares(211, 333, 127)
    deal = InstantDeal(
        *(creator, provider, solver, bytes(32), bytes(32), bytes(32), 1, 10_007),
        *(shares.solver_bps, shares.royalty_bps, shares.protocol_bps, 0, 0),
    )
    changes = settlement.instant(deal, author, shares.protocol_bps, TREASURY)
    assert {account: change.free for account, change in changes.items()} == {
        creator: -10_007, provider: 10_007 - 211 - 333 - 127, solver: 211, author: 333, TREASURY: 127,
    }  # fmt: skip


@given(nettings, st.integers(0, 1_000))
def test_netted__creator_pays_the_amount_and_the_share_is_the_provider_s_to_bear(owed: Netting, bps: int) -> None:
    changes = settlement.netted(owed, bps, TREASURY)
    share = owed.amount * bps // 10_000
    assert sum(change.free for change in changes.values()) == 0
    if len({owed.creator, owed.provider, TREASURY}) == 3:
        paid = [changes.get(account, Change()).free for account in (owed.creator, owed.provider, TREASURY)]
        assert paid == [-owed.amount, owed.amount - share, share]
