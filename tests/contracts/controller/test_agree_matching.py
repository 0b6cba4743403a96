"""agree: each rule of the matching, broken by exactly one field, with the error's own words."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lilypad.protocol.words import LONGEST_WINDOW, Windows
from lilypad.types import ZERO_ADDRESS, Resources
from tests.contracts.errors import reverts_with
from tests.contracts.makers import CEILING, COLLATERAL, FAR, PROTOCOL_BPS, ROYALTY_BPS, SOLVER_BPS, WINDOWS

TOTAL_BPS = PROTOCOL_BPS + ROYALTY_BPS + SOLVER_BPS


@pytest.fixture
def refused(controller: Any, payments: Any, maker: Any, stranger: Any, books: Any) -> Any:
    """Bringing this pair reverts with this error and leaves everything as it was."""

    def check(job: Any, resource: Any, error: str, **fields: Any) -> None:
        with books.unchanged(), reverts_with(f"Controller_{error}", **fields):
            controller.agree(*maker.pair(job, resource), sender=stranger)
        assert not payments.isNonceUsed(controller, job.creator, job.nonce)
        assert not payments.isNonceUsed(controller, resource.provider, resource.nonce)

    return check


@pytest.mark.parametrize("side", ["job", "resource"])
def test_agree__second_after_an_offer_expires__reverts(
    refused: Any, maker: Any, chain: Any, at: Any, side: str
) -> None:
    now = chain.blocks.head.timestamp + 10
    offers = {"job": maker.job(), "resource": maker.resource()}
    offers[side] = replace(offers[side], expiry=now - 1)
    signer = {"job": maker.creator, "resource": maker.provider}[side].address
    at(now)
    refused(offers["job"], offers["resource"], "OfferExpired", signer=signer, expiry=now - 1, nowAt=now)


@pytest.mark.parametrize("before", [0, 1])
def test_agree__last_seconds_before_both_expire__is_agreed(
    desk: Any, maker: Any, chain: Any, at: Any, before: int
) -> None:
    expiry = chain.blocks.head.timestamp + 10
    at(expiry - before)
    desk.agree(maker.job(expiry=expiry), maker.resource(expiry=expiry))


def test_agree__with_oneself__reverts(refused: Any, maker: Any) -> None:
    me = maker.creator.address
    refused(maker.job(), maker.resource(provider=me), "SelfDeal", account=me)


def test_agree__job_for_another_provider__reverts(refused: Any, maker: Any, stranger: Any) -> None:
    resource = maker.resource()
    target = stranger.address
    refused(maker.job(target=target), resource, "NotTarget", provider=resource.provider, target=target)


def test_agree__share_for_nobody__reverts(refused: Any, maker: Any) -> None:
    job = maker.job(solver=ZERO_ADDRESS)
    refused(job, maker.resource(), "SolverMissing", solverBps=SOLVER_BPS)


def test_agree__shares_above_what_the_provider_allows__reverts(refused: Any, maker: Any) -> None:
    resource = maker.resource(shares_bps=TOTAL_BPS - 1)
    refused(maker.job(), resource, "SharesTooHigh", totalBps=TOTAL_BPS, limitBps=TOTAL_BPS - 1)


def test_agree__shares_above_the_whole_cost__reverts_whatever_was_signed(refused: Any, maker: Any) -> None:
    others = ROYALTY_BPS + PROTOCOL_BPS
    job = maker.job(solver_bps=10_001 - others)
    refused(job, maker.resource(shares_bps=65_535), "SharesTooHigh", totalBps=10_001, limitBps=10_000)


def test_agree__shares_of_the_whole_cost__is_agreed_and_can_be_paid(
    desk: Any, maker: Any, controller: Any, creator: Any
) -> None:
    job = maker.job(solver_bps=10_000 - ROYALTY_BPS - PROTOCOL_BPS)
    case = desk.submit(desk.agree(job, maker.resource(shares_bps=65_535)))
    controller.accept(*case.submitted, sender=creator)


def test_agree__price_above_the_limit__reverts(refused: Any, maker: Any) -> None:
    resource = maker.resource()
    price = resource.price_per_instruction
    job = maker.job(price_per_instruction=price - 1)
    refused(job, resource, "PriceTooHigh", price=price, limit=price - 1)


def test_agree__minimum_above_the_ceiling__reverts(refused: Any, maker: Any) -> None:
    resource = maker.resource(minimum_payment=CEILING + 1)
    wrong = {"minimumPayment": CEILING + 1, "paymentCeiling": CEILING}
    refused(maker.job(), resource, "MinimumAboveCeiling", **wrong)


def test_agree__collateral_below_what_the_job_asks__reverts(refused: Any, maker: Any) -> None:
    job = maker.job(collateral=COLLATERAL + 1)
    wrong = {"collateral": COLLATERAL, "needed": COLLATERAL + 1}
    refused(job, maker.resource(), "CollateralTooLow", **wrong)


def test_agree__collateral_below_the_floor__reverts_although_the_job_asks_none(refused: Any, maker: Any) -> None:
    floor = CEILING // 10
    resource = maker.resource(collateral=floor - 1)
    refused(maker.job(collateral=0), resource, "CollateralTooLow", collateral=floor - 1, needed=floor)


def test_agree__collateral_at_the_floor__is_agreed(desk: Any, maker: Any) -> None:
    desk.agree(maker.job(collateral=0), maker.resource(collateral=CEILING // 10))


@pytest.mark.parametrize("name", ["late_penalty_bps", "decline_fee_bps"])
@pytest.mark.parametrize("bps", [10_001, 65_535])
def test_agree__penalty_or_fee_above_the_collateral__reverts(refused: Any, maker: Any, name: str, bps: int) -> None:
    refused(maker.job(), maker.resource(**{name: bps}), "PenaltyAboveCollateral", bps=bps)


@pytest.mark.parametrize("lane", ["cpu_milli", "gpu", "ram_mib", "vram_mib", "disk_mib"])
def test_agree__one_resource_too_small__reverts(refused: Any, maker: Any, lane: str) -> None:
    resource = maker.resource()
    needed = replace(resource.resources, **{lane: getattr(resource.resources, lane) + 1})
    job = maker.job(resources=needed)
    refused(job, resource, "ResourcesTooSmall", available=resource.resources, needed=needed)


@pytest.mark.parametrize(
    "changes",
    [
        {"submit": 0, "decline": 0},
        {"judge": 0},
        {"mediate": 0},
        {"decline": WINDOWS.submit + 1},
        {"submit": LONGEST_WINDOW + 1},
        {"judge": LONGEST_WINDOW + 1},
        {"mediate": LONGEST_WINDOW + 1},
    ],
    ids=str,
)
def test_agree__window_without_sense__reverts(refused: Any, maker: Any, changes: dict[str, int]) -> None:
    windows = replace(WINDOWS, **changes)
    resource = maker.resource(windows=Windows(0, 0, 2**23 - 1, 0))
    refused(maker.job(windows=windows), resource, "WindowsInvalid", windows=windows)


@pytest.mark.parametrize(
    "changes",
    [{"decline": 599}, {"submit": 3_599}, {"judge": 1_801}, {"mediate": 7_199}],
    ids=str,
)
def test_agree__window_beyond_the_provider_s_limits__reverts(refused: Any, maker: Any, changes: dict[str, int]) -> None:
    asked = replace(WINDOWS, **changes)
    job = maker.job(windows=asked)
    refused(job, maker.resource(), "WindowsRefused", asked=asked, limits=WINDOWS)


@pytest.mark.parametrize("changes", [{"mediation": ZERO_ADDRESS}, {"level": 1}, {"level": 3}], ids=str)
def test_agree__verification_that_nobody_can_do__reverts(refused: Any, maker: Any, changes: dict[str, Any]) -> None:
    verification = replace(maker.job().verification, **changes)
    job = maker.job(verification=verification)
    resource = maker.resource(verification=verification)
    refused(job, resource, "VerificationInvalid", verification=verification.word())


def test_agree__several_rules_broken__names_the_first(refused: Any, maker: Any) -> None:
    job = maker.job(creator=maker.provider.address, solver=ZERO_ADDRESS, collateral=2**96 - 1)
    refused(job, maker.resource(resources=Resources()), "SelfDeal", account=job.creator)
    assert job.expiry == FAR
