"""One network for the whole folder, started as a person does it."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .command import ROOT, Command, read_document
from .modules import write_modules


@pytest.fixture(scope="session")
def modules(tmp_path_factory: pytest.TempPathFactory) -> str:
    own = write_modules(tmp_path_factory.mktemp("modules"))
    return f"{ROOT / 'modules'},{own}"


@pytest.fixture(scope="session")
def network(tmp_path_factory: pytest.TempPathFactory, modules: str) -> Iterator[tuple[Command, dict[str, Any]]]:
    """A command that finds the network, and what `lilypad up --json` said of it."""
    data = tmp_path_factory.mktemp("data")
    command = Command(data, modules=modules)
    with (data / "up.log").open("w") as log:
        arguments = ("up", "--chain-port", "0", "--market-port", "0", "--json")
        with command.start(*arguments, stdout=subprocess.PIPE, stderr=log) as process:
            assert process.stdout is not None
            said = read_document(process.stdout)
            yield command.with_settings(rpc=said["rpc"], market=said["market"]), said
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0, (data / "up.log").read_text()


@pytest.fixture(scope="session")
def lilypad(network: tuple[Command, dict[str, Any]]) -> Command:
    return network[0]


@pytest.fixture
def offline(tmp_path: Path, modules: str) -> Command:
    """Of a person without a network."""
    return Command(tmp_path, modules=modules, rpc="http://127.0.0.1:9", market="http://127.0.0.1:9")
