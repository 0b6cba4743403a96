"""The deployment plan, carried out on two real chains: the same network on both, and nobody has a right in it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_utils.crypto import keccak

from lilypad.chain.artifacts import load_artifact
from lilypad.chain.contracts import Contract, decode_event
from lilypad.chain.deploy import FACTORY, Step, carry_out, contracts_of, plan
from lilypad.chain.devnode import DevNode
from lilypad.chain.parameters import DeployParameters, Governance
from lilypad.chain.rpc import Rpc, from_hex
from lilypad.chain.sender import Sender, SenderOptions
from lilypad.errors import FaultError
from lilypad.store.journal import Journal
from lilypad.types import ZERO_ADDRESS, Address

HOLDER = Address(Account.create().address)
PARAMETERS = DeployParameters("a test", HOLDER, Governance(10, 60, 1_000, 4, 120))
PERSONAL = DeployParameters("a test", HOLDER, governor=HOLDER, curator=HOLDER, treasury=HOLDER)
CHAINS = (31_402, 31_403)
ADMIN = bytes(32)
PROPOSER, CANCELLER, EXECUTOR = (keccak(text=f"{role}_ROLE") for role in ("PROPOSER", "CANCELLER", "EXECUTOR"))


@dataclass(frozen=True)
class Chain:
    """One of the two, with the network on it."""

    rpc: Rpc
    payer: LocalAccount
    created: list[str]

    async def call(self, name: str, function: str, *arguments: Any) -> Any:
        return await Contract(name, ADDRESSES[name]).call(self.rpc, function, *arguments)

    async def code(self, address: Address) -> bytes:
        return from_hex(await self.rpc.call("eth_getCode", address, "latest"))


STEPS = list(plan(PARAMETERS))
ADDRESSES = contracts_of(STEPS)


async def deploy(rpc: Rpc, folder: Path, payer: LocalAccount, steps: list[Step]) -> list[str]:
    """As somebody who never did it before."""
    await rpc.call("anvil_setBalance", payer.address, hex(10**20))
    with Journal(folder / f"{payer.address}.sqlite") as journal:
        return await carry_out(steps, rpc, Sender(rpc, journal, payer, options=SenderOptions(poll_seconds=0.02)))


@asynccontextmanager
async def chain_with_network(chain_id: int, folder: Path) -> AsyncIterator[Chain]:
    async with DevNode(chain_id=chain_id) as node, Rpc([node.url], chain_id=chain_id) as rpc:
        payer = Account.create()
        yield Chain(rpc, payer, await deploy(rpc, folder, payer, STEPS))


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def chains(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Chain, Chain]]:
    first, second = (tmp_path_factory.mktemp(str(chain_id)) for chain_id in CHAINS)
    async with chain_with_network(CHAINS[0], first) as one, chain_with_network(CHAINS[1], second) as other:
        yield one, other


# ------------------------------------------------------------ the plan


def test_plan__other_governance__has_other_owners_and_the_same_token() -> None:
    owned = {"LilypadGovernor", "LilypadTimelock", "LilypadModules", "LilypadController"}
    assert PARAMETERS.governance is not None
    for name in ("voting_delay", "voting_period", "proposal_threshold", "quorum_percent", "timelock_delay"):
        value = getattr(PARAMETERS.governance, name) + 1
        other = contracts_of(plan(replace(PARAMETERS, governance=replace(PARAMETERS.governance, **{name: value}))))
        assert {contract for contract, address in other.items() if address != ADDRESSES[contract]} == owned


@pytest.mark.parametrize(
    ("change", "stays"),
    [
        ({"salt": "another"}, set()),
        ({"token_holder": FACTORY}, {"LilypadStorage", "LilypadUsers"}),
        ({"treasury": HOLDER}, set(ADDRESSES) - {"LilypadController"}),
    ],
)
def test_plan__other_parameters__have_other_addresses(change: dict[str, Any], stays: set[str]) -> None:
    other = contracts_of(plan(replace(PARAMETERS, **change)))
    assert {name for name, address in other.items() if address == ADDRESSES[name]} == stays


def test_plan__of_a_person__has_no_governor() -> None:
    names = [step.name for step in plan(PERSONAL)]
    assert not {"LilypadGovernor", "LilypadTimelock", "MockMediation"} & set(names)
    assert [step.name for step in plan(replace(PERSONAL, mock_judge=HOLDER))] == [*names, "MockMediation"]


# ------------------------------------------------------------ carried out


async def test_carry_out__on_two_chains__leaves_the_same_code_at_the_same_addresses(
    chains: tuple[Chain, Chain],
) -> None:
    one, other = chains
    assert one.created == other.created == [step.name for step in STEPS]
    for name, address in ADDRESSES.items():
        codes = [await chain.code(address) for chain in chains]
        assert codes[0], f"{name} is not there"
        assert await bare(one, name, codes[0]) == await bare(other, name, codes[1]), name


async def bare(chain: Chain, name: str, code: bytes) -> bytes:
    """Without the two words that EIP-712 keeps: a signature for one chain must not hold on another."""
    if not any(entry.get("name") == "eip712Domain" for entry in load_artifact(name).abi):
        return code
    chain_id = await chain.rpc.chain_id()
    _, title, version, *where, _, _ = await chain.call(name, "eip712Domain")
    assert where == [chain_id, ADDRESSES[name]]
    kind = keccak(text="EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)")
    texts = keccak(text=title) + keccak(text=version)
    chain_word, place = chain_id.to_bytes(32, "big"), bytes.fromhex(ADDRESSES[name][2:]).rjust(32, b"\0")
    return code.replace(chain_word, b"").replace(keccak(kind + texts + chain_word + place), b"")


async def test_carry_out__by_somebody_else_again__creates_nothing(chains: tuple[Chain, Chain], tmp_path: Path) -> None:
    payer = Account.create()
    assert await deploy(chains[0].rpc, tmp_path, payer, STEPS) == []
    assert await chains[0].rpc.call("eth_getTransactionCount", payer.address, "latest") == "0x0"


async def test_carry_out__with_a_part_there__creates_the_rest(chains: tuple[Chain, Chain], tmp_path: Path) -> None:
    """The parts that do not depend on what was changed are shared between two deployments."""
    steps = list(plan(replace(PARAMETERS, treasury=HOLDER)))
    assert await deploy(chains[0].rpc, tmp_path, Account.create(), steps) == ["LilypadController"]


async def test_carry_out__without_the_factory__says_so(tmp_path: Path) -> None:
    async with DevNode(chain_id=31_404) as node, Rpc([node.url], chain_id=31_404) as rpc:
        await rpc.call("anvil_setCode", FACTORY, "0x")
        with pytest.raises(FaultError, match="the CREATE2 factory is not on this chain"):
            await deploy(rpc, tmp_path, Account.create(), STEPS)


# ------------------------------------------------------------ the end state


async def test_end_state__every_owner__is_the_timelock(chains: tuple[Chain, Chain]) -> None:
    owned = [name for name in ADDRESSES if "owner" in views(name)]
    assert owned == ["LilypadModules", "LilypadController"]
    for name in owned:
        assert await chains[0].call(name, "owner") == ADDRESSES["LilypadTimelock"]
        assert await chains[0].call(name, "pendingOwner") == ZERO_ADDRESS
    assert await chains[0].call("LilypadController", "TREASURY") == ADDRESSES["LilypadTimelock"]


async def test_end_state__every_role_ever_granted__is_the_governor_s_or_open(chains: tuple[Chain, Chain]) -> None:
    """Read from the log of the whole chain: nobody had a right for a moment, the deployer and the factory included."""
    assert [name for name in ADDRESSES if "hasRole" in views(name)] == ["LilypadTimelock"]
    events = [decode_event(log) for log in await chains[0].rpc.call("eth_getLogs", {"fromBlock": "0x0"})]
    granted = {(e.address, e.args["role"], e.args["account"]) for e in events if e.name == "RoleGranted"}
    timelock, governor = ADDRESSES["LilypadTimelock"], ADDRESSES["LilypadGovernor"]
    assert granted == {
        (timelock, ADMIN, timelock), (timelock, PROPOSER, governor), (timelock, CANCELLER, governor),
        (timelock, EXECUTOR, ZERO_ADDRESS),
    }  # fmt: skip
    owners = {e.args["newOwner"] for e in events if e.name == "OwnershipTransferred"}
    assert owners == {timelock}


async def test_end_state__governor_and_timelock__know_each_other(chains: tuple[Chain, Chain]) -> None:
    for chain in chains:
        assert await chain.call("LilypadGovernor", "timelock") == ADDRESSES["LilypadTimelock"]
        assert await chain.call("LilypadGovernor", "token") == ADDRESSES["LilypadToken"]
        assert await chain.call("LilypadGovernor", "votingPeriod") == 60
        assert await chain.call("LilypadGovernor", "proposalThreshold") == 1_000 * 10**18
        assert await chain.call("LilypadTimelock", "getMinDelay") == 120


def views(name: str) -> set[str]:
    return {entry["name"] for entry in load_artifact(name).abi if entry["type"] == "function"}
