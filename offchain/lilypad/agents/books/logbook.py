"""Things that an agent follows on chain, each under a deal's id: folded from the chain's log, kept in its journal.

What the journal holds of a thing are its raw logs and the agent's own notes. The thing itself is always the fold of the
logs, so undoing a reorganised block is forgetting its logs.

In memory are the things in hand: those that go on, and those whose end is so young that it may be undone or that
somebody may not have seen it. The others are read from the journal when they are asked for, so that an agent needs as
much memory after a million deals as after ten.
"""

from __future__ import annotations

import asyncio
import math
import time
from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar, cast

from lilypad.agents.network import Network
from lilypad.chain.contracts import Event, RawLog, decode_event
from lilypad.chain.feed import REORG_DEPTH, Batch
from lilypad.crashing import crash_point
from lilypad.errors import RecoverableError
from lilypad.store.journal import DealRow, Journal, Transaction
from lilypad.types import DealId


class Followed(Protocol):
    @property
    def id(self) -> DealId: ...


T = TypeVar("T", bound=Followed)

LINGER_SECONDS = 60.0
"""For how long an ended thing stays in hand at least: whoever looks now and then sees its end."""
FOREVER = math.inf
"""For a book of one deal, or one that is looked at and closed again."""


@dataclass(slots=True)
class Tracked(Generic[T]):
    """A thing with what it was folded from."""

    thing: T
    logs: list[RawLog]
    notes: dict[str, Any] = field(default_factory=dict)
    """What the agent itself wants to remember: JSON values."""


class LogBook(Generic[T]):
    def __init__(self, network: Network, journal: Journal, role: str, linger: float = LINGER_SECONDS) -> None:
        """`role` separates several books that share a journal."""
        self._network = network
        self._journal = journal
        self._role = role
        self._linger = linger
        self._tracked: dict[DealId, Tracked[T]] = {}
        self._ended: dict[DealId, float] = {}
        """Those of them that are over, and since when by the monotonic clock; the oldest end first."""
        self._changed = asyncio.Condition()
        self.now = 0
        """The chain's time, as of the last batch."""
        for row in journal.deals(chain_id=network.deployment.chain_id, role=role, in_hand=True):
            if (found := self._tracked_of(row)) is not None:
                self._tracked[row.id] = found
                self._note_end(row.id, found.thing)

    # ------------------------------------------------------------------ what a kind of book decides

    @abstractmethod
    def _fold(self, logs: list[RawLog]) -> T | None:
        """What some logs tell of; None if its beginning is not among them."""

    @abstractmethod
    def _state(self, thing: T) -> str:
        """One word for where it stands."""

    @abstractmethod
    def _is_over(self, thing: T) -> bool:
        """Whether the chain has no more to tell of it, unless it takes something back."""

    @abstractmethod
    def _subject(self, event: Event) -> tuple[DealId, bool] | None:
        """Whose event it is, and whether one that is not followed yet is taken up with it; None for any other event."""

    async def _with_past(self, log: RawLog) -> list[RawLog]:
        """A log of a batch, after whatever else must be known before it."""
        return [log]

    def _moved(self, before: T | None, after: T | None) -> None:
        """The chain has brought it forward; None stands for nothing, before the first log or after a reorganisation."""

    def _left(self, thing: T) -> None:
        """It is over for good, and no longer in hand."""

    # ------------------------------------------------------------------ what whoever follows them asks

    def __iter__(self) -> Iterator[T]:
        """Those in hand."""
        return iter([tracked.thing for tracked in self._tracked.values()])

    def get(self, id_: DealId) -> T | None:
        tracked = self._find(id_)
        return tracked.thing if tracked else None

    def transactions(self, id_: DealId) -> list[tuple[str, bytes]]:
        """What moved it on: each event with its transaction's hash."""
        tracked = self._find(id_)
        logs = tracked.logs if tracked else []
        return [(event.name, event.tx_hash) for event in map(decode_event, logs)]

    def first_block(self, id_: DealId) -> int | None:
        """In which it began; None if nothing is known of it."""
        tracked = self._find(id_)
        return _block(tracked.logs[0]) if tracked else None

    def notes(self, id_: DealId) -> dict[str, Any]:
        tracked = self._find(id_)
        return dict(tracked.notes) if tracked else self._notes_left(id_)

    def note(self, id_: DealId, **values: Any) -> None:
        """Remember, on disk, before going on. Also of what a reorganisation has undone: it may come again, and a
        transaction that is still under way may then say what the notes tell of."""
        tracked = self._find(id_)
        if tracked is not None:
            tracked.notes |= values
            with self._journal.transaction() as tx:
                self._write(tx, id_, tracked.logs, tracked.notes)
        else:
            with self._journal.transaction() as tx:
                tx.put(self._undone(id_), self._notes_left(id_) | values)

    async def absorb(self, batch: Batch) -> list[T]:
        """Takes a batch in, effects and cursor together. Returns what it changed. What it needs to know of the past the
        chain must tell, and of this branch: until it does, the batch goes back to its feed."""
        try:
            logs = [await self._network.with_time(past) for log in batch.logs for past in await self._with_past(log)]
        except RecoverableError as error:
            batch.give_back(error)
            return []
        with batch.applying() as tx:
            changed = self._without_orphans(batch.rollback.to_block) if batch.rollback else {}
            for log in logs:
                self._take(log, changed)
            for id_, logs_of_it in changed.items():
                self._write(tx, id_, logs_of_it, self.notes(id_))
        for id_, logs_of_it in changed.items():
            self._remember(id_, logs_of_it)
            crash_point("book.written", self._status(self.get(id_)))
        async with self._changed:
            self.now = max(self.now, batch.timestamp)
            self._changed.notify_all()
        self._leave(batch.last)
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
            await self._changed.wait_for(lambda: self._find(id_) is not None)
        return cast("T", self.get(id_))

    # ------------------------------------------------------------------ what is in hand

    def _find(self, id_: DealId) -> Tracked[T] | None:
        """In hand, or long over."""
        if (tracked := self._tracked.get(id_)) is not None:
            return tracked
        row = self._journal.deal(self._network.deployment.chain_id, id_, self._role)
        return self._tracked_of(row) if row else None

    def _tracked_of(self, row: DealRow) -> Tracked[T] | None:
        thing = self._fold(row.record["logs"])
        return None if thing is None else Tracked(thing, row.record["logs"], row.record["notes"])

    def _note_end(self, id_: DealId, thing: T | None) -> None:
        if thing is None or not self._is_over(thing):
            self._ended.pop(id_, None)
        else:
            self._ended.setdefault(id_, time.monotonic())

    def _leave(self, block: int) -> None:
        """Lets go of what has been over for long, seen from this block."""
        young = time.monotonic() - self._linger
        gone = []
        for id_, since in self._ended.items():
            if since > young or _block(self._tracked[id_].logs[-1]) > block - REORG_DEPTH:
                break
            gone.append(id_)
        if not gone:
            return
        with self._journal.transaction() as tx:
            for id_ in gone:
                tx.make_final(self._network.deployment.chain_id, id_, self._role)
        for id_ in gone:
            del self._ended[id_]
            self._left(self._tracked.pop(id_).thing)

    # ------------------------------------------------------------------ internal

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
            kept = [log for log in tracked.logs if _block(log) <= to_block]
            if len(kept) < len(tracked.logs):
                changed[id_] = kept
        return changed

    def _undone(self, id_: DealId) -> str:
        return f"undone:{self._network.deployment.chain_id}:{self._role}:{id_.hex()}"

    def _notes_left(self, id_: DealId) -> dict[str, Any]:
        """From before a reorganisation."""
        return dict(self._journal.get(self._undone(id_), {}))

    def _remember(self, id_: DealId, logs: list[RawLog]) -> None:
        tracked = self._tracked.get(id_)  # the journal has the new state already
        folded, before = self._fold(logs), tracked.thing if tracked else None
        if folded is None:
            self._tracked.pop(id_, None)
        elif id_ in self._tracked:
            self._tracked[id_].thing, self._tracked[id_].logs = folded, logs
        else:
            self._tracked[id_] = Tracked(folded, logs, self._notes_left(id_))
        self._note_end(id_, folded)
        if folded != before:
            self._moved(before, folded)

    def _write(self, tx: Transaction, id_: DealId, logs: list[RawLog], notes: dict[str, Any]) -> None:
        chain_id = self._network.deployment.chain_id
        folded = self._fold(logs)
        if folded is None:
            tx.forget_deal(chain_id, id_, self._role)
            tx.put(self._undone(id_), notes)
        else:
            record = {"logs": [dict(log) for log in logs], "notes": notes}
            tx.save_deal(chain_id, id_, self._role, self._state(folded), record)
        crash_point("book.writing", self._status(folded))

    def _status(self, thing: T | None) -> str:
        return "GONE" if thing is None else self._state(thing)


def _block(log: RawLog) -> int:
    return int(log["blockNumber"], 16)
