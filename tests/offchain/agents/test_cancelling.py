"""Calling a job back when the moment is a bad one."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, cast

import pytest

from lilypad.agents.creator import cancelling
from lilypad.agents.creator.cancelling import Outcome, cancel_job
from lilypad.agents.creator.jobs import Job, JobFolder
from lilypad.market.client import MarketUnavailableError
from lilypad.protocol.deal import Deal

from .deals import CREATOR, agreed_deal, job_offer


class Chain:
    """An actor; a deal may appear while it cancels, as no real chain does at a chosen moment."""

    def __init__(self, deal: Deal | None = None, used: bool = False, appears: bool = False) -> None:
        self.deal, self.used, self._appears = (None if appears else deal), used, (deal if appears else None)
        self.cancelled: list[int] = []

    async def is_nonce_used(self, account: str, nonce: int) -> bool:
        return self.used

    async def cancel_nonce(self, nonce: int) -> object:
        self.cancelled.append(nonce)
        self.deal = self._appears
        return object()


class Market:
    def __init__(self, *, away: bool = False) -> None:
        self.away, self.told = away, list[bytes]()

    async def cancelled(self, digest: bytes) -> None:
        if self.away:
            raise MarketUnavailableError("no")
        self.told.append(digest)


@pytest.fixture(autouse=True)
def look(monkeypatch: pytest.MonkeyPatch) -> None:
    async def deal_of(actor: Chain, job: Job) -> Deal | None:
        return actor.deal

    monkeypatch.setattr(cancelling, "_deal_of", deal_of)


@pytest.fixture
def jobs(tmp_path: Path) -> JobFolder:
    return JobFolder(tmp_path)


def a_job(jobs: JobFolder, lifetime: int = 600) -> Job:
    offer = job_offer(nonce=7, expiry=int(time.time()) + lifetime)
    job = Job("ab" * 32, "cowsay", {}, offer.to_json(), "00", 0.0, 0)
    jobs.save(job)
    return job


async def cancel(chain: Chain, jobs: JobFolder, job: Job, market: Market) -> cancelling.Cancellation:
    return await cancel_job(cast(Any, chain), jobs, cast(Any, market), job)


async def test_cancel__of_an_offer__uses_its_nonce_up_and_tells_the_market(jobs: JobFolder) -> None:
    chain, market, job = Chain(), Market(), a_job(jobs)
    done = await cancel(chain, jobs, job, market)
    assert (done.outcome, chain.cancelled, market.told) == (Outcome.CANCELLED, [7], [bytes.fromhex(job.id)])
    assert jobs.find(job.id).cancelled


async def test_cancel__when_the_market_is_away__is_done_all_the_same(jobs: JobFolder) -> None:
    done = await cancel(Chain(), jobs, a_job(jobs), Market(away=True))
    assert (done.outcome, done.market_knows) == (Outcome.CANCELLED, False)


async def test_cancel__in_the_moment_of_agreement__is_too_late(jobs: JobFolder) -> None:
    job = a_job(jobs)
    done = await cancel(Chain(agreed_deal(), appears=True), jobs, job, Market())
    assert done.outcome is Outcome.TOO_LATE
    assert done.deal == agreed_deal()
    assert not jobs.find(job.id).cancelled


@pytest.mark.parametrize(
    ("chain", "lifetime", "outcome"),
    [
        (Chain(agreed_deal(), used=True), 600, Outcome.TOO_LATE),
        (Chain(used=True), 600, Outcome.ALREADY),
        (Chain(), -1, Outcome.EXPIRED),
    ],
    ids=["agreed", "cancelled", "expired"],
)
async def test_cancel__where_there_is_nothing_to_cancel__sends_no_transaction(
    jobs: JobFolder, chain: Chain, lifetime: int, outcome: Outcome
) -> None:
    assert (await cancel(chain, jobs, a_job(jobs, lifetime), Market())).outcome is outcome
    assert chain.cancelled == []


def test_find__of_another_account_s_job__names_the_account(tmp_path: Path) -> None:
    a_job(JobFolder(tmp_path / CREATOR.address.lower() / "jobs"))
    with pytest.raises(Exception, match=f"another wallet's.*{CREATOR.address.lower()}"):
        JobFolder(tmp_path / "0xsomebody" / "jobs").find("abab")
