"""Whatever happens, a provider never promises more of its machine than there is, and offers what is free.

Real are the provider's offering, its journal and its order book. The chain is a list of deals: what matters of it here
is which nonces are used, and that the provider hears of that later, or after its own death.
"""

from __future__ import annotations

import asyncio
import tempfile
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from eth_account import Account
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from lilypad.agents.nonces import JournalCounter, OfferNonces
from lilypad.agents.provider import offering, place
from lilypad.agents.provider.capacity import next_offer, total_of
from lilypad.agents.provider.offering import CLOCK_SECONDS, REFUSED_SECONDS, Offering, OfferTerms
from lilypad.agents.provider.outstanding import OutstandingOffers
from lilypad.errors import TransactionRevertedError
from lilypad.market.book import OrderBook, SignedResource
from lilypad.market.client import OfferState
from lilypad.protocol.deal import Deal, DealStatus
from lilypad.protocol.offers import Domain, JobOffer
from lilypad.protocol.words import Shares, Verification, Windows
from lilypad.store.journal import Journal
from lilypad.types import ZERO_ADDRESS, ZERO_DIGEST, Address, DealId, ModuleId, Resources
from tests.offchain import deals

TOTAL = Resources(cpu_milli=2_000, ram_mib=4_096, disk_mib=1_000)
LIFETIME = 3_600
WINDOWS = Windows(decline=60, submit=600, judge=600, mediate=600)
ACCOUNT, CREATOR = Account.from_key(b"\x01" * 32), Address(Account.from_key(b"\x02" * 32).address)
DOMAIN = Domain(1, CREATOR)


class KilledError(BaseException):
    """The process is gone."""


class World:
    """The chain, the market and the clock: what goes on when the provider is dead."""

    def __init__(self) -> None:
        self.now = 1_000_000
        self.head = 1
        self.used: dict[int, int] = {}
        """The block in which a nonce was used."""
        self.deals: list[tuple[int, Deal]] = []
        self.offers: dict[bytes, SignedResource] = {}
        """All that anybody but the provider has seen."""
        self.book = OrderBook(DOMAIN)
        self.domain, self.account, self.rpc = DOMAIN, Address(ACCOUNT.address), self

    def mine(self, nonce: int) -> int:
        self.head += 1
        self.used[nonce] = self.head
        return self.head

    def takeable(self) -> list[SignedResource]:
        """The chain's clock is behind, by as much as the provider allows for."""
        chain = self.now - CLOCK_SECONDS + 1
        return [o for o in self.offers.values() if o.offer.nonce not in self.used and o.offer.expiry >= chain]

    def take(self, signed: SignedResource, needs: Resources) -> None:
        block = self.mine(signed.offer.nonce)
        job = JobOffer(
            *(CREATOR, ZERO_ADDRESS, ZERO_ADDRESS, 0, self.now, block, 1, ModuleId(bytes(32)), ZERO_DIGEST, needs),
            *(1, 10, 10, WINDOWS, signed.offer.verification),
        )
        self.deals.append((block, deals.agreed(DOMAIN, job, signed.offer, ZERO_ADDRESS, Shares(), self.now)))

    # What the provider asks of its actor and of its market.

    async def call(self, method: str) -> str:
        assert method == "eth_blockNumber"
        return hex(self.head)

    async def is_nonce_used(self, account: Address, nonce: int) -> bool:
        return nonce in self.used

    async def cancel_nonce(self, nonce: int) -> Any:
        if nonce in self.used:
            raise TransactionRevertedError("used", name="Payments_NonceUsed")
        return SimpleNamespace(block_number=self.mine(nonce))

    async def announce(self, signed: SignedResource) -> OfferState:
        entry = self.book.add(signed, self.now)
        self.offers[entry.digest] = signed
        return OfferState(entry.digest, entry.status, entry.reason, entry.deal, ())

    async def cancelled(self, digest: bytes) -> None:
        return None


def terms(places: int, price: int = 1, capacity: Resources = TOTAL) -> OfferTerms:
    return OfferTerms(
        capacity=capacity,
        price_per_instruction=price,
        minimum_payment=1,
        collateral=10,
        late_penalty_bps=100,
        windows=WINDOWS,
        verifications=(Verification(CREATOR), Verification(Address(ACCOUNT.address))),
        lifetime_seconds=LIFETIME,
        places=places,
    )


class Provider:
    """One process after the other, with one journal."""

    def __init__(self, world: World, folder: Path, places: int) -> None:
        self.world, self.places, self.read_to = world, places, 0
        self.journal = Journal(folder / "journal.sqlite")
        self.journal.__enter__()
        self.start(terms(places))

    def start(self, its: OfferTerms) -> None:
        nonces = OfferNonces(cast(Any, self.world), Address(ACCOUNT.address), JournalCounter(self.journal))
        outstanding = OutstandingOffers(self.journal)
        world = cast(Any, self.world)
        self.offering = Offering(world, ACCOUNT, its, world, nonces, outstanding)
        self.has_recalled = False
        self.seen = set[DealId]()

    def deals(self) -> list[Deal]:
        return [deal for block, deal in self.world.deals if block <= self.read_to]

    async def look(self) -> None:
        """As `run` does, once."""
        if not self.has_recalled:
            await self.offering._recall(self.deals())
            self.has_recalled = True
        await self.offering._announce(self.deals(), self.read_to)
        self.seen = {deal.id for deal in self.deals()}

    async def settle(self) -> None:
        """Looks until all has been heard of, and all waiting is over."""
        for _ in range(12):
            self.read_to = self.world.head
            await self.look()
            standing = self.offering._standing
            if all(p.closed_at is None and p.refused_since is None and p.expiry >= self.world.now for p in standing):
                return
            self.world.now += int(REFUSED_SECONDS) + 1
        raise AssertionError("an offer is neither out nor gone")

    def close(self) -> None:
        self.journal.__exit__(None, None, None)


def promised(world: World) -> Resources:
    """To deals that have not ended, and by offers that may still be taken: one for each nonce."""
    open_deals = [deal.job.resources for _, deal in world.deals if not deal.status.is_end]
    places = {signed.offer.nonce: signed.offer.resources for signed in world.takeable()}
    return total_of([*open_deals, *places.values()])


class Promises(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.patch = pytest.MonkeyPatch()
        self.world = World()
        for module in (offering, place):
            self.patch.setattr(module, "crash_point", self.pass_by, raising=False)
        self.patch.setattr(offering, "time", SimpleNamespace(time=lambda: self.world.now))
        self.folder = tempfile.TemporaryDirectory()
        self.dies_at = 0
        self.provider = Provider(self.world, Path(self.folder.name), places=3)

    def teardown(self) -> None:
        self.provider.close()
        self.folder.cleanup()
        self.patch.undo()

    def pass_by(self, *_: str) -> None:
        self.dies_at -= 1
        if self.dies_at == 0:
            raise KilledError

    @rule()
    def look(self) -> None:
        asyncio.run(self.provider.look())

    @rule(steps=st.integers(1, 12), price=st.sampled_from([1, 1, 2]), places=st.integers(1, 4), lag=st.integers(0, 2))
    def die_and_start_again(self, steps: int, price: int, places: int, lag: int) -> None:
        self.dies_at = steps
        with suppress(KilledError):
            asyncio.run(self.provider.look())
        self.dies_at = 0
        self.world.deals = [(block, deal) for block, deal in self.world.deals if not deal.status.is_end]
        self.provider.places = places
        self.provider.start(terms(places, price))
        # It reads the chain before it offers anything, all but what still has to be confirmed.
        self.provider.read_to = max(self.provider.read_to, self.world.head - lag)

    @precondition(lambda self: self.world.takeable())
    @rule(data=st.data(), tenths=st.integers(0, 10))
    def take(self, data: st.DataObject, tenths: int) -> None:
        """By somebody who kept it, whatever became of the market."""
        signed = data.draw(st.sampled_from(self.world.takeable()))
        offered = signed.offer.resources
        self.world.take(signed, Resources(offered.cpu_milli * tenths // 10, 0, offered.ram_mib * tenths // 10))

    @precondition(lambda self: any(not deal.status.is_end for _, deal in self.world.deals))
    @rule(data=st.data())
    def end_a_deal(self, data: st.DataObject) -> None:
        open_ones = [n for n, (_, deal) in enumerate(self.world.deals) if not deal.status.is_end]
        number = data.draw(st.sampled_from(open_ones))
        block, deal = self.world.deals[number]
        if block <= self.provider.read_to:
            self.world.deals[number] = block, replace(deal, status=DealStatus.ACCEPTED)

    @rule(blocks=st.integers(0, 3))
    def hear_of_the_chain(self, blocks: int) -> None:
        self.provider.read_to = min(self.provider.read_to + blocks, self.world.head)

    @rule()
    def forget_what_has_ended(self) -> None:
        """Its book keeps them for longer than it takes to look once."""
        seen = self.provider.seen
        self.world.deals = [(b, deal) for b, deal in self.world.deals if not (deal.status.is_end and deal.id in seen)]

    @rule(seconds=st.sampled_from([1, 10, 61, LIFETIME, 2 * LIFETIME]))
    def pass_time(self, seconds: int) -> None:
        """In an hour the provider hears of all that happened before it."""
        if seconds >= LIFETIME:
            self.provider.read_to = self.world.head
        self.world.now += seconds

    @rule(data=st.data(), forgets=st.booleans())
    def trouble_the_market(self, data: st.DataObject, forgets: bool) -> None:
        if forgets:
            self.world.book = OrderBook(DOMAIN)
        for entry in [*self.world.book.resting(SignedResource)]:
            if data.draw(st.booleans()):
                self.world.book.refuse(entry, "whatever")

    @rule()
    def mark_agreed(self) -> None:
        for block, deal in self.world.deals:
            self.world.book.agreed((deal.agreement.resource_digest,), DealId(deal.id), block)

    @invariant()
    def nothing_is_promised_twice(self) -> None:
        assert promised(self.world).fit_in(TOTAL)

    @rule()
    def settle(self) -> None:
        """Never idle while there is enough for somebody."""
        asyncio.run(self.provider.settle())
        in_hand = sum(not deal.status.is_end for _, deal in self.world.deals)
        nonces = {signed.offer.nonce for signed in self.world.takeable()}
        left = self.provider.places - in_hand - len(nonces)
        assert left <= 0 or next_offer(TOTAL.beyond(promised(self.world)), left) is None
        assert self.provider.offering.booking.total == TOTAL


Promises.TestCase.settings = settings(
    max_examples=100, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)
TestPromises = Promises.TestCase


async def test_offers__of_several_machines__are_each_a_part_of_one(tmp_path: Path) -> None:
    """Three machines, of which the largest has half of all: a job has one machine."""
    largest = Resources(cpu_milli=4_000, ram_mib=2_048, disk_mib=1_000)
    capacity = Resources(cpu_milli=8_000, ram_mib=4_096, disk_mib=1_000)
    world = World()
    provider = Provider(world, tmp_path, places=1)
    provider.start(replace(terms(1, capacity=capacity), largest=largest))
    await provider.look()
    assert {signed.offer.resources for signed in world.takeable()} == {largest}
    provider.close()
