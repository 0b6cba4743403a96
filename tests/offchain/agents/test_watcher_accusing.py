"""What a challenge may cost, and what it must bring, before a job is run for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, cast

import pytest

from lilypad.agents.network import Funds
from lilypad.agents.watcher.accusing import Accuser
from lilypad.agents.watcher.policy import WatchPolicy
from lilypad.chain.devnode import dev_account
from lilypad.errors import FaultError, RecoverableError, RejectedError
from lilypad.protocol.deal import Deal, DealStatus
from lilypad.protocol.settlement import Challenge
from lilypad.protocol.words import Verification
from lilypad.types import Address, DealId, Engine

from .deals import MEDIATION, submitted_deal

FEE, BOND = 300, 200
PRICE = FEE + BOND
REWARD = (1_000 - FEE) // 4
"""A quarter of what the mediators leave of the collateral."""
WATCHER = dev_account(7).address


@dataclass
class Chain:
    """What an actor asks it: prices and money, which no real chain has in these amounts."""

    have: Funds = field(default_factory=lambda: Funds(PRICE, 0, 0))
    account: Address = WATCHER

    async def quote(self, verification: Verification) -> tuple[int, int]:
        return FEE, BOND

    async def funds(self, account: Address) -> Funds:
        return self.have

    def verification(self, engine: Engine) -> Verification:
        return Verification(MEDIATION, tolerance_bps=5_000 if engine is Engine.DOCKER else 0)


@dataclass
class Book:
    """Deals in hand, and what is noted of them."""

    deals: list[Deal] = field(default_factory=list)
    noted: dict[str, Any] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Deal]:
        return iter(self.deals)

    def notes(self, id_: DealId) -> dict[str, Any]:
        return self.noted


def accuser(policy: WatchPolicy, chain: Chain | None = None, book: Book | None = None) -> Accuser:
    return Accuser(cast(Any, chain or Chain()), cast(Any, book or Book()), policy)


async def test_challenge__that_fits_everything__is_worth_it() -> None:
    await accuser(WatchPolicy(PRICE, least_reward=REWARD - 1)).require_worth_it(submitted_deal(), Engine.WASM)


@pytest.mark.parametrize("have", [Funds(PRICE - 1, 0, 10_000), Funds(0, PRICE - 1, 0), Funds(1, PRICE - 2, 0)])
async def test_money__that_is_not_there__is_told_before_anything_runs(have: Funds) -> None:
    with pytest.raises(FaultError, match="too poor for a challenge"):
        await accuser(WatchPolicy(PRICE), Chain(have)).require_worth_it(submitted_deal(), Engine.WASM)


async def test_reward__that_is_not_above_the_least__is_not_worth_the_gas() -> None:
    with pytest.raises(RejectedError, match="would bring too little"):
        await accuser(WatchPolicy(PRICE, least_reward=REWARD)).require_worth_it(submitted_deal(), Engine.WASM)


async def test_bond__that_one_challenge_is_above__is_said_to_be_too_low() -> None:
    with pytest.raises(RejectedError, match="raise --bond"):
        await accuser(WatchPolicy(PRICE - 1)).require_worth_it(submitted_deal(), Engine.WASM)


@pytest.mark.parametrize("is_seen", [True, False], ids=["seen", "sent"])
async def test_bond__that_an_open_case_holds__is_waited_for(is_seen: bool) -> None:
    """Also if the chain has not told of it yet."""
    dispute = Challenge(WATCHER, BOND, MEDIATION, FEE)
    seen = Book([replace(submitted_deal(), status=DealStatus.CHALLENGED, dispute=dispute)])
    book = seen if is_seen else Book([submitted_deal()], {"challenge": {"price": PRICE}})
    with pytest.raises(RecoverableError, match="may not lock so much together"):
        await accuser(WatchPolicy(2 * PRICE - 1), book=book).require_worth_it(submitted_deal(), Engine.WASM)
    await accuser(WatchPolicy(2 * PRICE), book=book).require_worth_it(submitted_deal(), Engine.WASM)


async def test_container__whose_terms_want_equal_times__is_left_alone() -> None:
    with pytest.raises(RejectedError, match="more exactly than two machines measure"):
        await accuser(WatchPolicy(PRICE)).require_worth_it(submitted_deal(), Engine.DOCKER)
