"""agree: who consented. Keys sign by ECDSA, contracts by ERC-1271, and the caller by calling."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lilypad.protocol.offers import Domain
from lilypad.protocol.signing import sign, signer_of
from tests.contracts.controller.mangled import MANGLED

SIDES = ["job", "resource"]


@pytest.fixture
def bring(controller: Any, maker: Any, stranger: Any) -> Any:
    """Brings two offers, one of them with this signature."""

    def call(offers: dict[str, Any], side: str, signature: bytes, sender: Any = None) -> Any:
        pair = maker.pair(offers["job"], offers["resource"], **{f"{side}_signature": signature})
        return controller.agree(*pair, sender=sender or stranger)

    return call


@pytest.fixture
def offers(maker: Any) -> dict[str, Any]:
    return {"job": maker.job(), "resource": maker.resource()}


def maker_of(offer: Any) -> str:
    return getattr(offer, "creator", None) or offer.provider


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("how", MANGLED)
def test_agree__mangled_signature__reverts(
    maker: Any, bring: Any, offers: Any, not_signed: Any, side: str, how: str
) -> None:
    key = {"job": maker.creator, "resource": maker.provider}[side]
    offer = offers[side]
    signature = MANGLED[how](maker.sign(key, offer))
    assert signer_of(maker.domain, offer, signature) != maker_of(offer)  # the same off chain
    with not_signed(maker_of(offer), offer):
        bring(offers, side, signature)


@pytest.mark.parametrize("side", SIDES)
def test_agree__signed_in_65_bytes_as_wallets_do__is_agreed(maker: Any, bring: Any, offers: Any, side: str) -> None:
    key = {"job": maker.creator, "resource": maker.provider}[side]
    bring(offers, side, maker.sign_long(key, offers[side]))


@pytest.mark.parametrize("side", SIDES)
def test_agree__signature_of_somebody_else__reverts(
    maker: Any, bring: Any, offers: Any, not_signed: Any, side: str
) -> None:
    other = {"job": maker.provider, "resource": maker.creator}[side]
    with not_signed(maker_of(offers[side]), offers[side]):
        bring(offers, side, maker.sign(other, offers[side]))


@pytest.mark.parametrize(
    "name",
    ["payment_ceiling", "collateral", "nonce", "lane", "solver_bps", "expiry", "price_per_instruction"],
)
def test_agree__job_changed_after_signing__reverts(
    maker: Any, bring: Any, offers: Any, not_signed: Any, name: str
) -> None:
    job = maker.job(collateral=10**18)
    changed = replace(job, **{name: getattr(job, name) - 1})
    with not_signed(job.creator, changed):
        bring(offers | {"job": changed}, "job", maker.sign(maker.creator, job))


@pytest.mark.parametrize(
    "name",
    [
        "minimum_payment",
        "nonce",
        "shares_bps",
        "expiry",
        "late_penalty_bps",
        "decline_fee_bps",
        "price_per_instruction",
    ],
)
def test_agree__resource_changed_after_signing__reverts(
    maker: Any, bring: Any, offers: Any, not_signed: Any, name: str
) -> None:
    resource = offers["resource"]
    changed = replace(resource, **{name: getattr(resource, name) - 1})
    with not_signed(resource.provider, changed):
        bring(offers | {"resource": changed}, "resource", maker.sign(maker.provider, resource))


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize(
    "change", [{"mediator_set": 1}, {"mediators": 5}, {"tolerance_bps": 1}, {"mediation": "0x" + "ab" * 20}], ids=str
)
def test_agree__verification_that_one_side_has_not_signed__reverts(
    controller: Any, maker: Any, stranger: Any, offers: Any, not_signed: Any, side: str, change: dict[str, Any]
) -> None:
    """It travels once, beside both offers: each side's signature is over this very word."""
    verification = replace(offers["job"].verification, **change)
    theirs = {name: replace(offer, verification=verification) for name, offer in offers.items()}
    signed = theirs | {side: offers[side]}
    key = {"job": maker.creator, "resource": maker.provider}
    signatures = {f"{name}_signature": maker.sign(key[name], signed[name]) for name in SIDES}
    pair = maker.pair(theirs["job"], theirs["resource"], verification=verification, **signatures)
    with not_signed(maker_of(offers[side]), theirs[side]):
        controller.agree(*pair, sender=stranger)


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("elsewhere", ["chain", "controller"])
def test_agree__signed_for_another_chain_or_controller__reverts(
    maker: Any, bring: Any, offers: Any, not_signed: Any, side: str, elsewhere: str
) -> None:
    domain = maker.domain
    there = {
        "chain": Domain(domain.chain_id + 1, domain.controller),
        "controller": Domain(domain.chain_id, maker.mediation),
    }[elsewhere]
    key = {"job": maker.creator, "resource": maker.provider}[side]
    with not_signed(maker_of(offers[side]), offers[side]):
        bring(offers, side, sign(key, there, offers[side]))


def test_agree__caller_is_maker_but_brings_a_false_signature__reverts(
    bring: Any, offers: Any, creator: Any, not_signed: Any
) -> None:
    with not_signed(creator, offers["job"]):
        bring(offers, "job", bytes(64), sender=creator)


# ------------------------------------------------------------ contracts


def test_agree__contract_signs__is_agreed(desk: Any, maker: Any, wallet: Any) -> None:
    job = maker.job(creator=wallet.address)
    case = desk.agree(job, job_signature=maker.sign_long(maker.creator, job))
    assert case.terms.creator == wallet.address


def test_agree__contract_refuses__reverts(maker: Any, bring: Any, offers: Any, wallet: Any, not_signed: Any) -> None:
    job = maker.job(creator=wallet.address)
    with not_signed(wallet, job):
        bring(offers | {"job": job}, "job", maker.sign_long(maker.provider, job))


def test_agree__contract_that_cannot_sign__reverts(
    protocol: Any, maker: Any, bring: Any, offers: Any, not_signed: Any
) -> None:
    job = maker.job(creator=protocol.token.address)
    with not_signed(protocol.token, job):
        bring(offers | {"job": job}, "job", maker.sign(maker.creator, job))


def test_agree__contract_sends_its_own_offer__is_agreed(
    controller: Any, desk: Any, maker: Any, wallet: Any, creator: Any
) -> None:
    job, resource = maker.job(creator=wallet.address), maker.resource()
    pair = maker.pair(job, resource, job_signature=b"")
    receipt = wallet.execute(controller, controller.agree.encode_input(*pair), sender=creator)
    desk.case_of(receipt, job, resource)


def test_agree__owner_of_a_contract_is_not_the_contract(
    maker: Any, bring: Any, offers: Any, wallet: Any, creator: Any, not_signed: Any
) -> None:
    job = maker.job(creator=wallet.address)
    with not_signed(wallet, job):
        bring(offers | {"job": job}, "job", b"", sender=creator)
