"""Entries of a batch of instant deals, and what the log and the model say of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from lilypad.protocol import settlement
from lilypad.protocol.offers import InstantDeal
from lilypad.protocol.settlement import Change
from lilypad.types import ZERO_ADDRESS, Address
from tests.contracts.conftest import key_of
from tests.contracts.makers import MANIFEST, PROTOCOL_BPS

BLOCK_GAS = 30_000_000
BURN = 2
NO_SHARES = {"solver": ZERO_ADDRESS, "solver_bps": 0, "royalty_bps": 0, "protocol_bps": 0}


@pytest.fixture
def entry(maker: Any) -> Any:
    """One deal with its creator's signature, unless 64 other bytes are given."""

    def make(deal: InstantDeal, signature: bytes | None = None, key: Any = None) -> Any:
        signature = maker.sign(key or maker.creator, deal) if signature is None else signature
        return deal.words(maker.author, MANIFEST), signature[:32], signature[32:]

    return make


@pytest.fixture
def second(roles: Any) -> Any:
    """Another creator's key; it has funds."""
    return key_of(roles.challenger)


@pytest.fixture
def paid(roles: Any) -> Any:
    """What the model says of these deals together."""

    def changes(*deals: InstantDeal, bps: int = PROTOCOL_BPS) -> Mapping[Address, Change]:
        total: dict[Address, Change] = {}
        for deal in deals:
            one = settlement.instant(deal, roles.author.address, bps, roles.treasury.address)
            for account, change in one.items():
                total[account] = total.get(account, Change()) + change
        return total

    return changes


@pytest.fixture
def told(controller: Any) -> Any:
    """Creator and numbers of every deal that the log tells of."""

    def read(receipt: Any) -> list[tuple[str, bytes]]:
        events = [event.event_arguments for event in controller.DealInstant.from_receipt(receipt)]
        return [(event["creator"], bytes(event["numbers"])) for event in events]

    return read


@pytest.fixture
def line(maker: Any) -> Any:
    """The same of a deal as it was signed."""
    return lambda deal: (deal.creator, deal.words(maker.author, MANIFEST)[-1])
