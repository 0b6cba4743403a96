"""Whoever is party to a case appeals a ruling that it does not believe, where its policy says so."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from lilypad.agents.appealing import appeal
from lilypad.agents.books.casework import find_case
from lilypad.agents.court import CourtActor
from lilypad.agents.network import Actor, show_id
from lilypad.errors import FaultError, RejectedError
from lilypad.protocol.case import Case
from lilypad.protocol.deal import Deal

log = logging.getLogger(__name__)


IsWorthIt = Callable[[Case, Deal, int], bool]
"""Whether a case about a deal is to be appealed, by the chain's clock."""


class Defence:
    """For whoever has run the job itself and believes what it found. Where a module gives other bytes on other
    machines, it is the mediators who are right, and each appeal costs it half of a bond."""

    def __init__(self, actor: Actor, is_worth_it: IsWorthIt) -> None:
        self._actor = actor
        self._is_worth_it = is_worth_it
        self._one_at_a_time = asyncio.Lock()
        """Appeals share the account's free balance, its wallet and its allowance."""
        self._has_court = "LilypadMediation" in actor.deployment.contracts

    async def look(self, deal: Deal, now: int, first_block: int | None) -> None:
        """At a challenged deal; appeals if there is a ruling to appeal. Doing it again does no more.

        Args:
            now: by the chain's clock.
            first_block: the one in which the deal was made.

        Raises:
            RecoverableError: the chain is away.
            TransactionRevertedError: somebody was faster, or it is too late.
        """
        if not self._has_court:
            return
        court = CourtActor(self._actor)
        if deal.agreement.verification.mediation != court.mediation.address:
            return
        dispute = await find_case(self._actor, deal.id, first_block)
        if dispute is None or not self._is_worth_it(dispute.case, deal, now):
            return
        try:
            async with self._one_at_a_time:
                await appeal(court, dispute.case)
        except (FaultError, RejectedError) as error:
            log.error("not_appealed", extra={"deal": show_id(deal.id), "error": str(error)})
            return
        log.warning("ruling_appealed", extra={"deal": show_id(deal.id), "round": dispute.case.docket.stage.round})
