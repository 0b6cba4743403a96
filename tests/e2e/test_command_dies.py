"""A job is not its command: the command may be killed, or started twice, and the job still comes home once."""

from __future__ import annotations

import re
import signal

from lilypad.agents.creator.api import Lilypad

from .terminal import Terminal, read_until


async def test_job__whose_command_was_killed_after_agreement__is_brought_home_by_resume(
    terminal: Terminal, lily: Lilypad
) -> None:
    process = await terminal.start("run", "talks")
    said = await read_until(process.stderr, "agreed")
    job = re.findall(r"job ([0-9a-f]{12})", said)[0]
    process.kill()
    assert await process.wait() == -signal.SIGKILL
    left = await terminal("status", job, "--json")
    assert left.document["state"] in ("agreed", "submitted"), "it was killed before it could pay"
    done = await terminal("resume", job)
    assert done.code == 0, done.err
    assert done.out.startswith("one\ntwo\n")
    assert "accepted" in done.err
    after = (await terminal("status", job, "--json")).document
    assert after["state"] == "accepted"
    assert after["next"] is None
    assert (await lily.actor.funds(lily.actor.account)).locked == 0


async def test_resume__of_a_job_that_was_paid__shows_its_result_again(terminal: Terminal) -> None:
    job = await terminal.detach("cowsay", "-i", "Message=once")
    first, second = await terminal("resume", job), await terminal("resume", job)
    assert (first.code, second.code) == (0, 0), second.err
    assert first.out == second.out


async def test_resume__while_another_command_follows_the_job__is_refused(terminal: Terminal) -> None:
    process = await terminal.start("run", "talks")
    job = re.findall(r"job ([0-9a-f]{12})", await read_until(process.stderr, "agreed"))[0]
    second = await terminal("resume", job)
    assert second.code == 5
    assert "another command follows this job already" in second.err
    out, _ = await process.communicate()
    assert process.returncode == 0
    assert out.startswith(b"one\ntwo\n")


async def test_run__that_is_interrupted_after_agreement__says_how_to_resume(terminal: Terminal) -> None:
    process = await terminal.start("run", "talks")
    job = re.findall(r"job ([0-9a-f]{12})", await read_until(process.stderr, "agreed"))[0]
    process.send_signal(signal.SIGINT)
    _, err = await process.communicate()
    assert process.returncode == 130
    assert f"lilypad resume {job}" in err.decode()
    assert (await terminal("resume", job)).code == 0
