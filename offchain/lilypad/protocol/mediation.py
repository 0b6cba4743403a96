"""The rules of mediation as pure functions: who is drawn, what a round says, who is paid and who loses.

The mirror of contracts/LilypadMediators.sol and contracts/libraries/Tally.sol; in the tests both get the same numbers.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from lilypad.protocol.deal import Claim, Verdict
from lilypad.protocol.docket import UNIT, Ballot, Docket, Settings, seats_in
from lilypad.protocol.settlement import BURNED
from lilypad.protocol.words import BPS
from lilypad.types import Address

SILENT, UPHOLDS, BILL, CANNOT_RUN = ((n).to_bytes(32, "big") for n in range(4))
"""Classes of votes; any other is the commitment that was found instead."""

# ------------------------------------------------------------------ the draw


def draw(
    leaves: Sequence[tuple[Address, int]], seed: bytes, wanted: int, may_serve: Callable[[Address], bool]
) -> list[Address]:
    """As many as are wanted, in proportion to their weights, none twice; fewer where there are no more.

    Args:
        leaves: the tree of this epoch: each mediator and its weight, in the order in which they came.
        seed: as Docket.draw_seed makes it.
        may_serve: no party to the case, did not sit in it before, and has a penalty's worth of stake unbound.
    """
    starts: list[int] = []
    total = 0
    for _, weight in leaves:
        starts.append(total)
        total += weight
    gaps: list[tuple[int, int]] = []
    seats: list[Address] = []
    for probe in range(wanted * 2 + 16):
        if total == 0 or len(seats) == wanted:
            break
        target = int.from_bytes(keccak(encode(["bytes32", "uint256"], [seed, probe])), "big") % total
        for start, weight in gaps:
            if start > target:
                break
            target += weight
        at = bisect_right(starts, target) - 1  # of leaves that begin there, the last: the others weigh nothing
        (account, weight), start = leaves[at], starts[at]
        insort(gaps, (start, weight))
        total -= weight
        if may_serve(account):
            seats.append(account)
    return seats


# ------------------------------------------------------------------ the tally


def class_of(ballot: Ballot, claim: Claim, tolerance_bps: int) -> bytes:
    if not ballot.is_cast:
        return SILENT
    if ballot.commitment <= CANNOT_RUN:
        return CANNOT_RUN
    if ballot.commitment != claim.commitment:
        return ballot.commitment
    return UPHOLDS if is_within(claim.instruction_count, ballot.instruction_count, tolerance_bps) else BILL


def is_within(billed: int, counted: int, tolerance_bps: int) -> bool:
    return abs(billed - counted) * BPS <= counted * tolerance_bps


def winner_of(votes: Sequence[bytes]) -> bytes:
    """The class of more than half of all seats, silent ones included; SILENT without one."""
    (vote, count), *_ = Counter(votes).most_common(1) or [(SILENT, 0)]
    return vote if 2 * count > len(votes) else SILENT


def verdict_of(winner: bytes, ballots: Sequence[Ballot], votes: Sequence[bytes]) -> Verdict:
    if winner == UPHOLDS:
        upholding = [ballot for ballot, vote in zip(ballots, votes, strict=True) if vote == UPHOLDS]
        unfetched = sum(not ballot.is_fetched for ballot in upholding)
        return Verdict.WITHHELD if 2 * unfetched > len(upholding) else Verdict.RIGHT
    return Verdict.UNDECIDED if winner in (SILENT, CANNOT_RUN) else Verdict.WRONG


def tally(docket: Docket, ballots: Sequence[Ballot]) -> tuple[list[bytes], bytes, Verdict]:
    """The class of each vote, the class that won, and what that means."""
    votes = [class_of(ballot, docket.claim, docket.verification.tolerance_bps) for ballot in ballots]
    winner = winner_of(votes)
    return votes, winner, verdict_of(winner, ballots, votes)


# ------------------------------------------------------------------ the money


@dataclass(frozen=True, slots=True)
class Purse:
    """What there is beyond what the losers lose; see contracts/types/Dismissal.sol. In wei of the token."""

    fee: int = 0
    pot: int = 0
    appellant: Address | None = None
    locked: int = 0
    returned: int = 0
    heir: Address | None = None
    refund: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    lost: Mapping[Address, int]
    """In units, of their stakes."""
    earned: Mapping[Address, int]
    """Fees, owed until collected."""
    credits: Mapping[Address, int]
    """What becomes free in the compartment of the mediators."""
    unearned: int
    """Of the fee: the heir's."""


def dismiss(
    settings: Settings, seats: Sequence[Address], votes: Sequence[bytes], winner: bytes, purse: Purse
) -> Outcome:
    """How a round's mediators are let go: without a winner only the silent lose, and whoever voted shares that."""
    earners = [
        seat for seat, vote in zip(seats, votes, strict=True) if vote != SILENT and (winner == SILENT or vote == winner)
    ]
    lost = {
        seat: settings.penalty * settings.silent_percent // 100 if vote == SILENT else settings.penalty
        for seat, vote in zip(seats, votes, strict=True)
        if seat not in earners
    }
    taken = sum(lost.values()) * UNIT
    burned = taken * settings.burn_percent // 100
    pot = purse.pot + taken - burned
    to_heir = min(purse.refund, pot)
    pot -= to_heir
    if not earners:
        to_heir, pot = to_heir + pot, 0
    reward = pot // len(earners) if earners else 0
    burned += pot - reward * len(earners)
    if purse.heir is None:
        to_heir, burned = 0, burned + to_heir
    burned += purse.locked - purse.returned - purse.pot

    credits: Counter[Address] = Counter(dict.fromkeys(earners, reward))
    credits[BURNED] += burned
    if purse.appellant is not None:
        credits[purse.appellant] += purse.returned
    if purse.heir is not None:
        credits[purse.heir] += to_heir
    return Outcome(lost, _shares(purse.fee, earners), +credits, 0 if earners else purse.fee)


def _shares(fee: int, earners: Sequence[Address]) -> Mapping[Address, int]:
    """Equal; what division leaves is the first one's."""
    if not earners:
        return {}
    each = fee // len(earners)
    return {seat: each + (fee - each * len(earners) if seat == earners[0] else 0) for seat in earners}


def appeal_fee(docket: Docket, round_: int) -> int:
    """Of all mediators of that round."""
    return docket.settings.fee * seats_in(docket.verification.mediators, round_) * UNIT


def appeal_bond(settings: Settings, round_: int) -> int:
    """Doubles with each round."""
    return (settings.bond * UNIT) << round_


def appeal_price(docket: Docket) -> int:
    """What an appeal of this round locks, in wei of the token: the fees of the next round's mediators, and the bond."""
    following = docket.stage.round + 1
    return appeal_fee(docket, following) + appeal_bond(docket.settings, following)


def purse_of(docket: Docket, ruled: Verdict, final: Verdict, appellant: Address | None, heir: Address | None) -> Purse:
    """What a round's mediators share when the final verdict is known.

    Args:
        ruled: what this round itself ruled.
        appellant: who asked for this round, if it is not the first.
        heir: who appealed its ruling, if anybody did.
    """
    locked = int.from_bytes(docket.appellant, "big") >> 160
    if final is Verdict.UNDECIDED:
        return Purse(appellant=appellant, locked=locked, returned=locked)
    refund = appeal_fee(docket, docket.stage.round + 1) if ruled is not final else 0
    if appellant is None:
        return Purse(fee=docket.dispute.fee, heir=heir, refund=refund)
    fee = appeal_fee(docket, docket.stage.round)
    bond = locked - fee
    if final is not docket.stage.standing:
        return Purse(0, fee, appellant, locked, bond, heir, refund)
    burned = bond * docket.settings.burn_percent // 100
    return Purse(0, fee + bond - burned, appellant, locked, 0, heir, refund)
