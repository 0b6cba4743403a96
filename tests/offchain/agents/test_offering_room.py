"""A provider offers nothing that it could not keep: its disk full, its money bound, its engine away, a machine gone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from eth_account import Account

from lilypad.agents.provider.capacity import Ready
from lilypad.agents.provider.offer_terms import OfferTerms
from lilypad.agents.provider.offering import Offering
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
        self.account, self.domain, self.heard, self.ways = SELF, Domain(1, SELF), list[int](), list[Verification]()
        self._nonce = 0
        self.free = 1_000
        """Of its money in the vault."""

    async def announce(self, signed: SignedResource) -> OfferState:
        self.heard.append(signed.offer.nonce)
        self.ways.append(signed.offer.verification)
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


async def test_offers__while_one_engine_is_away__are_announced_for_the_other_and_while_both_are__not_at_all(
    tmp_path: Path,
) -> None:
    programs, containers = Verification(SELF), Verification(SELF, tolerance_bps=500)
    ready = [Ready((programs, containers))]

    async def look() -> Ready:
        return ready[0]

    board, terms = Board(), replace(TERMS, verifications=(programs, containers), places=1)
    with Journal(tmp_path / "journal.sqlite") as journal:
        here = cast(Any, board)
        offering = Offering(here, ACCOUNT, terms, here, here, OutstandingOffers(journal), look=look)
        for ways in ((programs, containers), (programs,), (), (containers, programs)):
            board.ways.clear()
            ready[0] = Ready(ways)
            await offering.look(NO_DEALS, TIP)
            assert set(board.ways) == set(ways)
    assert len(set(board.heard)) == 1, "the same offer all the time"


async def test_offers__of_a_cluster_that_has_lost_a_machine__are_as_many_as_the_others_hold(tmp_path: Path) -> None:
    together = [Resources(cpu_milli=1_000, ram_mib=512)]

    async def look() -> Ready:
        return Ready(TERMS.verifications, together[0])

    board = Board()
    with Journal(tmp_path / "journal.sqlite") as journal:
        here = cast(Any, board)
        offering = Offering(here, ACCOUNT, TERMS, here, here, OutstandingOffers(journal), look=look)
        for machines, offered in ((1, 1), (2, 2), (1, 1), (2, 2)):
            board.heard.clear()
            together[0] = Resources(cpu_milli=1_000 * machines, ram_mib=512 * machines)
            await offering.look(NO_DEALS, TIP)
            assert len(board.heard) == offered


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
