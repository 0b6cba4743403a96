"""The deals an agent has a part in: folded from the chain's log, kept in its journal.

What the journal holds of a deal are its raw logs and the agent's own notes. The deal itself is always the fold of the
logs, so undoing a reorganised block is forgetting its logs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from lilypad.agents.events import DEAL_EVENTS, read_deal_event
from lilypad.agents.network import Network
from lilypad.chain.contracts import RawLog, decode_event
from lilypad.chain.feed import Batch
from lilypad.crashing import crash_point
from lilypad.ops.ledger import UNOBSERVED, DealObserver
from lilypad.protocol.deal import Agreed, Deal, apply, open_deal
from lilypad.store.journal import Journal
from lilypad.types import DealId


@dataclass(slots=True)
class Tracked:
    """A deal with what it was folded from."""

    deal: Deal
    logs: list[RawLog]
    notes: dict[str, Any] = field(default_factory=dict)
    """What the agent itself wants to remember: JSON values."""


class DealBook:
    def __init__(
        self,
        network: Network,
        journal: Journal,
        role: str,
        is_mine: Callable[[Agreed], bool] = lambda _: True,
        observer: DealObserver = UNOBSERVED,
    ) -> None:
        """`role` separates several agents that share a journal."""
        self._network = network
        self._journal = journal
        self._role = role
        self._is_mine = is_mine
        self._observer = observer
        self._tracked: dict[DealId, Tracked] = {}
        self._changed = asyncio.Condition()
        self.now = 0
        """The chain's time, as of the last batch."""
        for row in journal.deals(chain_id=network.deployment.chain_id, role=role):
            deal = self._fold(row.record["logs"])
            if deal is not None:
                self._tracked[row.id] = Tracked(deal, row.record["logs"], row.record["notes"])
                observer.deal_known(deal)

    def __iter__(self) -> Iterator[Deal]:
        return iter([tracked.deal for tracked in self._tracked.values()])

    def get(self, deal: DealId) -> Deal | None:
        tracked = self._tracked.get(deal)
        return tracked.deal if tracked else None

    def transactions(self, deal: DealId) -> list[tuple[str, bytes]]:
        """What moved the deal on: each event with its transaction's hash."""
        return [(event.name, event.tx_hash) for event in map(decode_event, self._tracked[deal].logs)]

    def notes(self, deal: DealId) -> dict[str, Any]:
        tracked = self._tracked.get(deal)
        return dict(tracked.notes) if tracked else self._notes_left(deal)

    def note(self, deal: DealId, **values: Any) -> None:
        """Remember, on disk, before going on. Also of a deal that a reorganisation has undone: it may be agreed again,
        and a transaction that is still under way may then submit the result that the notes tell of."""
        tracked = self._tracked.get(deal)
        if tracked is not None:
            tracked.notes |= values
            self._save(deal, tracked)
        else:
            with self._journal.transaction() as tx:
                tx.put(self._undone(deal), self._notes_left(deal) | values)

    async def absorb(self, batch: Batch) -> list[Deal]:
        """Takes a batch in, effects and cursor together. Returns the deals that it changed."""
        logs = [await self._with_time(log) for log in batch.logs]
        with batch.applying() as tx:
            changed = self._without_orphans(batch.rollback.to_block) if batch.rollback else {}
            for log in logs:
                self._take(log, changed)
            for deal, logs_of_deal in changed.items():
                self._write(tx, deal, logs_of_deal)
        for deal, logs_of_deal in changed.items():
            self._remember(deal, logs_of_deal)
            crash_point("deals.written", _status(self.get(deal)))
        async with self._changed:
            self.now = max(self.now, batch.timestamp)
            self._changed.notify_all()
        return [tracked.deal for deal in changed if (tracked := self._tracked.get(deal))]

    async def wait_while(self, deal: Deal, seconds: float | None = None) -> Deal | None:
        """Waits while the deal stands as it does in `deal`; returns how it stands then, None if it is gone."""
        try:
            async with asyncio.timeout(seconds), self._changed:
                await self._changed.wait_for(lambda: self.get(deal.id) != deal)
        except TimeoutError:
            pass
        return self.get(deal.id)

    async def wait_for(self, deal: DealId) -> Deal:
        """Waits until the chain tells of a deal."""
        async with self._changed:
            await self._changed.wait_for(lambda: deal in self._tracked)
        return self._tracked[deal].deal

    # ------------------------------------------------------------------ internal

    async def _with_time(self, log: RawLog) -> RawLog:
        """Deadlines count from the block's time, which not every node puts into its logs."""
        if log.get("blockTimestamp") is not None:
            return log
        block = await self._network.rpc.call("eth_getBlockByNumber", log["blockNumber"], False)
        return {**log, "blockTimestamp": block["timestamp"]}

    def _take(self, log: RawLog, changed: dict[DealId, list[RawLog]]) -> None:
        event = decode_event(log)
        if event.name not in DEAL_EVENTS:
            return
        deal, meaning = read_deal_event(event)
        known = changed.get(deal)
        if known is None and deal in self._tracked:
            known = self._tracked[deal].logs
        if known is None:
            if not (isinstance(meaning, Agreed) and self._is_mine(meaning)):
                return
            known = []
        changed[deal] = [*known, log]

    def _without_orphans(self, to_block: int) -> dict[DealId, list[RawLog]]:
        changed = {}
        for deal, tracked in self._tracked.items():
            kept = [log for log in tracked.logs if int(log["blockNumber"], 16) <= to_block]
            if len(kept) < len(tracked.logs):
                changed[deal] = kept
        return changed

    def _undone(self, deal: DealId) -> str:
        return f"undone:{self._network.deployment.chain_id}:{self._role}:{deal.hex()}"

    def _notes_left(self, deal: DealId) -> dict[str, Any]:
        """From before a reorganisation."""
        return dict(self._journal.get(self._undone(deal), {}))

    def _fold(self, logs: list[RawLog]) -> Deal | None:
        return fold_deal(logs)

    def _remember(self, deal: DealId, logs: list[RawLog]) -> None:
        folded, before = self._fold(logs), self.get(deal)
        if folded is None:
            self._tracked.pop(deal, None)
        elif deal in self._tracked:
            self._tracked[deal].deal, self._tracked[deal].logs = folded, logs
        else:
            self._tracked[deal] = Tracked(folded, logs, self._notes_left(deal))
        if folded != before:
            self._observer.deal_moved(before, folded)

    def _save(self, deal: DealId, tracked: Tracked) -> None:
        with self._journal.transaction() as tx:
            self._write(tx, deal, tracked.logs)

    def _write(self, tx: Any, deal: DealId, logs: list[RawLog]) -> None:
        chain_id = self._network.deployment.chain_id
        folded = self._fold(logs)
        if folded is None:
            tx.forget_deal(chain_id, deal, self._role)
            tx.put(self._undone(deal), self.notes(deal))
            crash_point("deals.writing", "GONE")
            return
        record = {"logs": [dict(log) for log in logs], "notes": self.notes(deal)}
        tx.save_deal(chain_id, deal, self._role, folded.status.name, record)
        crash_point("deals.writing", folded.status.name)


def _status(deal: Deal | None) -> str:
    return deal.status.name if deal else "GONE"


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
