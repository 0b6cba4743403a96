"""What runs a provider's jobs, and whether it is there."""

from __future__ import annotations

from pathlib import Path

from lilypad.agents.provider.engines import engines_of
from lilypad.agents.service import namespace_of
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


def test_executions__of_one_account_in_two_places__have_names_of_their_own(tmp_path: Path) -> None:
    """On two chains, or two networks of one's own: one engine, and neither takes the other's for orphans."""
    folders = [tmp_path / data / "provider" / chain / ACCOUNT for data in "ab" for chain in ("1", "10")]
    names = {namespace_of(folder) for folder in folders}
    assert len(names) == 4
    assert all(name.startswith(f"{ACCOUNT}-") for name in names)
    assert namespace_of(folders[0]) == namespace_of(tmp_path / "a" / "provider" / "1" / ACCOUNT)
