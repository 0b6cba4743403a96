"""What everybody must have after each step, by the pure rules alone: nothing here is read from the chain."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from eth_utils.address import to_checksum_address

from lilypad.protocol.deal import Verdict
from lilypad.protocol.docket import UNIT, Ballot
from lilypad.protocol.mediation import CANNOT_RUN, SILENT, Purse, dismiss, purse_of
from lilypad.types import Address
from tests.contracts.mediation.court import Case


@dataclass
class Ledger:
    stake: Counter[Address] = field(default_factory=Counter)
    """In units, as the two below."""
    risk: Counter[Address] = field(default_factory=Counter)
    leaving: Counter[Address] = field(default_factory=Counter)
    owed: Counter[Address] = field(default_factory=Counter)
    free: Counter[Address] = field(default_factory=Counter)
    """In the compartment of the mediators, as `locked`."""
    locked: Counter[Address] = field(default_factory=Counter)

    def bind(self, account: Address, units: int) -> None:
        self.stake[account] += units
        self.locked[account] += units * UNIT

    def release(self, account: Address) -> int:
        units = min(self.leaving[account], self.stake[account] - self.risk[account])
        self.stake[account] -= units
        self.leaving[account] -= units
        self.locked[account] -= units * UNIT
        self.free[account] += units * UNIT
        return units

    def seat(self, case: Case) -> None:
        for account in case.docket.seats:
            self.risk[account] += case.docket.settings.penalty

    def void(self, case: Case, votes: Sequence[bytes]) -> None:
        """A round without a ruling."""
        self._dismiss(case, votes, SILENT, Purse())

    def settle(self, case: Case, final: Verdict, winner: bytes, heir: Address | None = None) -> None:
        appellant = appellant_of(case) if case.docket.stage.round else None
        purse = purse_of(case.docket, case.verdict, final, appellant, heir)
        self._dismiss(case, case.votes, SILENT if final is Verdict.UNDECIDED else winner, purse)

    def _dismiss(self, case: Case, votes: Sequence[bytes], winner: bytes, purse: Purse) -> None:
        outcome = dismiss(case.docket.settings, case.docket.seats[: len(votes)], votes, winner, purse)
        for account in case.docket.seats[: len(votes)]:
            self.risk[account] -= case.docket.settings.penalty
        for account, units in outcome.lost.items():
            self.stake[account] -= units
            self.locked[account] -= units * UNIT
            self.leaving[account] = min(self.leaving[account], self.stake[account])
        self.owed.update(outcome.earned)
        self.free.update(outcome.credits)
        if purse.appellant is not None:
            self.locked[purse.appellant] -= purse.locked

    def refund(self, case: Case) -> None:
        """To an appellant whose round decided nothing."""
        if case.docket.stage.round:
            amount = int.from_bytes(case.docket.appellant, "big") >> 160
            self.locked[appellant_of(case)] -= amount
            self.free[appellant_of(case)] += amount


@dataclass
class Open:
    """A case that has not ended, or has rounds that were not settled."""

    case: Case
    phase: str = "armed"
    ballots: Sequence[Ballot] = ()
    revealed: set[int] = field(default_factory=set)
    former: list[tuple[Case, bytes]] = field(default_factory=list)
    """Rounds that were appealed, with the appellant's funds."""
    end: tuple[Verdict, bytes] | None = None

    def move(self, case: Case, phase: str) -> None:
        self.case, self.phase, self.ballots, self.revealed = case, phase, (), set()

    def close(self, verdict: Verdict, winner: bytes) -> None:
        self.end, self.phase = (verdict, winner), "closed"

    def is_late(self, now: int) -> bool:
        return self.phase != "closed" and now > self.case.docket.stage.deadline

    def silenced(self) -> list[Ballot]:
        """The ballots as they count once all windows are over."""
        return [
            ballot if i in self.revealed else replace(ballot, is_cast=False) for i, ballot in enumerate(self.ballots)
        ]

    def votes_when_abandoned(self, now: int) -> list[bytes]:
        """Silent is who did not do in time what it should have done."""
        rules = self.case.docket.settings
        until = self.case.time + rules.commit
        sealed = {i for i, ballot in enumerate(self.ballots) if ballot.is_cast}
        everybody = set(range(len(self.case.docket.seats)))
        spoke = self.revealed if now > until + rules.reveal else sealed if now > until else everybody
        return [CANNOT_RUN if i in spoke else SILENT for i in sorted(everybody)]


def appellant_of(case: Case) -> Address:
    return Address(to_checksum_address(case.docket.appellant[12:]))
