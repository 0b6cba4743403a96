"""instantBatch: a share for the zero address could never be withdrawn, so an entry that has one is skipped."""

from __future__ import annotations

from typing import Any

import pytest

from lilypad.protocol.offers import InstantDeal, module_id
from lilypad.types import ZERO_ADDRESS
from tests.contracts.makers import MANIFEST, ROYALTY_BPS

NO_SOLVER = {"solver": ZERO_ADDRESS}


def by_nobody(royalty_bps: int) -> dict[str, Any]:
    """A module whose author is the zero address."""
    return {"module": module_id(ZERO_ADDRESS, royalty_bps, MANIFEST), "royalty_bps": royalty_bps}


@pytest.fixture
def signed(maker: Any, entry: Any) -> Any:
    """An entry of a deal whose module nobody wrote."""

    def make(deal: InstantDeal) -> Any:
        signature = maker.sign(maker.creator, deal)
        return deal.words(ZERO_ADDRESS, MANIFEST), signature[:32], signature[32:]

    return make


def test_instant_batch__share_for_no_solver_or_no_author__is_skipped(
    controller: Any, desk: Any, maker: Any, books: Any, entry: Any, signed: Any, roles: Any
) -> None:
    entries = [entry(maker.instant(**NO_SOLVER)), signed(maker.instant(**by_nobody(ROYALTY_BPS)))]
    with books.unchanged():
        receipt = controller.instantBatch(entries, sender=roles.provider)
    assert desk.skipped(receipt) == {0: "Payments_ZeroAddress", 1: "Payments_ZeroAddress"}


def test_instant_batch__no_solver_or_no_author_and_no_share_for_it__is_paid(
    controller: Any, desk: Any, maker: Any, books: Any, entry: Any, signed: Any, paid: Any, roles: Any
) -> None:
    solverless, authorless = maker.instant(**NO_SOLVER, solver_bps=0), maker.instant(**by_nobody(0))
    with books.changed_by(paid(solverless, authorless)):
        receipt = controller.instantBatch([entry(solverless), signed(authorless)], sender=roles.provider)
    assert desk.skipped(receipt) == {}
