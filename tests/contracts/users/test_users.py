"""The directory: everybody writes its own entry."""

from __future__ import annotations

from typing import Any

from lilypad.types import ZERO_DIGEST
from tests.contracts.errors import reverts_with

PROVIDER, SOLVER = 2, 4
DIGEST = b"m" * 32


def test_register__own_entry__is_found_and_logged(protocol: Any, provider: Any) -> None:
    users = protocol.users
    receipt = users.register(PROVIDER | SOLVER, "https://here.example", DIGEST, sender=provider)

    (event,) = users.UserChanged.from_receipt(receipt)
    assert (event.account, event.roles, event.endpoint) == (provider, PROVIDER | SOLVER, "https://here.example")
    user = users.userOf(provider)
    assert (user.roles, user.endpoint, bytes(user.metadata)) == (6, "https://here.example", DIGEST)


def test_register__again__replaces_everything(protocol: Any, provider: Any) -> None:
    users = protocol.users
    users.register(PROVIDER, "x" * 256, DIGEST, sender=provider)
    users.register(0, "", ZERO_DIGEST, sender=provider)
    user = users.userOf(provider)
    assert (user.roles, user.endpoint, bytes(user.metadata)) == (0, "", ZERO_DIGEST)


def test_register__endpoint_too_long__reverts(protocol: Any, provider: Any) -> None:
    with reverts_with("Users_EndpointTooLong", length=257, limit=256):
        protocol.users.register(PROVIDER, "x" * 257, DIGEST, sender=provider)


def test_user_of__unknown__is_empty(protocol: Any, stranger: Any) -> None:
    user = protocol.users.userOf(stranger)
    assert (user.roles, user.endpoint, bytes(user.metadata)) == (0, "", ZERO_DIGEST)
