"""What runs a provider's jobs, and whether it is there."""

from __future__ import annotations

from pathlib import Path

from lilypad.agents.provider.engines import engines_of
from lilypad.settings import Settings
from lilypad.store.journal import Journal
from lilypad.types import Address, Engine
from tests.offchain.ops.test_health import engine

ACCOUNT = Address("0x" + "ab" * 20)


async def test_containers__can_be_run_while_the_engine_answers(tmp_path: Path) -> None:
    socket = tmp_path / "docker.sock"
    with Journal(tmp_path / "journal.sqlite") as journal:
        engines = engines_of(Settings(docker=f"unix://{socket}", data=tmp_path), ACCOUNT, 1, journal)
        async with engine(socket):
            assert set((await engines.there()).engines) == set(Engine)
        assert (await engines.there()).engines == (Engine.WASM,)
        await engines.close()


async def test_pace__of_this_machine__is_measured_once(tmp_path: Path) -> None:
    with Journal(tmp_path / "journal.sqlite") as journal:
        engines = engines_of(Settings(data=tmp_path), ACCOUNT, 1, journal)
        first = await engines.paces()
        assert await engines.paces() == first
        await engines.close()
