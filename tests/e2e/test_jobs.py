"""Jobs through the whole network, in each engine: the right state, the right output, the right money on both sides."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import NoReturn

import pytest

from lilypad.agents.creator.api import Lilypad
from lilypad.agents.creator.job_offers import JobOptions
from lilypad.agents.creator.progress import Progress, Stage
from lilypad.agents.localnet import LocalNetwork
from lilypad.agents.network import Funds
from lilypad.agents.work.results import ResultRecord
from lilypad.errors import ContentInvalidError
from lilypad.protocol import settlement
from lilypad.protocol.commitment import commitment
from lilypad.protocol.deal import DealStatus
from lilypad.types import ExitStatus

Named = Callable[[str], str]
read_record = ResultRecord.from_json
STAGES = [Stage.OFFERED, Stage.AGREED, Stage.SUBMITTED, Stage.VERIFIED, Stage.ACCEPTED]


@dataclass
class Run:
    """One job from start to end, with everybody's money before and after."""

    progress: list[Progress]
    before: dict[str, Funds]
    after: dict[str, Funds]

    @property
    def end(self) -> Progress:
        return self.progress[-1]

    def gained(self, role: str) -> int:
        return sum(_wealth(self.after[role])) - sum(_wealth(self.before[role]))


async def all_of(steps: AsyncIterator[Progress]) -> list[Progress]:
    return [step async for step in steps]


def _wealth(funds: Funds) -> tuple[int, int, int]:
    return funds.wallet, funds.free, funds.locked


async def funds(network: LocalNetwork, lily: Lilypad) -> dict[str, Funds]:
    accounts = network.accounts
    return {role: await lily.actor.funds(getattr(accounts, role).address) for role in ("creator", "provider")}


async def run(network: LocalNetwork, lily: Lilypad, module: str, message: str, ceiling: int | None = None) -> Run:
    before = await funds(network, lily)
    job = await lily.submit(module, {"Message": message}, JobOptions(payment_ceiling=ceiling))
    return Run(await all_of(lily.follow(job)), before, await funds(network, lily))


def assert_paid(outcome: Run, cost: int) -> None:
    """The creator paid the cost, the provider earned it, and nothing of either is still locked."""
    deal = outcome.end.deal
    assert deal is not None
    assert (deal.status, deal.cost) == (DealStatus.ACCEPTED, cost)
    assert (outcome.gained("creator"), outcome.gained("provider")) == (-cost, cost)
    assert (outcome.after["creator"].locked, outcome.after["provider"].locked) == (0, 0)


@pytest.mark.parametrize("message", ["hello", "Grüße, and a second line\nfrom the pond"])
async def test_job__that_succeeds__shows_its_output_and_is_paid(
    network: LocalNetwork, lily: Lilypad, named: Named, message: str
) -> None:
    outcome = await run(network, lily, named("cowsay"), message.replace("\n", " "))
    assert [step.stage for step in outcome.progress] == STAGES
    result, deal = outcome.end.result, outcome.end.deal
    assert result is not None
    assert deal is not None
    assert deal.claim is not None
    assert "(oo)" in result.stdout.decode()
    assert message.split()[0] in result.stdout.decode()
    assert (result.outputs / "cow.txt").read_bytes() == result.stdout
    assert commitment(result.record.result) == deal.claim.commitment
    assert_paid(outcome, settlement.cost(deal.terms, result.record.instruction_count))


async def test_job__of_the_same_source__has_the_same_cid_in_every_engine(
    network: LocalNetwork, lily: Lilypad, has_engine: bool, missing: Callable[[str], NoReturn]
) -> None:
    if not has_engine:
        missing("no Docker engine answers: engines are not compared")
    runs = [await run(network, lily, name, "same bytes") for name in ("cowsay", "cowsay-container")]
    results = [outcome.end.result for outcome in runs]
    assert None not in results
    assert len({result.record.result for result in results if result}) == 1


async def test_job__that_exits_with_3__is_a_result_and_is_paid(
    network: LocalNetwork, lily: Lilypad, named: Named
) -> None:
    outcome = await run(network, lily, named("fails"), "")
    result, deal = outcome.end.result, outcome.end.deal
    assert result is not None
    assert deal is not None
    assert (result.exit_status, result.stdout, result.stderr) == (3, b"out\n", b"err\n")
    assert_paid(outcome, settlement.cost(deal.terms, result.record.instruction_count))


async def test_job__that_never_ends__is_out_of_budget_and_costs_the_ceiling(
    network: LocalNetwork, lily: Lilypad, named: Named
) -> None:
    outcome = await run(network, lily, named("endless"), "")
    result, deal = outcome.end.result, outcome.end.deal
    assert result is not None
    assert deal is not None
    assert result.exit_status == ExitStatus.OUT_OF_BUDGET
    assert result.record.instruction_count == deal.terms.instruction_limit
    assert_paid(outcome, deal.terms.payment_ceiling)


async def test_result__that_is_not_what_was_committed__is_not_accepted_until_it_is(
    lily: Lilypad, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The provider's record is read as another one than it published, which an honest provider would never serve."""
    job = await lily.submit("cowsay", {"Message": "?"})
    with monkeypatch.context() as patch:
        patch.setattr(ResultRecord, "from_json", lambda plain: read_record({**plain, "stdout": "00" * 32}))
        with pytest.raises(ContentInvalidError, match="committed"):
            await all_of(lily.follow(job))
    steps = await all_of(lily.follow(job))
    assert steps[-1].stage is Stage.ACCEPTED


async def test_job__after_another__is_recorded_in_the_same_lane(network: LocalNetwork, lily: Lilypad) -> None:
    first, second = [await run(network, lily, "cowsay", message) for message in ("one", "two")]
    assert first.end.deal is not None
    assert second.end.deal is not None
    assert first.end.deal.terms.lane == second.end.deal.terms.lane
    assert await lily.actor.lane_status(lily.actor.account, second.end.deal.terms.lane) is DealStatus.ACCEPTED


async def test_jobs__at_the_same_time__have_lanes_of_their_own(lily: Lilypad) -> None:
    await lily.actor.deposit(10**18, key="for two jobs at once")
    jobs = [await lily.submit("cowsay", {"Message": message}) for message in ("left", "right")]
    ends = [steps[-1] for steps in await asyncio.gather(*(all_of(lily.follow(job)) for job in jobs))]
    assert [end.stage for end in ends] == [Stage.ACCEPTED] * 2
    assert len({end.deal.terms.lane for end in ends if end.deal is not None}) == 2
