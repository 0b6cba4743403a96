"""Who may do what: nobody but the timelock, and the timelock only what the governor announced."""

from __future__ import annotations

from typing import Any

import pytest

from lilypad.types import ZERO_ADDRESS
from tests.contracts.errors import reverts_with

from .powers import ADMIN, ALL, CANCELLER, DOORS, EXECUTOR, POWERS, PROPOSER, place
from .sources import contracts, guarded


def changing(compiled: Any, name: str) -> set[str]:
    """The functions of the ABI that are no views."""
    return {abi.name for abi in compiled.get_contract(name).contract_type.mutable_methods}


def test_powers__in_the_sources__are_all_listed(compiled: Any) -> None:
    found = {name: guarded(name) & changing(compiled, name) for name in contracts()}
    assert {name: powers for name, powers in found.items() if powers} == {k: set(v) for k, v in POWERS.items()}


def test_powers__of_whatever_has_an_owner_or_roles__are_listed(compiled: Any) -> None:
    """Whatever the sources look like: an owner or a role shows in the ABI."""
    marks = {"owner", "hasRole", "authority", "admin", "governor", "timelock"}
    for name in contracts():
        views = {abi.name for abi in compiled.get_contract(name).contract_type.view_methods}
        assert bool(views & marks) == (name in POWERS and name != "LilypadMediators"), name


@pytest.mark.parametrize("name", DOORS)
def test_doors__are_all_listed(compiled: Any, name: str) -> None:
    assert changing(compiled, name) == DOORS[name]


@pytest.mark.parametrize(("contract", "function"), ALL)
def test_power__used_by_anyone__is_refused(house: Any, roles: Any, contract: str, function: str) -> None:
    """The deployer, who also holds nearly all votes, as little as a stranger."""
    power = POWERS[contract][function]
    for thief in (roles.holder, roles.stranger):
        name, fields = power.refusal(house, thief)
        with reverts_with(name, **fields):
            getattr(place(house, contract), function)(*power.arguments(house, thief), sender=thief)


def test_roles__after_the_deployment__are_these_four_and_no_more(timelock: Any, governor: Any) -> None:
    granted = {(bytes(event.role), event.account) for event in timelock.RoleGranted}
    assert granted == {
        (ADMIN, timelock.address), (PROPOSER, governor.address), (CANCELLER, governor.address),
        (EXECUTOR, ZERO_ADDRESS),
    }  # fmt: skip
    assert list(timelock.RoleRevoked) == []
    assert all(bytes(timelock.getRoleAdmin(role)) == ADMIN for role in (ADMIN, PROPOSER, CANCELLER, EXECUTOR))


def test_owner__of_everything_that_has_one__is_the_timelock(house: Any, timelock: Any) -> None:
    for contract in (house.protocol.controller, house.protocol.modules, house.court):
        assert (contract.owner(), contract.pendingOwner()) == (timelock, ZERO_ADDRESS)


def test_governor__past_the_timelock__owns_nothing(house: Any, governor: Any, accounts: Any) -> None:
    """What it decides takes the delay, whoever could make it call."""
    account = accounts[governor.address]
    account.balance += 10**18
    with reverts_with("OwnableUnauthorizedAccount", account=governor):
        house.protocol.controller.setParameters(0, 1_000, sender=account)


def test_timelock__called_back_into_the_governor__needs_a_proposal(governor: Any, timelock: Any, accounts: Any) -> None:
    """Not even the timelock's own call changes the governor's settings, unless a proposal that runs contains it."""
    account = accounts[timelock.address]
    account.balance += 10**18
    with reverts_with("Panic", code=0x31):
        governor.setVotingPeriod(1, sender=account)
