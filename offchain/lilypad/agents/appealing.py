"""Appealing a ruling: when it can be done, what it costs, and how that is paid."""

from __future__ import annotations

from lilypad.agents.court import CourtActor
from lilypad.agents.network import show_id
from lilypad.chain.receipts import Receipt
from lilypad.errors import FaultError
from lilypad.protocol.case import Case
from lilypad.protocol.mediation import appeal_price

TURNS = 8


def require_appealable(case: Case, now: int) -> None:
    """
    Args:
        now: by the chain's clock.

    Raises:
        FaultError: there is no ruling that can be appealed now.
    """
    if case.appeal_until is None:
        why = "it is over" if case.is_over or case.verdict is not None else "its mediators have not ruled yet"
        raise FaultError(f"nothing can be appealed: {why}", case=show_id(case.id))
    if now > case.appeal_until:
        raise FaultError("it is too late for an appeal", case=show_id(case.id), until=case.appeal_until)


async def appeal(court: CourtActor, case: Case) -> Receipt:
    """Has twice as many mediators and one more decide. What it locks is taken from what is free with the mediators,
    then from the account's wallet, then from its free balance in the vault.

    Raises:
        FaultError: the account is too poor.
        TransactionRevertedError: there is no such ruling any more, or it is too late.
    """
    for turn in range(TURNS):
        missing = appeal_price(case.docket) - await court.free(court.account)
        if missing <= 0:
            break
        await _bring(court, case, missing, turn)
    return await court.appeal(case)


async def _bring(court: CourtActor, case: Case, missing: int, turn: int) -> None:
    """Into what is free with the mediators. What was brought may be spent before it is used, by another appeal of the
    same account: so there is more than one turn, each with keys of its own, and one that was done before is over at
    once."""
    key = f"appeal:{case.docket.hash.hex()}:{missing}:{turn}"
    funds = await court.actor.funds(court.account)
    from_vault = max(missing - funds.wallet, 0)
    if from_vault > funds.free:
        raise FaultError(
            "the account is too poor for an appeal: send it LILY (`lilypad wallet fund` on a local chain)",
            missing=from_vault - funds.free,
            until=case.appeal_until,
        )
    if from_vault:
        await court.actor.withdraw(from_vault, key=f"{key}:{from_vault}")
    await court.fund(missing, key=key)
