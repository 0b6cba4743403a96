"""A provider's offers at the moments when the chain changes its mind, or somebody is faster."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from lilypad.agents.provider import offering
from lilypad.agents.provider.offering import UNWANTED_SECONDS
from lilypad.errors import RecoverableError
from lilypad.market.book import SignedResource
from lilypad.types import Resources

from .offers_world import LIFETIME, TOTAL, Provider, World, in_offers, terms

SMALL = Resources(cpu_milli=100, ram_mib=64)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    world = World()
    monkeypatch.setattr(offering, "time", SimpleNamespace(time=lambda: world.now))
    return world


@pytest.fixture
def provider(world: World, tmp_path: Path) -> Iterator[Provider]:
    """One place, and so one offer, of all there is."""
    provider = Provider(world, tmp_path, places=1)
    asyncio.run(provider.look())
    yield provider
    provider.close()


async def test_offer__whose_agreement_is_mined_a_block_later_after_all__is_not_made_twice(
    world: World, provider: Provider
) -> None:
    """The chain has shown that it is taken, and has changed its mind about where."""
    world.take(world.takeable()[0], TOTAL)
    await provider.look()
    world.undo(1, at_once=1)
    provider.hear(0)
    provider.hear(1)
    assert list(provider) == [], "its book goes to where the agreement was, and not to where it is"
    await provider.look()
    assert in_offers(world) == Resources()
    provider.hear_all()
    await provider.look()
    assert len(provider.at_work()) == 1


async def test_offer__whose_agreement_is_undone_for_good__stands_again(world: World, provider: Provider) -> None:
    world.take(world.takeable()[0], SMALL)
    provider.hear_all()
    await provider.look()
    world.undo(1, at_once=0)
    provider.hear_all()
    await provider.look()
    assert in_offers(world) == TOTAL
    assert len(world.takeable()) == 2, "the same one, in its two ways"
    assert provider.offering._booked(()).offers == TOTAL


async def test_offer__on_a_branch_that_the_node_does_not_know__is_left_as_it_is(
    world: World, provider: Provider
) -> None:
    world.take(world.takeable()[0], TOTAL)
    provider.hear_all()
    world.undo(1, at_once=0)
    world.take(world.takeable()[0], SMALL)
    provider.start(terms(1, price=2))  # so that it has to ask: its deal is of another offer
    with pytest.raises(RecoverableError, match="unknown block"):
        await provider.look()
    assert in_offers(world) == Resources()


async def test_place__of_an_offer_that_was_called_back__is_offered_again_when_that_block_is_read(
    world: World, provider: Provider
) -> None:
    """And not sixty-four blocks later: whether somebody took the offer before is known then."""
    provider.start(terms(1, price=2))
    await provider.look()
    assert in_offers(world) == Resources(), "the old one is called back, and nothing read of it"
    provider.hear(1)
    await provider.look()
    assert {signed.offer.price_per_instruction for signed in world.takeable()} == {2}


async def test_place__of_a_job_whose_result_is_there__is_offered_again(world: World, provider: Provider) -> None:
    """Its deal may be judged for days, and even its submission may not be mined."""
    deal = world.take(world.takeable()[0], TOTAL)
    provider.hear_all()
    await provider.look()
    assert in_offers(world) == Resources()
    provider.results.add(deal.id)
    await provider.look()
    assert in_offers(world) == Resources(TOTAL.cpu_milli, ram_mib=TOTAL.ram_mib), "the disk is still in use"


async def test_jobs__of_two_offers_that_a_reorganisation_has_left_open__run_one_after_the_other(
    world: World, tmp_path: Path
) -> None:
    provider = Provider(world, tmp_path, places=2)
    await provider.look()
    first, second = {signed.offer.nonce: signed for signed in world.takeable()}.values()
    world.take(second, SMALL)
    world.take(first, SMALL)
    provider.hear_all()
    provider.results |= {deal.id for deal in provider}
    await provider.look()
    larger = [
        signed for signed in world.takeable() if signed.offer.nonce not in (first.offer.nonce, second.offer.nonce)
    ]
    assert larger[0].offer.resources.fit_in(first.offer.resources)
    world.undo(2, at_once=0)
    world.take(first, first.offer.resources)
    world.take(second, second.offer.resources)
    world.take(larger[0], larger[0].offer.resources)
    provider.hear_all()
    waiting = await provider.run_jobs()
    assert [deal.job.resources for deal in waiting] == [larger[0].offer.resources]
    provider.stop(next(iter(provider.running)))
    provider.results |= {deal.id for deal in provider.at_work()[:1]}
    assert await provider.run_jobs() == []
    provider.close()


async def test_offer__that_a_reorganisation_has_left_in_the_way__is_called_back_after_a_minute(
    world: World, provider: Provider
) -> None:
    """Its deal mostly comes again with the next block, and with it the pay for a result that is there."""
    deal = world.take(world.takeable()[0], TOTAL)
    provider.hear_all()
    provider.results.add(deal.id)
    await provider.look()
    world.undo(1, at_once=0)
    provider.hear_all()
    await provider.look()
    assert world.used() == set()
    world.now += int(UNWANTED_SECONDS) + 1
    await provider.look()
    assert world.used() == {1}, "the one that was made since; the other may still get its deal back"


@pytest.mark.parametrize("why", ["refused", "expired"])
async def test_offer__that_is_refused_or_expires__is_signed_anew_with_its_nonce_for_nothing(
    world: World, provider: Provider, why: str
) -> None:
    """Whoever can make a market refuse offers could have its provider pay gas every minute."""
    old = {signed.offer.nonce for signed in world.takeable()}
    if why == "refused":
        for entry in [*world.book.resting(SignedResource)]:
            world.book.refuse(entry, "whatever")
    seconds = UNWANTED_SECONDS + 1 if why == "refused" else LIFETIME + 1
    await provider.look()
    world.now += int(seconds)
    await provider.look()
    resting = [entry.signed for entry in world.book.resting(SignedResource)]
    assert {s.offer.nonce for s in resting if s.offer.expiry == world.now + LIFETIME} == old
    assert {signed.offer.nonce for signed in world.takeable()} == old
    assert world.used() == set(), "nothing was sent"


async def test_offer__signed_anew__is_used_up_by_a_deal_of_its_older_form(world: World, provider: Provider) -> None:
    older = world.takeable()[0]
    world.now += LIFETIME + 1
    await provider.look()
    world.take(older, TOTAL)
    provider.hear_all()
    await provider.look()
    assert in_offers(world) == Resources()
    assert len(provider.at_work()) == 1


async def test_withdrawal__of_an_offer_that_is_taken_at_that_moment__waits_for_its_deal(
    world: World, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever ended before would be late with a job that it never saw."""
    cancel, signed = world.cancel_nonce, world.takeable()[0]

    async def too_late(nonce: int) -> object:
        world.mine()
        world.take(signed, TOTAL)
        return await cancel(nonce)

    monkeypatch.setattr(world, "cancel_nonce", too_late)
    assert await provider.offering.withdraw() == len(world.blocks) - 1
