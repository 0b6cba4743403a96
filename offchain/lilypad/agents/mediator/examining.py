"""What a mediator finds out about a disputed job: runs it again, asks the provider for its output, fills a ballot in.

The ballot and its salt are in the journal before the chain hears of them, and there is one of them a round: no vote is
cast twice, and no salt is lost.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from lilypad.agents.books.cases import CaseBook, Dispute
from lilypad.agents.network import Network, show_id
from lilypad.agents.work.fetching import fetch_result
from lilypad.agents.work.rerunning import Servers, rerun
from lilypad.agents.work.results import ResultRecord
from lilypad.agents.work.workshop import Workshop
from lilypad.crashing import crash_point
from lilypad.errors import (
    ContentInvalidError,
    ContentUnavailableError,
    FaultError,
    RecoverableError,
    RejectedError,
)
from lilypad.protocol.case import Case
from lilypad.protocol.commitment import commitment
from lilypad.protocol.deal import Claim, Deal
from lilypad.protocol.docket import Ballot
from lilypad.store.blocks import LocalBlockStore

log = logging.getLogger(__name__)

RETRY_SECONDS = 2.0
LOOK_SECONDS = 5.0
FETCH_PERCENT = 50
"""Of the commit window: how long inputs and output are asked for before the vote says that they are not to be had."""
CANNOT_RUN = Claim(bytes(32), 0)
"""What whoever could not get the inputs votes: nobody else could."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where a mediator looks for what it needs."""

    market: str
    folder: Path
    """For outputs as providers serve them, while they are checked."""
    session: aiohttp.ClientSession


class Examiner:
    def __init__(self, network: Network, cases: CaseBook, workshop: Workshop, places: Places) -> None:
        self._network = network
        self._cases = cases
        self._workshop = workshop
        self._places = places
        self._servers = Servers(network, places.market, places.session)
        self._at_work: dict[bytes, asyncio.Task[Ballot | None]] = {}
        """By round."""

    def stop(self) -> None:
        """What runs goes on at the next start."""
        for work in self._at_work.values():
            work.cancel()

    async def ballot(self, dispute: Dispute) -> Ballot | None:
        """The one ballot of this round; None while its job runs, and where this machine cannot run it."""
        round_ = dispute.case.docket.hash
        if (noted := self.noted(dispute.case)) is not None:
            return noted
        work = self._at_work.get(round_)
        if work is None:
            work = self._at_work[round_] = asyncio.create_task(self._examine(dispute))
        await asyncio.wait([work], timeout=LOOK_SECONDS)
        if not work.done():
            return None
        try:
            return work.result()
        except RecoverableError:
            del self._at_work[round_]  # to be tried again
            raise

    def noted(self, case: Case) -> Ballot | None:
        plain = self._cases.notes(case.id).get("ballots", {}).get(case.docket.hash.hex())
        return _ballot_from_json(plain) if plain else None

    async def _examine(self, dispute: Dispute) -> Ballot | None:
        """Runs the job, asks the provider for its output, and writes down what to say."""
        case = dispute.case
        log.info("job_rerun", extra={"case": show_id(case.id), "round": case.docket.stage.round})
        until = case.since + case.docket.settings.commit * FETCH_PERCENT // 100
        try:
            claim = await self._result(dispute, until)
        except (RejectedError, FaultError) as error:
            # Ours alone: silence costs less than a vote that the others will not share.
            log.error("job_not_rerun", extra={"case": show_id(case.id), "error": str(error)})
            return None
        is_fetched = await self._can_fetch(dispute.deal, until)
        ballot = Ballot(claim.commitment, claim.instruction_count, is_fetched, secrets.token_bytes(32))
        ballots = self._cases.notes(case.id).get("ballots", {})
        self._cases.note(case.id, ballots={**ballots, case.docket.hash.hex(): _ballot_to_json(ballot)})
        crash_point("mediator.noted")
        agrees = claim == case.docket.claim
        log.info("job_examined", extra={"case": show_id(case.id), "agrees": agrees, "fetched": is_fetched})
        return ballot

    async def _result(self, dispute: Dispute, until: int) -> Claim:
        """What the job amounts to here. The inputs are asked for, of the market and of the provider, until there is
        just the time left to vote that they are not to be had."""
        notes = self._cases.notes(dispute.id)
        if "result" not in notes:
            try:
                record = await rerun(self._workshop, dispute.deal, self._servers, lambda: self._now() > until)
            except (ContentUnavailableError, ContentInvalidError) as error:
                log.warning("inputs_missing", extra={"case": show_id(dispute.id), "error": str(error)})
                return CANNOT_RUN
            self._cases.note(dispute.id, result=record.to_json())
            notes = self._cases.notes(dispute.id)
        record = ResultRecord.from_json(notes["result"])
        return Claim(commitment(record.result), record.instruction_count)

    async def _can_fetch(self, deal: Deal, until: int) -> bool:
        """Whether the provider serves the output that it committed to."""
        output = self._places.folder / deal.id.hex()
        blocks = self._places.folder / f"{deal.id.hex()}-blocks"
        try:
            while True:
                try:
                    await fetch_result(self._network, deal, LocalBlockStore(blocks), output, self._places.session)
                except ContentInvalidError:
                    return False
                except RecoverableError:
                    if self._now() > until:
                        return False
                    await asyncio.sleep(RETRY_SECONDS)
                else:
                    return True
        finally:
            for path in (output, blocks):
                await asyncio.to_thread(shutil.rmtree, path, ignore_errors=True)

    def _now(self) -> int:
        return max(self._cases.now, int(time.time()))


def _ballot_to_json(ballot: Ballot) -> dict[str, Any]:
    plain = {"commitment": ballot.commitment.hex(), "salt": ballot.salt.hex()}
    return {**plain, "instructionCount": ballot.instruction_count, "isFetched": ballot.is_fetched}


def _ballot_from_json(plain: dict[str, Any]) -> Ballot:
    commitment_, salt = (bytes.fromhex(plain[name]) for name in ("commitment", "salt"))
    return Ballot(commitment_, plain["instructionCount"], plain["isFetched"], salt)
