"""What a deal has brought one account, and what it has cost it: pure."""

from __future__ import annotations

from lilypad.protocol import settlement
from lilypad.protocol.deal import Deal, DealStatus, Verdict
from lilypad.types import Address


def net(deal: Deal, account: Address) -> int:
    """Wei of the token: positive when the account has more after the deal than before. 0 while it is open.

    Who gets the protocol's share does not matter to anybody else, so the treasury's address is not asked for.
    """
    change = _changes(deal).get(account)
    return 0 if change is None else change.free + change.locked


def _changes(deal: Deal) -> settlement.Changes:
    terms, dispute, treasury = deal.terms, deal.dispute, settlement.BURNED
    match deal.status, deal.verdict:
        case DealStatus.ACCEPTED, Verdict.RIGHT if dispute is not None:
            return settlement.right(terms, dispute, deal.cost or 0, treasury)
        case DealStatus.ACCEPTED, Verdict.WITHHELD if dispute is not None:
            return settlement.withheld(terms, dispute, deal.cost or 0, treasury)
        case DealStatus.ACCEPTED, _:
            return settlement.paid(terms, deal.cost or 0, treasury)
        case DealStatus.REJECTED, _ if dispute is not None:
            return settlement.wrong(terms, dispute)
        case DealStatus.LATE, _:
            return settlement.late(terms)
        case DealStatus.DECLINED, _:
            return settlement.declined(terms)
    return {}
