"""`kill -9` of a mediator at every step of a case, and of the creator's command while it disputes a result: each vote
is cast once and opened in time, and the verdict comes home."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from eth_account.signers.local import LocalAccount

from lilypad.agents.books.casework import find_cases
from lilypad.agents.court import CourtRoom
from lilypad.agents.creator.api import Lilypad
from lilypad.agents.creator.jobs import Job
from lilypad.agents.creator.progress import Stage
from lilypad.agents.localnet import STAKE, Accounts
from lilypad.protocol.case import Case, CasePhase
from lilypad.protocol.deal import Deal, Verdict
from lilypad.settings import ETHER
from lilypad.types import Address

from .conftest import answers, cases
from .jobs import finish, reach
from .processes import Agent
from .steps import CREATOR_DISPUTES, MEDIATOR_OPENS, MEDIATOR_SEALS, Lives
from .town import Creator, Provider, Town, town

FEE = ETHER
BLOCKS_TO_DRAW = 12
BOTH = [(*seal, *reveal) for seal, reveal in zip(MEDIATOR_SEALS, MEDIATOR_OPENS, strict=True)]


@pytest.fixture
async def here(modules: Path, tmp_path: Path) -> AsyncIterator[Town]:
    """A town for each test: who votes is slashed or paid, and its clock is its own."""
    async with town(tmp_path, modules, mediators=3) as place:
        place.solver(int(place.settings.market.rsplit(":", 1)[1])).start()
        await answers(place.settings.market)
        yield place


@pytest.fixture
async def provider(here: Town) -> Provider:
    found = await here.provider()
    found.agent.start()
    return found


@pytest.fixture
def mediators(here: Town) -> list[tuple[LocalAccount, Agent]]:
    return [(account, here.mediator(account)) for account in Accounts.development(3).mediators]


async def submitted(lily: Lilypad) -> tuple[Job, Deal]:
    job = await lily.submit("cowsay", {"Message": "moo"})
    stages = lily.follow(job)
    step = await reach(stages, Stage.SUBMITTED)
    await stages.aclose()
    assert step.deal is not None
    return job, step.deal


async def only_case(here: Town) -> Case:
    (dispute,) = await find_cases(here.network)
    return dispute.case


async def check_votes(here: Town, voter: LocalAccount) -> None:
    """All have voted as one, once; everybody has its stake, and was paid once."""
    case, court = await only_case(here), CourtRoom(here.network)
    assert (case.phase, case.verdict, len(case.revealed)) == (CasePhase.CLOSED, Verdict.RIGHT, 3)
    earned = -1
    for _ in range(20):  # a fee that is being collected would be seen twice, or not at all
        stake = await court.stake_of(Address(voter.address))
        free = (await here.network.funds(Address(voter.address))).free
        seen, earned = earned, stake.owed + free
        if seen == earned == FEE:
            break
        await asyncio.sleep(0.5)
    assert (stake.staked, stake.at_risk, earned) == (STAKE, 0, FEE)
    assert await court.slashes() == []


@pytest.mark.parametrize("lives", cases(*BOTH, short=1), ids=lambda lives: f"{lives[0]}+{len(lives)}")
@pytest.mark.usefixtures("provider")
async def test_case__whose_mediator_dies_at_every_step__has_its_one_vote(
    here: Town, mediators: list[tuple[LocalAccount, Agent]], lives: Lives
) -> None:
    creator = await here.creator()
    (account, victim), *others = mediators
    async with creator.open() as lily:
        job, deal = await submitted(lily)
        await lily.challenge(deal)
        await here.rpc.call("anvil_mine", hex(BLOCKS_TO_DRAW))
        async with finish(lily.follow(job)) as end:
            sealing = [point for point in lives if any(point in seals for seals in MEDIATOR_SEALS)]
            for point in sealing:
                await victim.start(crash_at=point).died(point)
            for _, other in others:
                other.start()
            for point in lives[len(sealing) :]:
                await victim.start(crash_at=point).died(point)
            victim.start()
            done = await end
    assert done.stage is Stage.ACCEPTED
    await check_votes(here, account)


@pytest.mark.parametrize("lives", cases(*CREATOR_DISPUTES, short=1), ids=lambda lives: f"{lives[0]}+{len(lives)}")
@pytest.mark.usefixtures("provider")
async def test_dispute__whose_command_dies_at_every_step__is_brought_once(
    here: Town, mediators: list[tuple[LocalAccount, Agent]], lives: Lives
) -> None:
    creator = await here.creator()
    for point in lives:
        await creator.agent.start(*next_command(creator), crash_at=point).died(point)
    await here.rpc.call("anvil_mine", hex(BLOCKS_TO_DRAW))
    for _, mediator in mediators:
        mediator.start()
    last = creator.agent.start(*next_command(creator))
    assert await last.ended() == 0, last.last_words()
    assert "< moo >" in last.last_words()
    await check_votes(here, mediators[0][0])


def next_command(creator: Creator) -> tuple[str, ...]:
    saved = creator.jobs()
    return ("resume", saved[0].id) if saved else ("run", "cowsay", "-i", "Message=moo", "--check", "always")
