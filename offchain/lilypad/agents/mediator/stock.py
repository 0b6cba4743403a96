"""What a mediator must keep: inputs and outputs of the cases that are open."""

from __future__ import annotations

from lilypad.agents.books.cases import CaseBook
from lilypad.agents.work.results import ResultRecord
from lilypad.agents.work.retention import Needs
from lilypad.agents.work.workshop import Workshop
from lilypad.store.cid import Cid


def mediator_needs(cases: CaseBook, workshop: Workshop) -> Needs:
    """A case that goes to another round is examined again. One that is over needs no more than what is published, which
    lies elsewhere."""
    now, lately = workshop.outputs(), list[Cid]()
    for dispute in cases:
        inputs = Cid.of_directory(dispute.deal.job.inputs)
        plain = cases.notes(dispute.id).get("result")
        roots = [inputs] if plain is None else [inputs, ResultRecord.from_json(plain).cid]
        if dispute.case.is_over:
            lately += roots
        else:
            now.update(roots)
    return Needs(frozenset(now), tuple(lately))
