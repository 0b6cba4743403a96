"""Where things lie in storage, as docs/contracts.md says it, for those who prove or read slots directly."""

from __future__ import annotations

from typing import Any

import pytest
from ape.contracts import ContractInstance
from eth_abi.abi import encode
from eth_utils.crypto import keccak

from lilypad.protocol.deal import DealStatus
from tests.contracts.makers import PROTOCOL_BPS

CONTROLLER_OWNER = 2
"""Two slots of the signing domain come before."""


def place(slot: int, *keys: tuple[str, Any]) -> int:
    """Of an entry of a (nested) mapping."""
    word = slot.to_bytes(32, "big")
    for kind, key in keys:
        word = keccak(encode([kind], [key]) + word)
    return int.from_bytes(word, "big")


@pytest.fixture
def slot_of(chain: Any) -> Any:
    def read(contract: ContractInstance, slot: int) -> int:
        return int.from_bytes(chain.provider.web3.eth.get_storage_at(contract.address, slot), "big")

    return read


def test_slot__of_a_balance__is_free_then_locked_then_nonces(slot_of: Any, desk: Any, payments: Any) -> None:
    case = desk.agree()
    creator, nonce = case.terms.creator, case.job.nonce
    free, locked = payments.balanceOf(desk.controller, creator)
    word = slot_of(payments, place(0, ("address", desk.controller.address), ("address", creator)))
    assert (word % 2**96, word >> 96 & (2**96 - 1)) == (free, locked)
    assert word >> 192 & (2**32 - 1) == nonce // 32
    assert word >> 224 >> nonce % 32 & 1


def test_slot__of_nonces_behind_the_highest__is_a_bitmap(slot_of: Any, desk: Any, maker: Any, payments: Any) -> None:
    case = desk.agree(maker.job(nonce=260))
    desk.agree(maker.job(nonce=5_000))
    account = place(0, ("address", desk.controller.address), ("address", case.terms.creator))
    assert slot_of(payments, place(account + 1, ("uint256", 260 >> 8))) == 1 << (260 & 0xFF)


def test_slot__of_a_deal__is_status_since_and_digest(slot_of: Any, protocol: Any, desk: Any) -> None:
    case = desk.submitted()
    word = slot_of(protocol.storage, place(0, ("address", desk.controller.address), ("bytes32", case.lane)))
    assert (word % 2**8, word >> 8 & (2**40 - 1)) == (DealStatus.SUBMITTED, case.since)
    assert (word >> 48).to_bytes(26, "big") == case.digest_submitted == desk.record(case).digest


def test_slot__of_the_parameters__is_beside_the_pending_owner(slot_of: Any, controller: Any, roles: Any) -> None:
    word = slot_of(controller, CONTROLLER_OWNER + 1)
    assert (word >> 160 & 0xFFFF, word >> 176 & 0xFFFF) == (PROTOCOL_BPS, controller.collateralFloorBps())
    assert slot_of(controller, CONTROLLER_OWNER) == int(roles.governor.address, 16)


def test_slot__of_a_module__is_one_word(slot_of: Any, protocol: Any) -> None:
    module = protocol.modules.moduleOf(protocol.module)
    word = slot_of(protocol.modules, place(2, ("bytes32", protocol.module)))
    assert word == int.from_bytes(protocol.modules.getListing(protocol.module), "big")
    assert word % 2**160 == int(module.author, 16)
    assert (word >> 160 & 0xFFFF, word >> 176 & 0xFF, word >> 184) == (
        module.royaltyBps, module.status, module.publishedAt,
    )  # fmt: skip
