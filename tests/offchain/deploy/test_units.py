"""The systemd units: valid, hardened, and about commands and settings that exist."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

from lilypad.settings import Settings
from tests.offchain.cli.command import LILYPAD, Command

DEPLOY = Path(__file__).parents[3] / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
INSTALLED = "/opt/lilypad/.venv/bin/lilypad"
MOST_EXPOSED = 20
"""Tenths, of 100, that systemd gives to a unit; 50 is what it calls medium."""
HARDENING = {
    "NoNewPrivileges": "yes",
    "CapabilityBoundingSet": "",
    "ProtectSystem": "strict",
    "ProtectHome": "yes",
    "PrivateDevices": "yes",
    "PrivateTmp": "yes",
    "RestrictNamespaces": "yes",
}


class Unit(dict[str, list[str]]):
    """The keys of `[Service]`, each with all its values."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        service = path.read_text().split("[Service]")[1].split("[Install]")[0]
        for line in service.splitlines():
            if line and not line.startswith("#"):
                key, _, value = line.partition("=")
                self.setdefault(key, []).append(value)


@pytest.fixture(params=UNITS, ids=lambda path: path.stem)
def path(request: pytest.FixtureRequest) -> Path:
    return Path(request.param)


@pytest.fixture
def unit(path: Path) -> Unit:
    return Unit(path)


@pytest.fixture
def analyze(missing: Callable[[str], NoReturn]) -> str:
    found = shutil.which("systemd-analyze")
    return found or missing("no systemd-analyze: units are checked by their text alone")


def test_units__are_those_of_all_agents_that_run_day_and_night() -> None:
    assert [path.stem.removeprefix("lilypad-") for path in UNITS] == ["mediator", "provider", "solver", "watcher"]


def test_unit__as_systemd_reads_it__is_without_fault(path: Path, tmp_path: Path, analyze: str) -> None:
    here = tmp_path / path.name
    here.write_text(path.read_text().replace(INSTALLED, str(LILYPAD)))
    done = subprocess.run([analyze, "verify", here], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_unit__that_has_a_wrong_key__would_be_found(tmp_path: Path, analyze: str) -> None:
    here = tmp_path / "lilypad-wrong.service"
    here.write_text(UNITS[0].read_text().replace(INSTALLED, str(LILYPAD)).replace("ProtectHome=", "ProtectHouse="))
    assert "ProtectHouse" in subprocess.run([analyze, "verify", here], capture_output=True, text=True).stderr


def test_unit__by_systemd_s_own_measure__is_little_exposed(path: Path, analyze: str) -> None:
    command = [analyze, "security", "--offline=true", "--no-pager", f"--threshold={MOST_EXPOSED}", path]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_unit__is_hardened_and_restarted(unit: Unit) -> None:
    assert {key: unit[key][-1] for key in HARDENING} == HARDENING
    assert unit["User"] == ["lilypad"]
    assert unit["Restart"] == ["on-failure"]
    assert unit["KillSignal"] == ["SIGTERM"]


def test_unit__starts_a_command_that_exists(unit: Unit, tmp_path: Path) -> None:
    program, *arguments = shlex.split(unit["ExecStart"][0])
    assert program == INSTALLED
    done = Command(tmp_path)(*[word for word in arguments if not word.startswith("$")], "--help")
    assert done.code == 0, done.err


def settings_in(text: str) -> set[str]:
    return set(re.findall(r"\bLILYPAD_([A-Z_]+)=", text))


@pytest.mark.parametrize("path", [*UNITS, *sorted(DEPLOY.glob("*.env"))], ids=lambda p: p.name)
def test_settings__that_are_named__exist(path: Path) -> None:
    names = settings_in(path.read_text())
    assert names
    assert names <= {name.upper() for name in Settings.model_fields}


@pytest.mark.parametrize("role", ["provider", "solver", "mediator", "watcher"])
def test_settings__of_an_example_file__are_valid_with_every_line_that_is_commented_out(
    role: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in [name for name in os.environ if name.startswith("LILYPAD_")]:
        monkeypatch.delenv(name)
    lines = re.sub(r"(?m)^# (LILYPAD_)", r"\1", (DEPLOY / f"{role}.env").read_text()).splitlines()
    (tmp_path / "whole.env").write_text("\n".join(line for line in lines if line.startswith("LILYPAD_")))
    monkeypatch.setenv("LILYPAD_ENV_FILE", str(tmp_path / "whole.env"))
    settings = Settings.from_environment()
    assert settings.ops_port == {"provider": 9551, "solver": 9552, "mediator": 9553, "watcher": 9554}[role]
    assert settings.alert_webhook is not None


@pytest.mark.parametrize("role", ["provider", "watcher"])
def test_options__of_an_example_file__are_options_of_its_command(role: str, tmp_path: Path) -> None:
    (line,) = re.findall(rf"(?m)^{role.upper()}_OPTIONS=(.*)$", (DEPLOY / f"{role}.env").read_text())
    assert Command(tmp_path)(role, "start", *shlex.split(line), "--help").code == 0


def test_user__of_the_units__is_made_by_sysusers() -> None:
    assert re.search(r"(?m)^u lilypad ", (DEPLOY / "systemd" / "lilypad.sysusers").read_text())
