"""The whole network as one deployment plan: the same addresses on every chain.

Each contract is created by the well-known CREATE2 factory, so its address depends on its code, its constructor
arguments and the salt alone, not on who sends the transaction, nor when, nor on which chain. Who sends it has no right
in what it creates. The plan is pure; `scripts/deploy.py` carries it out with ape, an agent with its own sender.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from lilypad.chain.contracts import creation_code
from lilypad.chain.parameters import DeployParameters, Governance, Mediation
from lilypad.chain.rpc import Rpc
from lilypad.chain.sender import Sender
from lilypad.errors import FaultError
from lilypad.types import Address

FACTORY = to_checksum_address("0x4e59b44847b379578588920cA78FbF26c0B4956C")
"""Arachnid's deterministic deployment proxy: data = salt (32 bytes) + creation code."""
ETHER = 10**18


@dataclass(frozen=True, slots=True)
class Step:
    """One contract to create."""

    name: str
    address: Address
    creation_code: bytes
    salt: bytes
    needs: tuple[str, ...] = ()
    """What its constructor calls, so what must be there before."""
    brings: Mapping[str, Address] = field(default_factory=dict)
    """What its constructor creates."""

    @property
    def factory_data(self) -> bytes:
        return self.salt + self.creation_code


def plan(parameters: DeployParameters) -> Iterator[Step]:
    """All contracts in an order in which each finds those it needs."""
    salt = keccak(text=parameters.salt)
    token = _step(salt, "LilypadToken", parameters.token_holder)
    payments = _step(salt, "LilypadPayments", token.address)
    storage = _step(salt, "LilypadStorage")
    yield from (token, payments, storage, _step(salt, "LilypadUsers"))

    owner, curator, treasury = parameters.governor, parameters.curator, parameters.treasury
    if parameters.governance is not None:
        governor = _governor(salt, token, parameters.governance)
        yield governor
        owner = curator = governor.brings["LilypadTimelock"]
        treasury = treasury or owner
    modules = _step(salt, "LilypadModules", curator)
    yield modules
    controller = _step(salt, "LilypadController", payments.address, storage.address, modules.address, treasury, owner)
    yield controller
    if parameters.mediation is not None:
        yield from _mediation(salt, payments, controller, owner, parameters.mediation)
    if parameters.mock_judge is not None:
        yield _step(salt, "MockMediation", parameters.mock_judge)


def contracts_of(steps: Iterable[Step]) -> dict[str, Address]:
    """Where everything is when all steps are done."""
    return {name: address for step in steps for name, address in {step.name: step.address, **step.brings}.items()}


async def carry_out(steps: Sequence[Step], rpc: Rpc, sender: Sender) -> list[str]:
    """Creates what is not there yet, all at once as far as one does not need another.

    Returns:
        the names of the contracts it created; none when everything was there.
    """
    factory, *codes = await rpc.batch([("eth_getCode", (where, "latest")) for where in _places(steps)])
    if factory == "0x":
        raise FaultError("the CREATE2 factory is not on this chain: deploy it first", factory=FACTORY)
    done = {step.name: asyncio.Event() for step in steps}

    async def create(step: Step) -> None:
        for name in step.needs:
            await done[name].wait()
        await sender.send(FACTORY, step.factory_data, key=f"create:{step.address}")
        done[step.name].set()

    missing = [step for step, code in zip(steps, codes, strict=True) if code == "0x"]
    for step in steps:
        if step not in missing:
            done[step.name].set()
    async with asyncio.TaskGroup() as group:
        for step in missing:
            group.create_task(create(step))
    return [step.name for step in missing]


def create2_address(salt: bytes, creation_code: bytes) -> Address:
    packed = b"\xff" + bytes.fromhex(FACTORY[2:]) + salt + keccak(creation_code)
    return to_checksum_address(keccak(packed)[12:])


def first_creation_of(creator: Address) -> Address:
    """What a contract's first `new` creates: keccak(rlp([creator, nonce 1]))."""
    return to_checksum_address(keccak(b"\xd6\x94" + bytes.fromhex(creator[2:]) + b"\x01")[12:])


def _step(salt: bytes, name: str, *arguments: Any) -> Step:
    code = creation_code(name, *arguments)
    return Step(name, create2_address(salt, code), code, salt)


def _governor(salt: bytes, token: Step, terms: Governance) -> Step:
    """The governor asks the token for the time and creates its own timelock, both in its constructor."""
    threshold = terms.proposal_threshold * ETHER
    times = (terms.voting_delay, terms.voting_period)
    code = creation_code(
        "LilypadGovernor", token.address, *times, threshold, terms.quorum_percent, terms.timelock_delay
    )
    address = create2_address(salt, code)
    brings = {"LilypadTimelock": first_creation_of(address)}
    return Step("LilypadGovernor", address, code, salt, needs=(token.name,), brings=brings)


def _mediation(
    salt: bytes, payments: Step, controller: Step, owner: Address | None, terms: Mediation
) -> Iterator[Step]:
    """The court asks its randomness for the delay and creates its mediators, both in its constructor."""
    randao = _step(salt, "Randao", terms.randao_delay, terms.block_time)
    yield randao
    parts = (payments.address, controller.address, randao.address, terms.epoch, terms.settings(), owner)
    code = creation_code("LilypadMediation", *parts)
    address = create2_address(salt, code)
    brings = {"LilypadMediators": first_creation_of(address)}
    yield Step("LilypadMediation", address, code, salt, needs=(randao.name,), brings=brings)


def _places(steps: Sequence[Step]) -> list[Address]:
    return [FACTORY, *(step.address for step in steps)]
