"""The Compose files, the image's recipe, the Prometheus files: about things that exist, and as closed as they say."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest
import yaml

from lilypad.chain.observer import Position
from lilypad.ops.operations import Operations
from lilypad.protocol.deal import DealStatus
from lilypad.settings import Settings
from tests.offchain.cli.command import Command
from tests.offchain.ops.helpers import ended, operations, scrape_here

ROOT = Path(__file__).parents[3]
DEPLOY = ROOT / "deploy"
SERVICES = ("solver", "provider", "mediator", "watcher")


def compose(name: str = "compose.yaml") -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((DEPLOY / name).read_text())
    return document


@pytest.fixture(params=SERVICES)
def service(request: pytest.FixtureRequest) -> dict[str, Any]:
    found: dict[str, Any] = compose()["services"][request.param]
    return found


def test_services__are_all_agents_that_run_day_and_night() -> None:
    assert set(compose()["services"]) == {*SERVICES}


def test_service__runs_a_command_that_exists(service: dict[str, Any], tmp_path: Path) -> None:
    assert Command(tmp_path)(*service["command"], "--help").code == 0


def test_service__has_settings_that_exist(service: dict[str, Any]) -> None:
    names = {name.removeprefix("LILYPAD_").lower() for name in service["environment"]}
    assert names <= {*Settings.model_fields}
    assert all((DEPLOY / name).is_file() for name in service["env_file"])


def test_service__is_closed(service: dict[str, Any]) -> None:
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["user"] == "10002:10002"
    assert not {"privileged", "network_mode", "pid", "cap_add", "devices"} & {*service}
    assert not any("docker.sock" in volume for volume in service["volumes"])


def test_service__publishes_on_the_loopback_what_it_listens_on(service: dict[str, Any]) -> None:
    ports = [port.split(":") for port in service["ports"]]
    assert {host for host, _, _ in ports} == {"127.0.0.1"}
    others = {"solver": {"8551"}, "watcher": set()}.get(service["command"][0])
    if others is None:
        others = {service["environment"]["LILYPAD_LISTEN_PORT"]}
    assert {inside for _, _, inside in ports} == {service["environment"]["LILYPAD_OPS_PORT"], *others}
    assert service["healthcheck"]["test"][-1] == service["environment"]["LILYPAD_OPS_PORT"]


def test_service__ends_by_sigterm_and_has_the_time_its_unit_has(service: dict[str, Any]) -> None:
    role = service["command"][0]
    unit = (DEPLOY / "systemd" / f"lilypad-{role}.service").read_text()
    assert service["stop_signal"] == "SIGTERM"
    assert service["stop_grace_period"] == re.findall(r"(?m)^TimeoutStopSec=(\d+m)in$", unit)[0]


def test_containers__need_the_socket_and_equal_paths() -> None:
    (name,) = compose("compose.containers.yaml")["services"]
    extra = compose("compose.containers.yaml")["services"][name]
    data = extra["environment"]["LILYPAD_DATA"]
    assert name == "provider"
    assert f"{data}:{data}" in extra["volumes"]


def test_secrets__of_every_service__are_declared(service: dict[str, Any]) -> None:
    sources = {secret["source"] for secret in service["secrets"]}
    assert sources <= {*compose()["secrets"]}
    assert service["environment"]["LILYPAD_PASSWORD_FILE"] == f"/run/secrets/{service['secrets'][0]['target']}"


def test_compose__as_its_own_program_reads_it__is_valid(missing: Callable[[str], NoReturn]) -> None:
    program = compose_program() or missing("no Docker Compose: its files are checked by their text alone")
    files = ("--file", str(DEPLOY / "compose.yaml"), "--file", str(DEPLOY / "compose.containers.yaml"))
    done = subprocess.run(
        [*program, *files, "config", "--quiet"], capture_output=True, text=True, check=False, env={"DOCKER_GID": "999"}
    )
    assert done.returncode == 0, done.stderr


def compose_program() -> list[str] | None:
    for command in (["docker", "compose"], ["docker-compose"]):
        found = shutil.which(command[0])
        if found and subprocess.run([found, *command[1:], "version"], capture_output=True, check=False).returncode == 0:
            return [found, *command[1:]]
    return None


def copied() -> list[str]:
    lines = re.findall(r"(?m)^COPY (.*)$", (DEPLOY / "Dockerfile").read_text())
    return [source for line in lines for source in line.split()[:-1]]


def test_image__copies_what_exists_and_what_is_not_ignored() -> None:
    sources = copied()
    kept = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    assert sources
    assert all((ROOT / source).exists() for source in sources)
    assert {*sources} == {*kept}


def test_image__has_no_secret_and_no_address_of_a_registry() -> None:
    text = (DEPLOY / "Dockerfile").read_text()
    assert not re.search(r"://|password|index", text)


def example() -> Operations:
    """An agent that has told everything there is to tell, so that each number is there."""
    watched = operations()
    watched.feed_looked(Position(1, 1, 1, 1, 0))
    watched.endpoint_failed("node", "TimeoutError")
    watched.deal_moved(None, ended(DealStatus.LATE))
    watched.metrics.alerts_active.labels("low_balance").set(1)
    return watched


def test_prometheus__has_rules_about_numbers_that_exist() -> None:
    rules = yaml.safe_load((DEPLOY / "alerts.yml").read_text())["groups"][0]["rules"]
    names = {name for rule in rules for name in re.findall(r"lilypad_(\w+)", rule["expr"])}
    numbers = scrape_here(example())
    assert len(names) >= 6
    assert {name for name in names if not numbers.has(name)} == set()


def test_prometheus__scrapes_the_ports_of_the_example_settings() -> None:
    (job,) = yaml.safe_load((DEPLOY / "prometheus.yml").read_text())["scrape_configs"]
    for static in job["static_configs"]:
        text = (DEPLOY / f"{static['labels']['agent']}.env").read_text()
        (port,) = re.findall(r"(?m)^LILYPAD_OPS_PORT=(\d+)$", text)
        assert static["targets"] == [f"127.0.0.1:{port}"]
