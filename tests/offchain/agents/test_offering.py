"""Whatever happens, a provider never runs more than its machine has, never promises more by itself, and offers what is
free.

Real are the provider's offering, its gate, its journal and its order book. The chain is a list of blocks: what matters
of it here is which nonces are used, and that the provider hears of that later, or after its own death, or of a branch
that is gone.
"""

from __future__ import annotations

import asyncio
import tempfile
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from lilypad.agents.provider import offering, open_offers, place
from lilypad.agents.provider.capacity import next_offer, total_of
from lilypad.agents.provider.offering import UNWANTED_SECONDS
from lilypad.errors import RecoverableError
from lilypad.market.book import OrderBook, SignedResource
from lilypad.types import DealId, Resources

from .offers_world import DOMAIN, LIFETIME, TOTAL, Provider, World, in_deals, in_offers, terms

DEEPEST = 5
"""Blocks that a reorganisation takes back here. The provider is told that one more is final."""


class KilledError(BaseException):
    """The process is gone."""


class Promises(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.patch = pytest.MonkeyPatch()
        self.world = World()
        for module in (offering, place):
            self.patch.setattr(module, "crash_point", self.pass_by, raising=False)
        self.patch.setattr(offering, "time", SimpleNamespace(time=lambda: self.world.now))
        self.patch.setattr(open_offers, "REORG_DEPTH", DEEPEST + 1)
        self.folder = tempfile.TemporaryDirectory()
        self.loop = asyncio.Runner()
        self.dies_at = 0
        self.is_shaken = False
        """A reorganisation has taken something back, which may be promised to others since."""
        self.provider = Provider(self.world, Path(self.folder.name), places=3)

    def teardown(self) -> None:
        self.provider.close()
        self.loop.close()
        self.folder.cleanup()
        self.patch.undo()

    def pass_by(self, *_: str) -> None:
        self.dies_at -= 1
        if self.dies_at == 0:
            raise KilledError

    def promised(self) -> Resources:
        return in_deals(self.world, self.provider.results) + in_offers(self.world)

    # ------------------------------------------------------------------ the provider

    @rule()
    def look(self) -> None:
        """On a branch that is gone, it may be told that its node does not know that."""
        before, is_up_to_date = self.promised(), self.provider.is_up_to_date
        try:
            self.loop.run(self.provider.look())
        except RecoverableError:
            assert not is_up_to_date
        if is_up_to_date:
            most = TOTAL + before.beyond(TOTAL)
            assert self.promised().fit_in(most), "it has promised by itself what it does not have"

    @rule(data=st.data(), ends=st.booleans())
    def run_jobs(self, data: st.DataObject, ends: bool) -> None:
        """All that was promised can begin at once, unless the chain has taken promises back or there are fewer places.
        A deal stays open until its result is judged, which may take days."""
        waiting = self.loop.run(self.provider.run_jobs())
        assert not waiting or self.is_shaken or len(self.provider.running) >= self.provider.places
        if ends and self.provider.running:
            deal = data.draw(st.sampled_from(sorted(self.provider.running)))
            self.provider.results.add(deal)
            self.provider.stop(deal)

    @rule(steps=st.integers(1, 12), price=st.sampled_from([1, 1, 2]), places=st.integers(1, 4), lag=st.integers(0, 2))
    def die_and_start_again(self, steps: int, price: int, places: int, lag: int) -> None:
        self.dies_at = steps
        with suppress(KilledError, RecoverableError):
            self.loop.run(self.provider.look())
        self.dies_at = 0
        self.provider.places = places
        self.provider.start(terms(places, price))
        # It reads the chain before it offers anything, all but what still has to be confirmed.
        self.provider.hear(0)
        self.provider.hear(max(len(self.world.blocks) - lag - len(self.provider.read), 0))

    @rule(blocks=st.integers(0, 3))
    def hear_of_the_chain(self, blocks: int) -> None:
        self.provider.hear(blocks)

    @rule()
    def forget_what_has_ended(self) -> None:
        """Its book keeps it until no reorganisation reaches it."""
        final = self.provider.world.deals(self.provider.read[: -DEEPEST - 1])
        self.provider.forgotten |= {deal.id for deal in final if deal.status.is_end}

    # ------------------------------------------------------------------ the others

    @precondition(lambda self: self.world.takeable())
    @rule(data=st.data(), tenths=st.integers(0, 10))
    def take(self, data: st.DataObject, tenths: int) -> None:
        """By somebody who kept it, whatever became of the market."""
        signed = data.draw(st.sampled_from(self.world.takeable()))
        has = signed.offer.resources
        self.world.take(signed, Resources(has.cpu_milli * tenths // 10, 0, has.ram_mib * tenths // 10, 0, has.disk_mib))

    @precondition(lambda self: any(not deal.status.is_end for deal in self.provider))
    @rule(data=st.data())
    def end_a_deal(self, data: st.DataObject) -> None:
        here = {deal.id for deal in self.world.deals()}
        open_ones = [deal.id for deal in self.provider if not deal.status.is_end and deal.id in here]
        if open_ones:
            self.world.ended.add(data.draw(st.sampled_from(open_ones)))
            self.provider.hear(0)

    @rule(seconds=st.sampled_from([1, 10, 61, LIFETIME, 2 * LIFETIME]))
    def pass_time(self, seconds: int) -> None:
        """In an hour the provider hears of all that happened before it."""
        if seconds >= LIFETIME:
            self.provider.hear_all()
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
        for deal in self.world.deals():
            self.world.book.agreed((deal.agreement.resource_digest,), DealId(deal.id), 1)

    @rule(blocks=st.integers(1, 4))
    def mine(self, blocks: int) -> None:
        for _ in range(blocks):
            self.world.mine()

    @rule(depth=st.integers(1, DEEPEST), at_once=st.integers(0, 3))
    def reorganise(self, depth: int, at_once: int) -> None:
        """What was in the blocks comes a block later, or much later, or never."""
        self.is_shaken |= self.world.undo(depth, at_once=at_once)
        self.world.book.reopen(0)

    @precondition(lambda self: self.world.waiting)
    @rule(data=st.data(), comes=st.booleans())
    def bring_again(self, data: st.DataObject, comes: bool) -> None:
        use = data.draw(st.sampled_from(self.world.waiting))
        if comes:
            self.world.mine_again(use)
        elif use.deal is not None:  # what the provider has sent itself, it sends until it is mined
            self.world.waiting.remove(use)

    # ------------------------------------------------------------------ what must be true

    @invariant()
    def no_more_runs_than_there_is(self) -> None:
        assert total_of(self.provider.running.values()).fit_in(TOTAL)

    @invariant()
    def nothing_is_promised_twice(self) -> None:
        """Unless the chain has taken a promise back that was kept: then the gate is there."""
        assert self.is_shaken or self.promised().fit_in(TOTAL)

    @rule()
    def settle(self) -> None:
        """Never idle while there is enough for somebody; and what a reorganisation has left open is called back."""
        for use in [use for use in self.world.waiting if use.deal is None]:
            self.world.mine_again(use)
        for _ in range(12):
            self.provider.hear_all()
            self.loop.run(self.provider.look())
            standing = self.provider.offering._standing
            if all(self.is_settled(each) for each in standing):
                break
            self.world.now += int(UNWANTED_SECONDS) + 1
        else:
            raise AssertionError("an offer is neither out nor gone")
        free = TOTAL.beyond(in_deals(self.world, self.provider.results))
        assert in_offers(self.world).fit_in(free), "what is offered is there"
        left = self.provider.places - len(self.provider.at_work()) - len({o.offer.nonce for o in self.world.takeable()})
        assert left <= 0 or next_offer(free.beyond(in_offers(self.world)), left) is None
        assert self.provider.offering.booking.total == TOTAL
        deals = in_deals(self.world, self.provider.results)
        self.is_shaken &= bool(self.world.waiting) or not deals.fit_in(TOTAL)

    def is_settled(self, each: place.Place) -> bool:
        return not each.is_called_back and each.unwanted_since is None and each.expiry >= self.world.now


Promises.TestCase.settings = settings(
    max_examples=100, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
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
