"""Who gets what at each end of a deal: the mirror of contracts/libraries/Settlement.sol.

Every function returns how each account's free and locked balance change; all changes add up to zero.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from eth_utils.address import to_checksum_address

from lilypad.protocol.offers import InstantDeal, Netting
from lilypad.protocol.terms import DealTerms
from lilypad.protocol.words import BPS, Shares, pack_funds
from lilypad.types import Address

BURNED = to_checksum_address("0x000000000000000000000000000000000000dEaD")
BURN_BPS = 5_000
CHALLENGER_BPS = 5_000


@dataclass(frozen=True, slots=True)
class Change:
    """What happens to one account's balance in the vault."""

    free: int = 0
    locked: int = 0

    def __add__(self, other: Change) -> Change:
        return Change(self.free + other.free, self.locked + other.locked)


@dataclass(frozen=True, slots=True)
class Challenge:
    """Who disputes a result before whom, and what it locked for that."""

    challenger: Address
    bond: int
    mediation: Address
    fee: int

    def words(self) -> tuple[bytes, bytes]:
        return pack_funds(self.challenger, self.bond), pack_funds(self.mediation, self.fee)


Changes = Mapping[Address, Change]


def _sum(changes: Iterable[tuple[Address, Change]]) -> Changes:
    total: dict[Address, Change] = defaultdict(Change)
    for account, change in changes:
        total[account] += change
    return {account: change for account, change in total.items() if change != Change()}


def _unlocked(terms: DealTerms) -> list[tuple[Address, Change]]:
    """Both sides' locked amounts come free; what follows is subtracted from or added to that."""
    return [
        (terms.creator, Change(terms.payment_ceiling, -terms.payment_ceiling)),
        (terms.provider, Change(terms.collateral, -terms.collateral)),
    ]


def _unbonded(dispute: Challenge) -> tuple[Address, Change]:
    amount = dispute.fee + dispute.bond
    return dispute.challenger, Change(amount, -amount)


def _payment(payer: Address, payee: Address, amount: int) -> list[tuple[Address, Change]]:
    return [(payer, Change(-amount)), (payee, Change(amount))]


def cost(terms: DealTerms, instruction_count: int) -> int:
    """Count times price, at least the minimum payment, at most the ceiling."""
    price = max(instruction_count * terms.price_per_instruction, terms.minimum_payment)
    return min(price, terms.payment_ceiling)


def locked(terms: DealTerms) -> Changes:
    return _sum((account, Change(-c.free, -c.locked)) for account, c in _unlocked(terms))


def locked_by_challenge(dispute: Challenge) -> Changes:
    account, change = _unbonded(dispute)
    return {account: Change(-change.free, -change.locked)}


def declined(terms: DealTerms) -> Changes:
    return _sum([*_unlocked(terms), *_payment(terms.provider, terms.creator, terms.decline_fee)])


def late(terms: DealTerms) -> Changes:
    return _sum([*_unlocked(terms), *_payment(terms.provider, terms.creator, terms.late_penalty)])


@dataclass(frozen=True, slots=True)
class Parties:
    """Whom the price of a deal goes from and to."""

    creator: Address
    provider: Address
    solver: Address
    author: Address
    treasury: Address


def _direct(parties: Parties, shares: Shares, price: int) -> list[tuple[Address, Change]]:
    """The price goes over, and the shares of it to whom they belong."""
    moves = _payment(parties.creator, parties.provider, price)
    for receiver, bps in (
        (parties.solver, shares.solver_bps),
        (parties.author, shares.royalty_bps),
        (parties.treasury, shares.protocol_bps),
    ):
        moves += _payment(parties.provider, receiver, price * bps // BPS)
    return moves


def _paid(terms: DealTerms, price: int, treasury: Address) -> list[tuple[Address, Change]]:
    parties = Parties(terms.creator, terms.provider, terms.solver, terms.author, treasury)
    return [*_unlocked(terms), *_direct(parties, terms.shares, price)]


def paid(terms: DealTerms, price: int, treasury: Address) -> Changes:
    return _sum(_paid(terms, price, treasury))


def instant(deal: InstantDeal, author: Address, protocol_bps: int, treasury: Address) -> Changes:
    """Paid from what is free, nothing was ever locked."""
    parties = Parties(deal.creator, deal.provider, deal.solver, author, treasury)
    return _sum(_direct(parties, Shares(deal.solver_bps, deal.royalty_bps, protocol_bps), deal.cost))


def netted(netting: Netting, protocol_bps: int, treasury: Address) -> Changes:
    """Many deals paid at once; of these only the protocol knows its share."""
    share = netting.amount * protocol_bps // BPS
    paid_over = _payment(netting.creator, netting.provider, netting.amount)
    return _sum([*paid_over, *_payment(netting.provider, treasury, share)])


def right(terms: DealTerms, dispute: Challenge, price: int, treasury: Address) -> Changes:
    """The challenger pays the mediators; half its bond is burned, half is the provider's."""
    burned = dispute.bond * BURN_BPS // BPS
    return _sum(
        [
            *_paid(terms, price, treasury),
            _unbonded(dispute),
            *_payment(dispute.challenger, dispute.mediation, dispute.fee),
            *_payment(dispute.challenger, BURNED, burned),
            *_payment(dispute.challenger, terms.provider, dispute.bond - burned),
        ]
    )


def _mediators_paid_by_provider(terms: DealTerms, dispute: Challenge) -> list[tuple[Address, Change]]:
    """As far as the collateral goes; the challenger pays what is missing."""
    part = min(dispute.fee, terms.collateral)
    missing = _payment(dispute.challenger, dispute.mediation, dispute.fee - part)
    return [*_payment(terms.provider, dispute.mediation, part), *missing]


def withheld(terms: DealTerms, dispute: Challenge, price: int, treasury: Address) -> Changes:
    mediators = _mediators_paid_by_provider(terms, dispute)
    return _sum([*_paid(terms, price, treasury), _unbonded(dispute), *mediators])


def wrong(terms: DealTerms, dispute: Challenge) -> Changes:
    """The whole collateral: mediators first, half of the rest burned, then challenger and creator."""
    rest = terms.collateral - min(dispute.fee, terms.collateral)
    burned = rest * BURN_BPS // BPS
    reward = (rest - burned) * CHALLENGER_BPS // BPS
    return _sum(
        [
            *_unlocked(terms),
            _unbonded(dispute),
            *_mediators_paid_by_provider(terms, dispute),
            *_payment(terms.provider, BURNED, burned),
            *_payment(terms.provider, dispute.challenger, reward),
            *_payment(terms.provider, terms.creator, rest - burned - reward),
        ]
    )


def undecided(terms: DealTerms, dispute: Challenge) -> Changes:
    return _sum([*_unlocked(terms), _unbonded(dispute)])
