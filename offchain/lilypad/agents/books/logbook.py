"""Things that an agent follows on chain, each under a deal's id: folded from the chain's log, kept in its journal.

What the journal holds of a thing are its raw logs and the agent's own notes. The thing itself is always the fold of the
logs, so undoing a reorganised block is forgetting its logs.
"""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from lilypad.agents.network import Network
from lilypad.chain.contracts import Event, RawLog, decode_event
from lilypad.chain.feed import Batch
from lilypad.crashing import crash_point
from lilypad.store.journal import Journal
from lilypad.types import DealId


class Followed(Protocol):
    @property
    def id(self) -> DealId: ...


T = TypeVar("T", bound=Followed)


@dataclass(slots=True)
class Tracked(Generic[T]):
    """A thing with what it was folded from."""

    thing: T
    logs: list[RawLog]
    notes: dict[str, Any] = field(default_factory=dict)
    """What the agent itself wants to remember: JSON values."""


class LogBook(Generic[T]):
    def __init__(self, network: Network, journal: Journal, role: str) -> None:
        """`role` separates several books that share a journal."""
        self._network = network
        self._journal = journal
        self._role = role
        self._tracked: dict[DealId, Tracked[T]] = {}
        self._changed = asyncio.Condition()
        self.now = 0
        """The chain's time, as of the last batch."""
        for row in journal.deals(chain_id=network.deployment.chain_id, role=role):
            thing = self._fold(row.record["logs"])
            if thing is not None:
                self._tracked[row.id] = Tracked(thing, row.record["logs"], row.record["notes"])

    # ------------------------------------------------------------------ what a kind of book decides

    @abstractmethod
    def _fold(self, logs: list[RawLog]) -> T | None:
        """What some logs tell of; None if its beginning is not among them."""

    @abstractmethod
    def _state(self, thing: T) -> str:
        """One word for where it stands."""

    @abstractmethod
    def _subject(self, event: Event) -> tuple[DealId, bool] | None:
        """Whose event it is, and whether one that is not followed yet is taken up with it; None for any other event."""

    async def _with_past(self, log: RawLog) -> list[RawLog]:
        """A log of a batch, after whatever else must be known before it."""
        return [log]

    def _moved(self, before: T | None, after: T | None) -> None:
        """The chain has brought it forward; None stands for nothing, before the first log or after a reorganisation."""

    # ------------------------------------------------------------------ what whoever follows them asks

    def __iter__(self) -> Iterator[T]:
        return iter([tracked.thing for tracked in self._tracked.values()])

    def get(self, id_: DealId) -> T | None:
        tracked = self._tracked.get(id_)
        return tracked.thing if tracked else None

    def transactions(self, id_: DealId) -> list[tuple[str, bytes]]:
        """What moved it on: each event with its transaction's hash."""
        return [(event.name, event.tx_hash) for event in map(decode_event, self._tracked[id_].logs)]

    def notes(self, id_: DealId) -> dict[str, Any]:
        tracked = self._tracked.get(id_)
        return dict(tracked.notes) if tracked else self._notes_left(id_)

    def note(self, id_: DealId, **values: Any) -> None:
        """Remember, on disk, before going on. Also of what a reorganisation has undone: it may come again, and a
        transaction that is still under way may then say what the notes tell of."""
        tracked = self._tracked.get(id_)
        if tracked is not None:
            tracked.notes |= values
            with self._journal.transaction() as tx:
                self._write(tx, id_, tracked.logs)
        else:
            with self._journal.transaction() as tx:
                tx.put(self._undone(id_), self._notes_left(id_) | values)

    async def absorb(self, batch: Batch) -> list[T]:
        """Takes a batch in, effects and cursor together. Returns what it changed."""
        logs = [await self._with_time(past) for log in batch.logs for past in await self._with_past(log)]
        with batch.applying() as tx:
            changed = self._without_orphans(batch.rollback.to_block) if batch.rollback else {}
            for log in logs:
                self._take(log, changed)
            for id_, logs_of_it in changed.items():
                self._write(tx, id_, logs_of_it)
        for id_, logs_of_it in changed.items():
            self._remember(id_, logs_of_it)
            crash_point("book.written", self._status(self.get(id_)))
        async with self._changed:
            self.now = max(self.now, batch.timestamp)
            self._changed.notify_all()
        return [tracked.thing for id_ in changed if (tracked := self._tracked.get(id_))]

    async def wait_while(self, thing: T, seconds: float | None = None) -> T | None:
        """Waits while it stands as it does in `thing`; returns how it stands then, None if it is gone."""
        try:
            async with asyncio.timeout(seconds), self._changed:
                await self._changed.wait_for(lambda: self.get(thing.id) != thing)
        except TimeoutError:
            pass
        return self.get(thing.id)

    async def wait_for(self, id_: DealId) -> T:
        """Waits until the chain tells of it."""
        async with self._changed:
            await self._changed.wait_for(lambda: id_ in self._tracked)
        return self._tracked[id_].thing

    # ------------------------------------------------------------------ internal

    async def _with_time(self, log: RawLog) -> RawLog:
        """Deadlines count from the block's time, which not every node puts into its logs."""
        if log.get("blockTimestamp") is not None:
            return log
        block = await self._network.rpc.call("eth_getBlockByNumber", log["blockNumber"], False)
        return {**log, "blockTimestamp": block["timestamp"]}

    def _take(self, log: RawLog, changed: dict[DealId, list[RawLog]]) -> None:
        subject = self._subject(decode_event(log))
        if subject is None:
            return
        id_, is_beginning = subject
        known = changed.get(id_)
        if known is None and id_ in self._tracked:
            known = self._tracked[id_].logs
        if known is None and not is_beginning:
            return
        changed[id_] = [*(known or ()), log]

    def _without_orphans(self, to_block: int) -> dict[DealId, list[RawLog]]:
        changed = {}
        for id_, tracked in self._tracked.items():
            kept = [log for log in tracked.logs if int(log["blockNumber"], 16) <= to_block]
            if len(kept) < len(tracked.logs):
                changed[id_] = kept
        return changed

    def _undone(self, id_: DealId) -> str:
        return f"undone:{self._network.deployment.chain_id}:{self._role}:{id_.hex()}"

    def _notes_left(self, id_: DealId) -> dict[str, Any]:
        """From before a reorganisation."""
        return dict(self._journal.get(self._undone(id_), {}))

    def _remember(self, id_: DealId, logs: list[RawLog]) -> None:
        folded, before = self._fold(logs), self.get(id_)
        if folded is None:
            self._tracked.pop(id_, None)
        elif id_ in self._tracked:
            self._tracked[id_].thing, self._tracked[id_].logs = folded, logs
        else:
            self._tracked[id_] = Tracked(folded, logs, self._notes_left(id_))
        if folded != before:
            self._moved(before, folded)

    def _write(self, tx: Any, id_: DealId, logs: list[RawLog]) -> None:
        chain_id = self._network.deployment.chain_id
        folded = self._fold(logs)
        if folded is None:
            tx.forget_deal(chain_id, id_, self._role)
            tx.put(self._undone(id_), self.notes(id_))
        else:
            record = {"logs": [dict(log) for log in logs], "notes": self.notes(id_)}
            tx.save_deal(chain_id, id_, self._role, self._state(folded), record)
        crash_point("book.writing", self._status(folded))

    def _status(self, thing: T | None) -> str:
        return "GONE" if thing is None else self._state(thing)
