"""The log alone: events as the contracts emitted them, made into deals, balances and used nonces.

Deals are read and folded as the agents do it; the money follows from the rules of `lilypad.protocol.settlement`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lilypad.agents.books.events import DEAL_EVENTS, read_deal_event
from lilypad.chain.contracts import Event
from lilypad.protocol import deal as life
from lilypad.protocol import settlement
from lilypad.protocol.deal import Deal, Verdict
from lilypad.protocol.offers import InstantDeal, Netting
from lilypad.protocol.settlement import Change, Changes
from lilypad.protocol.words import unpack_funds
from lilypad.types import Address, DealId

NONCE_BITS = 32


@dataclass
class Log:
    """What somebody knows who has read every event of one controller and of its compartment, and nothing else."""

    treasury: Address
    deals: dict[DealId, Deal] = field(default_factory=dict)
    balances: dict[Address, Change] = field(default_factory=dict)
    nonces: set[tuple[Address, int]] = field(default_factory=set)

    def read(self, events: Iterable[tuple[str, Mapping[str, Any]]], now: int) -> set[DealId]:
        """The deals that these events changed."""
        changed = set()
        for name, args in events:
            if name in DEAL_EVENTS:
                changed.add(self._on_deal(name, args, now))
            else:
                self._on_money(name, args)
        return changed

    def _pay(self, changes: Changes) -> None:
        for account, change in changes.items():
            self.balances[account] = self.balances.get(account, Change()) + change

    def _use(self, account: Address, nonce: int) -> None:
        assert (account, nonce) not in self.nonces, "a nonce was used twice"
        self.nonces.add((account, nonce))

    # ------------------------------------------------------------ deals

    def _on_deal(self, name: str, args: Mapping[str, Any], now: int) -> DealId:
        event = Event(name, dict(args), self.treasury, 1, b"", b"", 0, now)
        deal_id, meaning = read_deal_event(event)
        if isinstance(meaning, life.Agreed):
            assert deal_id not in self.deals, "a deal was agreed twice"
            self._use(meaning.terms.creator, meaning.job_nonce)
            self._use(meaning.terms.provider, meaning.resource_nonce)
            self.deals[deal_id] = life.open_deal(meaning, now)
            self._pay(settlement.locked(meaning.terms))
        else:
            self.deals[deal_id] = life.apply(self.deals[deal_id], meaning, now)
            self._pay(self._paid_by(meaning, self.deals[deal_id]))
        return deal_id

    def _paid_by(self, event: life.DealEvent, deal: Deal) -> Changes:
        terms = deal.terms
        match event:
            case life.Declined():
                return settlement.declined(terms)
            case life.Late():
                return settlement.late(terms)
            case life.Accepted() | life.Settled():
                return settlement.paid(terms, settlement.cost(terms, deal.claim.instruction_count), self.treasury)
            case life.Challenged(dispute):
                return settlement.locked_by_challenge(dispute)
            case life.Decided(verdict):
                return decided(deal, verdict, self.treasury)
        return {}

    # ------------------------------------------------------------ everything else

    def _on_money(self, name: str, args: Mapping[str, Any]) -> None:
        match name:
            case "Deposited":
                self._pay({args["account"]: Change(args["amount"])})
            case "Withdrawn":
                self._pay({args["account"]: Change(-args["amount"])})
            case "Moved":
                self._pay({args["account"]: Change(-args["amount"])})
                self._pay({args["to"]: Change(args["amount"])})
            case "NoncesCancelled":
                self.nonces |= {(args["account"], nonce) for nonce in nonces_of(args["word"], args["mask"])}
            case "DealInstant":
                self._on_instant(args)
            case "DealsNetted":
                self._on_netting(args)

    def _on_instant(self, args: Mapping[str, Any]) -> None:
        author, cost = unpack_funds(args["author"])
        numbers = int.from_bytes(args["numbers"], "big")
        count, expiry, nonce = numbers & (1 << 64) - 1, numbers >> 64 & (1 << 40) - 1, numbers >> 104 & (1 << 32) - 1
        shares = [numbers >> shift & 0xFFFF for shift in (136, 152, 168)]
        deal = InstantDeal(
            *(args["creator"], args["provider"], args["solver"], args["module"], args["inputs"], args["commitment"]),
            *(count, cost, *shares, expiry, nonce),
        )
        self._use(deal.creator, deal.nonce)
        self._pay(settlement.instant(deal, author, deal.protocol_bps, self.treasury))

    def _on_netting(self, args: Mapping[str, Any]) -> None:
        names = ("creator", "provider", "amount", "deals", "root", "protocolBps")
        owed = Netting(*(args[name] for name in names), 0, args["nonce"])
        self._use(owed.creator, owed.nonce)
        self._pay(settlement.netted(owed, owed.protocol_bps, self.treasury))


def decided(deal: Deal, verdict: Verdict, treasury: Address) -> Changes:
    """Who gets what by the verdict on a deal that is, or was, challenged."""
    assert deal.claim is not None
    assert deal.dispute is not None
    cost = settlement.cost(deal.terms, deal.claim.instruction_count)
    match verdict:
        case Verdict.RIGHT:
            return settlement.right(deal.terms, deal.dispute, cost, treasury)
        case Verdict.WITHHELD:
            return settlement.withheld(deal.terms, deal.dispute, cost, treasury)
        case Verdict.WRONG:
            return settlement.wrong(deal.terms, deal.dispute)
        case Verdict.UNDECIDED:
            return settlement.undecided(deal.terms, deal.dispute)


def nonces_of(word: int, mask: int) -> set[int]:
    """Those that a word of a mask means; beyond the last there is none."""
    nonces = {word << 8 | bit for bit in range(256) if mask >> bit & 1}
    return {nonce for nonce in nonces if nonce < 1 << NONCE_BITS}
