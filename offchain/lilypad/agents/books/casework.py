"""Cases and deals, looked at on chain: by anybody, without a key and without a journal."""

from __future__ import annotations

from lilypad.agents.books.case_events import CASE_EVENTS
from lilypad.agents.books.cases import CaseBook, Dispute, deal_logs, fold_dispute
from lilypad.agents.books.deals import fold_deal
from lilypad.agents.books.logbook import FOREVER
from lilypad.agents.books.looking import look
from lilypad.agents.court import CourtRoom
from lilypad.agents.network import Network, show_id
from lilypad.chain.rpc import to_hex
from lilypad.errors import FaultError, RecoverableError
from lilypad.protocol.deal import Deal
from lilypad.store.journal import Journal
from lilypad.types import DealId


async def find_deal(network: Network, deal: DealId) -> Deal:
    """Anybody's deal.

    Raises:
        FaultError: this network has none with this id.
    """
    found = fold_deal(await deal_logs(network, deal))
    if found is None:
        raise FaultError("no deal of this network has this id", deal=show_id(deal))
    return found


async def find_case(network: Network, deal: DealId, first: int | None = None) -> Dispute | None:
    """The dispute about one deal; None if nobody has challenged its result, or another court judges it.

    Args:
        first: a block at or before the deal's, so that not all of the chain has to be asked.

    Raises:
        RecoverableError: the chain is away, or was read across a reorganisation: look again.
    """
    court = CourtRoom(network).mediation
    found = await network.logs(court, [court.topic(name) for name in sorted(CASE_EVENTS)], to_hex(deal), first=first)
    if not found:
        return None
    logs = [await network.with_time(log) for log in found]
    before = await deal_logs(network, deal, logs[0]["blockNumber"], first)
    try:
        return fold_dispute([*before, *logs])
    except FaultError as error:
        raise RecoverableError(error.message, **error.fields) from error


async def find_cases(network: Network, confirmations: int = 0) -> list[Dispute]:
    """Every dispute that was ever brought before the court, oldest first. One pass over the court's log."""
    court = CourtRoom(network).mediation.address

    def open_book(journal: Journal) -> CaseBook:
        return CaseBook(network, journal, "look", FOREVER)

    book = await look(network, court, network.deployment.block, confirmations, open_book)
    return list(book)


def pick_case(disputes: list[Dispute], prefix: str) -> Dispute:
    """By the beginning of its deal's id.

    Raises:
        FaultError: none, or more than one, begins so.
    """
    wanted = prefix.lower().removeprefix("0x")
    found = [dispute for dispute in disputes if wanted and dispute.id.hex().startswith(wanted)]
    if len(found) == 1:
        return found[0]
    if found:
        shown = ", ".join(show_id(dispute.id)[:18] for dispute in found[:4])
        raise FaultError(f"several cases begin with {prefix!r}: {shown}; write more of the id")
    raise FaultError(f"no case begins with {prefix!r}: see `lilypad cases`")
