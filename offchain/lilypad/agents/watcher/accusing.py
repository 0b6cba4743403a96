"""The challenge itself: whether it is worth it, its price brought, sent once."""

from __future__ import annotations

import asyncio
import logging

from lilypad.agents.books.deals import DealBook
from lilypad.agents.challenging import TOO_POOR, provide
from lilypad.agents.network import Actor, show_id
from lilypad.agents.watcher.policy import WatchPolicy, locked, reward
from lilypad.crashing import crash_point
from lilypad.errors import FaultError, RecoverableError, RejectedError, TransactionRevertedError
from lilypad.ops.health import Check
from lilypad.protocol.case import Case
from lilypad.protocol.deal import Deal, DealStatus, Verdict
from lilypad.protocol.mediation import appeal_price
from lilypad.protocol.settlement import Challenge
from lilypad.protocol.words import Verification
from lilypad.settings import ETHER
from lilypad.types import Engine

log = logging.getLogger(__name__)

WON, LOST = 20, 7
"""Of 27 appeals, by whoever is right and with a third of all stake against it: see `deterring_probability`."""


class Accuser:
    def __init__(self, actor: Actor, deals: DealBook, policy: WatchPolicy) -> None:
        self._actor = actor
        self._deals = deals
        self._policy = policy
        self._one_at_a_time = asyncio.Lock()
        """Challenges share the account's money and the bond that it may risk."""

    async def require_worth_it(self, deal: Deal, engine: Engine) -> None:
        """Before anything is run.

        Raises:
            RejectedError, FaultError: catching it would not pay, or cannot be paid for, or nobody can judge.
            RecoverableError: open cases hold what the policy allows.
        """
        asked = deal.agreement.verification
        if engine is Engine.DOCKER and asked.tolerance_bps < self._actor.verification(engine).tolerance_bps:
            raise RejectedError("its terms compare measured times more exactly than two machines measure them")
        await self._price(deal)

    async def accuse(self, deal: Deal) -> None:
        """Doing it again does no more. Price and result are in the journal before the chain hears of them.

        Raises:
            RejectedError, FaultError: it cannot be paid for.
            TransactionRevertedError: somebody was faster, or it is too late.
        """
        assert deal.claim is not None  # noqa: S101 - a submitted deal has one
        result = deal.claim.commitment.hex() + f":{deal.claim.instruction_count}"
        async with self._one_at_a_time:
            known = self._deals.notes(deal.id).get("challenge") or {}
            if known.get("result") != result:
                self._deals.note(deal.id, challenge=None)  # a reorganisation may have brought another result
                price = await self._price(deal)
                await provide(self._actor, deal, price)
                known = {"result": result, "price": price}
                self._deals.note(deal.id, challenge=known)
                crash_point("watcher.priced")
            try:
                await self._actor.challenge(deal, known["price"])
            except TransactionRevertedError:
                self._deals.note(deal.id, challenge=None)  # the price may have risen
                raise
        crash_point("watcher.challenged")
        log.warning("result_challenged", extra={"deal": show_id(deal.id), "locked": known["price"]})

    async def _price(self, deal: Deal) -> int:
        """
        Raises:
            RejectedError, FaultError: it is more than the policy allows, or than there is, or would bring too little.
            RecoverableError: open cases hold what the policy allows.
        """
        asked = deal.agreement.verification
        fee, bond = await self._actor.quote(asked)
        gain = reward(deal.terms, Challenge(self._actor.account, bond, asked.mediation, fee))
        if gain <= self._policy.least_reward:
            raise RejectedError("catching it would bring too little", reward=gain, least=self._policy.least_reward)
        price, most = fee + bond, self._policy.bond
        if price > most:
            raise RejectedError("a challenge may not lock so much: raise --bond", price=price, bond=most)
        if price > (left := self._left_to_lock()):
            raise RecoverableError("its challenges may not lock so much together", price=price, left=left)
        funds = await self._actor.funds(self._actor.account)
        if price > funds.wallet + funds.free:
            raise FaultError(TOO_POOR, price=price, have=funds.wallet + funds.free)
        return price

    def _left_to_lock(self) -> int:
        return self._policy.bond - sum(locked(deal, self._actor.account) + self._promised(deal) for deal in self._deals)

    def _promised(self, deal: Deal) -> int:
        """To a challenge that the chain has not told of yet."""
        if deal.status is not DealStatus.SUBMITTED:
            return 0
        return int((self._deals.notes(deal.id).get("challenge") or {}).get("price", 0))

    # ------------------------------------------------------------------ appeals, and the purse as others see it

    def is_worth_an_appeal(self, case: Case, deal: Deal, now: int) -> bool:
        """Whether the result was upheld, can still be appealed, and the appeal pays on average."""
        until, dispute = case.appeal_until, deal.dispute
        if until is None or now > until or dispute is None:
            return False
        at_stake = reward(deal.terms, dispute)
        if case.verdict is Verdict.RIGHT:
            at_stake += dispute.fee + dispute.bond
        elif case.verdict is not Verdict.WITHHELD:
            return False
        price = appeal_price(case.docket)
        return price <= self._left_to_lock() and price * LOST <= at_stake * WON

    async def check(self) -> Check:
        """For whoever asks whether this agent is fit for work: without the price of a challenge it looks at nothing."""
        try:
            price = sum(await self._actor.quote(Verification(self._actor.mediation)))
        except TransactionRevertedError as error:
            return Check("purse", False, f"nobody can be challenged now: {error.message}")
        funds = await self._actor.funds(self._actor.account)
        have = min(funds.wallet + funds.free, self._left_to_lock())
        return Check("purse", price <= have, f"a challenge locks {price / ETHER:g} LILY; {have / ETHER:g} are there")
