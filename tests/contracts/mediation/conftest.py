from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

from tests.contracts.mediation.court import CourtHouse
from tests.contracts.mediation.town import WITH_APPEALS
from tests.invariants.evm import RevertError


@pytest.fixture
def house() -> CourtHouse:
    return CourtHouse()


@pytest.fixture
def appealing() -> CourtHouse:
    """A court whose rulings may be appealed, with mediators for three rounds."""
    return CourtHouse(WITH_APPEALS, stakes=(200_000,) * 28)


@contextmanager
def refused(name: str, **fields: Any) -> Iterator[None]:
    """The block ends in a revert with this error, and with these of its fields."""
    with pytest.raises(RevertError) as caught:
        yield
    found: Mapping[str, Any] = {key: caught.value.fields.get(key) for key in fields}
    assert (caught.value.name, found) == (name, fields)
