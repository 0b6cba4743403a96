"""The disputes that a court decides, each with the deal that it is about."""

from __future__ import annotations

from dataclasses import dataclass

from lilypad.agents.books.case_events import CASE_EVENTS, read_case_event
from lilypad.agents.books.deals import fold_deal
from lilypad.agents.books.events import DEAL_EVENTS
from lilypad.agents.books.logbook import LogBook
from lilypad.agents.network import Network
from lilypad.chain.contracts import Event, RawLog, decode_event
from lilypad.chain.rpc import to_hex
from lilypad.errors import FaultError, RecoverableError
from lilypad.protocol.case import Case, Opened, apply, open_case
from lilypad.protocol.deal import Deal
from lilypad.types import DealId


@dataclass(frozen=True, slots=True)
class Dispute:
    deal: Deal
    """As it was when the case was opened: what came of it is in the case."""
    case: Case

    @property
    def id(self) -> DealId:
        return self.case.id


class CaseBook(LogBook[Dispute]):
    """Fed with the court's events alone: what led to a case is fetched when it opens, so that a court does not need to
    follow every deal that is never disputed."""

    async def _with_past(self, log: RawLog) -> list[RawLog]:
        event = decode_event(log)
        if event.name != "CaseOpened":
            return [log]
        logs = [*await deal_logs(self._network, event.args["id"], log["blockNumber"]), log]
        try:
            fold_dispute(logs)
        except FaultError as error:  # a node that has gone on to another branch knows another past
            raise RecoverableError(error.message, **error.fields) from error
        return logs

    def _fold(self, logs: list[RawLog]) -> Dispute | None:
        return fold_dispute(logs)

    def _state(self, thing: Dispute) -> str:
        return thing.case.phase.name

    def _is_over(self, thing: Dispute) -> bool:
        return thing.case.is_over

    def _subject(self, event: Event) -> tuple[DealId, bool] | None:
        if event.name in DEAL_EVENTS:
            return DealId(event.args["id"]), True
        return (DealId(event.args["id"]), False) if event.name in CASE_EVENTS else None


async def deal_logs(network: Network, deal: DealId, to_block: str = "latest", first: int | None = None) -> list[RawLog]:
    """Everything that the controller tells of one deal."""
    events = [network.controller.topic(name) for name in sorted(DEAL_EVENTS)]
    found = await network.logs(network.controller, events, to_hex(deal), first=first, to_block=to_block)
    return [await network.with_time(log) for log in found]


def fold_dispute(logs: list[RawLog]) -> Dispute | None:
    """The dispute that a deal's logs, and then its case's, tell of; None if the case's beginning is not among them."""
    named = [(decode_event(log), log) for log in logs]
    deal = fold_deal(log for event, log in named if event.name in DEAL_EVENTS)
    case: Case | None = None
    for event in (event for event, _ in named if event.name in CASE_EVENTS):
        if deal is None or deal.claim is None or deal.dispute is None:
            raise FaultError("a case was opened about a deal that nobody disputes", deal=event.args["id"])
        _, meaning = read_case_event(event)
        now = event.block_timestamp or 0
        if isinstance(meaning, Opened):
            case = open_case(deal.id, deal.claim, deal.dispute, meaning, now)
        elif case is not None:
            case = apply(case, meaning, now)
    return Dispute(deal, case) if deal is not None and case is not None else None
