"""Where things lie in storage, as docs/contracts.md says it, for those who prove or read slots directly."""

from __future__ import annotations

from typing import Any

import pytest
from ape.contracts import ContractInstance
from eth_abi.abi import encode
from eth_utils.crypto import keccak

from lilypad.protocol.deal import DealStatus
from tests.contracts.makers import PROTOCOL_BPS


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


def test_slot__of_a_balance__is_free_then_locked(slot_of: Any, payments: Any, controller: Any, creator: Any) -> None:
    free, locked = payments.balanceOf(controller, creator)
    word = slot_of(payments, place(0, ("address", controller.address), ("address", creator.address)))
    assert (free, word) == (word % 2**128, free + (locked << 128))


def test_slot__of_a_deal__is_status_since_and_digest(slot_of: Any, protocol: Any, desk: Any) -> None:
    case = desk.submitted()
    deal = protocol.storage.dealOf(desk.controller, case.id)
    word = slot_of(protocol.storage, place(0, ("address", desk.controller.address), ("bytes32", case.id)))
    assert (word % 2**8, word >> 8 & (2**40 - 1)) == (DealStatus.SUBMITTED, case.since)
    assert (word >> 48).to_bytes(26, "big") == bytes(deal.digest)


def test_slot__of_used_nonces__is_a_bitmap(slot_of: Any, desk: Any, creator: Any) -> None:
    nonce = desk.agree().job.nonce
    word = slot_of(desk.controller, place(2, ("address", creator.address), ("uint256", nonce >> 8)))
    assert word >> (nonce & 0xFF) & 1


def test_slot__of_the_parameters__is_the_controller_s_fifth(slot_of: Any, controller: Any, roles: Any) -> None:
    word = slot_of(controller, 4)
    assert (word >> 160 & 0xFFFF, word >> 176 & 0xFFFF) == (PROTOCOL_BPS, controller.collateralFloorBps())
    assert slot_of(controller, 3) == int(roles.governor.address, 16)


def test_slot__of_a_module__is_one_word(slot_of: Any, protocol: Any) -> None:
    module = protocol.modules.moduleOf(protocol.module)
    word = slot_of(protocol.modules, place(2, ("bytes32", protocol.module)))
    assert word % 2**160 == int(module.author, 16)
    assert (word >> 160 & 0xFFFF, word >> 176 & 0xFF, word >> 184) == (
        module.royaltyBps, module.status, module.publishedAt,
    )  # fmt: skip
