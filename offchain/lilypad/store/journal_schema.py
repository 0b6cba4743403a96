"""The journal's tables, and how those of an older version become them."""

from __future__ import annotations

_V1 = """
CREATE TABLE kv (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE deals (
    chain_id INTEGER NOT NULL,
    id BLOB NOT NULL CHECK (length(id) = 32),
    role TEXT NOT NULL,
    state TEXT NOT NULL,
    record TEXT NOT NULL,
    updated REAL NOT NULL,
    PRIMARY KEY (chain_id, id, role)
) STRICT, WITHOUT ROWID;
CREATE INDEX deals_by_state ON deals (role, state);

-- The last block whose logs a consumer has applied.
CREATE TABLE cursor (
    chain_id INTEGER NOT NULL,
    consumer TEXT NOT NULL,
    block INTEGER NOT NULL,
    PRIMARY KEY (chain_id, consumer)
) STRICT, WITHOUT ROWID;

-- Hashes of the newest of those blocks, to notice when the chain has changed its mind.
CREATE TABLE blocks (
    chain_id INTEGER NOT NULL,
    consumer TEXT NOT NULL,
    number INTEGER NOT NULL,
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (chain_id, consumer, number),
    FOREIGN KEY (chain_id, consumer) REFERENCES cursor ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- One row for one wanted effect; `status` is pending, mined or reverted.
CREATE TABLE outbox (
    chain_id INTEGER NOT NULL,
    account TEXT NOT NULL,
    key TEXT NOT NULL,
    nonce INTEGER NOT NULL,
    request TEXT NOT NULL,
    status TEXT NOT NULL,
    receipt TEXT,
    created REAL NOT NULL,
    PRIMARY KEY (chain_id, account, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX outbox_by_nonce ON outbox (chain_id, account, nonce);

-- Every signed transaction that may have left for it; at most one of them can be mined.
CREATE TABLE attempts (
    chain_id INTEGER NOT NULL,
    account TEXT NOT NULL,
    key TEXT NOT NULL,
    number INTEGER NOT NULL,
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    raw BLOB NOT NULL,
    max_fee INTEGER NOT NULL,
    tip INTEGER NOT NULL,
    PRIMARY KEY (chain_id, account, key, number),
    FOREIGN KEY (chain_id, account, key) REFERENCES outbox ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
"""

_V2 = """
-- Its end can no longer be undone: no agent has to keep it in mind.
ALTER TABLE deals ADD COLUMN final INTEGER NOT NULL DEFAULT 0 CHECK (final IN (0, 1));
CREATE INDEX deals_in_hand ON deals (chain_id, role) WHERE final = 0;
"""

MIGRATIONS: tuple[str, ...] = (_V1, _V2)
"""Step n takes a journal from version n to n + 1. Append; never change one that was released."""
