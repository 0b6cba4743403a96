"""Governance: two parameters, within bounds, for deals agreed afterwards; nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from lilypad.protocol import settlement
from lilypad.protocol.settlement import Change
from tests.contracts.errors import reverts_with
from tests.contracts.makers import CEILING, PROTOCOL_BPS, ROYALTY_BPS, SOLVER_BPS

FLOOR = 1_000


def test_set_parameters__by_governor__counts_for_the_next_deal(
    controller: Any, desk: Any, maker: Any, roles: Any
) -> None:
    receipt = controller.setParameters(400, 25_000, sender=roles.governor)

    (event,) = controller.ParametersChanged.from_receipt(receipt)
    assert (event.protocolBps, event.collateralFloorBps) == (400, 25_000)
    assert (controller.protocolBps(), controller.collateralFloorBps()) == (400, 25_000)
    floor = CEILING * 5 // 2
    with reverts_with("Controller_CollateralTooLow", collateral=2 * CEILING, needed=floor):
        desk.agree()
    assert desk.agree(resource=maker.resource(collateral=floor)).terms.shares.protocol_bps == 400


def test_set_parameters__deal_in_flight__keeps_its_shares(controller: Any, desk: Any, books: Any, roles: Any) -> None:
    case = desk.submitted()
    controller.setParameters(1_000, 50_000, sender=roles.governor)
    cost = settlement.cost(case.terms, case.claim.instruction_count)
    with books.changed_by(settlement.paid(case.terms, cost, roles.treasury.address)):
        controller.accept(*case.submitted, sender=roles.creator)
    assert books.of(roles.treasury) == Change(free=cost * PROTOCOL_BPS // 10_000)


def test_set_parameters__front_runs_an_agreement__cannot_take_more_than_the_provider_signed(
    controller: Any, desk: Any, maker: Any, roles: Any
) -> None:
    limit = PROTOCOL_BPS + ROYALTY_BPS + SOLVER_BPS
    resource = maker.resource(shares_bps=limit)
    controller.setParameters(PROTOCOL_BPS + 1, FLOOR, sender=roles.governor)
    with reverts_with("Controller_SharesTooHigh", totalBps=limit + 1, limitBps=limit):
        desk.agree(resource=resource)


@pytest.mark.parametrize("values", [(0, 1_000), (1_000, 1_000), (0, 50_000), (1_000, 50_000)])
def test_set_parameters__at_a_bound__is_set(controller: Any, roles: Any, values: tuple[int, int]) -> None:
    controller.setParameters(*values, sender=roles.governor)


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ((1_001, FLOOR), {"value": 1_001, "low": 0, "high": 1_000}),
        ((0, 999), {"value": 999, "low": 1_000, "high": 50_000}),
        ((0, 50_001), {"value": 50_001, "low": 1_000, "high": 50_000}),
    ],
)
def test_set_parameters__out_of_bounds__reverts(
    controller: Any, roles: Any, values: tuple[int, int], error: dict[str, int]
) -> None:
    with reverts_with("Controller_ParameterOutOfBounds", **error):
        controller.setParameters(*values, sender=roles.governor)


def test_set_parameters__by_anyone_else__reverts(controller: Any, roles: Any) -> None:
    for caller in (roles.stranger, roles.treasury, roles.holder):
        with reverts_with("OwnableUnauthorizedAccount", account=caller):
            controller.setParameters(0, FLOOR, sender=caller)


def test_ownership__handed_over__moves_only_when_it_is_taken(controller: Any, roles: Any) -> None:
    controller.transferOwnership(roles.stranger, sender=roles.governor)
    assert controller.owner() == roles.governor
    with reverts_with("OwnableUnauthorizedAccount", account=roles.creator):
        controller.acceptOwnership(sender=roles.creator)
    controller.acceptOwnership(sender=roles.stranger)
    assert controller.owner() == roles.stranger


def test_deployment__no_governor__reverts(compiled: Any, protocol: Any, roles: Any) -> None:
    nobody = "0x0000000000000000000000000000000000000000"
    parts = (protocol.payments, protocol.storage, protocol.modules, roles.treasury, nobody)
    with reverts_with("OwnableInvalidOwner", owner=nobody):
        roles.holder.deploy(compiled.LilypadController, *parts)


def test_deployment__no_treasury__reverts(compiled: Any, protocol: Any, roles: Any) -> None:
    """Whatever it is owed would lie in the zero address for ever."""
    nobody = "0x0000000000000000000000000000000000000000"
    parts = (protocol.payments, protocol.storage, protocol.modules, nobody, roles.governor)
    with reverts_with("Controller_NoTreasury"):
        roles.holder.deploy(compiled.LilypadController, *parts)
