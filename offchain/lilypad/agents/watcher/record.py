"""What an account has challenged, and what came of it: read from the chain alone, by anybody."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from lilypad.agents.books.cases import Dispute
from lilypad.agents.books.casework import find_cases
from lilypad.agents.network import Network
from lilypad.protocol.case import CasePhase
from lilypad.protocol.deal import ENDS_OF_VERDICTS, Verdict
from lilypad.protocol.income import net
from lilypad.types import Address


@dataclass(frozen=True, slots=True)
class Record:
    """Amounts in wei of the token."""

    disputes: tuple[Dispute, ...] = ()
    """Oldest first."""
    open: int = 0
    won: int = 0
    lost: int = 0
    undecided: int = 0
    earned: int = 0
    paid: int = 0


async def record_of(network: Network, account: Address, confirmations: int) -> Record:
    return sum_up((d for d in await find_cases(network, confirmations) if _challenger(d) == account), account)


def sum_up(disputes: Iterable[Dispute], account: Address) -> Record:
    record = Record()
    for dispute in disputes:
        record = replace(record, disputes=(*record.disputes, dispute))
        match dispute.case.verdict if dispute.case.phase is CasePhase.CLOSED else None:
            case None:
                record = replace(record, open=record.open + 1)
            case Verdict.WRONG:
                record = replace(record, won=record.won + 1)
            case Verdict.UNDECIDED:
                record = replace(record, undecided=record.undecided + 1)
            case _:
                record = replace(record, lost=record.lost + 1)
        gained = gain(dispute, account)
        record = replace(record, earned=record.earned + max(gained, 0), paid=record.paid - min(gained, 0))
    return record


def gain(dispute: Dispute, account: Address) -> int:
    """By the end of its deal; nothing before it."""
    case, deal = dispute.case, dispute.deal
    if case.phase is not CasePhase.CLOSED or case.verdict is None:
        return 0
    return net(replace(deal, status=ENDS_OF_VERDICTS[case.verdict], verdict=case.verdict, cost=0), account)


def _challenger(dispute: Dispute) -> Address:
    return dispute.case.docket.dispute.challenger
