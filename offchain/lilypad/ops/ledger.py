"""The deals that an agent has a part in, as its deal book tells of them: what metrics and alerts are made of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from lilypad.protocol.deal import Deal
from lilypad.protocol.income import net
from lilypad.types import Address, DealId


class DealObserver:
    """What a deal book tells. Does nothing; whoever wants to know overrides."""

    def deal_known(self, deal: Deal) -> None:
        """It was in the journal when the agent started."""

    def deal_moved(self, before: Deal | None, after: Deal | None) -> None:
        """The chain has brought it forward; `before` is None for a new one, `after` for one that a reorganisation
        has undone."""


UNOBSERVED = DealObserver()


@dataclass(frozen=True, slots=True)
class Totals:
    """In wei of the token, over all deals that have ended."""

    income: int
    outlay: int


class Ledger:
    def __init__(self, account: Address) -> None:
        self._account = account
        self._deals: dict[DealId, Deal] = {}
        self._nets: dict[DealId, int] = {}

    def __iter__(self) -> Iterator[Deal]:
        return iter([*self._deals.values()])

    def put(self, deal: Deal) -> None:
        self._deals[deal.id] = deal
        self._nets[deal.id] = net(deal, self._account)

    def forget(self, deal: Deal) -> None:
        self._deals.pop(deal.id, None)
        self._nets.pop(deal.id, None)

    def by_status(self) -> Counter[str]:
        return Counter(deal.status.name.lower() for deal in self)

    def totals(self) -> Totals:
        """Summed up anew each time, so a reorganisation takes back what it has undone."""
        nets = self._nets.values()
        return Totals(sum(n for n in nets if n > 0), -sum(n for n in nets if n < 0))
