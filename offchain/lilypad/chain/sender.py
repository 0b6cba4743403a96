"""The only way out for the transactions of one account on one chain.

`await sender.send(to, data, key="submit:0x...")` returns when the transaction is mined. The key names the effect: it
and the signed transaction are in the journal before anything leaves, so that the same key, now or after a crash, finds
the same transaction instead of sending a second one. After a ChainUnavailableError send again with the same key.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from eth_account.signers.local import LocalAccount
from eth_utils.address import to_checksum_address

from lilypad.chain.contracts import DecodedError, RawLog
from lilypad.chain.fees import Fees, quote_fees
from lilypad.chain.identity import identify_chain
from lilypad.chain.outbox import Attempt, Outbox, Outgoing, Request, Status
from lilypad.chain.rpc import Rpc, RpcError, from_hex, to_hex
from lilypad.chain.simulation import estimate_gas, explain_mined_revert, explain_refusal
from lilypad.errors import ChainUnavailableError, FaultError
from lilypad.store.journal import Journal
from lilypad.types import Address

log = logging.getLogger(__name__)

_KNOWN = ("already known", "known transaction", "already imported", "already in")
_TAKEN = ("nonce too low", "underpriced")


@dataclass(frozen=True, slots=True)
class SenderOptions:
    poll_seconds: float = 0.5
    """The longest pause between two looks for a receipt; the first ones are shorter."""
    stuck_seconds: float = 30.0
    """How long a transaction may wait before it is sent again, or replaced with higher fees."""
    gas_margin: float = 1.25
    """Gas limit over estimate: the state may change before it is mined."""
    fee_limit: int | None = None
    """The most wei per gas that is ever offered."""


@dataclass(frozen=True, slots=True)
class Receipt:
    tx_hash: bytes
    block_number: int
    block_hash: bytes
    gas_used: int
    effective_gas_price: int
    logs: tuple[RawLog, ...]
    contract_address: Address | None
    """Of a deployment."""


class Sender:
    def __init__(
        self, rpc: Rpc, journal: Journal, account: LocalAccount, *, options: SenderOptions | None = None
    ) -> None:
        self._rpc = rpc
        self._journal = journal
        self._account = account
        self._options = options or SenderOptions()
        self._lock = asyncio.Lock()
        """Held while a nonce is chosen and its transaction leaves."""
        self._keys: dict[str, tuple[asyncio.Lock, int]] = {}
        self._outbox: Outbox | None = None
        self._nonce = 0
        self._rescued = 0.0
        self._suspects: set[str] = set()

    @property
    def address(self) -> Address:
        return Address(self._account.address)

    async def send(self, to: Address | None, data: bytes, *, key: str, value: int = 0) -> Receipt:
        """Simulates, signs, records, sends, waits. `to` None deploys a contract.

        Raises TransactionRevertedError when it would revert (nothing was sent, the key stays free) or did revert.
        """
        request = Request(None if to is None else to_checksum_address(to), data, value)
        with self._one_at_a_time(key) as turn:
            async with turn:
                outbox = await self._start()
                outgoing, receipt = await self._mined(outbox, key, request)
                if int(receipt["status"], 16) == 1:
                    return _receipt(receipt)
                raise await self._reverted(outbox, outgoing, receipt)

    async def resume(self) -> None:
        """Sends again what was under way when the last process ended. `send` does it by itself, this does it sooner."""
        await self._start()

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
                self._nonce = max(await self._count("pending"), outbox.next_nonce())
                for outgoing in outbox.open(await self._count("latest")):
                    await self._again(outbox, outgoing)
                self._outbox = outbox
            return self._outbox

    async def _mined(self, outbox: Outbox, key: str, request: Request) -> tuple[Outgoing, dict[str, Any]]:
        """Looks at the chain first, then sends, then waits, however often that takes."""
        loop = asyncio.get_running_loop()
        pause, since = self._options.poll_seconds / 16, loop.time()
        while True:
            outgoing = outbox.find(key)
            if outgoing is None:
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
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, self._options.poll_seconds)

    async def _look(self, outbox: Outbox, outgoing: Outgoing) -> dict[str, Any] | None:
        """The receipt of whichever attempt was mined; the recorded one when the node has forgotten it."""
        calls = [("eth_getTransactionReceipt", [to_hex(a.hash)]) for a in outgoing.attempts]
        found: dict[str, Any] | None = next((r for r in await self._rpc.batch(calls) if r is not None), None)
        if found is not None:
            recorded = outgoing.receipt
            if recorded is None or recorded["blockHash"] != found["blockHash"]:
                status = Status.MINED if int(found["status"], 16) == 1 else Status.REVERTED
                with self._journal.transaction() as tx:
                    outbox.close(tx, outgoing.key, status, found)
                return found
            return recorded
        if outgoing.status is not Status.PENDING:
            if await self._count("latest") > outgoing.nonce:
                return outgoing.receipt
            async with self._lock:
                await self._again(outbox, outgoing)
        return None

    async def _dispatch(self, outbox: Outbox, key: str, request: Request) -> None:
        """From a wish to a transaction that is recorded and, if the node answers, on its way."""
        estimate = await estimate_gas(self._rpc, request, self.address, key=key)
        request = replace(request, gas=int(estimate * self._options.gas_margin))
        async with self._lock:
            fees = (await quote_fees(self._rpc)).capped(self._options.fee_limit)
            nonce = self._nonce
            attempt = self._sign(outbox.chain_id, request, nonce, fees)
            with self._journal.transaction() as tx:
                outbox.add(tx, key, nonce, request, attempt)
            self._nonce = nonce + 1
            try:
                await self._broadcast(attempt)
            except ChainUnavailableError as error:  # it may have left all the same
                log.warning("send_unanswered", extra={"key": key, "error": str(error)})
            except RpcError as error:
                await self._refused(outbox, key, nonce, attempt, error)

    async def _refused(self, outbox: Outbox, key: str, nonce: int, attempt: Attempt, error: RpcError) -> None:
        """Takes back what certainly did not leave, so that its nonce leaves no gap."""
        if await self._known(attempt):
            return
        reason = error.reason.lower()
        if "nonce too low" in reason:
            # Somebody else uses this account. Or the node has mined the transaction already and is slow to show it:
            # so the row stays, and `_rescue` decides when it has looked twice.
            self._nonce = max(self._nonce, await self._count("pending"))
            return
        with self._journal.transaction() as tx:
            outbox.remove(tx, key)
        self._nonce = nonce
        if any(word in reason for word in _TAKEN):
            self._nonce = max(nonce + 1, await self._count("pending"))
            return
        raise explain_refusal(error, self.address) from error

    async def _rescue(self, outbox: Outbox) -> None:
        """Gets the account moving again, whichever key holds it up; many waiters call it, one at a time does it."""
        async with self._lock:
            now = asyncio.get_running_loop().time()
            if now - self._rescued < self._options.stuck_seconds:
                return
            self._rescued = now
            count = await self._count("latest")
            for outgoing in outbox.open(count):
                known = any([await self._known(a) for a in reversed(outgoing.attempts)])
                if outgoing.nonce < count:
                    self._give_up_if_lost(outbox, outgoing, known=known)
                elif not known or outgoing.status is not Status.PENDING:
                    await self._again(outbox, outgoing)
                elif outgoing.nonce == count:
                    await self._bump(outbox, outgoing)

    def _give_up_if_lost(self, outbox: Outbox, outgoing: Outgoing, *, known: bool) -> None:
        """The nonce is used up. If the node twice knows none of the attempts, a stranger's transaction took it."""
        key = outgoing.key
        if known:
            self._suspects.discard(key)
        elif key in self._suspects:
            log.warning("transaction_lost", extra={"key": key, "nonce": outgoing.nonce})
            self._suspects.discard(key)
            with self._journal.transaction() as tx:
                outbox.remove(tx, key)
        else:
            self._suspects.add(key)

    async def _again(self, outbox: Outbox, outgoing: Outgoing) -> None:
        """Sends the newest attempt once more; the nonce makes it harmless when it is there already."""
        if outgoing.status is not Status.PENDING:
            with self._journal.transaction() as tx:
                outbox.close(tx, outgoing.key, Status.PENDING, None)
        try:
            await self._broadcast(outgoing.attempts[-1])
        except RpcError as error:
            log.debug("resend_refused", extra={"key": outgoing.key, "error": error.reason})

    async def _bump(self, outbox: Outbox, outgoing: Outgoing) -> None:
        last = outgoing.attempts[-1]
        market = await quote_fees(self._rpc)
        fees = market.replacing(Fees(last.max_fee, last.tip))
        if self._options.fee_limit is not None and fees.max_fee > self._options.fee_limit:
            log.warning("fee_limit_reached", extra={"key": outgoing.key, "needed": fees.max_fee})
            return
        attempt = self._sign(outbox.chain_id, outgoing.request, outgoing.nonce, fees)
        with self._journal.transaction() as tx:
            outbox.add_attempt(tx, outgoing.key, len(outgoing.attempts), attempt)
        log.info("fees_raised", extra={"key": outgoing.key, "max_fee": fees.max_fee})
        await self._again(outbox, replace(outgoing, attempts=(*outgoing.attempts, attempt)))

    async def _reverted(self, outbox: Outbox, outgoing: Outgoing, receipt: dict[str, Any]) -> Exception:
        reason: DecodedError = await explain_mined_revert(self._rpc, outgoing.request, self.address, receipt)
        return reason.raised(key=outgoing.key, to=outgoing.request.to, tx_hash=receipt["transactionHash"])

    def _sign(self, chain_id: int, request: Request, nonce: int, fees: Fees) -> Attempt:
        fields: dict[str, Any] = {
            "type": 2,
            "chainId": chain_id,
            "nonce": nonce,
            "data": request.data,
            "value": request.value,
            "gas": request.gas,
            "maxFeePerGas": fees.max_fee,
            "maxPriorityFeePerGas": fees.tip,
        }
        if request.to is not None:
            fields["to"] = request.to
        signed = self._account.sign_transaction(fields)
        return Attempt(bytes(signed.hash), bytes(signed.raw_transaction), fees.max_fee, fees.tip)

    async def _broadcast(self, attempt: Attempt) -> None:
        try:
            await self._rpc.call("eth_sendRawTransaction", to_hex(attempt.raw))
        except RpcError as error:
            if not any(word in error.reason.lower() for word in _KNOWN):
                raise

    async def _known(self, attempt: Attempt) -> bool:
        return await self._rpc.call("eth_getTransactionByHash", to_hex(attempt.hash)) is not None

    async def _count(self, block: str) -> int:
        return int(await self._rpc.call("eth_getTransactionCount", self.address, block), 16)


def _receipt(found: Mapping[str, Any]) -> Receipt:
    created = found.get("contractAddress")
    return Receipt(
        tx_hash=from_hex(found["transactionHash"]),
        block_number=int(found["blockNumber"], 16),
        block_hash=from_hex(found["blockHash"]),
        gas_used=int(found["gasUsed"], 16),
        effective_gas_price=int(found["effectiveGasPrice"], 16),
        logs=tuple(found["logs"]),
        contract_address=to_checksum_address(created) if created else None,
    )
