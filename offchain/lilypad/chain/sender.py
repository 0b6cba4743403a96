"""The only way out for the transactions of one account on one chain.

`await sender.send(to, data, key="submit:0x...")` returns when the transaction is mined. The key names the effect: it
and the signed transaction are in the journal before anything leaves, so that the same key, now or after a crash, finds
the same transaction instead of sending a second one. After a ChainUnavailableError send again with the same key.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from eth_account.signers.local import LocalAccount
from eth_utils.address import to_checksum_address

from lilypad.chain.fees import Fees, quote_fees
from lilypad.chain.forgetting import forget_final
from lilypad.chain.identity import identify_chain
from lilypad.chain.observer import Outcome
from lilypad.chain.outbox import Attempt, Outbox, Outgoing, Request, Status
from lilypad.chain.receipts import Receipt, read_receipt
from lilypad.chain.rpc import Rpc, RpcError
from lilypad.chain.simulation import estimate_gas, explain_mined_revert, explain_refusal
from lilypad.chain.wire import Wire, nonce_taken, nonce_used
from lilypad.crashing import crash_point
from lilypad.errors import ChainUnavailableError, FaultError, RecoverableError, TransactionRevertedError
from lilypad.store.journal import Journal
from lilypad.types import Address

log = logging.getLogger(__name__)

_DISPATCHES = 20
"""How often a nonce may be snatched away before that is called a misuse of the account."""


@dataclass(frozen=True, slots=True)
class SenderOptions:
    poll_seconds: float = 0.5
    """The longest pause between two looks for a receipt; the first ones are shorter."""
    stuck_seconds: float = 30.0
    """How long a transaction may wait before it is sent again, or replaced with higher fees."""
    missing_seconds: float = 2.0
    """How long a transaction may wait before the node is asked whether it still has all of them."""
    gas_margin: float = 1.25
    gas_extra: int = 60_000
    """Gas limit is estimate times margin plus extra, and what is not used is not paid: the state may change before the
    transaction is mined, and a slot that was cheap to write may then cost 20,000 more."""
    fee_limit: int | None = None
    """The most wei per gas that is ever offered."""


class Sender:
    def __init__(
        self, rpc: Rpc, journal: Journal, account: LocalAccount, *, options: SenderOptions | None = None
    ) -> None:
        self._rpc = rpc
        self._journal = journal
        self._wire = Wire(rpc, account)
        self._options = options or SenderOptions()
        self._lock = asyncio.Lock()
        """Held while a nonce is chosen and its transaction leaves."""
        self._keys: dict[str, tuple[asyncio.Lock, int]] = {}
        self._outbox: Outbox | None = None
        self._nonce = 0
        self._rescued = float("-inf")
        self._suspects: set[str] = set()

    @property
    def address(self) -> Address:
        return self._wire.address

    async def send(self, to: Address | None, data: bytes, *, key: str, value: int = 0) -> Receipt:
        """Simulates, signs, records, sends, waits. `to` None deploys a contract.

        Raises TransactionRevertedError when it would revert (nothing was sent) or did revert. The key is free then: it
        may have met a branch of the chain that is gone, and what has had no effect may be tried again.
        """
        request = Request(None if to is None else to_checksum_address(to), data, value)
        with self._one_at_a_time(key) as turn:
            async with turn:
                outbox = await self._start()
                outgoing, receipt = await self._mined(outbox, key, request)
                if int(receipt["status"], 16) == 1:
                    return read_receipt(receipt)
                error = await self._reverted(outgoing, receipt)
                with self._journal.transaction() as tx:
                    outbox.set_aside(tx, outgoing)
                raise error

    async def resume(self) -> None:
        """Sends again what was under way when the last process ended. `send` does it by itself, this does it sooner."""
        await self._start()

    async def forget(self, is_over: Callable[[str], bool]) -> int:
        """Removes from the journal what is final; see `forgetting`. `is_over` is asked about keys."""
        return await forget_final(self._rpc, await self._start(), is_over, self._keys)

    @contextmanager
    def _one_at_a_time(self, key: str) -> Iterator[asyncio.Lock]:
        """The same key from two tasks: the second waits and finds what the first did."""
        turn, users = self._keys.get(key, (asyncio.Lock(), 0))
        self._keys[key] = (turn, users + 1)
        try:
            yield turn
        finally:
            turn, users = self._keys.pop(key)
            if users > 1:
                self._keys[key] = (turn, users - 1)

    async def _start(self) -> Outbox:
        async with self._lock:
            if self._outbox is None:
                chain_id = await identify_chain(self._rpc, self._journal)
                outbox = Outbox(self._journal, chain_id, self.address)
                await self._tend(outbox, None)
                self._nonce = max(await self._wire.count("pending"), outbox.next_nonce())
                self._outbox = outbox
            return self._outbox

    async def _mined(self, outbox: Outbox, key: str, request: Request) -> tuple[Outgoing, dict[str, Any]]:
        """Looks at the chain first, then sends, then waits, however often that takes."""
        loop = asyncio.get_running_loop()
        pause, since, dispatches = self._options.poll_seconds / 16, loop.time(), 0
        missed = since
        while True:
            outgoing = outbox.find(key)
            if outgoing is None:
                dispatches += 1
                if dispatches > _DISPATCHES:
                    raise RecoverableError("others keep using this account's nonces; give Lilypad its own", key=key)
                await self._dispatch(outbox, key, request)
                continue
            if not outgoing.request.same_effect(request):
                raise FaultError("this key was used for another transaction; keys name one effect", key=key)
            receipt = await self._look(outbox, outgoing)
            if receipt is not None:
                return outgoing, receipt
            if loop.time() - since > self._options.stuck_seconds:
                await self._rescue(outbox)
                since = loop.time()
            if loop.time() - missed > self._options.missing_seconds:
                async with self._lock:
                    await self._put_back(outbox)
                missed = loop.time()
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, self._options.poll_seconds)

    async def _look(self, outbox: Outbox, outgoing: Outgoing) -> dict[str, Any] | None:
        """The receipt on the chain; the recorded one when the node has forgotten it; none when a reorganisation
        threw the transaction out again."""
        found = await self._record(outbox, outgoing)
        if found is not None or outgoing.status is Status.PENDING:
            return found
        if await self._wire.count("latest") > outgoing.nonce:
            return outgoing.receipt
        async with self._lock:
            await self._put_back(outbox)
        return None

    async def _put_back(self, outbox: Outbox) -> None:
        """What the node has lost by a restart, or with blocks that are no longer part of the chain: all of it, because
        one nonce that is missing holds up all that follow."""
        count = await self._wire.count("latest")
        for outgoing in outbox.open(count):
            if outgoing.nonce >= count and not await self._wire.known(*outgoing.attempts):
                await self._again(outbox, outgoing)

    async def _record(self, outbox: Outbox, outgoing: Outgoing) -> dict[str, Any] | None:
        found = await self._wire.receipt(outgoing)
        if found is None:
            return None
        if outgoing.receipt is None or outgoing.receipt["blockHash"] != found["blockHash"]:
            status = Status.MINED if int(found["status"], 16) == 1 else Status.REVERTED
            with self._journal.transaction() as tx:
                outbox.close(tx, outgoing.key, status, found)
            self._rpc.observer.transaction(Outcome(status.value), outgoing.key, found)
            crash_point("sender.mined", _function(outgoing.key))
        return found

    async def _dispatch(self, outbox: Outbox, key: str, request: Request) -> None:
        """From a wish to a transaction that is recorded and, if the node answers, on its way."""
        try:
            estimate = await estimate_gas(self._rpc, request, self.address, key=key)
        except TransactionRevertedError:
            self._rpc.observer.transaction(Outcome.REFUSED, key)
            raise
        crash_point("sender.simulated", _function(key))
        # A little chance in the limit: two senders of one account that want the same call at the same nonce must not
        # sign the very same transaction, or each would take the other's for its own.
        gas = int(estimate * self._options.gas_margin) + self._options.gas_extra + secrets.randbelow(1024)
        request = replace(request, gas=gas)
        async with self._lock:
            fees = (await quote_fees(self._rpc)).capped(self._options.fee_limit)
            nonce = self._nonce
            attempt = self._wire.sign(outbox.chain_id, request, nonce, fees)
            with self._journal.transaction() as tx:
                outbox.add(tx, key, nonce, request, attempt)
            self._nonce = nonce + 1
            self._rpc.observer.transaction(Outcome.SENT, key)
            crash_point("sender.recorded", _function(key))
            try:
                await self._wire.broadcast(attempt)
                crash_point("sender.sent", _function(key))
            except ChainUnavailableError as error:  # it may have left all the same
                log.warning("send_unanswered", extra={"key": key, "error": str(error)})
            except RpcError as error:
                await self._refused(outbox, key, nonce, attempt, error)

    async def _refused(self, outbox: Outbox, key: str, nonce: int, attempt: Attempt, error: RpcError) -> None:
        """Takes back what certainly did not leave, so that its nonce leaves no gap."""
        if await self._wire.known(attempt):
            return
        if nonce_used(error) and error.repeated:
            # Somebody else uses this account. Or it was this transaction, mined after the first try, and the node is
            # slow to show it: so the row stays, and `_rescue` decides when it has looked twice.
            self._nonce = max(self._nonce, await self._wire.count("pending"))
            return
        with self._journal.transaction() as tx:
            outbox.remove(tx, key)
        self._rpc.observer.transaction(Outcome.REFUSED, key)
        self._nonce = nonce
        if not (nonce_used(error) or nonce_taken(error)):
            raise explain_refusal(error, self.address) from error
        self._nonce = max(nonce + 1, await self._wire.count("pending"))

    async def _rescue(self, outbox: Outbox) -> None:
        """Gets the account moving again, whichever key holds it up. Many waiters call it, one in a while does it."""
        async with self._lock:
            now = asyncio.get_running_loop().time()
            if now - self._rescued < self._options.stuck_seconds:
                return
            self._rescued = now
            await self._tend(outbox, await quote_fees(self._rpc))

    async def _tend(self, outbox: Outbox, market: Fees | None) -> None:
        """Looks after all that is not in the chain; with a market price also after what nobody wants to mine."""
        count = await self._wire.count("latest")
        for outgoing in outbox.open(count):
            if await self._record(outbox, outgoing) is not None:
                continue
            last = outgoing.attempts[-1]
            if outgoing.nonce < count:
                await self._give_up_if_lost(outbox, outgoing)
            elif not await self._wire.known(*outgoing.attempts):
                await self._again(outbox, outgoing)
            elif market is not None and (outgoing.nonce == count or last.max_fee < market.least):
                await self._bump(outbox, outgoing, market)

    async def _give_up_if_lost(self, outbox: Outbox, outgoing: Outgoing) -> None:
        """The nonce is used up, but not by us as it seems. Believed when seen twice: a node may be slow to show."""
        key = outgoing.key
        if await self._wire.known(*outgoing.attempts):
            self._suspects.discard(key)
        elif key not in self._suspects:
            self._suspects.add(key)
        else:
            log.warning("transaction_lost", extra={"key": key, "nonce": outgoing.nonce})
            self._suspects.discard(key)
            self._rpc.observer.transaction(Outcome.LOST, key)
            with self._journal.transaction() as tx:
                outbox.remove(tx, key)

    async def _again(self, outbox: Outbox, outgoing: Outgoing) -> None:
        """Sends the newest attempt once more; the nonce makes it harmless when it is there already."""
        if outgoing.status is not Status.PENDING:
            with self._journal.transaction() as tx:
                outbox.close(tx, outgoing.key, Status.PENDING, None)
        try:
            await self._wire.broadcast(outgoing.attempts[-1])
            crash_point("sender.resent", _function(outgoing.key))
        except RpcError as error:
            log.debug("resend_refused", extra={"key": outgoing.key, "error": error.reason})

    async def _bump(self, outbox: Outbox, outgoing: Outgoing, market: Fees) -> None:
        last = outgoing.attempts[-1]
        fees = market.replacing(Fees(last.max_fee, last.tip))
        if self._options.fee_limit is not None and fees.max_fee > self._options.fee_limit:
            log.warning("fee_limit_reached", extra={"key": outgoing.key, "needed": fees.max_fee})
            return
        attempt = self._wire.sign(outbox.chain_id, outgoing.request, outgoing.nonce, fees)
        with self._journal.transaction() as tx:
            outbox.add_attempt(tx, outgoing.key, len(outgoing.attempts), attempt)
        log.info("fees_raised", extra={"key": outgoing.key, "max_fee": fees.max_fee})
        self._rpc.observer.transaction(Outcome.REPLACED, outgoing.key)
        await self._again(outbox, replace(outgoing, attempts=(*outgoing.attempts, attempt)))

    async def _reverted(self, outgoing: Outgoing, receipt: dict[str, Any]) -> TransactionRevertedError:
        reason = await explain_mined_revert(self._rpc, outgoing.request, self.address, receipt)
        return reason.raised(key=outgoing.key, to=outgoing.request.to, tx_hash=receipt["transactionHash"])


def _function(key: str) -> str:
    """What a key begins with: the function that it is for."""
    return key.partition(":")[0]
