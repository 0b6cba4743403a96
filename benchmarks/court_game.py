"""Cases before a court of which a coalition has a share: the formulas for them, and the same played by its rules.

Played with the pure model that the tests hold against the contracts: lilypad.protocol.mediation draws, tallies and
shares the money. Every seed is the hash of a number, so the same number is always the same case.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import comb

from eth_utils.crypto import keccak

from lilypad.protocol.deal import Claim, Verdict
from lilypad.protocol.docket import SILENCE, UNIT, Ballot, Docket, Settings, Stage
from lilypad.protocol.mediation import SILENT, dismiss, draw, purse_of, tally
from lilypad.protocol.settlement import BURN_BPS, CHALLENGER_BPS, Challenge
from lilypad.protocol.words import BPS, Verification
from lilypad.types import Address, DealId

SETTINGS = Settings(5_000, 10_000, 1_000_000, 100_000, 14_400, 7_200, 86_400, 50, 50, 2, 2)
"""Those of scripts/params/example.yaml."""
TRUE, FALSE = (Claim(keccak(text=f"{kind} output"), 5_000_001) for kind in ("the right", "a wrong"))
HONEST, LIE = (Ballot(claim.commitment, claim.instruction_count) for claim in (TRUE, FALSE))
COURT, CHALLENGER = (Address(f"0x{number:040x}") for number in (1, 2))
_FIRST = 1_000
"""Mediators' addresses count from here."""


# ------------------------------------------------------------------ formulas


def majority(seats: int, share: float) -> float:
    """P(k, s): the chance of more than half of k seats, where each is the coalition's with chance s."""
    return sum(_binomial(seats, i, share) for i in range(seats // 2 + 1, seats + 1))


def majority_among(members: int, colluding: int, seats: int) -> float:
    """The same where the seats are drawn from so many members of equal stakes, none twice."""
    most = range(seats // 2 + 1, seats + 1)
    return sum(comb(colluding, i) * comb(members - colluding, seats - i) for i in most) / comb(members, seats)


def seats_earn(settings: Settings, seats: int, share: float) -> float:
    """What its seats in a final round bring a coalition, in units. With most of them: all fees, and what of the others'
    penalties is not burned. Without: a penalty lost for each."""
    total = 0.0
    for i in range(seats + 1):
        spoils = (seats - i) * settings.penalty * (100 - settings.burn_percent) / 100
        won = seats * settings.fee + spoils if 2 * i > seats else -i * settings.penalty
        total += _binomial(seats, i, share) * won
    return total


def cheating_earns(price: float, collateral: float, challenged: float, wins: float) -> float:
    """A provider, by a wrong result that is challenged and upheld with these chances; its own mediators left aside."""
    return (1 - challenged) * price + challenged * (wins * price - (1 - wins) * collateral)


def griefing_earns(settings: Settings, seats: int, collateral: float, wins: float) -> float:
    """Whoever challenges a right result: a challenger's reward, or fee and bond lost. In units."""
    fee = seats * settings.fee
    reward = (collateral - fee) * (1 - BURN_BPS / BPS) * CHALLENGER_BPS / BPS
    return wins * reward - (1 - wins) * (fee + settings.bond)


def blindness_earns(settings: Settings, wrong: float) -> float:
    """One seat that upholds everything, where this share of the challenged results is wrong. In units."""
    return (1 - wrong) * settings.fee - wrong * settings.penalty


def _binomial(seats: int, i: int, share: float) -> float:
    return comb(seats, i) * share**i * (1 - share) ** (seats - i)


# ------------------------------------------------------------------ the game


@dataclass(frozen=True)
class Crowd:
    """Mediators of equal stakes, of whom the first are the coalition's."""

    members: int
    colluding: int

    @cached_property
    def leaves(self) -> list[tuple[Address, int]]:
        return [(Address(f"0x{_FIRST + i:040x}"), SETTINGS.min_stake) for i in range(self.members)]

    def has(self, account: Address) -> bool:
        return int(account, 16) < _FIRST + self.colluding


@dataclass(frozen=True)
class Plan:
    """What was submitted, what the coalition votes, and which side appeals a ruling that it does not like."""

    claim: Claim = FALSE
    vote: Ballot = LIE
    honest_appeals: bool = False
    coalition_appeals: bool = False

    @property
    def truth(self) -> Verdict:
        return Verdict.RIGHT if self.claim == TRUE else Verdict.WRONG


@dataclass(frozen=True)
class Ending:
    """The last round of a case, and what it brought."""

    docket: Docket
    votes: Sequence[bytes]
    winner: bytes
    verdict: Verdict

    def seats_earned(self, crowd: Crowd) -> float:
        """By the coalition's seats of this round, in units."""
        purse = purse_of(self.docket, self.verdict, self.verdict, None, None)
        outcome = dismiss(self.docket.settings, self.docket.seats, self.votes, self.winner, purse)
        income = (
            sum(n for paid in (outcome.earned, outcome.credits) for who, n in paid.items() if crowd.has(who)) / UNIT
        )
        return income - sum(units for who, units in outcome.lost.items() if crowd.has(who))


def play(crowd: Crowd, plan: Plan, mediators: int, number: int) -> Ending:
    """One case from the first draw to the verdict."""
    fee = SETTINGS.fee * mediators * UNIT
    how = Verification(COURT, mediators=mediators)
    dispute = Challenge(CHALLENGER, SETTINGS.bond * UNIT, COURT, fee)
    id_ = DealId(keccak(number.to_bytes(32, "big")))
    docket = Docket(id_, how, SETTINGS, plan.claim, dispute, Stage(0, 0, Verdict.UNDECIDED, 0))
    while True:
        ruled = _round(crowd, plan, docket)
        stage = docket.stage
        if ruled.winner == SILENT:
            if stage.redrawn == SETTINGS.redraws:
                return replace(ruled, verdict=stage.standing)
            docket = docket.redrawn()
        elif stage.round < SETTINGS.appeals and (
            plan.coalition_appeals if ruled.verdict is plan.truth else plan.honest_appeals
        ):
            docket = ruled.docket.appealed(bytes(32), ruled.verdict, ruled.winner)
        else:
            return ruled


def _round(crowd: Crowd, plan: Plan, docket: Docket) -> Ending:
    seed = docket.draw_seed(keccak(docket.id))
    seats = draw(crowd.leaves, seed, docket.wanted, lambda account: account not in docket.former)
    seated = docket.seated(seats)
    return Ending(seated, *tally(seated, [plan.vote if crowd.has(seat) else HONEST for seat in seats]))


def turned(crowd: Crowd, plan: Plan, mediators: int, cases: int) -> float:
    """In what share of so many cases the verdict is the coalition's."""
    lie = Verdict.WRONG if plan.truth is Verdict.RIGHT else Verdict.RIGHT
    if plan.vote == SILENCE:
        lie = Verdict.UNDECIDED
    return sum(play(crowd, plan, mediators, number).verdict is lie for number in range(cases)) / cases
