"""Which uploads a market must not let go of: the inputs of deals that are open, as the chain tells of them.

Whoever brought a deal to the chain, its provider may fetch the inputs here, and so may mediators until it has ended.
In the journal, because the cursor of the feed is: what was agreed before a restart is not told again.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace

from lilypad.agents.books.events import read_deal_event
from lilypad.chain.contracts import Event
from lilypad.chain.feed import REORG_DEPTH, Batch
from lilypad.protocol.deal import Agreed
from lilypad.store.cid import Cid
from lilypad.store.journal import Journal, Transaction
from lilypad.types import DealId, Digest

ROLE = "inputs"
ENDS = frozenset(("DealAccepted", "DealSettled", "DealDecided", "DealDeclined", "DealLate"))


@dataclass(frozen=True, slots=True)
class _Use:
    inputs: str
    """Hex."""
    agreed: int
    """Block."""
    ended: int | None = None
    """Block: kept until no reorganisation can undo it."""


class OpenInputs:
    def __init__(self, journal: Journal, chain_id: int) -> None:
        self._chain_id = chain_id
        rows = journal.deals(chain_id=chain_id, role=ROLE)
        self._uses = {row.id: _Use(**row.record) for row in rows}

    def roots(self) -> frozenset[Cid]:
        """Of the deals that are open, or may be again."""
        return frozenset(Cid.of_directory(Digest(bytes.fromhex(use.inputs))) for use in self._uses.values())

    def apply(self, batch: Batch, tx: Transaction) -> None:
        if batch.rollback is not None:
            self._undo(batch.rollback.to_block, tx)
        for event in batch.events():
            self._take(event, tx)
        for deal, use in [*self._uses.items()]:
            if use.ended is not None and use.ended <= batch.last - REORG_DEPTH:
                self._forget(deal, tx)

    def _take(self, event: Event, tx: Transaction) -> None:
        if event.name == "DealAgreed":
            deal, meaning = read_deal_event(event)
            if isinstance(meaning, Agreed):
                self._put(deal, _Use(meaning.job.inputs.hex(), event.block_number), tx)
        elif event.name in ENDS and (use := self._uses.get(DealId(event.args["id"]))) is not None:
            self._put(DealId(event.args["id"]), replace(use, ended=event.block_number), tx)

    def _undo(self, to_block: int, tx: Transaction) -> None:
        for deal, use in [*self._uses.items()]:
            if use.agreed > to_block:
                self._forget(deal, tx)
            elif use.ended is not None and use.ended > to_block:
                self._put(deal, replace(use, ended=None), tx)

    def _put(self, deal: DealId, use: _Use, tx: Transaction) -> None:
        self._uses[deal] = use
        tx.save_deal(self._chain_id, deal, ROLE, "open" if use.ended is None else "ended", asdict(use))

    def _forget(self, deal: DealId, tx: Transaction) -> None:
        del self._uses[deal]
        tx.forget_deal(self._chain_id, deal, ROLE)
