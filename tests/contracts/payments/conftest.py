from __future__ import annotations

from typing import Any

import pytest

from tests.contracts.makers import ETHER


@pytest.fixture
def saver(protocol: Any, roles: Any) -> Any:
    """Has tokens and has approved the vault."""
    protocol.token.transfer(roles.stranger, 100 * ETHER, sender=roles.holder)
    protocol.token.approve(protocol.payments, 2**256 - 1, sender=roles.stranger)
    return roles.stranger
