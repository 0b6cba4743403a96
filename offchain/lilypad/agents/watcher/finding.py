"""What runs of a job say about a result: pure. It is wrong only if two of them, with nothing in common but the inputs
and the module, say the same against it.

Instructions of WebAssembly are counted, and every difference is one. A container's time is measured: of its bill only
one that is too high counts, and of its ends none that a machine slower or busier than the provider's might have found,
which is near the budget or out of memory.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence

from lilypad.agents.work.rerunning import vote_on
from lilypad.agents.work.results import ResultRecord
from lilypad.protocol.deal import Deal
from lilypad.protocol.mediation import BILL, UPHOLDS
from lilypad.protocol.words import BPS
from lilypad.types import Engine, ExitStatus


class Finding(enum.StrEnum):
    OPEN = "open"
    """One more run is needed."""
    RIGHT = "right"
    WRONG = "wrong"
    UNSURE = "unsure"
    """What was found here is no reason to challenge."""
    PASSED_OVER = "passed_over"
    """It was not run."""


def find(records: Sequence[ResultRecord], deal: Deal, engine: Engine, limit: int) -> Finding:
    """
    Args:
        records: of each run, the first one first.
        limit: of the instructions that the job may use.
    """
    views = [_view(record, deal, engine, limit) for record in records]
    for clear in (Finding.RIGHT, Finding.UNSURE):
        if clear in views:
            return clear
    if len(records) < 2:
        return Finding.OPEN
    return Finding.WRONG if _same(records[0], records[1], engine) else Finding.UNSURE


def _view(record: ResultRecord, deal: Deal, engine: Engine, limit: int) -> Finding:
    vote = vote_on(record, deal)
    if vote == UPHOLDS:
        return Finding.RIGHT
    if engine is Engine.WASM:
        return Finding.WRONG
    assert deal.claim is not None  # noqa: S101 - there is a vote on it
    if vote == BILL:
        return Finding.WRONG if deal.claim.instruction_count > record.instruction_count else Finding.RIGHT
    tolerance = deal.agreement.verification.tolerance_bps
    is_near_limit = record.instruction_count * (BPS + tolerance) >= limit * BPS
    is_doubtful = is_near_limit or record.result.exit_status >= ExitStatus.OUT_OF_BUDGET
    return Finding.UNSURE if is_doubtful else Finding.WRONG


def _same(one: ResultRecord, other: ResultRecord, engine: Engine) -> bool:
    return one.result == other.result and (engine is Engine.DOCKER or one.instruction_count == other.instruction_count)
