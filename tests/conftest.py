"""What all tests share."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

TESTS = Path(__file__).parent


def pytest_report_header() -> str:
    """Peers that the tests use where they are, without asking for them."""
    kubo = shutil.which("ipfs")
    return f"ipfs: {kubo or 'no Kubo on the PATH, so the IPFS store meets a stand-in alone'}"


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """`ape test` is for the contracts: ape's plugin isolates each test on its chain."""
    is_off_chain = collection_path.is_relative_to(TESTS) and collection_path.name in ("offchain", "e2e", "faults")
    return True if is_off_chain and config.pluginmanager.has_plugin("ape_test") else None


@pytest.fixture(scope="session")
def has_engine() -> bool:
    return subprocess.run(["docker", "version"], capture_output=True, check=False).returncode == 0


@pytest.fixture(scope="session")
def missing() -> Callable[[str], NoReturn]:
    """Call it with a plain reason when something is not here: skips, or fails where nothing may."""

    def leave(reason: str) -> NoReturn:
        if os.environ.get("LILYPAD_TEST_REQUIRE") == "1":
            pytest.fail(reason)
        pytest.skip(reason)

    return leave
