"""The journal's tables `cursor` and `blocks`: how far a consumer of a chain's logs has come, and on which branch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lilypad.store.journal import Journal, Transaction


@dataclass(frozen=True, slots=True)
class Tip:
    """The last block that a consumer has applied."""

    number: int
    hash: bytes | None = None
    """None where it has applied none yet."""


@dataclass(frozen=True, slots=True)
class CursorTable:
    journal: Journal
    chain_id: int
    consumer: str
    keep: int
    """How many of the newest hashes stay; a reorganisation deeper than that cannot be repaired."""

    def block(self) -> int | None:
        """The last applied block; None for a new consumer."""
        rows = self.journal.query("SELECT block FROM cursor WHERE chain_id = ? AND consumer = ?", self._id)
        return rows[0][0] if rows else None

    def hashes(self) -> dict[int, bytes]:
        """Of the newest applied blocks, newest first."""
        sql = "SELECT number, hash FROM blocks WHERE chain_id = ? AND consumer = ? ORDER BY number DESC"
        return dict(self.journal.query(sql, self._id))

    def advance(self, tx: Transaction, block: int, hashes: Mapping[int, bytes]) -> None:
        """To a later block, remembering the hashes of the newest of those passed."""
        self._set(tx, block)
        for number, digest in hashes.items():
            tx.execute("INSERT OR REPLACE INTO blocks VALUES (?, ?, ?, ?)", (*self._id, number, digest))
        tx.execute(
            "DELETE FROM blocks WHERE chain_id = ? AND consumer = ? AND number <= ?",
            (*self._id, block - self.keep),
        )

    def rewind(self, tx: Transaction, block: int) -> None:
        """Back to an earlier block, forgetting those above."""
        self._set(tx, block)
        tx.execute("DELETE FROM blocks WHERE chain_id = ? AND consumer = ? AND number > ?", (*self._id, block))

    def _set(self, tx: Transaction, block: int) -> None:
        sql = "INSERT INTO cursor VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET block = excluded.block"
        tx.execute(sql, (*self._id, block))

    @property
    def _id(self) -> tuple[int, str]:
        return (self.chain_id, self.consumer)
