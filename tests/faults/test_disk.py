"""The disk is full, at any moment of a deal. Nobody can go on then; whoever starts again when there is room does."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import pytest

from lilypad.protocol.deal import DealStatus
from lilypad.settings import GWEI

from .books import Books, check_nothing_left
from .conftest import IS_LONG
from .jobs import ask, finish
from .town import Provider, Town, until

pytestmark = pytest.mark.usefixtures("market")
KIB = 1024
FAULT = 5
"""The command's exit code."""
ROOM = (0, 16 * KIB, 48 * KIB, 96 * KIB, 192 * KIB, 384 * KIB) if IS_LONG else (0, 48 * KIB)
"""What is left free: enough for the first steps of a deal, or for none."""


@dataclass
class Disk:
    folder: Path

    def fill(self, room: int) -> None:
        """But for this many bytes."""
        free = shutil.disk_usage(self.folder).free
        with (self.folder / "ballast").open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, max(free - room, 1))

    def clear(self) -> None:
        (self.folder / "ballast").unlink()


@pytest.fixture
def disk(tmp_path: Path, missing: Callable[[str], NoReturn]) -> Iterator[Disk]:
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ("mount", "-t", "tmpfs", "-o", "size=8m", "lilypad-test", folder)
    if subprocess.run(command, capture_output=True, check=False).returncode != 0:
        missing("a small disk needs the right to mount one")
    yield Disk(folder)
    subprocess.run(("umount", "--lazy", folder), check=True)


@pytest.mark.parametrize("room", ROOM)
async def test_deal__whose_providers_disk_is_full__ends_as_it_should_when_there_is_room(
    here: Town, disk: Disk, room: int
) -> None:
    provider, creator = await here.provider(disk.folder / "data"), await here.creator()
    books = await Books.open(here, creator=creator.account.address, provider=provider.account.address)
    life = provider.agent.start(crash_at="provider.taken")
    async with creator.open() as lily:
        job = await ask(lily, provider)
        async with finish(lily.follow(job)) as end:
            await life.died("provider.taken")
            disk.fill(room)
            life = provider.agent.start()
            await until(lambda: not life.is_alive or provider.agent.count("provider.submitted") > 0 or end.done())
            if not life.is_alive:
                assert await life.ended() == FAULT
                assert "disk" in life.last_words()
            await provider.agent.end()
            disk.clear()
            provider.agent.start(crash_at="provider.cleaned")
            done = await end
    await provider.agent.lives[-1].died("provider.cleaned")
    assert done.deal is not None
    if done.deal.status is DealStatus.DECLINED:  # there was room for a decision, and none for the output
        await books.check_money(creator=0, provider=0)
    else:
        await books.check_paid_once(done.deal)
    await books.check_sent_once("provider")
    await check_nothing_left(provider)


@pytest.fixture(scope="module")
async def cheapest_provider(here: Town) -> Provider:
    """Or a command's job might go to one that an earlier test has left for dead."""
    return await here.provider(price_per_instruction=GWEI // 2)


@pytest.mark.parametrize("room", ROOM)
async def test_job__whose_commands_disk_is_full__comes_home_when_there_is_room(
    here: Town, disk: Disk, cheapest_provider: Provider, room: int
) -> None:
    provider, creator = cheapest_provider, await here.creator(disk.folder / "data")
    books = await Books.open(here, creator=creator.account.address, provider=provider.account.address)
    provider.agent.start()
    disk.fill(room)
    life = creator.agent.start("run", "cowsay", "-i", "Message=moo")
    code = await life.ended()
    disk.clear()
    if code != 0:
        assert code == FAULT, life.last_words()
        assert "disk" in life.last_words()
        jobs = creator.jobs()
        next_command = ("resume", jobs[0].id) if jobs else ("run", "cowsay", "-i", "Message=moo")
        life = creator.agent.start(*next_command)
        assert await life.ended() == 0, life.last_words()
    (standing,) = await creator.standings()
    await books.check_paid_once(standing.deal)
    await books.check_sent_once("creator")
    await provider.agent.end()
