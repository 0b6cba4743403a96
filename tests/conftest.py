"""What all tests share."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from typing import NoReturn

import pytest


def pytest_report_header() -> str:
    """Peers that the tests use where they are, without asking for them."""
    kubo = shutil.which("ipfs")
    return f"ipfs: {kubo or 'no Kubo on the PATH, so the IPFS store meets a stand-in alone'}"


@pytest.fixture(scope="session")
def missing() -> Callable[[str], NoReturn]:
    """Call it with a plain reason when something is not here: skips, or fails where nothing may."""

    def leave(reason: str) -> NoReturn:
        if os.environ.get("LILYPAD_TEST_REQUIRE") == "1":
            pytest.fail(reason)
        pytest.skip(reason)

    return leave
