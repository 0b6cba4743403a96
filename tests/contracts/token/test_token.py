"""The token: a fixed supply, permits and votes."""

from __future__ import annotations

from typing import Any

from tests.contracts.errors import reverts_with
from tests.contracts.makers import ETHER

SUPPLY = 1_000_000_000 * ETHER


def test_deployment__whole_supply__belongs_to_the_holder(compiled: Any, roles: Any) -> None:
    token = roles.stranger.deploy(compiled.LilypadToken, roles.creator)
    assert (token.totalSupply(), token.balanceOf(roles.creator)) == (SUPPLY, SUPPLY)
    assert (token.name(), token.symbol(), token.decimals()) == ("Lilypad", "LILY", 18)
    assert SUPPLY < 2**96  # what the vault can hold, all of it


def test_supply__nobody_can_mint(token: Any) -> None:
    changing = {abi.name for abi in token.contract_type.mutable_methods}
    expected = {"approve", "delegate", "delegateBySig", "permit", "transfer", "transferFrom"}
    assert changing == expected


def test_transfer__delegated_votes__follow_the_tokens(token: Any, roles: Any) -> None:
    token.transfer(roles.stranger, 100, sender=roles.holder)
    token.invoke_transaction("delegate", roles.creator, sender=roles.stranger)  # ape has its own .delegate
    assert token.getVotes(roles.creator) == 100
    token.transfer(roles.holder, 40, sender=roles.stranger)
    assert (token.getVotes(roles.creator), token.getVotes(roles.stranger)) == (60, 0)


def test_transfer__more_than_one_has__reverts(token: Any, roles: Any) -> None:
    with reverts_with("ERC20InsufficientBalance", sender=roles.stranger, balance=0, needed=1):
        token.transfer(roles.creator, 1, sender=roles.stranger)


def test_clock__counts_seconds(token: Any, chain: Any) -> None:
    assert token.CLOCK_MODE() == "mode=timestamp"
    chain.mine(deltatime=1_000)
    assert token.clock() == chain.blocks.head.timestamp


def test_past_votes__of_a_second__are_those_at_its_end(token: Any, roles: Any, chain: Any, at: Any) -> None:
    token.transfer(roles.stranger, 100, sender=roles.holder)
    now = chain.blocks.head.timestamp + 100
    at(now)
    token.invoke_transaction("delegate", roles.creator, sender=roles.stranger)
    at(now + 50)
    token.transfer(roles.holder, 40, sender=roles.stranger)
    chain.mine(timestamp=now + 60)
    assert [token.getPastVotes(roles.creator, now + later) for later in (-1, 0, 49, 50)] == [0, 100, 100, 60]
    with reverts_with("ERC5805FutureLookup", timepoint=now + 61, clock=now + 60):
        token.getPastVotes(roles.creator, now + 61)
