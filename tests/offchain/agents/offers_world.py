"""What a provider's offers depend on: the chain, the market and the clock, which go on when the provider is dead.

The chain is a list of blocks, each with what was done to nonces in it: a deal was made, or an offer was called back.
Its last blocks may be undone, and what was in them comes again later, or never.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from eth_account import Account

from lilypad.agents.nonces import JournalCounter, OfferNonces
from lilypad.agents.provider.capacity import total_of
from lilypad.agents.provider.gate import Gate
from lilypad.agents.provider.offer_terms import OfferTerms
from lilypad.agents.provider.offering import Offering
from lilypad.agents.provider.open_offers import CLOCK_SECONDS
from lilypad.agents.provider.outstanding import OutstandingOffers
from lilypad.chain.cursor import Tip
from lilypad.errors import RecoverableError, TransactionRevertedError
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


@dataclass(frozen=True)
class Use:
    """Of an offer's nonce: by a deal, or by its maker to call the offer back."""

    nonce: int
    deal: Deal | None = None


@dataclass(frozen=True)
class Block:
    hash: bytes
    uses: tuple[Use, ...] = ()


@dataclass
class World:
    now: int = 1_000_000
    collateral: int = 1_000_000
    blocks: list[Block] = field(default_factory=lambda: [Block(b"first")])
    waiting: list[Use] = field(default_factory=list)
    """What a reorganisation has thrown out: it may be mined again."""
    ended: set[DealId] = field(default_factory=set)
    offers: dict[bytes, SignedResource] = field(default_factory=dict)
    """All that anybody but the provider has seen."""
    book: OrderBook = field(default_factory=lambda: OrderBook(DOMAIN))

    def __post_init__(self) -> None:
        self.domain, self.account, self.rpc = DOMAIN, Address(ACCOUNT.address), self
        self._hashes = (f"block {number}".encode() for number in itertools.count())

    # ------------------------------------------------------------------ what happens

    def mine(self, *uses: Use) -> int:
        self.blocks.append(Block(next(self._hashes), uses))
        return len(self.blocks) - 1

    def undo(self, depth: int, *, at_once: int) -> bool:
        """The last blocks give way to as many others, and one more. Of what was in them, so much is in the last of
        these, and the rest waits. Returns whether there was any."""
        first = max(len(self.blocks) - depth, 1)
        depth, thrown = len(self.blocks) - first, [use for block in self.blocks[first:] for use in block.uses]
        del self.blocks[first:]
        self.ended -= {use.deal.id for use in thrown if use.deal is not None}
        for _ in range(depth):
            self.mine()
        self.mine(*thrown[:at_once])
        self.waiting += thrown[at_once:]
        return bool(thrown)

    def mine_again(self, use: Use) -> None:
        """Unless its offer was taken meanwhile, or has expired."""
        self.waiting.remove(use)
        takeable = {signed.offer.nonce for signed in self.takeable()}
        if use.nonce in takeable or (use.deal is None and use.nonce not in self.used()):
            self.mine(use)

    def take(self, signed: SignedResource, asked: Resources) -> Deal:
        job = JobOffer(
            *(CREATOR, ZERO_ADDRESS, ZERO_ADDRESS, 0, self.now, len(self.blocks), 1, ModuleId(bytes(32)), ZERO_DIGEST),
            *(asked, 1, 10, 10, WINDOWS, signed.offer.verification),
        )
        deal = deals.agreed(DOMAIN, job, signed.offer, ZERO_ADDRESS, Shares(), self.now)
        self.mine(Use(signed.offer.nonce, deal))
        return deal

    # ------------------------------------------------------------------ how it stands

    def used(self, blocks: Sequence[Block] | None = None) -> set[int]:
        return {use.nonce for block in (self.blocks if blocks is None else blocks) for use in block.uses}

    def takeable(self) -> list[SignedResource]:
        """The chain's clock is behind, by as much as the provider allows for."""
        chain, used = self.now - CLOCK_SECONDS + 1, self.used()
        return [o for o in self.offers.values() if o.offer.nonce not in used and o.offer.expiry >= chain]

    def deals(self, blocks: Sequence[Block] | None = None) -> list[Deal]:
        found = [use.deal for block in (self.blocks if blocks is None else blocks) for use in block.uses if use.deal]
        return [replace(deal, status=DealStatus.ACCEPTED) if deal.id in self.ended else deal for deal in found]

    # ------------------------------------------------------------------ what the provider asks of actor and market

    async def call(self, method: str) -> str:
        assert method == "eth_blockNumber"
        return hex(len(self.blocks) - 1)

    async def funds(self, account: Address) -> Any:
        return SimpleNamespace(free=self.collateral)

    async def is_nonce_used(self, account: Address, nonce: int, block: bytes | str = "latest") -> bool:
        hashes = [each.hash for each in self.blocks]
        if block != "latest" and block not in hashes:
            raise RecoverableError("the node refused eth_call: unknown block")
        end = len(hashes) if block == "latest" else hashes.index(cast(bytes, block)) + 1
        return nonce in self.used(self.blocks[:end])

    async def cancel_nonce(self, nonce: int) -> Any:
        if nonce in self.used():
            raise TransactionRevertedError("used", name="Payments_NonceUsed")
        return SimpleNamespace(block_number=self.mine(Use(nonce)))

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
    """One process after the other, with one journal. It is its own deal book."""

    def __init__(self, world: World, folder: Path, places: int) -> None:
        self.world, self.places = world, places
        self.read = world.blocks[:1]
        """The blocks that its book goes by, on whichever branch."""
        self.results = set[DealId]()
        """Of the deals whose result is in the journal."""
        self.running = dict[DealId, Resources]()
        """Containers: they do not care whether the provider lives."""
        self.forgotten = set[DealId]()
        self.journal = Journal(folder / "journal.sqlite")
        self.journal.__enter__()
        self.start(terms(places))

    def start(self, its: OfferTerms) -> None:
        nonces = OfferNonces(cast(Any, self.world), Address(ACCOUNT.address), JournalCounter(self.journal))
        outstanding = OutstandingOffers(self.journal)
        world = cast(Any, self.world)
        self.offering = Offering(world, ACCOUNT, its, world, nonces, outstanding)
        self.gate = Gate(its.capacity, its.places)
        for deal, asked in self.running.items():
            self.gate.resume(deal, asked)

    def __iter__(self) -> Iterator[Deal]:
        return iter([deal for deal in self.world.deals(self.read) if deal.id not in self.forgotten])

    def notes(self, id_: DealId) -> dict[str, Any]:
        return {"result": ...} if id_ in self.results else {}

    def first_block(self, id_: DealId) -> int | None:
        return next((n for n, block in enumerate(self.read) if id_ in {d.id for d in self.world.deals([block])}), None)

    @property
    def tip(self) -> Tip:
        return Tip(len(self.read) - 1, self.read[-1].hash)

    @property
    def is_up_to_date(self) -> bool:
        """On the branch that there is."""
        return self.read == self.world.blocks[: len(self.read)]

    def at_work(self) -> list[Deal]:
        return [deal for deal in self if not deal.status.is_end and deal.id not in self.results]

    def hear(self, blocks: int) -> None:
        """A rollback, or so many blocks. What no longer runs for anybody is stopped."""
        if not self.is_up_to_date:
            shared = itertools.takewhile(
                lambda pair: pair[0] == pair[1], zip(self.read, self.world.blocks, strict=False)
            )
            self.read = [block for block, _ in shared]
        else:
            self.read = self.world.blocks[: len(self.read) + blocks]
        for deal in self.running.keys() - {deal.id for deal in self.at_work()}:
            self.stop(deal)

    def hear_all(self) -> None:
        self.hear(0)
        self.hear(len(self.world.blocks))

    async def look(self) -> None:
        await self.offering.look(self, self.tip)

    async def run_jobs(self) -> list[Deal]:
        """Begins what there is room for; returns what has to wait."""
        waiting = []
        for deal in self.at_work():
            if await self.gate.enter(deal.id, deal.job.resources, 0):
                self.running[deal.id] = deal.job.resources
            else:
                waiting.append(deal)
        return waiting

    def stop(self, deal: DealId) -> None:
        self.running.pop(deal, None)
        self.gate.leave(deal)

    def close(self) -> None:
        self.journal.__exit__(None, None, None)


def in_deals(world: World, results: set[DealId]) -> Resources:
    """That are open: everything until there is a result, then what lies on the disk."""
    open_ones = [deal for deal in world.deals() if not deal.status.is_end]
    whole = total_of(deal.job.resources for deal in open_ones if deal.id not in results)
    return whole + Resources(disk_mib=sum(d.job.resources.disk_mib for d in open_ones if d.id in results))


def in_offers(world: World) -> Resources:
    """That may still be taken: one for each nonce."""
    return total_of({signed.offer.nonce: signed.offer.resources for signed in world.takeable()}.values())
