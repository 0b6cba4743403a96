"""net: one signature of the creator pays for many deals that two accounts made between themselves."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lilypad.protocol import settlement
from lilypad.protocol.offers import Domain
from lilypad.protocol.settlement import Change
from lilypad.protocol.signing import sign
from lilypad.types import Address
from tests.contracts.errors import reverts_with
from tests.contracts.makers import CEILING, ETHER, PROTOCOL_BPS


@pytest.fixture
def net(controller: Any, maker: Any, roles: Any) -> Any:
    """Brings a netting, with the creator's signature unless another is given."""

    def bring(owed: Any, signature: bytes | None = None, sender: Any = None) -> Any:
        if signature is None:
            signature = maker.sign(maker.creator, owed)
        return controller.net(owed.words(), signature, sender=sender or roles.stranger)

    return bring


# ------------------------------------------------------------ what it does


@pytest.mark.parametrize("who", ["creator", "provider", "stranger"])
def test_net__signed_by_the_creator__provider_is_paid(
    controller: Any, payments: Any, net: Any, maker: Any, books: Any, roles: Any, who: str
) -> None:
    owed = maker.netting()
    changes = settlement.netted(owed, PROTOCOL_BPS, roles.treasury.address)
    assert changes[roles.treasury.address].free == owed.amount * PROTOCOL_BPS // 10_000 > 0
    signature = b"" if who == "creator" else None
    with books.changed_by(changes):
        receipt = net(owed, signature, sender=getattr(roles, who))

    (event,) = controller.DealsNetted.from_receipt(receipt)
    told = event.event_arguments  # `event.provider` is ape's own
    assert (told["creator"], told["provider"]) == (owed.creator, owed.provider)
    assert (told["deals"], bytes(told["root"])) == (owed.deals, owed.root)
    assert (told["amount"], told["protocolBps"]) == (owed.amount, PROTOCOL_BPS)
    assert payments.isNonceUsed(controller, roles.creator, owed.nonce)
    assert not payments.isNonceUsed(controller, roles.provider, owed.nonce)


@pytest.mark.parametrize("amount", [0, 1, 78, 79])
def test_net__amount_so_small_that_the_share_is_rounded_away__is_the_model_s(
    net: Any, maker: Any, books: Any, roles: Any, amount: int
) -> None:
    assert (amount * PROTOCOL_BPS // 10_000 > 0) == (amount == 79)
    owed = maker.netting(amount=amount)
    with books.changed_by(settlement.netted(owed, PROTOCOL_BPS, roles.treasury.address)):
        net(owed)


@pytest.mark.parametrize("bps", [0, PROTOCOL_BPS, 1_000])
def test_net__protocol_share_no_more_than_was_signed__is_taken_as_it_is_now(
    controller: Any, net: Any, maker: Any, books: Any, roles: Any, bps: int
) -> None:
    controller.setParameters(bps, controller.collateralFloorBps(), sender=roles.governor)
    for signed in (bps, 1_000, 65_535):
        owed = maker.netting(protocol_bps=signed)
        with books.changed_by(settlement.netted(owed, bps, roles.treasury.address)):
            receipt = net(owed)
        (event,) = controller.DealsNetted.from_receipt(receipt)
        assert event.protocolBps == bps


def test_net__protocol_share_above_what_was_signed__reverts(
    controller: Any, net: Any, maker: Any, books: Any, roles: Any
) -> None:
    """Governance cannot take more of what the two reckoned up than they reckoned with."""
    owed = maker.netting()
    controller.setParameters(PROTOCOL_BPS + 1, controller.collateralFloorBps(), sender=roles.governor)
    wrong = {"totalBps": PROTOCOL_BPS + 1, "limitBps": PROTOCOL_BPS}
    with books.unchanged(), reverts_with("Controller_SharesTooHigh", **wrong):
        net(owed)


@pytest.mark.parametrize("role", ["creator", "treasury", "stranger"])
def test_net__to_whomever_the_creator_signed_for__is_paid(
    net: Any, maker: Any, books: Any, roles: Any, role: str
) -> None:
    """The provider need not have done anything, nor be anybody else: it is the creator's money alone."""
    owed = maker.netting(provider=getattr(roles, role).address)
    with books.changed_by(settlement.netted(owed, PROTOCOL_BPS, roles.treasury.address)):
        net(owed)


def test_net__signed_by_a_contract__is_asked(
    controller: Any, payments: Any, net: Any, maker: Any, wallet: Any, not_signed: Any
) -> None:
    owed = maker.netting(creator=wallet.address)
    with not_signed(wallet, owed):
        net(owed, maker.sign_long(maker.provider, owed))
    net(owed, maker.sign_long(maker.creator, owed))
    assert tuple(payments.balanceOf(controller, wallet)) == (CEILING - owed.amount, 0)


# ------------------------------------------------------------ money that is not there


def test_net__more_than_is_free__reverts(controller: Any, net: Any, maker: Any, desk: Any, books: Any) -> None:
    desk.agree()
    free = books.of(maker.creator.address).free
    owed = maker.netting(amount=free + 1)
    wrong = {"controller": controller, "account": owed.creator, "free": free, "needed": free + 1}
    with books.unchanged(), reverts_with("Payments_InsufficientFree", **wrong):
        net(owed)
    net(replace(owed, amount=free))
    assert books.of(owed.creator) == Change(free=0, locked=CEILING)


@pytest.mark.parametrize("provider", ["creator", "provider"])
def test_net__the_largest_amount__reverts(
    controller: Any, net: Any, maker: Any, books: Any, roles: Any, provider: str
) -> None:
    """Also to oneself, where the credit would be there before anybody looked."""
    most = 2**96 - 1
    owed = maker.netting(amount=most, provider=getattr(roles, provider).address)
    free = books.of(roles.creator).free
    wrong = {"controller": controller, "account": roles.creator, "free": free, "needed": most}
    with books.unchanged(), reverts_with("Payments_InsufficientFree", **wrong):
        net(owed)


# ------------------------------------------------------------ consent


def test_net__not_signed_by_the_creator__reverts(net: Any, maker: Any, books: Any, roles: Any, not_signed: Any) -> None:
    owed = maker.netting()
    signature = maker.sign(maker.creator, owed)
    with books.unchanged():
        for false in (b"", bytes(65), signature[:-1], maker.sign(maker.provider, owed)):
            with not_signed(owed.creator, owed):
                net(owed, false, sender=roles.provider)


@pytest.mark.parametrize(
    "change",
    [
        {"amount": 7 * ETHER + 2},
        {"deals": 65},
        {"root": bytes(32)},
        {"expiry": 2**40 - 2},
        {"nonce": 10**9},
        {"protocol_bps": PROTOCOL_BPS + 1},
        {"provider": "0x" + "ab" * 20},
    ],
    ids=lambda change: next(iter(change)),
)
def test_net__changed_after_signing__reverts(net: Any, maker: Any, books: Any, not_signed: Any, change: Any) -> None:
    owed = maker.netting()
    changed = replace(owed, **change)
    with books.unchanged(), not_signed(owed.creator, changed):
        net(changed, maker.sign(maker.creator, owed))


@pytest.mark.parametrize("other", ["chain", "controller"])
def test_net__signed_for_another_chain_or_controller__reverts(
    net: Any, maker: Any, books: Any, not_signed: Any, other: str
) -> None:
    here = maker.domain
    elsewhere = {
        "chain": Domain(here.chain_id + 1, here.controller),
        "controller": Domain(here.chain_id, Address(maker.mediation)),
    }[other]
    owed = maker.netting()
    with books.unchanged(), not_signed(owed.creator, owed):
        net(owed, sign(maker.creator, elsewhere, owed))


def test_net__signature_under_something_else__reverts(
    net: Any, maker: Any, desk: Any, books: Any, not_signed: Any
) -> None:
    owed, case = maker.netting(), desk.on_paper()
    with books.unchanged():
        for message in (case.job, maker.instant(nonce=owed.nonce)):
            with not_signed(owed.creator, owed):
                net(owed, maker.sign(maker.creator, message))
        for signature in (desk.acceptance(case), desk.acceptance(case, long=True)):
            with not_signed(owed.creator, owed):
                net(owed, signature)


# ------------------------------------------------------------ once, and in time


def test_net__again__reverts(desk: Any, net: Any, maker: Any, books: Any, roles: Any) -> None:
    owed = maker.netting()
    net(owed)
    with books.unchanged(), desk.nonce_used(roles.creator, owed.nonce):
        net(owed)


def test_net__nonce_shared_with_the_creator_s_offers__only_one_of_them_is_good(
    controller: Any, net: Any, maker: Any, desk: Any, roles: Any
) -> None:
    case = desk.agree()
    with desk.nonce_used(roles.creator, case.job.nonce):
        net(maker.netting(nonce=case.job.nonce))

    owed = maker.netting()
    net(owed)
    with desk.nonce_used(roles.creator, owed.nonce):
        controller.instant(*maker.done(maker.instant(nonce=owed.nonce)), sender=roles.stranger)
    with desk.nonce_used(roles.creator, owed.nonce):
        desk.agree(maker.job(nonce=owed.nonce))


def test_net__cancelled__reverts(controller: Any, payments: Any, desk: Any, net: Any, maker: Any, roles: Any) -> None:
    by_creator, by_provider = maker.netting(), maker.netting()
    payments.cancelNonce(controller, by_creator.nonce, sender=roles.creator)
    with desk.nonce_used(roles.creator, by_creator.nonce):
        net(by_creator)
    payments.cancelNonce(controller, by_provider.nonce, sender=roles.provider)  # not its to cancel
    net(by_provider)


def test_net__expired__reverts_a_second_later(net: Any, maker: Any, chain: Any, at: Any, roles: Any) -> None:
    expiry = chain.pending_timestamp + 100
    for now in (expiry - 1, expiry):
        at(now)
        net(maker.netting(expiry=expiry))
    at(expiry + 1)
    with reverts_with("Controller_OfferExpired", signer=roles.creator, expiry=expiry, nowAt=expiry + 1):
        net(maker.netting(expiry=expiry))
