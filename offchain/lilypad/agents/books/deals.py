"""The deals an agent has a part in."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from lilypad.agents.books.events import DEAL_EVENTS, read_deal_event
from lilypad.agents.books.logbook import LINGER_SECONDS, LogBook
from lilypad.agents.network import Network
from lilypad.chain.contracts import Event, RawLog, decode_event
from lilypad.ops.ledger import UNOBSERVED, DealObserver
from lilypad.protocol.deal import Agreed, Deal, apply, open_deal
from lilypad.store.journal import Journal
from lilypad.types import DealId


class DealBook(LogBook[Deal]):
    def __init__(
        self,
        network: Network,
        journal: Journal,
        role: str,
        is_mine: Callable[[Agreed], bool] = lambda _: True,
        observer: DealObserver = UNOBSERVED,
        linger: float = LINGER_SECONDS,
    ) -> None:
        super().__init__(network, journal, role, linger)
        self._is_mine = is_mine
        self._observer = observer
        for deal in self:
            observer.deal_known(deal)

    def _fold(self, logs: list[RawLog]) -> Deal | None:
        return fold_deal(logs)

    def _state(self, thing: Deal) -> str:
        return thing.status.name

    def _is_over(self, thing: Deal) -> bool:
        return thing.status.is_end

    def _subject(self, event: Event) -> tuple[DealId, bool] | None:
        if event.name not in DEAL_EVENTS:
            return None
        deal, meaning = read_deal_event(event)
        return deal, isinstance(meaning, Agreed) and self._is_mine(meaning)

    def _moved(self, before: Deal | None, after: Deal | None) -> None:
        self._observer.deal_moved(before, after)

    def _left(self, thing: Deal) -> None:
        self._observer.deal_left(thing)


def fold_deal(logs: Iterable[RawLog]) -> Deal | None:
    """The deal that some logs tell of; None if its beginning is not among them."""
    deal: Deal | None = None
    for event in map(decode_event, logs):
        _, meaning = read_deal_event(event)
        now = event.block_timestamp or 0
        if isinstance(meaning, Agreed):
            deal = open_deal(meaning, now)
        elif deal is not None:
            deal = apply(deal, meaning, now)
    return deal
