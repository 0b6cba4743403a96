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

    def deal_left(self, deal: Deal) -> None:
        """It has been over for so long that the book has let go of it."""


UNOBSERVED = DealObserver()


@dataclass(frozen=True, slots=True)
class Totals:
    """In wei of the token, over all deals that have ended while the agent ran, or not long before."""

    income: int
    outlay: int

    def plus(self, gained: int) -> Totals:
        return Totals(self.income + max(gained, 0), self.outlay - min(gained, 0))


class Ledger:
    def __init__(self, account: Address) -> None:
        self._account = account
        self._deals: dict[DealId, Deal] = {}
        self._nets: dict[DealId, int] = {}
        self._past = Counter[str]()
        self._past_totals = Totals(0, 0)

    def __iter__(self) -> Iterator[Deal]:
        return iter([*self._deals.values()])

    def put(self, deal: Deal) -> None:
        self._deals[deal.id] = deal
        self._nets[deal.id] = net(deal, self._account)

    def forget(self, deal: Deal) -> None:
        self._deals.pop(deal.id, None)
        self._nets.pop(deal.id, None)

    def leave(self, deal: Deal) -> None:
        """It counts, and that is all that is kept of it."""
        self._past_totals = self._past_totals.plus(self._nets[deal.id])
        self._past[deal.status.name.lower()] += 1
        self.forget(deal)

    def by_status(self) -> Counter[str]:
        return self._past + Counter(deal.status.name.lower() for deal in self)

    def totals(self) -> Totals:
        """Summed up anew each time, so a reorganisation takes back what it has undone."""
        totals = self._past_totals
        for gained in self._nets.values():
            totals = totals.plus(gained)
        return totals
