"""The mediator: re-runs disputed jobs when it is drawn, votes in secret, reveals, and moves cases on.

As with the provider, nothing is driven by having seen an event. Each open case has one task that looks at where the
case stands on chain and at what the journal says was done, and does the next thing; so a restart at any point just
looks again.
"""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import suppress

from eth_utils.crypto import keccak

from lilypad.agents.books.cases import CaseBook, Dispute
from lilypad.agents.court import CourtActor
from lilypad.agents.mediator.examining import Examiner
from lilypad.agents.mediator.publishing import Publisher
from lilypad.agents.network import show_id
from lilypad.agents.work.workshop import Workshop
from lilypad.chain.feed import Feed
from lilypad.crashing import crash_point
from lilypad.errors import FaultError, RecoverableError, RejectedError, TransactionRevertedError
from lilypad.protocol.case import Case, CasePhase, Due, due, next_time
from lilypad.types import DealId

log = logging.getLogger(__name__)

RETRY_SECONDS = 2.0
LONGEST_SLEEP = 5.0
STUCK_SECONDS = 60.0
TURN_SECONDS = 1.0
"""What anybody may do, mediators take turns at, those on the seats first: one transaction spares the others theirs."""
TURNS = 8
MISSED = ("Randomness_Missed", "Mediation_StaleSeed")
"""The court waits for other randomness then."""


class Mediator:
    def __init__(
        self, court: CourtActor, cases: CaseBook, workshop: Workshop, examiner: Examiner, publisher: Publisher
    ) -> None:
        self._court = court
        self._cases = cases
        self._workshop = workshop
        self._examiner = examiner
        self._publisher = publisher
        self._tasks: dict[DealId, asyncio.Task[None]] = {}

    async def run(self, feed: Feed) -> None:
        """Until cancelled. `feed` delivers the court's events from the journal's cursor on."""
        try:
            async with asyncio.TaskGroup() as group:
                self._take_up(group)
                async for batch in feed.batches():
                    await self._cases.absorb(batch)
                    self._take_up(group)
        finally:
            self._examiner.stop()

    def _take_up(self, group: asyncio.TaskGroup) -> None:
        for dispute in self._cases:
            if not dispute.case.is_over and dispute.id not in self._tasks:
                name = f"case {show_id(dispute.id)}"
                self._tasks[dispute.id] = group.create_task(self._carry(dispute.id), name=name)

    async def _carry(self, case_id: DealId) -> None:
        """One case to its end, whatever it takes."""
        log.info("case_seen", extra={"case": show_id(case_id)})
        try:
            while (dispute := self._cases.get(case_id)) is not None and not dispute.case.is_over:
                try:
                    await self._step(dispute)
                except RecoverableError as error:
                    log.warning("case_waits", extra={"case": show_id(case_id), "error": str(error)})
                    await asyncio.sleep(RETRY_SECONDS)
                except TransactionRevertedError as error:
                    # Somebody was faster, or it is not time: the chain knows better than our last look.
                    log.info("case_call_refused", extra={"case": show_id(case_id), "error": str(error)})
                    await self._cases.wait_while(dispute, RETRY_SECONDS)
                except (RejectedError, FaultError) as error:
                    # One bad case must not take the others down.
                    log.error("case_stuck", extra={"case": show_id(case_id), "error": str(error)})
                    await self._cases.wait_while(dispute, STUCK_SECONDS)
            if dispute is not None:
                await self._publisher.publish(dispute.case)
                await self._collect(dispute.case)
                log.info("case_ended", extra={"case": show_id(case_id), "verdict": dispute.case.verdict})
        finally:
            await self._clean_up(case_id)
            del self._tasks[case_id]

    async def _clean_up(self, case_id: DealId) -> None:
        """A case that is only interrupted keeps all."""
        dispute = self._cases.get(case_id)
        if dispute is None or dispute.case.is_over:
            await self._workshop.clean_up(case_id)

    async def _step(self, dispute: Dispute) -> None:
        case, now = dispute.case, self._now()
        seat = case.seat_of(self._court.account)
        if seat is not None and case.phase in (CasePhase.VOTING, CasePhase.SEALED):
            await self._vote(dispute, seat, now)
        call = due(case, now)
        if call is not None and await self._is_our_turn(dispute):
            await self._move_on(dispute, call)
        until = next_time(case, now)
        pause = LONGEST_SLEEP if until is None else min(max(until - now, 0) + 0.5, LONGEST_SLEEP)
        await self._cases.wait_while(dispute, TURN_SECONDS if call is Due.DRAW else pause)

    def _now(self) -> int:
        return max(self._cases.now, int(time.time()))

    # ------------------------------------------------------------------ votes

    async def _vote(self, dispute: Dispute, seat: int, now: int) -> None:
        """Seals within the commit window what running the job has shown, and opens it once nobody can copy it."""
        case = dispute.case
        if not case.seals and seat not in case.committed and now <= case.commit_until:
            ballot = await self._examiner.ballot(dispute)
            if ballot is None:
                return
            await self._court.commit(case, seat, ballot.seal(case.docket.hash, self._court.account))
            crash_point("mediator.committed")
            return
        ballot = self._examiner.noted(case)
        is_open = now > case.commit_until or case.has_all_sealed
        if ballot is not None and seat not in case.revealed and is_open and now <= case.reveal_until:
            await self._court.reveal(case, seat, ballot)
            crash_point("mediator.revealed")

    # ------------------------------------------------------------------ what anybody may do

    async def _is_our_turn(self, dispute: Dispute) -> bool:
        """Whether the case still stands there after those before us had the time to move it on."""
        seat = dispute.case.seat_of(self._court.account)
        drawn = len(dispute.case.docket.seats)
        place = seat if seat is not None else drawn + self._lot(dispute.id)
        if place:
            await self._cases.wait_while(dispute, place * TURN_SECONDS)
        return self._cases.get(dispute.id) == dispute

    def _lot(self, case_id: DealId) -> int:
        """Another for each mediator and case, so that not all are first."""
        return int.from_bytes(keccak(case_id + bytes.fromhex(self._court.account[2:])), "big") % TURNS

    async def _move_on(self, dispute: Dispute, call: Due) -> None:
        court, case, deal = self._court, dispute.case, dispute.deal
        match call:
            case Due.DRAW:
                await self._draw(dispute)
            case Due.TALLY:
                await court.tally(case, deal)
            case Due.EXECUTE:
                await court.execute(case, deal)
            case Due.ABANDON:
                await court.abandon(case, deal)
            case Due.SETTLE_ROUND:
                await court.settle_round(case, case.former[0])
        crash_point("mediator.moved", call.value)

    async def _draw(self, dispute: Dispute) -> None:
        court, case = self._court, dispute.case
        if not await court.is_ripe(case):
            return
        proof = await court.proof(case)
        try:
            await court.draw(case, dispute.deal, proof)
        except TransactionRevertedError as error:
            if error.name not in MISSED:
                raise
            await court.rearm(case, proof)

    async def _collect(self, case: Case) -> None:
        """What is owed to it; a chain that is away, or somebody who did it first, costs nothing."""
        with suppress(RecoverableError, TransactionRevertedError):
            if (await self._court.stake_of(self._court.account)).owed:
                await self._court.collect(key=case.id.hex())
