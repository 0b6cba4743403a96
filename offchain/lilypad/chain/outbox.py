"""The journal's tables `outbox` and `attempts`: what one account wanted sent on one chain, and what left for it."""

from __future__ import annotations

import enum
import json
import time
from dataclasses import asdict, dataclass
from typing import Any

from lilypad.chain.rpc import from_hex, to_hex
from lilypad.store.journal import Journal, Transaction
from lilypad.types import Address


class Status(enum.StrEnum):
    PENDING = "pending"
    MINED = "mined"
    REVERTED = "reverted"


@dataclass(frozen=True, slots=True)
class Request:
    """The wanted effect. The same key must always mean the same request."""

    to: Address | None
    data: bytes
    value: int
    gas: int = 0
    """The gas limit; chosen when first sent."""

    def same_effect(self, other: Request) -> bool:
        return (self.to, self.data, self.value) == (other.to, other.data, other.value)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One signed transaction for an effect; replacements share the nonce, so that at most one is ever mined."""

    hash: bytes
    raw: bytes
    max_fee: int
    tip: int


@dataclass(frozen=True, slots=True)
class Outgoing:
    key: str
    nonce: int
    request: Request
    status: Status
    receipt: dict[str, Any] | None
    """As the node's JSON has it."""
    attempts: tuple[Attempt, ...]
    """Oldest first, never empty."""


@dataclass(frozen=True, slots=True)
class Outbox:
    journal: Journal
    chain_id: int
    account: Address

    def find(self, key: str) -> Outgoing | None:
        found = self._select("key = ?", key)
        return found[0] if found else None

    def open(self, count: int) -> list[Outgoing]:
        """What is not in a chain on which the account has sent `count` transactions, in the order of the nonces.

        That includes what was mined once, in a block that is no longer part of the chain.
        """
        return self._select("(status = 'pending' OR nonce >= ?)", count)

    def closed(self, below: int) -> list[str]:
        """The keys of what has a receipt, and a nonce below this one."""
        sql = f"SELECT key FROM outbox WHERE {_MINE} AND status != 'pending' AND nonce < ? ORDER BY nonce"
        return [str(key) for (key,) in self.journal.query(sql, (*self._id, below))]

    def next_nonce(self) -> int:
        """Above all that ever left."""
        sql = f"SELECT coalesce(max(nonce) + 1, 0) FROM outbox WHERE {_MINE}"
        return int(self.journal.query(sql, self._id)[0][0])

    def add(self, tx: Transaction, key: str, nonce: int, request: Request, attempt: Attempt) -> None:
        text = json.dumps(asdict(request) | {"data": to_hex(request.data)})
        row = (*self._id, key, nonce, text, Status.PENDING.value, None, time.time())
        tx.execute("INSERT INTO outbox VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
        self.add_attempt(tx, key, 0, attempt)

    def add_attempt(self, tx: Transaction, key: str, number: int, attempt: Attempt) -> None:
        row = (*self._id, key, number, attempt.hash, attempt.raw, attempt.max_fee, attempt.tip)
        tx.execute("INSERT INTO attempts VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)

    def remove(self, tx: Transaction, key: str) -> None:
        """Only for what certainly never left, can never be mined any more, or is over for good (see forgetting)."""
        tx.execute(f"DELETE FROM outbox WHERE {_MINE} AND key = ?", (*self._id, key))

    def set_aside(self, tx: Transaction, outgoing: Outgoing) -> None:
        """Frees the key of a transaction that is over and done with. The row stays: should the chain take it back, its
        nonce has to be filled again."""
        aside = f"{outgoing.key}#{outgoing.nonce}"
        columns = "nonce, request, status, receipt, created"
        sql = f"INSERT INTO outbox SELECT chain_id, account, ?, {columns} FROM outbox WHERE {_MINE} AND key = ?"
        tx.execute(sql, (aside, *self._id, outgoing.key))
        tx.execute(f"UPDATE attempts SET key = ? WHERE {_MINE} AND key = ?", (aside, *self._id, outgoing.key))
        self.remove(tx, outgoing.key)

    def close(self, tx: Transaction, key: str, status: Status, receipt: dict[str, Any] | None) -> None:
        text = None if receipt is None else json.dumps(receipt)
        sql = f"UPDATE outbox SET status = ?, receipt = ? WHERE {_MINE} AND key = ?"
        tx.execute(sql, (status.value, text, *self._id, key))

    def _select(self, condition: str, value: object) -> list[Outgoing]:
        sql = f"SELECT key, nonce, request, status, receipt FROM outbox WHERE {_MINE} AND {condition} ORDER BY nonce"
        return [self._outgoing(*row) for row in self.journal.query(sql, (*self._id, value))]

    def _outgoing(self, key: str, nonce: int, request: str, status: str, receipt: str | None) -> Outgoing:
        sql = f"SELECT hash, raw, max_fee, tip FROM attempts WHERE {_MINE} AND key = ? ORDER BY number"
        attempts = tuple(Attempt(*row) for row in self.journal.query(sql, (*self._id, key)))
        wanted = json.loads(request)
        parsed = Request(**(wanted | {"data": from_hex(wanted["data"])}))
        return Outgoing(key, nonce, parsed, Status(status), json.loads(receipt) if receipt else None, attempts)

    @property
    def _id(self) -> tuple[int, str]:
        return (self.chain_id, self.account)


_MINE = "chain_id = ? AND account = ?"
