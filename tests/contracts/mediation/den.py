"""A court among whose mediators is a contract that answers as badly as it can when it is asked for its signature."""

from __future__ import annotations

import enum
from collections.abc import Sequence

from lilypad.protocol.docket import Ballot, Settings
from tests.contracts.mediation.court import Case, CourtHouse
from tests.contracts.mediation.town import RIGHT, SETTINGS
from tests.invariants.evm import Contract


class Trick(enum.IntEnum):
    """As in MockSigner."""

    AGREE = 0
    REFUSE = 1
    BURN = 2
    BOMB = 3
    REVERT_BOMB = 4
    CALL_BACK = 5


NO_CONSENT = [Trick.REFUSE, Trick.BURN, Trick.REVERT_BOMB]


class Den(CourtHouse):
    def __init__(self, settings: Settings = SETTINGS, stakes: Sequence[int] = ()) -> None:
        super().__init__(settings, stakes)
        self.hostile: Contract = self.evm.deploy("MockSigner")
        self.enlist(self.hostile, 200_000)
        self.pass_epoch()

    def play(self, trick: Trick, call: bytes = b"") -> None:
        self.send("stranger", self.hostile, "play", trick, call)

    def seat_of(self, case: Case) -> int | None:
        """The contract's, if it has one."""
        seats = case.docket.seats
        return seats.index(self.hostile.address) if self.hostile.address in seats else None

    def signed(self, case: Case, seat: int, digest: bytes) -> bytes:
        return b"anything at all" if seat == self.seat_of(case) else super().signed(case, seat, digest)

    def honest(self, case: Case) -> list[Ballot]:
        """The contract stays silent."""
        return self.ballots(case, *[None if i == self.seat_of(case) else RIGHT for i in range(len(case.docket.seats))])
