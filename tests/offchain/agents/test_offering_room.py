"""A provider offers nothing that it could not keep: while its disk is full, or its collateral is bound."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from eth_account import Account

from lilypad.agents.provider.offering import Offering, OfferTerms
from lilypad.agents.provider.open_offers import Deals
from lilypad.agents.provider.outstanding import OutstandingOffers
from lilypad.chain.cursor import Tip
from lilypad.market.book import OfferStatus, SignedResource
from lilypad.market.client import OfferState
from lilypad.protocol.offers import Domain
from lilypad.protocol.words import Verification, Windows
from lilypad.store.journal import Journal
from lilypad.types import Address, Resources

ACCOUNT = Account.create()
MACHINE = Resources(cpu_milli=2_000, ram_mib=1_024, disk_mib=1_024)
NO_DEALS, TIP = cast(Deals, ()), Tip(0)
SELF = Address(ACCOUNT.address)
COLLATERAL = 10
TERMS = OfferTerms(MACHINE, 1, 1, COLLATERAL, 0, Windows(60, 60, 60, 60), (Verification(SELF),), places=2)


class Board:
    """A market and a chain, as far as a provider that announces needs them: who hears it, and which nonces are left."""

    def __init__(self) -> None:
        self.account, self.domain, self.heard = SELF, Domain(1, SELF), list[int]()
        self._nonce = 0
        self.free = 1_000
        """Of its money in the vault."""

    async def announce(self, signed: SignedResource) -> OfferState:
        self.heard.append(signed.offer.nonce)
        return OfferState(bytes(32), OfferStatus.RESTING, "", None, ())

    async def funds(self, account: Address) -> Any:
        return SimpleNamespace(free=self.free)

    async def is_nonce_used(self, *_: object) -> bool:
        return False

    async def take(self) -> int:
        self._nonce += 1
        return self._nonce


async def test_offers__while_there_is_no_room__are_not_announced(tmp_path: Path) -> None:
    board, room = Board(), [True]
    with Journal(tmp_path / "journal.sqlite") as journal:
        here = cast(Any, board)
        offering = Offering(here, ACCOUNT, TERMS, here, here, OutstandingOffers(journal), lambda: room[0])
        await offering.look(NO_DEALS, TIP)
        assert len(board.heard) == 2
        room[0] = False
        await offering.look(NO_DEALS, TIP)
        assert len(board.heard) == 2, "neither new ones nor those that stand"
        room[0] = True
        await offering.look(NO_DEALS, TIP)
        assert board.heard[2:] == board.heard[:2], "the same ones, as soon as there is room"


async def test_offers__that_no_collateral_covers__are_not_made(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """They would be refused, called back for gas, and made again. Results that wait to be judged bind collateral."""
    board = Board()
    board.free = 2 * COLLATERAL - 1
    with Journal(tmp_path / "journal.sqlite") as journal:
        here = cast(Any, board)
        offering = Offering(here, ACCOUNT, TERMS, here, here, OutstandingOffers(journal))
        for _ in range(2):
            await offering.look(NO_DEALS, TIP)
        assert len({*board.heard}) == 1
        assert [record.message for record in caplog.records] == ["collateral_short"], "said once"
        board.free = 2 * COLLATERAL
        await offering.look(NO_DEALS, TIP)
        assert len({*board.heard}) == 2
        assert offering._booked(()).free == Resources(), "each is a half, whenever it is made"
