"""Whose offer the solver drops when the chain refuses the two that it brought."""

from __future__ import annotations

import time
from typing import Any, cast

import pytest

from lilypad.agents.solver.agent import Solver
from lilypad.errors import ChainUnavailableError, FaultError, TransactionRevertedError
from lilypad.market.book import Entry, OfferStatus, OrderBook, SignedJob, SignedResource
from lilypad.protocol.words import pack_funds
from tests.invariants.network import ADDRESSES, deploy

CREATOR, PROVIDER = ADDRESSES["creator"], ADDRESSES["provider"]
RESTING, REFUSED = OfferStatus.RESTING, OfferStatus.REFUSED


class RefusingActor:
    """A chain that refuses every agreement for this reason; each reason itself is tried with the contracts."""

    account = ADDRESSES["solver"]

    def __init__(self, refusal: Exception) -> None:
        self.refusal = refusal

    async def is_nonce_used(self, account: str, nonce: int) -> bool:
        return False

    async def agree(self, job: SignedJob, resource: SignedResource) -> None:
        raise self.refusal


def reverted(name: str, *arguments: Any) -> TransactionRevertedError:
    return TransactionRevertedError(name, name=name, args=arguments)


@pytest.mark.parametrize(
    ("refusal", "job_status", "resource_status"),
    [
        (reverted("Storage_LaneBusy", pack_funds(CREATOR, 1), 1), REFUSED, RESTING),
        (reverted("Payments_NonceUsed", ADDRESSES["judge"], CREATOR, 1), REFUSED, RESTING),
        (reverted("Payments_NonceUsed", ADDRESSES["judge"], PROVIDER, 1), RESTING, REFUSED),
        (reverted("Payments_InsufficientFree", ADDRESSES["judge"], PROVIDER, 1, 2), RESTING, REFUSED),
        (reverted("Controller_BadSignature", CREATOR, bytes(32)), REFUSED, RESTING),
        (reverted("Controller_WindowsRefused", 1, 2), REFUSED, REFUSED),
        (ChainUnavailableError("no endpoint answers"), RESTING, RESTING),
        (FaultError("the key was used for another request"), REFUSED, REFUSED),
    ],
    ids=lambda value: value.name if isinstance(value, TransactionRevertedError) else str(value)[:9],
)
async def test_agree__that_is_refused__drops_the_offer_at_fault(
    refusal: Exception, job_status: OfferStatus, resource_status: OfferStatus
) -> None:
    maker = deploy().maker
    book = OrderBook(maker.domain)
    job, resource = maker.job(), maker.resource()
    entries: list[Entry] = [
        book.add(SignedJob(job, maker.sign(maker.creator, job)), int(time.time())),
        book.add(SignedResource(resource, maker.sign(maker.provider, resource)), int(time.time())),
    ]
    await Solver(cast(Any, RefusingActor(refusal)), book)._agree(*entries)
    assert [entry.status for entry in entries] == [job_status, resource_status]
