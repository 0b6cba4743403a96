"""A provider defends its results: it appeals a ruling against it, as long as that costs less than it would lose."""

from __future__ import annotations

import asyncio
import logging

from lilypad.agents.appealing import appeal
from lilypad.agents.books.casework import find_case
from lilypad.agents.court import CourtActor
from lilypad.agents.network import Actor, show_id
from lilypad.errors import FaultError, RejectedError
from lilypad.protocol.case import Case
from lilypad.protocol.deal import Deal, Verdict
from lilypad.protocol.mediation import appeal_price

log = logging.getLogger(__name__)


class Defence:
    """For results that this provider has computed and believes in. It knows what it ran; where a module gives other
    bytes on other machines, it is the mediators who are right, and each appeal costs it half of a bond."""

    def __init__(self, actor: Actor) -> None:
        self._actor = actor
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
        if dispute is None or not is_worth_it(dispute.case, deal, now):
            return
        try:
            async with self._one_at_a_time:
                await appeal(court, dispute.case)
        except (FaultError, RejectedError) as error:
            log.error("not_appealed", extra={"deal": show_id(deal.id), "error": str(error)})
            return
        log.warning("ruling_appealed", extra={"deal": show_id(deal.id), "round": dispute.case.docket.stage.round})


def is_worth_it(case: Case, deal: Deal, now: int) -> bool:
    """Whether it was ruled against the result, can still be appealed, and more is at stake than the appeal locks."""
    until = case.appeal_until
    if until is None or now > until or case.verdict is not Verdict.WRONG:
        return False
    return appeal_price(case.docket) <= deal.terms.collateral + deal.terms.payment_ceiling
