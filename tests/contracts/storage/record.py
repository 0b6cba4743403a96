"""The record as a controller of one's own uses it, in the words that it takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from ape.api import AccountAPI, ReceiptAPI
from ape.contracts import ContractInstance

from lilypad.protocol.deal import DealStatus
from lilypad.protocol.words import word
from tests.contracts.desk import Entry

S = DealStatus
DEAL, RESULT = b"d" * 26, b"r" * 26
"""Two digests."""
ARROWS = {
    S.AGREED: {S.SUBMITTED, S.ACCEPTED, S.DECLINED, S.LATE},
    S.SUBMITTED: {S.ACCEPTED, S.CHALLENGED},
    S.CHALLENGED: {S.ACCEPTED, S.REJECTED, S.UNDECIDED},
}
PATHS = {
    S.AGREED: [],
    S.SUBMITTED: [S.SUBMITTED],
    S.CHALLENGED: [S.SUBMITTED, S.CHALLENGED],
    S.ACCEPTED: [S.ACCEPTED],
    S.REJECTED: [S.SUBMITTED, S.CHALLENGED, S.REJECTED],
    S.DECLINED: [S.DECLINED],
    S.LATE: [S.LATE],
    S.UNDECIDED: [S.SUBMITTED, S.CHALLENGED, S.UNDECIDED],
}
"""From the agreement to each status."""


NOTHING = Entry(S.NONE, 0, bytes(26))


def lane(creator: Any, number: int) -> bytes:
    """contracts/types/Lane.sol."""
    return word(("creator", int(getattr(creator, "address", creator), 16), 160), ("number", number, 64))


def state(status: int, digest: bytes = DEAL) -> bytes:
    """contracts/types/Deal.sol: a DealState."""
    return word(("status", status, 8), ("since", 0, 40), ("digest", int.from_bytes(digest, "big"), 208))


@dataclass
class Record:
    storage: ContractInstance
    writer: AccountAPI
    creator: AccountAPI

    def of(self, number: int, creator: Any = None, writer: Any = None) -> Entry:
        status, since, digest = self.storage.dealOf(writer or self.writer, creator or self.creator, number)
        return Entry(status, since, bytes(digest))

    def lane(self, number: int) -> bytes:
        return lane(self.creator, number)

    def open(self, number: int, digest: bytes = DEAL) -> ReceiptAPI:
        return self.storage.open(self.lane(number), digest, sender=self.writer)

    def advance(self, number: int, start: bytes, to: bytes) -> ReceiptAPI:
        return self.storage.advance(self.lane(number), start, to, sender=self.writer)

    def advance_batch(self, *moves: tuple[int, bytes, bytes]) -> list[int]:
        """Returns the positions of those that were advanced, after a call that was told the same before."""
        lanes = [self.lane(number) for number, *_ in moves]
        lists = lanes, [start for _, start, _ in moves], [to for *_, to in moves]
        advanced = self.storage.advanceBatch.call(*lists, sender=self.writer)
        self.storage.advanceBatch(*lists, sender=self.writer)
        return [i for i in range(256) if advanced >> i & 1]

    def bring(self, number: int, status: DealStatus) -> None:
        """A deal from its agreement to this status, always with the same digest."""
        self.open(number)
        self.walk(number, [S.AGREED, *PATHS[status]])

    def walk(self, number: int, path: Sequence[DealStatus]) -> None:
        for start, to in pairwise(path):
            self.advance(number, state(start), state(to))
