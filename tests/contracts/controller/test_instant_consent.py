"""instant: both sign the very same text; whatever differs from it by a bit has the consent of neither."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lilypad.protocol.offers import Acceptance, Domain, Submission
from lilypad.protocol.signing import sign
from lilypad.types import Address
from tests.contracts.makers import MANIFEST, PROTOCOL_BPS, ROYALTY_BPS

SIDES = ["creator", "provider"]
CHANGES = {
    "solver": {"solver": "0x" + "ab" * 20},
    "inputs": {"inputs": bytes(32)},
    "commitment": {"commitment": bytes(32)},
    "instruction_count": {"instruction_count": 2**64 - 1},
    "cost": {"cost": 1},
    "solver_bps": {"solver_bps": 212},
    "protocol_bps": {"protocol_bps": PROTOCOL_BPS + 1},
    "expiry": {"expiry": 2**40 - 2},
    "nonce": {"nonce": 10**9},
}


@pytest.mark.parametrize("side", SIDES)
def test_instant__without_one_side_s_consent__reverts(
    controller: Any, desk: Any, maker: Any, books: Any, roles: Any, not_signed: Any, side: str
) -> None:
    deal, case = maker.instant(), desk.on_paper()
    key = getattr(maker, side)
    other = maker.provider if side == "creator" else maker.creator
    result = (case.id, deal.commitment, deal.instruction_count)
    signatures = {
        "none": b"",
        "zeros": bytes(64),
        "cut": maker.sign(key, deal)[:-1],
        "the other side's": maker.sign(other, deal),
        "under another deal": maker.sign(key, maker.instant()),
        "under an offer": maker.sign(key, case.job),
        "under a result": maker.sign(key, Acceptance(*result)),
        "under a submission": maker.sign(key, Submission(*result)),
    }
    with books.unchanged():
        for signature in signatures.values():
            call = maker.done(deal, **{f"{side}_signature": signature})
            with not_signed(getattr(deal, side), deal):
                controller.instant(*call, sender=roles.stranger)


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("what", CHANGES)
def test_instant__changed_after_one_side_signed__reverts(
    controller: Any, maker: Any, books: Any, roles: Any, not_signed: Any, side: str, what: str
) -> None:
    """Whoever signs last may not change what the other has signed."""
    deal = maker.instant()
    changed = replace(deal, **CHANGES[what])
    call = maker.done(changed, **{f"{side}_signature": maker.sign(getattr(maker, side), deal)})
    with books.unchanged(), not_signed(getattr(deal, side), changed):
        controller.instant(*call, sender=roles.stranger)


@pytest.mark.parametrize("part", ["author", "manifest", "royalty"])
def test_instant__module_s_author_or_royalty_exchanged__is_another_module_that_nobody_signed(
    controller: Any, protocol: Any, maker: Any, books: Any, roles: Any, not_signed: Any, part: str
) -> None:
    """The id is made of the three, so nobody names a module and pays another's author, or none."""
    deal = maker.instant()
    author, royalty, manifest = maker.author, ROYALTY_BPS, MANIFEST
    if part == "author":
        author = roles.stranger.address
    if part == "royalty":
        royalty = 0
    if part == "manifest":
        manifest = bytes(32)
    module = bytes(protocol.modules.moduleId(author, royalty, manifest))
    assert module != deal.module
    brought = replace(deal, royalty_bps=royalty)
    _, *signatures = maker.done(deal)
    with books.unchanged(), not_signed(deal.creator, replace(brought, module=module)):
        controller.instant(brought.words(author, manifest), *signatures, sender=roles.stranger)


@pytest.mark.parametrize("elsewhere", ["chain", "controller"])
def test_instant__signed_for_another_chain_or_controller__reverts(
    controller: Any, maker: Any, books: Any, roles: Any, not_signed: Any, elsewhere: str
) -> None:
    here = maker.domain
    domain = {
        "chain": Domain(here.chain_id + 1, here.controller),
        "controller": Domain(here.chain_id, Address(maker.mediation)),
    }[elsewhere]
    deal = maker.instant()
    for side in SIDES:
        call = maker.done(deal, **{f"{side}_signature": sign(getattr(maker, side), domain, deal)})
        with books.unchanged(), not_signed(getattr(deal, side), deal):
            controller.instant(*call, sender=roles.stranger)


@pytest.mark.parametrize("side", SIDES)
def test_instant__contract_on_one_side__is_asked(
    controller: Any, payments: Any, maker: Any, compiled: Any, roles: Any, not_signed: Any, side: str
) -> None:
    key = getattr(maker, side)
    contract = roles.holder.deploy(compiled.MockWallet, key.address)
    payments.deposit(controller, contract, maker.instant().cost, sender=roles.holder)
    deal = maker.instant(**{side: contract.address})
    other = maker.provider if side == "creator" else maker.creator
    with not_signed(contract, deal):
        call = maker.done(deal, **{f"{side}_signature": maker.sign_long(other, deal)})
        controller.instant(*call, sender=roles.stranger)
    call = maker.done(deal, **{f"{side}_signature": maker.sign_long(key, deal)})
    controller.instant(*call, sender=roles.stranger)
    free, locked = payments.balanceOf(controller, contract)
    assert (free == 0) == (side == "creator")
    assert locked == 0


def test_instant__between_a_creator_and_itself__pays_the_shares_alone(
    controller: Any, maker: Any, books: Any, roles: Any
) -> None:
    """It proves nothing to anybody, and takes nothing from anybody else."""
    deal = maker.instant(provider=roles.creator.address)
    before = books.of(roles.creator).free
    controller.instant(*maker.done(deal, provider_signature=b"", creator_signature=b""), sender=roles.creator)
    shares = [deal.cost * bps // 10_000 for bps in (deal.solver_bps, deal.royalty_bps, deal.protocol_bps)]
    assert books.of(roles.creator).free == before - sum(shares)
