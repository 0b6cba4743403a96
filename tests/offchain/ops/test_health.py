"""What makes an agent unfit for work."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from lilypad.chain.observer import Position
from lilypad.errors import FaultError
from lilypad.ops.engine import EngineProbe
from lilypad.ops.health import Check, Health
from lilypad.ops.metrics import Metrics
from lilypad.ops.server import operations_app, serve
from lilypad.settings import Settings

AT_HEAD = Position(head=100, head_time=1_000, block=100, block_time=1_000, confirmations=0)
BEHIND = Position(head=100, head_time=1_000, block=90, block_time=940, confirmations=0)
CONFIRMING = Position(head=100, head_time=1_000, block=90, block_time=940, confirmations=10)


async def failing(health: Health) -> set[str]:
    return {check.name for check in await health.checks() if not check.ok}


async def test_health__before_anything_was_read__is_not_ready() -> None:
    assert await failing(Health(30)) == {"feed", "rpc"}


@pytest.mark.parametrize(
    ("position", "seconds", "unfit"),
    [(AT_HEAD, 30, set()), (BEHIND, 30, {"feed"}), (BEHIND, 60, set()), (CONFIRMING, 30, set())],
)
async def test_feed__within_so_many_seconds_of_the_head__is_ready(
    position: Position, seconds: int, unfit: set[str]
) -> None:
    health = Health(seconds)
    health.heard()
    health.looked(position)
    assert await failing(health) == unfit


async def test_feed__that_has_stopped_looking__is_not_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr("lilypad.ops.health.time.monotonic", lambda: now)
    health = Health(30)
    health.heard()
    health.looked(AT_HEAD)
    now = 31.0
    assert await failing(health) == {"feed"}


async def test_rpc__after_a_failure_of_all__is_not_ready_until_one_answers() -> None:
    health = Health(30)
    health.looked(AT_HEAD)
    health.heard()
    health.lost()
    assert await failing(health) == {"rpc"}
    health.heard()
    assert await failing(health) == set()


@asynccontextmanager
async def engine(socket: Path) -> AsyncIterator[str]:
    """Something that answers like a Docker engine."""

    async def version(_: web.Request) -> web.Response:
        return web.json_response({"Version": "1.2.3"})

    app = web.Application()
    app.router.add_get("/version", version)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.UnixSite(runner, str(socket)).start()
    try:
        yield f"unix://{socket}"
    finally:
        await runner.cleanup()


async def test_engine__that_was_never_there__is_no_reason(tmp_path: Path) -> None:
    check = await EngineProbe(f"unix://{tmp_path}/none.sock").check()
    assert check.ok
    assert "WebAssembly" in check.detail


async def test_engine__that_is_gone__is_a_reason(tmp_path: Path) -> None:
    async with engine(tmp_path / "docker.sock") as address:
        probe = EngineProbe(address)
        assert (await probe.check()).detail == "engine 1.2.3 answers"
    assert not (await probe.check()).ok


async def test_readyz__with_a_check_that_fails__is_503_and_says_which() -> None:
    health = Health(30)
    health.heard()
    health.looked(AT_HEAD)

    async def broken() -> Check:
        return Check("docker", False, "gone")

    health.others.append(broken)
    async with serve("creator", Settings(ops_port=0), Metrics(), health) as url, aiohttp.ClientSession() as session:
        async with session.get(f"{url}/readyz") as response:
            document = await response.json()
        async with session.get(f"{url}/healthz") as alive:
            assert alive.status == 200
    assert response.status == 503
    assert not document["ready"]
    assert {"check": "docker", "ok": False, "detail": "gone"} in document["checks"]


def port_of(url: str) -> int:
    return int(url.rsplit(":", 1)[1])


async def test_port__that_is_taken__is_a_fault_if_it_was_asked_for_and_another_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    metrics, health = Metrics(), Health(30)
    async with serve("creator", Settings(ops_port=0), metrics, health) as url:
        monkeypatch.setattr("lilypad.ops.server.PORTS", {"provider": port_of(url)})
        async with serve("provider", Settings(), metrics, health) as other:
            assert port_of(other) != port_of(url)
        async with serve("creator", Settings(ops_port=port_of(url)), metrics, health) as other:
            assert port_of(other) != port_of(url)
        with pytest.raises(FaultError, match="LILYPAD_OPS_PORT"):
            async with serve("provider", Settings(ops_port=port_of(url)), metrics, health):
                pass


def test_app__has_three_pages() -> None:
    paths = {resource.canonical for resource in operations_app(Metrics(), Health(30)).router.resources()}
    assert paths == {"/metrics", "/healthz", "/readyz"}


async def test_server__without_settings__is_for_this_machine_alone() -> None:
    async with serve("creator", Settings(), Metrics(), Health(30)) as url:
        assert url.startswith("http://127.0.0.1:")
