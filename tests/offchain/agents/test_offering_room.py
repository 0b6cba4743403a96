"""A provider whose disk is full of open deals offers nothing until there is room."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

from eth_account import Account

from lilypad.agents.provider.offering import Offering, OfferTerms
from lilypad.agents.provider.outstanding import OutstandingOffers
from lilypad.market.book import OfferStatus, SignedResource
from lilypad.market.client import OfferState
from lilypad.protocol.offers import Domain
from lilypad.protocol.words import Verification, Windows
from lilypad.store.journal import Journal
from lilypad.types import Address, Resources

ACCOUNT = Account.create()
MACHINE = Resources(cpu_milli=2_000, ram_mib=1_024, disk_mib=1_024)
SELF = Address(ACCOUNT.address)
TERMS = OfferTerms(MACHINE, 1, 1, 1, 0, Windows(60, 60, 60, 60), (Verification(SELF),), places=2)


class Board:
    """A market and a chain, as far as a provider that announces needs them: who hears it, and which nonces are left."""

    def __init__(self) -> None:
        self.account, self.domain, self.heard = SELF, Domain(1, SELF), list[int]()
        self._nonce = 0

    async def announce(self, signed: SignedResource) -> OfferState:
        self.heard.append(signed.offer.nonce)
        return OfferState(bytes(32), OfferStatus.RESTING, "", None, ())

    async def take(self) -> int:
        self._nonce += 1
        return self._nonce


async def test_offers__while_there_is_no_room__are_not_announced(tmp_path: Path) -> None:
    board, room = Board(), [True]
    with Journal(tmp_path / "journal.sqlite") as journal:
        here = cast(Any, board)
        offering = Offering(here, ACCOUNT, TERMS, here, here, OutstandingOffers(journal), lambda: room[0])
        await offering._announce([], read_to=0)
        assert len(board.heard) == 2
        room[0] = False
        await offering._announce([], read_to=0)
        assert len(board.heard) == 2, "neither new ones nor those that stand"
        room[0] = True
        await offering._announce([], read_to=0)
        assert board.heard[2:] == board.heard[:2], "the same ones, as soon as there is room"
