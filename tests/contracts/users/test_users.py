"""The directory: everybody writes its own entry."""

from __future__ import annotations

from typing import Any

import pytest

from lilypad.types import ZERO_DIGEST
from tests.contracts.errors import reverts_with

CREATOR, PROVIDER, SOLVER, MEDIATOR, AUTHOR = (1 << bit for bit in range(5))
DIGEST = b"m" * 32
NOTHING = (0, "", ZERO_DIGEST)
LONGEST = 256


@pytest.fixture
def users(protocol: Any) -> Any:
    return protocol.users


@pytest.fixture
def entry(users: Any) -> Any:
    """Roles, endpoint and metadata of an account."""

    def read(account: Any) -> tuple[int, str, bytes]:
        user = users.userOf(account)
        return user.roles, user.endpoint, bytes(user.metadata)

    return read


def test_register__own_entry__is_found_and_logged(users: Any, entry: Any, provider: Any) -> None:
    receipt = users.register(PROVIDER | SOLVER, "https://here.example", DIGEST, sender=provider)

    (event,) = users.UserChanged.from_receipt(receipt)
    assert (event.account, event.roles, event.endpoint) == (provider, PROVIDER | SOLVER, "https://here.example")
    assert bytes(event.metadata) == DIGEST
    assert entry(provider) == (PROVIDER | SOLVER, "https://here.example", DIGEST)


@pytest.mark.parametrize("said", [0, CREATOR, PROVIDER, SOLVER, MEDIATOR, AUTHOR, 0b11111, 255])
def test_register__any_roles__are_kept_as_they_are_said(users: Any, entry: Any, provider: Any, said: int) -> None:
    """Nobody checks them, and what bits will mean that mean nothing yet is open."""
    users.register(said, "", ZERO_DIGEST, sender=provider)
    assert entry(provider)[0] == said


def test_register__again__replaces_everything(users: Any, entry: Any, provider: Any) -> None:
    users.register(PROVIDER, "x" * LONGEST, DIGEST, sender=provider)
    users.register(SOLVER, "https://short.example", ZERO_DIGEST, sender=provider)
    assert entry(provider) == (SOLVER, "https://short.example", ZERO_DIGEST)
    users.register(0, "", ZERO_DIGEST, sender=provider)
    assert entry(provider) == NOTHING


def test_register__leaves_everybody_else_s_entry_alone(users: Any, entry: Any, provider: Any, stranger: Any) -> None:
    users.register(PROVIDER, "https://here.example", DIGEST, sender=provider)
    users.register(SOLVER, "https://there.example", ZERO_DIGEST, sender=stranger)
    assert entry(provider) == (PROVIDER, "https://here.example", DIGEST)


@pytest.mark.parametrize("endpoint", ["x" * LONGEST, "é" * (LONGEST // 2)])
def test_register__longest_endpoint__is_kept(users: Any, entry: Any, provider: Any, endpoint: str) -> None:
    users.register(PROVIDER, endpoint, DIGEST, sender=provider)
    assert entry(provider) == (PROVIDER, endpoint, DIGEST)
    assert users.MAX_ENDPOINT_LENGTH() == LONGEST


@pytest.mark.parametrize("endpoint", ["x" * (LONGEST + 1), "é" * (LONGEST // 2) + "x"])
def test_register__endpoint_a_byte_too_long__reverts(users: Any, entry: Any, provider: Any, endpoint: str) -> None:
    """Bytes are counted, not letters."""
    with reverts_with("Users_EndpointTooLong", length=LONGEST + 1, limit=LONGEST):
        users.register(PROVIDER, endpoint, DIGEST, sender=provider)
    assert entry(provider) == NOTHING


def test_user_of__unknown__is_empty(entry: Any, stranger: Any) -> None:
    assert entry(stranger) == NOTHING
