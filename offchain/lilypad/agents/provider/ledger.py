"""What a provider has taken, and what it gained and lost by it: from its journal, also while it runs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lilypad.agents.books.deals import fold_deal
from lilypad.agents.network import Network
from lilypad.protocol.deal import Deal
from lilypad.protocol.income import net
from lilypad.store.journal import look_at_deals


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
            entries.append(
                Entry(deal, int(logs[0]["blockTimestamp"], 16), net(deal, deal.terms.provider), row.record["notes"])
            )
    return sorted(entries, key=lambda entry: -entry.agreed)
