from __future__ import annotations

from typing import Any

import pytest

from lilypad.protocol.offers import module_id
from lilypad.types import Address

from .registry import MANIFEST, ROYALTY


@pytest.fixture
def modules(protocol: Any) -> Any:
    return protocol.modules


@pytest.fixture
def author(roles: Any) -> Any:
    return roles.author


@pytest.fixture
def curator(roles: Any) -> Any:
    return roles.curator


@pytest.fixture
def published(modules: Any, author: Any) -> bytes:
    """The id of a version that its author has just published."""
    modules.publish(MANIFEST, "linreg", "2.0.0", ROYALTY, sender=author)
    return module_id(Address(author.address), ROYALTY, MANIFEST)
