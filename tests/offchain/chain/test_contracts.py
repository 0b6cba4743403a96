"""The binding against web3.py's own codec, and against contracts on a node."""

from __future__ import annotations

from typing import Any

import pytest
from eth_abi import abi
from eth_account import Account
from web3 import Web3
from web3.types import LogReceipt

from lilypad.chain.artifacts import artifact_names, load_artifact
from lilypad.chain.contracts import Contract, creation_code, decode_error, decode_event, decode_events
from lilypad.chain.devnode import dev_account
from lilypad.chain.rpc import Rpc, from_hex, to_hex
from lilypad.errors import FaultError, TransactionRevertedError
from lilypad.types import Address

from .directory import Directory, transact

PLACE = Address(dev_account(3).address)
JOB: dict[str, Any] = {
    "creator": b"c" * 32, "target": b"t" * 32, "solver": b"s" * 32, "module": b"m" * 32, "inputs": b"i" * 32,
    "needs": b"n" * 32, "ticket": b"1" * 32,
}  # fmt: skip
RESOURCE: dict[str, Any] = {
    "provider": b"p" * 32, "prices": b"2" * 32, "modules": b"r" * 32, "has": b"h" * 32, "ticket": b"3" * 32,
}  # fmt: skip
PAIR = {
    "job": JOB, "resource": RESOURCE, "verification": b"v" * 32, "moduleProof": [b"p" * 32] * 2, "jobSignature": b"js",
    "resourceSignature": b"",
}  # fmt: skip
NETTING: dict[str, Any] = {
    "creator": b"c" * 32, "provider": PLACE, "deals": 2**64 - 1, "root": b"r" * 32, "protocolBps": 25,
    "expiry": 2**40 - 1, "nonce": 2**32 - 1,
}  # fmt: skip
AGREED: dict[str, Any] = {
    "id": b"\xdd" * 32, "creator": dev_account(1).address, "provider": dev_account(2).address, "locks": 2**255,
    "author": b"a" * 32, "solver": b"s" * 32, "conditions": b"o" * 32, "verification": b"v" * 32,
    "jobDigest": b"j" * 32, "resourceDigest": b"r" * 32, "module": b"m" * 32, "inputs": b"i" * 32, "needs": b"n" * 32,
}  # fmt: skip


def plain(value: Any) -> Any:
    """Structs as tuples, which is what web3.py takes."""
    if isinstance(value, dict):
        return tuple(plain(v) for v in value.values())
    return [plain(v) for v in value] if isinstance(value, list) else value


@pytest.fixture
def controller() -> Contract:
    return Contract("LilypadController", PLACE)


@pytest.fixture
def oracle() -> Any:
    return Web3().eth.contract(address=PLACE, abi=list(load_artifact("LilypadController").abi))


def agreed_log() -> dict[str, Any]:
    abi = next(e for e in load_artifact("LilypadController").abi if e.get("name") == "DealAgreed")
    types = [i for i in abi["inputs"] if not i["indexed"]]
    data = Web3().codec.encode([t["type"] for t in types], [AGREED[t["name"]] for t in types])
    word = "0x" + "00" * 12
    return {
        "address": PLACE.lower(), "data": to_hex(data), "blockNumber": "0x10", "blockHash": "0x" + "bb" * 32,
        "transactionHash": "0x" + "cc" * 32, "logIndex": "0x2", "transactionIndex": "0x0", "removed": False,
        "topics": [
            Contract("LilypadController", PLACE).topic("DealAgreed"), to_hex(AGREED["id"]),
            word + AGREED["creator"][2:].lower(), word + AGREED["provider"][2:].lower(),
        ],
    }  # fmt: skip


def test_encode__structs_as_dicts__equals_web3(controller: Contract, oracle: Any) -> None:
    assert controller.encode("agree", *PAIR.values()) == from_hex(oracle.encode_abi("agree", plain(PAIR)))
    assert controller.encode("net", NETTING, b"s") == from_hex(oracle.encode_abi("net", [plain(NETTING), b"s"]))


def test_encode__array_of_structs_of_structs__equals_web3(controller: Contract, oracle: Any) -> None:
    expected = from_hex(oracle.encode_abi("agreeBatch", [[plain(PAIR), plain(PAIR)]]))
    assert controller.encode("agreeBatch", [PAIR, plain(PAIR)]) == expected


def test_encode__struct_as_sequence_or_shuffled_dict__is_the_same(controller: Contract) -> None:
    shuffled = {**PAIR, "job": dict(reversed(JOB.items()))}
    assert controller.encode("agreeBatch", [plain(PAIR)]) == controller.encode("agreeBatch", [shuffled])
    assert controller.encode("agreeBatch", [shuffled]) == controller.encode("agreeBatch", [PAIR])


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({k: v for k, v in NETTING.items() if k != "nonce"}, "Netting has the fields"),
        ({**NETTING, "tip": 1}, "Netting has the fields"),
        (tuple(NETTING.values())[1:], "Netting has the fields"),
        ({**NETTING, "protocolBps": 2**16}, "do not fit the ABI"),
        ({**NETTING, "provider": "nobody"}, "do not fit the ABI"),
        ({**NETTING, "creator": b"c" * 33}, "do not fit the ABI"),
    ],
)
def test_encode__wrong_struct__says_what_it_wants(controller: Contract, wrong: Any, says: str) -> None:
    with pytest.raises(FaultError, match=says):
        controller.encode("net", wrong, b"")


def test_encode__wrong_count_or_function__is_a_fault(controller: Contract) -> None:
    with pytest.raises(FaultError, match="number of arguments"):
        controller.encode("agree")
    with pytest.raises(FaultError, match=r"no single function nonsense, but .*agree\("):
        controller.encode("nonsense")


def test_decode_event__equals_web3(oracle: Any) -> None:
    log = agreed_log()
    event = decode_event(log)
    raw = {k: from_hex(v) if k in ("data", "blockHash", "transactionHash") else v for k, v in log.items()}
    typed = LogReceipt(**{**raw, "topics": [from_hex(t) for t in log["topics"]], "logIndex": 2})  # type: ignore[typeddict-item]
    expected = oracle.events.DealAgreed().process_log(typed)["args"]
    assert event.args == dict(expected) == AGREED
    assert list(event.args) == list(AGREED)
    assert (event.name, event.address, event.block_number, event.log_index) == ("DealAgreed", PLACE, 16, 2)
    assert (event.block_hash, event.tx_hash, event.block_timestamp) == (b"\xbb" * 32, b"\xcc" * 32, None)


def test_decode_event__nobody_s__is_a_fault() -> None:
    with pytest.raises(FaultError, match="no contract of ours"):
        decode_event({**agreed_log(), "topics": ["0x" + "11" * 32]})


async def test_decode_events__of_a_receipt__has_addresses_and_time(directory: Directory, rpc: Rpc) -> None:
    receipt = await transact(rpc, directory.entry(5), to=directory.address)
    (event,) = decode_events(receipt["logs"], address=directory.address)
    block = await rpc.call("eth_getBlockByNumber", receipt["blockNumber"], False)
    assert event.block_timestamp == int(block["timestamp"], 16)
    assert event.args["account"] == dev_account(0).address
    assert decode_events(receipt["logs"], address=PLACE) == []


async def test_call__returning_a_struct__gives_a_dict(directory: Directory, rpc: Rpc) -> None:
    await directory.register(5)
    entry = await directory.contract.call(rpc, "userOf", dev_account(0).address)
    assert entry == {"roles": 2, "endpoint": "http://5", "metadata": (5).to_bytes(32)}


async def test_call__at_an_earlier_block__sees_that_state(directory: Directory, rpc: Rpc) -> None:
    before = await directory.head()
    await directory.register(5)
    entry = await directory.contract.call(rpc, "userOf", dev_account(0).address, block=before)
    assert entry["roles"] == 0


async def test_call__reverts__names_the_error(rpc: Rpc) -> None:
    stranger = Account.create().address
    receipt = await transact(rpc, creation_code("LilypadToken", stranger))
    token = Contract("LilypadToken", Address(receipt["contractAddress"]))
    with pytest.raises(TransactionRevertedError) as caught:
        await token.call(rpc, "transfer", stranger, 9, sender=dev_account(0).address)
    assert caught.value.name == "ERC20InsufficientBalance"
    assert caught.value.arguments == (dev_account(0).address, 0, 9)


async def test_call__no_contract_there__asks_for_the_address(rpc: Rpc) -> None:
    with pytest.raises(FaultError, match="right address"):
        await Contract("LilypadUsers", Address(Account.create().address)).call(rpc, "userOf", PLACE)


def test_decode_error__custom__renders_name_and_fields(oracle: Any) -> None:
    deal = bytes(range(32))
    data = Web3.keccak(text="Controller_TooLate(bytes32,uint256,uint256)")[:4]
    data += Web3().codec.encode(["bytes32", "uint256", "uint256"], [deal, 10, 11])
    error = decode_error(bytes(data))
    assert str(error) == f"Controller_TooLate(id=0x{deal.hex()}, deadline=10, nowAt=11)"
    raised = error.raised(key="k")
    assert (raised.name, raised.arguments) == ("Controller_TooLate", (deal, 10, 11))
    assert str(raised) == f"{error} (key=k)"


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        ("08c379a0" + Web3().codec.encode(["string"], ["no money"]).hex(), "Error(message=no money)"),
        ("4e487b71" + f"{0x11:064x}", "Panic(code=17)"),
        ("", "NoReason()"),
        ("deadbeef01", "UnknownError(data=0xdeadbeef01)"),
        ("4e487b7101", "UnknownError(data=0x4e487b7101)"),
        ("08c379a0" + "ff" * 64, "UnknownError(data=0x08c379a0" + "ff" * 64 + ")"),
    ],
)
def test_decode_error__anything__is_rendered(data: str, shown: str) -> None:
    assert str(decode_error(bytes.fromhex(data))) == shown


def test_artifacts__every_one__can_be_bound() -> None:
    assert "LilypadController" in artifact_names()
    for name in artifact_names():
        Contract(name, PLACE)
        assert load_artifact(name).bytecode


def test_load_artifact__unknown__says_how_to_make_it() -> None:
    with pytest.raises(FaultError, match="run `make`"):
        load_artifact("LilypadNonsense")


def test_creation_code__with_arguments__appends_them() -> None:
    assert creation_code("LilypadToken", PLACE)[-20:] == from_hex(PLACE)
    with pytest.raises(FaultError, match="number of arguments"):
        creation_code("LilypadToken")


def test_event__with_a_string_that_is_no_text__can_be_read() -> None:
    """Anybody may publish a module under such a name, and every agent reads the registry's log."""
    modules = Contract("LilypadModules", PLACE)
    data = abi.encode(["bytes32", "string", "string", "uint16"], [b"m" * 32, "cow", "1.0", 5]).replace(
        b"cow", b"c\xffw"
    )
    log = {
        "address": PLACE, "topics": [modules.topic("ModulePublished"), "0x" + "11" * 32, "0x" + "00" * 32],
        "data": to_hex(data), "blockNumber": "0x1", "blockHash": "0x00", "transactionHash": "0x00", "logIndex": "0x0",
    }  # fmt: skip
    assert decode_event(log).args["name"] == "c\ufffdw"
