"""The protocol as a public network has it: everything that has an owner belongs to the timelock."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest
from ape.contracts import ContractInstance

from lilypad.protocol.offers import Domain
from lilypad.types import Address
from tests.contracts.books import Books
from tests.contracts.conftest import FUNDS, Protocol, Roles
from tests.contracts.desk import Desk
from tests.contracts.makers import ETHER, MANIFEST, PROTOCOL_BPS, ROYALTY_BPS, Maker
from tests.contracts.mediation.town import EPOCH, SETTINGS

from .council import QUORUM_PERCENT, THRESHOLD, TIMELOCK_DELAY, VOTING_DELAY, VOTING_PERIOD, Council, call

CURATED = 2
MINORITY = 30_000_000 * ETHER
"""Enough to propose, too little for the quorum."""


@dataclass(frozen=True)
class House:
    protocol: Protocol
    governor: ContractInstance
    timelock: ContractInstance
    council: Council
    desk: Desk
    books: Books
    court: ContractInstance
    mediators: ContractInstance


@pytest.fixture(scope="session")
def house(compiled: Any, protocol: Protocol, roles: Roles, maker: Maker, chain: Any) -> House:
    """Beside the protocol of the other tests, with its token and its mediation, but a vault of its own."""
    holder, token = roles.holder, protocol.token
    settings = (VOTING_DELAY, VOTING_PERIOD, THRESHOLD, QUORUM_PERCENT, TIMELOCK_DELAY)
    governor = holder.deploy(compiled.LilypadGovernor, token, *settings)
    timelock = compiled.LilypadTimelock.at(governor.timelock())
    payments, storage = holder.deploy(compiled.LilypadPayments, token), holder.deploy(compiled.LilypadStorage)
    modules = holder.deploy(compiled.LilypadModules, timelock)
    controller = holder.deploy(compiled.LilypadController, payments, storage, modules, timelock, timelock)
    own = replace(protocol, payments=payments, storage=storage, modules=modules, controller=controller)

    _give_votes(token, roles)
    modules.publish(MANIFEST, "cowsay", "1.0.0", ROYALTY_BPS, sender=roles.author)
    module = protocol.module  # the same author, royalty and manifest
    council = Council(governor, holder, chain)
    council.at(council.now() + 1)  # votes count from the second after they were given
    council.decide(
        call(modules, "curate", module, CURATED),
        call(controller, "setParameters", PROTOCOL_BPS, controller.collateralFloorBps()),
    )
    token.approve(payments, 2**256 - 1, sender=holder)
    for account in (roles.creator, roles.provider, roles.challenger):
        payments.deposit(controller, account, FUNDS, sender=holder)

    own_maker = replace(maker, domain=Domain(chain.chain_id, Address(controller.address)))
    people = {name: Address(account.address) for name, account in vars(roles).items()}
    people |= {"mediation": own.mediation.address, "governor": governor.address, "timelock": timelock.address}
    desk = Desk(controller, storage, own.mediation, own_maker, roles)
    randao = holder.deploy(compiled.Randao, 72, 12)
    court = holder.deploy(compiled.LilypadMediation, payments, controller, randao, EPOCH, SETTINGS.word(), timelock)
    mediators = compiled.LilypadMediators.at(court.MEDIATORS())
    books = Books(token, payments, controller, people)
    return House(own, governor, timelock, council, desk, books, court, mediators)


def _give_votes(token: ContractInstance, roles: Roles) -> None:
    """The holder has the majority, the judge a minority; the others have tokens at most, and no votes."""
    token.transfer(roles.judge, MINORITY, sender=roles.holder)
    for voter in (roles.holder, roles.judge):
        token.invoke_transaction("delegate", voter, sender=voter)  # ape has its own .delegate


@pytest.fixture(scope="session")
def council(house: House) -> Council:
    return house.council


@pytest.fixture(scope="session")
def governor(house: House) -> ContractInstance:
    return house.governor


@pytest.fixture(scope="session")
def timelock(house: House) -> ContractInstance:
    return house.timelock
