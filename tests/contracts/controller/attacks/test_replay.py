"""What was signed once, for one thing, in one place, is good for nothing else: deals, chains, controllers, forks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lilypad.protocol.deal import DealStatus
from lilypad.protocol.offers import Acceptance, Submission
from tests.contracts.controller.mangled import expand, with_high_s, with_high_s_cut
from tests.contracts.desk import stands_at
from tests.contracts.errors import reverts_with
from tests.contracts.makers import RIGHT, words


@pytest.fixture
def second(compiled: Any, protocol: Any, roles: Any) -> Any:
    """A new version of the controller, beside the one that everybody uses, with funds of the same people."""
    parts = (protocol.payments, protocol.storage, protocol.modules, roles.treasury, roles.governor)
    newer = roles.holder.deploy(compiled.LilypadController, *parts)
    for account in (roles.creator, roles.provider):
        protocol.payments.deposit(newer, account, 100 * 10**18, sender=roles.holder)
    return newer


# ------------------------------------------------------------ deals


def test_replay__same_offers_after_the_deal_ended__revert(controller: Any, desk: Any, provider: Any) -> None:
    case = desk.agree()
    controller.decline(case.terms.words(), sender=provider)
    with desk.nonce_used(case.terms.creator, case.job.nonce):
        desk.agree(case.job, case.resource)


def test_replay__offer_with_another_partner__reverts(desk: Any, maker: Any) -> None:
    """One signature makes one deal, whoever is on the other side."""
    case = desk.agree()
    with reverts_with("Storage_LaneBusy", lane=case.lane, status=DealStatus.AGREED):
        desk.agree(case.job, maker.resource())
    with desk.nonce_used(case.terms.provider, case.resource.nonce):
        desk.agree(maker.job(), case.resource)


@pytest.mark.parametrize("call", ["settle", "acceptSigned", "settleBatch"])
def test_replay__acceptance_of_a_deal__pays_no_other_deal_of_the_same_two(
    controller: Any, desk: Any, books: Any, provider: Any, not_accepted: Any, call: str
) -> None:
    paid, other = desk.agree(), desk.agree()
    accepted = desk.acceptance(paid)
    controller.settle(*paid.submitted, accepted, b"", sender=provider)
    if call == "settleBatch":
        with books.unchanged():
            receipt = controller.settleBatch([desk.settling(other, accepted=accepted)], sender=provider)
        assert desk.skipped(receipt) == {0: "Controller_BadSignature"}
        return
    if call == "acceptSigned":
        other = desk.submit(other)
    rest = (accepted, b"") if call == "settle" else (accepted,)
    with books.unchanged(), not_accepted(other):
        getattr(controller, call)(*other.submitted, *rest, sender=provider)


def test_replay__acceptance_of_the_lane_s_last_deal__is_not_that_of_its_next(
    controller: Any, desk: Any, maker: Any, provider: Any, not_accepted: Any
) -> None:
    first = desk.agree(maker.job(lane=2))
    accepted = desk.acceptance(first)
    controller.settle(*first.submitted, accepted, b"", sender=provider)
    second = desk.agree(maker.job(lane=2))
    with not_accepted(second):
        controller.settle(*second.submitted, accepted, b"", sender=provider)


def test_replay__one_kind_of_signature_for_another__is_neither(
    controller: Any, desk: Any, maker: Any, stranger: Any, not_accepted: Any, not_submitted: Any
) -> None:
    """The two say the same of a result, and are consent to different things."""
    case = desk.agree()
    says = (case.id, *words(RIGHT))
    with not_accepted(case):
        swapped = maker.sign(maker.creator, Submission(*says))
        controller.settle(*case.submitted, swapped, desk.submission(case), sender=stranger)
    with not_submitted(case):
        swapped = maker.sign(maker.provider, Acceptance(*says))
        controller.settle(*case.submitted, desk.acceptance(case), swapped, sender=stranger)


# ------------------------------------------------------------ other writings of a signature


@pytest.mark.parametrize("other", [with_high_s, with_high_s_cut])
def test_malleability__twin_of_a_signature__is_none(
    controller: Any, desk: Any, maker: Any, stranger: Any, other: Any, not_signed: Any, not_accepted: Any
) -> None:
    case, owed, deal = desk.submitted(), maker.netting(), maker.instant()
    with not_accepted(case):
        controller.acceptSigned(*case.submitted, other(desk.acceptance(case)), sender=stranger)
    with not_signed(owed.creator, owed):
        controller.net(owed.words(), other(maker.sign(maker.creator, owed)), sender=stranger)
    with not_signed(deal.provider, deal):
        call = maker.done(deal, provider_signature=other(maker.sign(maker.provider, deal)))
        controller.instant(*call, sender=stranger)


def test_malleability__twin_in_a_batch__is_skipped(controller: Any, desk: Any, books: Any, provider: Any) -> None:
    case = desk.agree()
    twin = with_high_s_cut(desk.acceptance(case))
    with books.unchanged():
        receipt = controller.settleBatch([desk.settling(case, accepted=twin)], sender=provider)
    assert desk.skipped(receipt) == {0: "Controller_BadSignature"}


def test_malleability__64_bytes_and_then_65__do_the_same_thing_once(
    controller: Any, desk: Any, maker: Any, stranger: Any
) -> None:
    """Both are writings of one signature; what is used up is the nonce, and not the bytes."""
    owed, case = maker.netting(), desk.submitted()
    signature, accepted = maker.sign(maker.creator, owed), desk.acceptance(case)
    controller.net(owed.words(), signature, sender=stranger)
    with desk.nonce_used(owed.creator, owed.nonce):
        controller.net(owed.words(), expand(signature), sender=stranger)
    controller.acceptSigned(*case.submitted, accepted, sender=stranger)
    with stands_at(case, DealStatus.ACCEPTED, not_at=DealStatus.SUBMITTED):
        controller.acceptSigned(*case.submitted, expand(accepted), sender=stranger)


# ------------------------------------------------------------ controllers and chains


def test_replay__offers_of_this_controller_at_another__revert(
    second: Any, desk: Any, maker: Any, stranger: Any
) -> None:
    case = desk.agree()
    theirs = replace(maker.domain, controller=second.address)
    digest = theirs.digest(case.job.struct_hash())
    with reverts_with("Controller_BadSignature", signer=case.job.creator, digest=digest):
        second.agree(*maker.pair(case.job, case.resource), sender=stranger)


@pytest.mark.parametrize("what", ["netting", "instant"])
def test_replay__payment_of_this_controller_at_another__reverts(
    controller: Any, second: Any, payments: Any, maker: Any, roles: Any, what: str
) -> None:
    """Although the same account has money there, and its nonce is fresh."""
    message = getattr(maker, what)()
    call, name = (
        {
            "netting": lambda: (message.words(), maker.sign(maker.creator, message)),
            "instant": lambda: maker.done(message),
        }[what](),
        {"netting": "net", "instant": "instant"}[what],
    )
    getattr(controller, name)(*call, sender=roles.stranger)
    assert not payments.isNonceUsed(second, roles.creator, message.nonce)
    digest = replace(maker.domain, controller=second.address).digest(message.struct_hash())
    with reverts_with("Controller_BadSignature", signer=roles.creator, digest=digest):
        getattr(second, name)(*call, sender=roles.stranger)


def test_replay__deal_of_this_controller_at_another__is_unknown(second: Any, desk: Any, roles: Any) -> None:
    case = desk.agree()
    with stands_at(case, DealStatus.NONE, not_at=DealStatus.AGREED):
        second.submitResult(*case.submitted, sender=roles.provider)


def test_replay__after_a_fork_with_an_id_of_its_own__nothing_signed_before_counts_there(
    controller: Any, desk: Any, maker: Any, chain: Any, roles: Any
) -> None:
    """The contracts are on both chains, with all deals and balances; each asks for signatures of its own."""
    case = desk.agree()
    job, resource, accepted = maker.job(), maker.resource(), desk.acceptance(case)
    forked = replace(maker.domain, chain_id=maker.domain.chain_id + 1)
    chain.provider.make_request("anvil_setChainId", [forked.chain_id])
    try:
        assert controller.eip712Domain().chainId == forked.chain_id
        message = Acceptance(case.id, *words(RIGHT))
        for signer, signed, call, arguments in (
            (roles.creator, job, controller.agree, maker.pair(job, resource)),
            (roles.creator, message, controller.settle, (*case.submitted, accepted, desk.submission(case))),
        ):
            digest = forked.digest(signed.struct_hash())
            with reverts_with("Controller_BadSignature", signer=signer, digest=digest):
                call.call(*arguments, sender=roles.stranger)
    finally:
        chain.provider.make_request("anvil_setChainId", [maker.domain.chain_id])
