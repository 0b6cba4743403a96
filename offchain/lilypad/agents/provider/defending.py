"""A provider defends its results: it appeals a ruling against it, as long as that costs less than it would lose."""

from __future__ import annotations

from lilypad.protocol.case import Case
from lilypad.protocol.deal import Deal, Verdict
from lilypad.protocol.mediation import appeal_price


def is_worth_it(case: Case, deal: Deal, now: int) -> bool:
    """Whether it was ruled against the result, can still be appealed, and more is at stake than the appeal locks."""
    until = case.appeal_until
    if until is None or now > until or case.verdict is not Verdict.WRONG:
        return False
    return appeal_price(case.docket) <= deal.terms.collateral + deal.terms.payment_ceiling
