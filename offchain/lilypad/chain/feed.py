"""The logs of some contracts, from where the journal left off: each applied once, none missed, reorganisations undone.

    async for batch in feed.batches():
        with batch.applying() as tx:
            if batch.rollback is not None:
                ...  # forget, in tx, what came from blocks above batch.rollback.to_block
            for event in batch.events():
                ...  # apply it, in tx
        # here effects and cursor are on disk together

The cursor moves in the transaction of the effects and nowhere else; whoever asks for the next batch without having
applied the last one, or given it back, gets a FaultError. A batch may hold no logs: it then says that time has passed.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from lilypad.chain.contracts import Event, RawLog, decode_event
from lilypad.chain.cursor import CursorTable, Tip
from lilypad.chain.heads import watch_heads
from lilypad.chain.identity import identify_chain
from lilypad.chain.linking import are_linked, belong, block_call, in_order
from lilypad.chain.observer import Position
from lilypad.chain.rpc import Rpc, RpcError, from_hex, quantity
from lilypad.errors import FaultError, RecoverableError
from lilypad.store.journal import Journal, Transaction
from lilypad.types import Address

log = logging.getLogger(__name__)

_LONGEST_PAUSE = 10.0
REORG_DEPTH = 64
"""Blocks. What lies deeper stays."""


@dataclass(frozen=True, slots=True)
class Rollback:
    """Blocks above this one are no longer part of the chain; what replaced them follows in the next batches."""

    to_block: int


@dataclass(frozen=True, slots=True)
class FeedOptions:
    confirmations: int = 0
    """Blocks that must lie above a log's block before it is delivered."""
    poll_seconds: float = 0.2
    """0.2 s suits a local chain; take a good part of the block time elsewhere."""
    heads_url: str | None = None
    """Of a websocket that tells of new blocks, so that they are looked at at once. Nothing depends on it."""
    reorg_depth: int = REORG_DEPTH
    """How deep a reorganisation can be undone; a deeper one is a fault."""
    first_range: int = 1000
    largest_range: int = 10_000
    """Blocks asked for at once; shrinks when the node refuses, grows while logs are few."""
    logs_per_batch: int = 2000
    """About as many as this; the range adapts to it."""


@dataclass(eq=False)
class Batch:
    """All logs of the blocks `first` to `last`, in order; or a rollback and no logs."""

    first: int
    last: int
    head: int
    """The newest block that the node had."""
    timestamp: int
    """Of block `last`: what the chain thinks of as now, once the feed has caught up."""
    logs: tuple[RawLog, ...]
    rollback: Rollback | None
    _open: Callable[[], Any]
    _commit: Callable[[Transaction], None]
    caught_up: bool = False
    """Nothing older than the confirmations is left to read."""
    _passed: Callable[[], None] = lambda: None
    applied: bool = field(default=False, init=False)
    given_back: RecoverableError | None = field(default=None, init=False)
    """Why it could not be applied."""

    def events(self) -> Iterator[Event]:
        return map(decode_event, self.logs)

    def give_back(self, why: RecoverableError) -> None:
        """For whoever has to ask the chain for more, and gets no answer, or one of another branch: after a pause the
        feed looks again from where it is."""
        self.given_back = why

    @contextmanager
    def applying(self) -> Iterator[Transaction]:
        """One journal transaction for the batch's effects and the cursor."""
        if self.applied:
            raise FaultError("this batch was applied already", first=self.first, last=self.last)
        with self._open() as tx:
            yield tx
            self._commit(tx)
        self._passed()
        self.applied = True


class Feed:
    def __init__(
        self,
        rpc: Rpc,
        journal: Journal,
        addresses: Sequence[Address],
        *,
        start_block: int = 0,
        consumer: str = "agent",
        topics: Sequence[object] = (),
        options: FeedOptions | None = None,
    ) -> None:
        """`start_block` matters to a new consumer only; `topics` filters as eth_getLogs does."""
        self._rpc = rpc
        self._journal = journal
        self._filter = {"address": list(addresses), **({"topics": list(topics)} if topics else {})}
        self._start = start_block
        self._consumer = consumer
        self._options = options or FeedOptions()
        self._range = self._options.first_range
        self._ceiling = self._options.largest_range
        self._wake = asyncio.Event()
        self.tip = Tip(-1)
        """What was applied goes to the end of this block, on the branch that it names, at any moment."""
        self.caught_up = asyncio.Event()
        """Since the start of this feed, what the journal says has been what the chain says, once."""

    def wake(self) -> None:
        """Look for new blocks now instead of at the next poll."""
        self._wake.set()

    async def batches(self) -> AsyncIterator[Batch]:
        """Endless. Waits while the chain cannot be reached; ends by cancellation or a fault."""
        heads = self._options.heads_url
        watching = asyncio.create_task(watch_heads(heads, self.wake), name="new heads") if heads else None
        table: CursorTable | None = None
        failures = 0
        try:
            while True:
                self._wake.clear()
                batch, error = None, None
                try:
                    table = table or await self._cursor_table()
                    batch = await self._next(table)
                except RecoverableError as caught:
                    error = caught
                if batch is not None:
                    yield batch
                    error = batch.given_back
                    if error is None and not batch.applied:
                        raise FaultError("a batch was not applied; use `with batch.applying() as tx:`", last=batch.last)
                    if batch.applied and batch.caught_up:
                        self.caught_up.set()
                failures = failures + 1 if error is not None else 0
                if error is not None:
                    log.warning("feed_waits_for_chain", extra={"consumer": self._consumer, "error": str(error)})
                if batch is None or error is not None:
                    await self._pause(failures)
        finally:
            if watching is not None:
                watching.cancel()

    async def _pause(self, failures: int) -> None:
        seconds = min(self._options.poll_seconds * 2 ** min(failures, 10), _LONGEST_PAUSE)
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            return

    async def _cursor_table(self) -> CursorTable:
        chain_id = await identify_chain(self._rpc, self._journal)
        return CursorTable(self._journal, chain_id, self._consumer, self._options.reorg_depth)

    async def _next(self, table: CursorTable) -> Batch | None:
        """The next batch, or None when there is nothing new or the chain moved while we looked."""
        cursor, known = table.block(), table.hashes()
        if cursor is None:
            cursor = self._start - 1
        self._pass(cursor, known.get(cursor))
        calls = [block_call("latest"), block_call(max(cursor, 0))]
        latest, at_cursor = await self._rpc.batch(calls)
        head = int(latest["number"], 16)
        seen = None if at_cursor is None else int(at_cursor["timestamp"], 16)
        position = Position(head, int(latest["timestamp"], 16), cursor, seen, self._options.confirmations)
        self._rpc.observer.feed_looked(position)
        shared = at_cursor if head >= cursor else latest
        if shared is None:
            return None
        tip = min(head, cursor)
        if tip in known and from_hex(shared["hash"]) != known[tip]:
            return await self._roll_back(table, known, tip, latest)
        target = head - self._options.confirmations
        if target <= cursor:
            self.caught_up.set()
            return None
        last = min(target, cursor + self._range)
        return await self._read(table, cursor + 1, last, head, known.get(cursor))

    async def _read(self, table: CursorTable, first: int, last: int, head: int, parent: bytes | None) -> Batch | None:
        """Headers, logs, and the last header again: equal before and after, the logs belong to that branch."""
        recent = range(min(last, max(first, head - self._options.reorg_depth + 1)), last + 1)
        headers = await self._rpc.batch([block_call(n) for n in recent])
        if not are_linked(headers, parent if recent.start == first else None):
            return None
        span = {"fromBlock": quantity(first), "toBlock": quantity(last)}
        try:
            found, again = await self._rpc.batch([("eth_getLogs", [self._filter | span]), block_call(last)])
        except RecoverableError as error:
            # Too many blocks or logs for this node, or too slow: nodes say it in many ways.
            if last == first:
                raise
            self._ceiling = last - first
            self._range = max(1, self._ceiling // 2)
            if not isinstance(error, RpcError):
                raise
            self.wake()
            return None
        hashes = {int(h["number"], 16): h["hash"] for h in headers}
        logs = in_order(found, {int(h["number"], 16): h["timestamp"] for h in headers})
        if again is None or again["hash"] != hashes[last] or not belong(logs, hashes):
            return None
        self._adapt(len(logs))
        self._rpc.observer.feed_read(logs)
        digests = {number: from_hex(digest) for number, digest in hashes.items()}
        return Batch(
            first=first,
            last=last,
            head=head,
            timestamp=int(again["timestamp"], 16),
            logs=logs,
            rollback=None,
            _open=self._journal.transaction,
            _commit=lambda tx: table.advance(tx, last, digests),
            caught_up=last >= head - self._options.confirmations,
            _passed=lambda: self._pass(last, digests[last]),
        )

    async def _roll_back(
        self, table: CursorTable, known: Mapping[int, bytes], tip: int, latest: Mapping[str, Any]
    ) -> Batch:
        numbers = [n for n in known if n < tip]
        headers = await self._rpc.batch([block_call(n) for n in numbers])
        shared = (n for n, h in zip(numbers, headers, strict=True) if h and from_hex(h["hash"]) == known[n])
        ancestor = next(shared, None)
        if ancestor is None:
            if min(known) > self._start:
                message = "the chain was rewritten deeper than can be undone; start with a new data directory"
                raise FaultError(message, deepest=min(known), consumer=self._consumer)
            ancestor = self._start - 1
        log.warning("chain_reorganised", extra={"consumer": self._consumer, "to_block": ancestor})
        return Batch(
            first=ancestor + 1,
            last=ancestor,
            head=int(latest["number"], 16),
            timestamp=int(latest["timestamp"], 16),
            logs=(),
            rollback=Rollback(ancestor),
            _open=self._journal.transaction,
            _commit=lambda tx: table.rewind(tx, ancestor),
            _passed=lambda: self._pass(ancestor, known.get(ancestor)),
        )

    def _pass(self, number: int, digest: bytes | None) -> None:
        self.tip = Tip(number, digest)

    def _adapt(self, count: int) -> None:
        if count > self._options.logs_per_batch:
            self._range = max(1, self._range // 2)
        elif count < self._options.logs_per_batch // 2:
            self._range = min(self._range * 2, self._ceiling)
            self._ceiling = min(self._ceiling + self._ceiling // 16 + 1, self._options.largest_range)
