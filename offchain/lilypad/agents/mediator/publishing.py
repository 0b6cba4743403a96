"""What a mediator publishes: the output of a job whose provider withheld it, once the verdict says so."""

from __future__ import annotations

import logging
from pathlib import Path
from tempfile import TemporaryDirectory

from lilypad.agents.books.cases import CaseBook
from lilypad.agents.network import show_id
from lilypad.agents.work.results import ResultRecord
from lilypad.protocol.case import Case, CasePhase
from lilypad.protocol.deal import Verdict
from lilypad.store.blocks import BlockStore
from lilypad.types import DealId

log = logging.getLogger(__name__)


class Publisher:
    def __init__(self, cases: CaseBook, private: BlockStore, public: BlockStore) -> None:
        self._cases = cases
        self._private = private
        self._public = public

    async def publish(self, case: Case) -> None:
        """Of a case that has ended so; of any other nothing, for the provider serves it."""
        plain = self._cases.notes(case.id).get("result")
        if case.phase is not CasePhase.CLOSED or case.verdict is not Verdict.WITHHELD or not plain:
            return
        record = ResultRecord.from_json(plain)
        if not record.matches(case.docket.claim):
            return
        with TemporaryDirectory(prefix="lilypad-") as folder:
            await self._public.fetch_directory(record.cid, Path(folder) / "output", source=self._private)
        await self._public.pin(record.cid)
        self._cases.note(case.id, published=True)
        log.info("output_published", extra={"case": show_id(case.id), "cid": str(record.cid)})

    def record(self, deal: DealId) -> ResultRecord | None:
        """What is published of a deal."""
        notes = self._cases.notes(deal)
        return ResultRecord.from_json(notes["result"]) if notes.get("published") else None
