from __future__ import annotations

from typing import Any

import pytest

from .record import Record


@pytest.fixture
def storage(protocol: Any) -> Any:
    return protocol.storage


@pytest.fixture
def record(storage: Any, stranger: Any, creator: Any) -> Record:
    """Of somebody who calls itself a controller: the record asks nobody who it is."""
    return Record(storage, stranger, creator)
