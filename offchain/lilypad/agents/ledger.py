"""What a provider has taken, and what it gained and lost by it: from its journal, also while it runs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lilypad.agents.deals import fold_deal
from lilypad.agents.network import Network
from lilypad.protocol import settlement
from lilypad.protocol.deal import Deal, DealStatus, Verdict
from lilypad.store.journal import look_at_deals
from lilypad.types import ZERO_ADDRESS

NOBODY = ZERO_ADDRESS
"""Stands for the treasury, whose part is not the provider's in any case."""


@dataclass(frozen=True, slots=True)
class Entry:
    deal: Deal
    agreed: int
    """Unix time."""
    gained: int
    """What the deal added to the provider's money, in wei; negative if it cost some. Gas is not in it."""
    notes: dict[str, Any]
    """What the agent remembers: `declined` with the reason, `result` once there is one."""

    @property
    def ended(self) -> int | None:
        return self.deal.since if self.deal.status.is_end else None


def read_ledger(network: Network, folder: Path) -> list[Entry]:
    """Every deal of a provider's journal, the newest first; none if it has no journal yet.

    Raises:
        FaultError: the journal is damaged, or of another version.
    """
    journal = folder / "journal.sqlite"
    if not journal.exists():
        return []
    rows = look_at_deals(journal, network.deployment.chain_id, "provider")
    entries = []
    for row in rows:
        logs = row.record["logs"]
        deal = fold_deal(logs)
        if deal is not None:
            entries.append(Entry(deal, int(logs[0]["blockTimestamp"], 16), gained(deal), row.record["notes"]))
    return sorted(entries, key=lambda entry: -entry.agreed)


def gained(deal: Deal) -> int:
    """The provider's side of how a deal ended, by the contracts' rules; nothing while it is open."""
    change = _changes(deal).get(deal.terms.provider, settlement.Change())
    return change.free + change.locked


def _changes(deal: Deal) -> settlement.Changes:
    terms, dispute, cost = deal.terms, deal.dispute, deal.cost or 0
    match deal.status:
        case DealStatus.ACCEPTED if dispute is None:
            return settlement.paid(terms, cost, NOBODY)
        case DealStatus.ACCEPTED if dispute is not None and deal.verdict is Verdict.RIGHT:
            return settlement.right(terms, dispute, cost, NOBODY)
        case DealStatus.ACCEPTED if dispute is not None:
            return settlement.withheld(terms, dispute, cost, NOBODY)
        case DealStatus.REJECTED if dispute is not None:
            return settlement.wrong(terms, dispute)
        case DealStatus.LATE:
            return settlement.late(terms)
    return {}
