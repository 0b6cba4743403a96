"""What a provider must keep: inputs and outputs of the deals in hand."""

from __future__ import annotations

from lilypad.agents.books.deals import DealBook
from lilypad.agents.work.results import ResultRecord
from lilypad.agents.work.retention import Needs
from lilypad.agents.work.workshop import Workshop
from lilypad.store.cid import Cid


def provider_needs(deals: DealBook, workshop: Workshop) -> Needs:
    """Of an open deal the inputs, as mediators ask its provider for them, and the result. The inputs of one whose end a
    reorganisation may still undo are better kept; its result is, by its pin."""
    now, lately = workshop.outputs(), list[Cid]()
    for deal in deals:
        inputs = Cid.of_directory(deal.job.inputs)
        if deal.status.is_end:
            lately.append(inputs)
            continue
        now.add(inputs)
        if (plain := deals.notes(deal.id).get("result")) is not None:
            now.add(ResultRecord.from_json(plain).cid)
    return Needs(frozenset(now), tuple(lately))
