"""`lilypad jobs --prune`: a creator's disk is cleared of what is over, and of nothing else."""

from __future__ import annotations

import os
from pathlib import Path

from lilypad.agents.creator.api import Lilypad
from lilypad.agents.creator.jobs import creator_folder
from lilypad.agents.localnet import LocalNetwork
from lilypad.store.blocks import LocalBlockStore
from lilypad.store.cid import Cid
from lilypad.types import Address

from .terminal import Terminal


async def test_jobs_prune__of_an_ended_and_an_open_job__removes_the_ended_one(
    network: LocalNetwork, tmp_path: Path
) -> None:
    settings = network.settings.model_copy(update={"data": tmp_path})
    terminal = Terminal(settings)
    folder = creator_folder(settings, Address(network.accounts.creator.address))
    async with Lilypad(network.accounts.creator, settings) as lily:
        over = await lily.submit("cowsay", {"Message": "over"})
        *_, _end = [step async for step in lily.follow(over)]
        waiting = await lily.submit("cowsay", {"Message": "never announced"})

        done = await terminal("jobs", "--prune", "1")
        assert done.code == 0, done.err
        assert "removed 0 jobs" in done.err
        assert {job.id for job in lily.jobs.all()} == {over.id, waiting.id}

        for copy in (folder / "inputs").iterdir():
            os.utime(copy, (0, 0))
        done = await terminal("jobs", "--prune", "0", "--json")
        assert done.code == 0, done.err
        assert "removed 1 jobs with their outputs" in done.err
        assert [job.id for job in lily.jobs.all()] == [waiting.id]
        assert not lily.jobs.path(over.id).exists()
        assert not any((folder / "inputs").iterdir())
        store = LocalBlockStore(folder / "blocks")
        inputs = Cid.of_directory(waiting.signed.offer.inputs)
        await store.pin(inputs)
        assert (await store.collect()).blocks == 0, "nothing but the waiting job's inputs was left"

        *_, end = [step async for step in lily.follow(waiting)]
        assert end.result is not None
        assert b"< never announced >" in end.result.stdout


async def test_jobs_prune__of_a_job_that_another_command_follows__leaves_it(
    network: LocalNetwork, tmp_path: Path
) -> None:
    settings = network.settings.model_copy(update={"data": tmp_path})
    async with Lilypad(network.accounts.creator, settings) as lily:
        job = await lily.submit("cowsay", {"Message": "still looked at"})
        async for step in lily.follow(job):
            if step.result is not None:
                done = await Terminal(settings)("jobs", "--prune", "0")
                assert (done.code, [each.id for each in lily.jobs.all()]) == (0, [job.id]), done.err
