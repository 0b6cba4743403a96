"""The protocol on a node of its own: deployed once, every test in isolation."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from ape.api import AccountAPI
from ape.contracts import ContractInstance
from eth_account import Account
from eth_account.signers.local import LocalAccount

from lilypad.protocol.offers import Domain, module_id
from lilypad.types import Address, ModuleId
from tests.contracts.books import Books
from tests.contracts.desk import Desk
from tests.contracts.makers import ETHER, MANIFEST, PROTOCOL_BPS, ROYALTY_BPS, Maker

CURATED = 2
FUNDS = 1_000 * ETHER


@dataclass(frozen=True)
class Roles:
    holder: AccountAPI
    creator: AccountAPI
    provider: AccountAPI
    solver: AccountAPI
    author: AccountAPI
    governor: AccountAPI
    treasury: AccountAPI
    judge: AccountAPI
    curator: AccountAPI
    stranger: AccountAPI
    challenger: AccountAPI


@dataclass(frozen=True)
class Protocol:
    token: ContractInstance
    payments: ContractInstance
    storage: ContractInstance
    modules: ContractInstance
    users: ContractInstance
    mediation: ContractInstance
    controller: ContractInstance
    module: ModuleId


def key_of(account: AccountAPI) -> LocalAccount:
    return Account.from_key(account.private_key)


@pytest.fixture(scope="session")
def compiled(project: Any) -> Any:
    """The contracts as they are now: ape's own cache does not see that an imported file has changed."""
    sources = sorted((project.path / "contracts").rglob("*.sol"))
    now = hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()
    stamp = project.path / ".build" / "tested-contracts.sha256"
    if not stamp.exists() or stamp.read_text() != now:
        project.load_contracts(use_cache=False)
        stamp.write_text(now)
    return project


@pytest.fixture(scope="session")
def roles(accounts: Any) -> Roles:
    return Roles(*(accounts[i] for i in range(11)))


@pytest.fixture(scope="session")
def protocol(compiled: Any, roles: Roles) -> Protocol:
    """All contracts, one curated module with a royalty, a protocol share, and funds for who needs them."""
    holder = roles.holder
    token = holder.deploy(compiled.LilypadToken, holder)
    payments = holder.deploy(compiled.LilypadPayments, token)
    storage = holder.deploy(compiled.LilypadStorage)
    modules = holder.deploy(compiled.LilypadModules, roles.curator)
    users = holder.deploy(compiled.LilypadUsers)
    mediation = holder.deploy(compiled.MockMediation, roles.judge)
    controller = holder.deploy(compiled.LilypadController, payments, storage, modules, roles.treasury, roles.governor)

    modules.publish(MANIFEST, "cowsay", "1.0.0", ROYALTY_BPS, sender=roles.author)
    module = module_id(Address(roles.author.address), ROYALTY_BPS, MANIFEST)
    modules.curate(module, CURATED, sender=roles.curator)
    controller.setParameters(PROTOCOL_BPS, controller.collateralFloorBps(), sender=roles.governor)

    token.approve(payments, 2**256 - 1, sender=holder)
    for account in (roles.creator, roles.provider, roles.challenger):
        payments.deposit(controller, account, FUNDS, sender=holder)
    return Protocol(token, payments, storage, modules, users, mediation, controller, module)


@pytest.fixture(scope="session")
def maker(protocol: Protocol, roles: Roles, chain: Any) -> Maker:
    return Maker(
        domain=Domain(chain.chain_id, Address(protocol.controller.address)),
        creator=key_of(roles.creator),
        provider=key_of(roles.provider),
        solver=Address(roles.solver.address),
        module=protocol.module,
        mediation=Address(protocol.mediation.address),
        author=Address(roles.author.address),
    )


@pytest.fixture(scope="session")
def desk(protocol: Protocol, roles: Roles, maker: Maker) -> Desk:
    """Takes deals to wherever a test wants them."""
    return Desk(protocol.controller, protocol.storage, protocol.mediation, maker, roles)


@pytest.fixture(scope="session")
def books(protocol: Protocol, roles: Roles) -> Books:
    """Everybody's balances."""
    people = {name: Address(account.address) for name, account in vars(roles).items()}
    people["mediation"] = Address(protocol.mediation.address)
    return Books(protocol.token, protocol.payments, protocol.controller, people)


@pytest.fixture
def at(chain: Any) -> Callable[[int], None]:
    """The next transaction is mined in exactly this second."""

    def set_time(timestamp: int) -> None:
        chain.pending_timestamp = timestamp

    return set_time


@pytest.fixture(scope="session")
def controller(protocol: Protocol) -> ContractInstance:
    return protocol.controller


@pytest.fixture(scope="session")
def payments(protocol: Protocol) -> ContractInstance:
    return protocol.payments


@pytest.fixture(scope="session")
def storage(protocol: Protocol) -> ContractInstance:
    return protocol.storage


@pytest.fixture(scope="session")
def token(protocol: Protocol) -> ContractInstance:
    return protocol.token


@pytest.fixture(scope="session")
def creator(roles: Roles) -> AccountAPI:
    return roles.creator


@pytest.fixture(scope="session")
def provider(roles: Roles) -> AccountAPI:
    return roles.provider


@pytest.fixture(scope="session")
def stranger(roles: Roles) -> AccountAPI:
    return roles.stranger


@pytest.fixture(scope="session")
def challenger(roles: Roles) -> AccountAPI:
    return roles.challenger


@pytest.fixture(scope="session")
def treasury(roles: Roles) -> AccountAPI:
    return roles.treasury
