"""What a provider does when the chain goes away between its decision and its transaction."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from eth_account import Account

from lilypad.agents.provider import agent
from lilypad.agents.provider.admission import Admission
from lilypad.agents.provider.agent import Provider
from lilypad.agents.provider.gate import Gate
from lilypad.agents.work.workshop import Workshop
from lilypad.errors import ChainUnavailableError, ModuleInvalidError, RecoverableError, TransactionRevertedError
from lilypad.protocol.deal import Deal, DealStatus
from lilypad.protocol.offers import Domain, JobOffer, ResourceOffer
from lilypad.protocol.words import Shares, Verification, Windows
from lilypad.types import ZERO_ADDRESS, ZERO_DIGEST, Address, DealId, ModuleId, Resources
from tests.offchain import deals

ROOM = Resources(cpu_milli=1_000, ram_mib=1_024)
WINDOWS = Windows(decline=60, submit=600, judge=600, mediate=600)


class FailingActor:
    """A chain that cannot be reached the first time; reality does not produce that at a chosen instruction."""

    def __init__(self) -> None:
        self.declines = 0

    async def decline(self, deal: Deal) -> None:
        self.declines += 1
        if self.declines == 1:
            raise ChainUnavailableError("no endpoint answers")


class Notes:
    """The part of a deal book that a decline needs."""

    @property
    def now(self) -> int:
        return int(time.time())

    def __init__(self) -> None:
        self._notes: dict[str, Any] = {}

    def notes(self, deal: DealId) -> dict[str, Any]:
        return self._notes

    def note(self, deal: DealId, **values: Any) -> None:
        self._notes |= values


class NoModule:
    async def package(self, module: ModuleId) -> None:
        raise ModuleInvalidError("this module version is not on this machine")


def agreed(since: int, needs: Resources = Resources()) -> Deal:  # noqa: B008 - frozen
    creator, provider = (Address(Account.create().address) for _ in range(2))
    verification = Verification(provider)
    module = ModuleId(bytes(32))
    job = JobOffer(
        *(creator, ZERO_ADDRESS, ZERO_ADDRESS, 0, since, 1, 1, module, ZERO_DIGEST, needs, 1, 10, 10, WINDOWS),
        verification,
    )
    resource = ResourceOffer(provider, 0, since, 1, bytes(32), needs, 1, 1, 10, 100, 0, WINDOWS, verification)
    return deals.agreed(Domain(1, provider), job, resource, ZERO_ADDRESS, Shares(), since)


def provider(actor: FailingActor, tmp_path: Path) -> Provider:
    workshop = Workshop(tmp_path, cast(Any, None), cast(Any, None), cast(Any, NoModule()), {})
    admission = Admission(workshop.catalogue, cast(Any, None))
    return Provider(cast(Any, actor), cast(Any, Notes()), workshop, cast(Any, None), admission, Gate(ROOM, 1))


async def test_decline__that_did_not_reach_the_chain__is_sent_again(tmp_path: Path) -> None:
    actor = FailingActor()
    here, deal = provider(actor, tmp_path), agreed(int(time.time()))
    with pytest.raises(ChainUnavailableError):
        await here._fulfil(deal)
    await here._fulfil(deal)
    assert actor.declines == 2


async def test_deal__that_cannot_be_run_after_the_decline_window__is_tried_again(tmp_path: Path) -> None:
    """Nothing is lost by it, and a no would cost the late penalty."""
    actor = FailingActor()
    with pytest.raises(RecoverableError, match="not on this machine"):
        await provider(actor, tmp_path)._fulfil(agreed(int(time.time()) - WINDOWS.decline - 1))
    assert actor.declines == 0


async def test_decline__that_never_reached_the_chain_in_its_window__is_forgotten(tmp_path: Path) -> None:
    """What could not be fetched then may be there now."""
    here, deal = provider(FailingActor(), tmp_path), agreed(int(time.time()) - WINDOWS.decline - 1)
    here._deals.note(deal.id, declined="no source has the content")
    with pytest.raises(RecoverableError, match="not on this machine"):
        await here._fulfil(deal)


class RefusingActor(FailingActor):
    """A chain whose clock says that it is too late."""

    async def decline(self, deal: Deal) -> None:
        self.declines += 1
        raise TransactionRevertedError("too late", name="Controller_TooLate")


async def test_decline__that_the_chain_calls_too_late__is_not_the_end(tmp_path: Path) -> None:
    actor = RefusingActor()
    with pytest.raises(RecoverableError, match="not on this machine"):
        await provider(actor, tmp_path)._fulfil(agreed(int(time.time())))
    assert actor.declines == 1


async def test_start__beside_what_is_none_of_its_own__leaves_that_alone(tmp_path: Path) -> None:
    """The folder may be the root of a disk."""
    here = provider(FailingActor(), tmp_path)
    here._deals = cast(Any, EndedBook(replace(agreed(0), status=DealStatus.LATE)))
    ended = next(iter(here._deals)).id.hex()
    for name in ("lost+found", ended):
        (tmp_path / name).mkdir()
    await here._remove_leftovers()
    assert [(tmp_path / name).exists() for name in ("lost+found", ended)] == [True, False]


class EndedBook(Notes):
    """Tells that its one deal has ended with the next batch of the feed."""

    def __init__(self, deal: Deal) -> None:
        super().__init__()
        self.deal = deal

    def __iter__(self) -> Iterator[Deal]:
        return iter([self.deal])

    def get(self, deal: DealId) -> Deal:
        return self.deal

    async def absorb(self, batch: object) -> list[Deal]:
        self.deal = replace(self.deal, status=DealStatus.LATE)
        return [self.deal]


class EndlessWork:
    def __init__(self) -> None:
        self.begun, self.stopped = asyncio.Event(), asyncio.Event()
        self.cleaned = list[DealId]()

    async def clean_up(self, deal: DealId) -> None:
        self.cleaned.append(deal)

    async def run(self, deal: Deal, begin: object) -> None:
        self.begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.stopped.set()


def at_work(book: Notes, work: EndlessWork, actor: FailingActor | None = None, gate: Gate | None = None) -> Provider:
    anything = cast(Any, None)
    return Provider(
        cast(Any, actor or FailingActor()), cast(Any, book), cast(Any, work), anything, anything, gate or Gate(ROOM, 1)
    )


class OneBatch:
    async def batches(self) -> AsyncIterator[object]:
        yield object()


async def test_job__whose_deal_has_ended__is_stopped_and_not_run_to_its_end() -> None:
    """Its place is offered to others from then on; they begin when it does not run any more."""
    deal, work, gate = agreed(int(time.time()) - WINDOWS.decline - 1, needs=ROOM), EndlessWork(), Gate(ROOM, 1)
    here = at_work(EndedBook(deal), work, gate=gate)
    running = asyncio.create_task(here._fulfil(deal))
    await work.begun.wait()
    async with asyncio.TaskGroup() as group:
        await here._follow(cast(Any, OneBatch()), group)
    with pytest.raises(RecoverableError, match="its deal has ended"):
        await running
    assert work.stopped.is_set()
    assert gate.running == ROOM
    await here._clean_up(deal.id)
    assert (work.cleaned, gate.running) == ([deal.id], Resources())


async def test_job__of_a_provider_that_stops__is_left_as_it_is() -> None:
    deal, work = agreed(int(time.time()) - WINDOWS.decline - 1), EndlessWork()
    here = at_work(EndedBook(deal), work)
    running = asyncio.create_task(here._fulfil(deal))
    await work.begun.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


class Kind:
    """Lets every job in."""

    async def check(self, deal: Deal) -> None:
        return None


async def test_job__for_which_a_reorganisation_has_left_no_room__is_declined_at_the_last_moment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It would run beside another one that has all of the machine. Until then the other may end."""
    monkeypatch.setattr(agent, "LONGEST_SLEEP", 0.01)
    gate, actor, work = Gate(ROOM, 2), FailingActor(), EndlessWork()
    actor.declines = 1  # the chain is there
    gate.resume(DealId(b"o" * 32), ROOM)
    begun, now = int(time.time()), int(time.time())
    deal = agreed(begun, needs=Resources(cpu_milli=1))
    here = at_work(EndedBook(deal), work, actor, gate)
    here._admission = cast(Any, Kind())
    with pytest.raises(RecoverableError, match="at work for other deals"):
        await here._fulfil(deal)
    assert (actor.declines, work.begun.is_set()) == (1, False)
    monkeypatch.setattr(agent, "LAST_MOMENT_SECONDS", WINDOWS.decline + begun - now)
    await here._fulfil(deal)
    assert (actor.declines, work.begun.is_set()) == (2, False)


async def test_job__for_which_there_is_room_again__begins() -> None:
    gate, work = Gate(ROOM, 2), EndlessWork()
    other = DealId(b"o" * 32)
    gate.resume(other, ROOM)
    deal = agreed(int(time.time()), needs=Resources(cpu_milli=1))
    here = at_work(EndedBook(deal), work, gate=gate)
    here._admission = cast(Any, Kind())
    running = asyncio.create_task(here._fulfil(deal))
    await asyncio.sleep(0)
    assert not work.begun.is_set()
    gate.leave(other)
    await work.begun.wait()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
