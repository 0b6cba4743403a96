"""agree: each lane of the packed words at its limits, one beyond them, and bits that belong to no lane."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest
from eth_abi.abi import encode
from eth_typing import Hash32
from eth_utils.crypto import keccak

from lilypad.protocol.signing import compact
from lilypad.protocol.words import Windows
from lilypad.types import Resources
from tests.contracts.errors import reverts_with
from tests.contracts.makers import MANIFEST, WINDOWS

RESOURCE_LANES = ["cpu_milli", "gpu", "ram_mib", "vram_mib", "disk_mib"]
WINDOW_LANES = ["decline", "submit", "judge", "mediate"]
JOB_TICKET, PRICES, RESOURCE_TICKET = 6, 1, 4
"""Places of the words that have bits to spare."""


@dataclass(frozen=True)
class Raw:
    """A word that our own types refuse to be."""

    word: int

    def pack(self) -> int:
        return self.word


@pytest.fixture
def refused(controller: Any, maker: Any, stranger: Any, books: Any) -> Any:
    def check(job: Any, resource: Any, error: str, **fields: Any) -> None:
        with books.unchanged(), reverts_with(f"Controller_{error}", **fields):
            controller.agree(*maker.pair(job, resource), sender=stranger)

    return check


# ------------------------------------------------------------ resources: 32 bits each, the highest zero


@pytest.mark.parametrize("lane", RESOURCE_LANES)
def test_agree__largest_resource__is_compared_with_its_own_lane_alone(
    desk: Any, maker: Any, refused: Any, lane: str
) -> None:
    most = 2**31 - 1
    has = maker.resource(resources=Resources(**dict.fromkeys(RESOURCE_LANES, most)))
    desk.agree(maker.job(resources=Resources(**{lane: most})), has)
    needed, others = Resources(**{lane: 1}), {name: most for name in RESOURCE_LANES if name != lane}
    available = Resources(**others, **{lane: 0})
    refused(
        maker.job(resources=needed),
        maker.resource(resources=available),
        "ResourcesTooSmall",
        available=available,
        needed=needed,
    )


@pytest.mark.parametrize("lane", RESOURCE_LANES)
@pytest.mark.parametrize("side", ["needed", "available", "both"])
def test_agree__resource_with_its_highest_bit__fits_nowhere(refused: Any, maker: Any, lane: str, side: str) -> None:
    """The comparison's own bit: whoever sets it cannot make a small machine pass for a large one."""
    small, huge = Resources(cpu_milli=1), Raw(1 << 31 + 32 * RESOURCE_LANES.index(lane))
    needed = huge if side in ("needed", "both") else Resources()
    available = huge if side in ("available", "both") else small
    job, resource = maker.job(resources=needed), maker.resource(resources=available)
    refused(job, resource, "ResourcesTooSmall", available=available, needed=needed)


def test_agree__no_resources_at_all__is_agreed(desk: Any, maker: Any) -> None:
    desk.agree(maker.job(resources=Resources()), maker.resource(resources=Resources()))


# ------------------------------------------------------------ windows: 24 bits each, the highest zero


@pytest.mark.parametrize("lane", WINDOW_LANES)
@pytest.mark.parametrize("value", [2**23, 2**24 - 1])
def test_agree__window_with_its_highest_bit__is_no_window(refused: Any, maker: Any, lane: str, value: int) -> None:
    asked = replace(WINDOWS, **{lane: value})
    refused(maker.job(windows=asked), maker.resource(), "WindowsInvalid", windows=asked)


@pytest.mark.parametrize("lane", WINDOW_LANES)
def test_agree__limit_with_its_highest_bit__takes_no_job(refused: Any, maker: Any, lane: str) -> None:
    limits = replace(Windows(0, 0, 2**23 - 1, 0), **{lane: 2**23})
    refused(maker.job(), maker.resource(windows=limits), "WindowsRefused", asked=WINDOWS, limits=limits)


def test_agree__longest_windows_and_widest_limits__are_agreed(desk: Any, maker: Any) -> None:
    longest = Windows(*[30 * 24 * 3600] * 4)
    desk.agree(maker.job(windows=longest), maker.resource(windows=Windows(0, 0, 2**23 - 1, 0)))
    desk.agree(maker.job(windows=longest), maker.resource(windows=longest))


def test_agree__shortest_windows__are_agreed(desk: Any, maker: Any) -> None:
    shortest = Windows(0, 1, 1, 1)
    desk.agree(maker.job(windows=shortest), maker.resource(windows=shortest))


# ------------------------------------------------------------ amounts: 96 bits


@pytest.mark.parametrize(
    ("side", "changes", "error", "fields"),
    [
        ("job", {"collateral": 2**96 - 1}, "CollateralTooLow", {"collateral": 20 * 10**18, "needed": 2**96 - 1}),
        ("resource", {"price_per_instruction": 2**96 - 1}, "PriceTooHigh",
         {"price": 2**96 - 1, "limit": 2 * 10**12}),
        ("resource", {"minimum_payment": 2**96 - 1}, "MinimumAboveCeiling",
         {"minimumPayment": 2**96 - 1, "paymentCeiling": 10 * 10**18}),
    ],
    ids=["collateral", "price", "minimum"],
)  # fmt: skip
def test_agree__largest_amount__is_compared_as_such(
    refused: Any, maker: Any, side: str, changes: dict[str, int], error: str, fields: dict[str, int]
) -> None:
    offers = {"job": maker.job(), "resource": maker.resource()}
    offers[side] = replace(offers[side], **changes)
    refused(offers["job"], offers["resource"], error, **fields)


@pytest.mark.parametrize("who", ["creator", "provider"])
def test_agree__largest_amount_to_lock__is_not_there(
    controller: Any, maker: Any, stranger: Any, books: Any, roles: Any, who: str
) -> None:
    """And nothing of it runs over into what lies beside the balance."""
    most = 2**96 - 1
    job = maker.job(payment_ceiling=most if who == "creator" else 10**18)
    resource = maker.resource(collateral=most)
    wrong = {"account": getattr(roles, who), "free": books.of(getattr(roles, who)).free, "needed": most}
    with books.unchanged(), reverts_with("Payments_InsufficientFree", controller=controller, **wrong):
        controller.agree(*maker.pair(job, resource), sender=stranger)


# ------------------------------------------------------------ bits that belong to no lane


@pytest.mark.parametrize(
    ("part", "place", "bit"),
    [(0, JOB_TICKET, 152), (0, JOB_TICKET, 255), (1, PRICES, 192), (1, PRICES, 255), (1, RESOURCE_TICKET, 120),
     (1, RESOURCE_TICKET, 255)],
)  # fmt: skip
def test_agree__bits_that_nobody_signed__mean_nothing(
    controller: Any, desk: Any, maker: Any, stranger: Any, part: int, place: int, bit: int
) -> None:
    """Whoever brings the offers may set them: the deal is the same one, and cannot be made twice."""
    case = desk.on_paper()
    pair = list(maker.pair(case.job, case.resource))
    words = list(pair[part])
    words[place] = (int.from_bytes(words[place], "big") | 1 << bit).to_bytes(32, "big")
    pair[part] = tuple(words)
    receipt = controller.agree(*pair, sender=stranger)
    assert desk.case_of(receipt, case.job, case.resource).terms == case.terms
    with reverts_with("Storage_LaneBusy", lane=case.lane, status=1):
        desk.agree(case.job, case.resource)
    controller.decline(case.terms.words(), sender=desk.roles.provider)
    with desk.nonce_used(case.terms.creator, case.job.nonce):
        desk.agree(case.job, case.resource)


@pytest.mark.parametrize("bit", [224, 255])
def test_agree__bits_of_the_verification_that_mean_nothing__are_refused(
    controller: Any, maker: Any, stranger: Any, books: Any, bit: int
) -> None:
    """Both sides sign the whole word, so that it has to have one meaning."""
    job = maker.job()
    dirty = (job.verification.pack() | 1 << bit).to_bytes(32, "big")
    jobs, resources, _, *rest = maker.pair(job, maker.resource())
    with books.unchanged(), reverts_with("Controller_VerificationInvalid", verification=dirty):
        controller.agree(jobs, resources, dirty, *rest, sender=stranger)


@pytest.mark.parametrize("place", range(1, 4), ids=["provider", "solver", "author"])
def test_instant__address_wider_than_an_address__reverts(
    controller: Any, maker: Any, stranger: Any, books: Any, place: int
) -> None:
    """Even where both sides have signed the text with what lies before the address."""
    deal = maker.instant()
    text = bytearray(encode(["bytes32", *deal.ABI], [keccak(text=deal.type_string()), *deal.values()]))
    if place < 3:  # the author is signed as a part of the module's id
        text[32 * (place + 1)] = 1
    digest = Hash32(maker.domain.digest(keccak(text)))
    signatures = [compact(bytes(key.unsafe_sign_hash(digest).signature)) for key in (maker.creator, maker.provider)]
    data = bytearray(controller.instant.encode_input(deal.words(maker.author, MANIFEST), *signatures))
    at = 4 + 32 * place
    assert data[at : at + 12] == bytes(12)
    data[at] = 1
    with books.unchanged(), reverts_with(""):
        stranger.transfer(controller, 0, data=bytes(data))
