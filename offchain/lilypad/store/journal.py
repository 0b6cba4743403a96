"""An agent's memory: one SQLite file that says what this agent had begun. The chain stays the truth.

The file has one writer, held by a lock for as long as the journal is open. Everything is written inside
`with journal.transaction() as tx:`, which commits whole or not at all; statements are short and synchronous, and
nothing awaits inside a transaction. Chain positions and outgoing transactions have their tables here so that
they change in the same transaction as what they caused; `lilypad.chain` knows how to read them.
"""

from __future__ import annotations

import fcntl
import json
import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from lilypad.errors import FaultError
from lilypad.store.journal_schema import MIGRATIONS
from lilypad.types import DealId

_APPLICATION_ID = 0x4C494C59  # "LILY"
_COLUMNS = "chain_id, id, role, state, record, updated"
"""Of a deal, as DealRow has them: also what an older journal has."""


@dataclass(frozen=True, slots=True)
class DealRow:
    chain_id: int
    id: DealId
    role: str
    state: str
    record: dict[str, Any]
    updated: float


class Transaction:
    """The only way to write. Ends with its `with` block; using it afterwards is a fault."""

    def __init__(self, connection: sqlite3.Connection, clock: Callable[[], float]) -> None:
        self._connection: sqlite3.Connection | None = connection
        self._clock = clock

    def execute(self, sql: str, parameters: Sequence[object] = ()) -> sqlite3.Cursor:
        """For the modules that own a table; others use the methods below."""
        if self._connection is None:
            raise FaultError("this transaction has ended; open a new one with journal.transaction()")
        return self._connection.execute(sql, parameters)

    def put(self, key: str, value: object) -> None:
        """Stores any JSON value under a key."""
        self.execute("INSERT OR REPLACE INTO kv VALUES (?, ?)", (key, _dump(value)))

    def delete(self, key: str) -> None:
        self.execute("DELETE FROM kv WHERE key = ?", (key,))

    def save_deal(self, chain_id: int, deal: DealId, role: str, state: str, record: dict[str, Any]) -> None:
        """Inserts or replaces what this agent knows about a deal in one of its roles."""
        row = (chain_id, deal, role, state, _dump(record), self._clock())
        changes = "state = excluded.state, record = excluded.record, updated = excluded.updated"
        sql = f"INSERT INTO deals ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET {changes}"
        self.execute(sql, row)

    def make_final(self, chain_id: int, deal: DealId, role: str) -> None:
        """It stays, but is no longer in hand."""
        self.execute("UPDATE deals SET final = 1 WHERE chain_id = ? AND id = ? AND role = ?", (chain_id, deal, role))

    def forget_deal(self, chain_id: int, deal: DealId, role: str) -> None:
        self.execute("DELETE FROM deals WHERE chain_id = ? AND id = ? AND role = ?", (chain_id, deal, role))

    def _close(self) -> None:
        self._connection = None


class Journal:
    """Opens (and creates or migrates) the journal at a path; use it as a context manager or call `close`."""

    def __init__(self, path: Path, *, clock: Callable[[], float] = time.time) -> None:
        self.path = path
        self._clock = clock
        self._in_transaction = False
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = _lock(path)
        try:
            self._connection = _open(path)
        except BaseException:
            os.close(self._lock)
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, e: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Flushes the write-ahead log into the file and lets the next process in. Safe to call twice."""
        if self._lock < 0:
            return
        self._connection.close()
        os.close(self._lock)
        self._lock = -1

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Commits at the end of the block, rolls back when it raises. Never await inside."""
        if self._in_transaction:
            raise FaultError("a journal transaction is open already; pass it down, and never await inside one")
        tx = Transaction(self._connection, self._clock)
        self._connection.execute("BEGIN IMMEDIATE")
        self._in_transaction = True
        try:
            yield tx
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:  # SQLite has rolled back by itself if the disk is full
                self._connection.execute("ROLLBACK")
            raise
        finally:
            self._in_transaction = False
            tx._close()

    def query(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Reads; inside a transaction it sees what that transaction wrote."""
        return self._connection.execute(sql, parameters).fetchall()

    def get(self, key: str, default: Any = None) -> Any:
        rows = self.query("SELECT value FROM kv WHERE key = ?", (key,))
        return json.loads(rows[0][0]) if rows else default

    def deal(self, chain_id: int, deal: DealId, role: str) -> DealRow | None:
        where = "chain_id = ? AND id = ? AND role = ?"
        rows = self.query(f"SELECT {_COLUMNS} FROM deals WHERE {where}", (chain_id, deal, role))
        return _deal(rows[0]) if rows else None

    def deals(
        self,
        *,
        chain_id: int | None = None,
        role: str | None = None,
        states: Sequence[str] = (),
        in_hand: bool = False,
    ) -> list[DealRow]:
        """Those that match all that is given, oldest change first."""
        where, parameters = ["1"], list[object]()
        for column, value in (("chain_id", chain_id), ("role", role)):
            if value is not None:
                where.append(f"{column} = ?")
                parameters.append(value)
        if states:
            where.append(f"state IN ({', '.join('?' * len(states))})")
            parameters.extend(states)
        if in_hand:
            where.append("final = 0")
        sql = f"SELECT {_COLUMNS} FROM deals WHERE {' AND '.join(where)} ORDER BY updated, id"
        return [_deal(row) for row in self.query(sql, parameters)]


def look_at_deals(path: Path, chain_id: int, role: str) -> list[DealRow]:
    """For whoever only looks: takes no lock, writes nothing, and does not mind that an agent has the journal open.

    Raises:
        FaultError: there is no journal that this version can read.
    """
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            sql = f"SELECT {_COLUMNS} FROM deals WHERE chain_id = ? AND role = ? ORDER BY updated, id"
            return [_deal(row) for row in connection.execute(sql, (chain_id, role)).fetchall()]
    except sqlite3.DatabaseError as error:
        raise FaultError(f"the journal cannot be read: {error}", path=path) from error


def _deal(row: tuple[Any, ...]) -> DealRow:
    chain_id, deal, role, state, record, updated = row
    return DealRow(chain_id, DealId(deal), role, state, json.loads(record), updated)


def _dump(value: object) -> str:
    """JSON without surprises: bytes must be made hex by the caller, NaN is refused."""
    return json.dumps(value, separators=(",", ":"), sort_keys=True, allow_nan=False)


def _lock(path: Path) -> int:
    """Locks a file beside the journal: closing a descriptor of the database itself would drop SQLite's locks."""
    lock = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        raise FaultError(
            "another process uses this journal; stop it, or give this one its own data directory", path=path
        ) from None
    return lock


def _open(path: Path) -> sqlite3.Connection:
    """Looks before it writes: a file that is no journal stays as it is."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    connection = sqlite3.connect(path, isolation_level=None)  # transactions are ours, not the module's
    try:
        version = _version(connection, path)
        connection.execute("PRAGMA journal_mode = WAL")
        # FULL, not NORMAL: in WAL mode NORMAL may lose the newest commits on a power cut. A forgotten outbox row
        # would let the same effect be sent twice, and one sync of a few milliseconds for a block is cheap.
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        for step in range(version, len(MIGRATIONS)):
            stamp = f"PRAGMA application_id = {_APPLICATION_ID}; PRAGMA user_version = {step + 1};"
            connection.executescript(f"BEGIN; {MIGRATIONS[step]} {stamp} COMMIT;")
    except sqlite3.DatabaseError as error:
        connection.close()
        raise FaultError(f"this file is not a journal of Lilypad, or damaged: {error}", path=path) from error
    except BaseException:
        connection.close()
        raise
    return connection


def _version(connection: sqlite3.Connection, path: Path) -> int:
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    owner: int = connection.execute("PRAGMA application_id").fetchone()[0]
    tables: int = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if owner != _APPLICATION_ID and tables:
        raise FaultError("this file is not a journal of Lilypad but another program's database", path=path)
    if version > len(MIGRATIONS):
        raise FaultError("this journal was written by a newer Lilypad; upgrade", path=path, version=version)
    return version
