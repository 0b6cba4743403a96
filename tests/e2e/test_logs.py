"""What a job prints, seen while it runs, in each engine."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import aiohttp
import pytest

from lilypad.agents.creator.api import Lilypad
from lilypad.agents.creator.archive import find_standings
from lilypad.agents.localnet import LocalNetwork
from lilypad.agents.log_access import authorization
from lilypad.agents.network import show_id
from lilypad.protocol.access import LogRequest
from lilypad.protocol.deal import Deal, DealStatus
from lilypad.protocol.signing import sign

from .terminal import Terminal, read_until

Named = Callable[[str], str]


async def deal_of(lily: Lilypad, job_id: str) -> Deal:
    job = lily.jobs.find(job_id)
    return (await find_standings(lily.actor, [job]))[job.id].deal


async def test_logs__followed_while_the_module_runs__come_before_its_result(
    terminal: Terminal, lily: Lilypad, named: Named
) -> None:
    job = await terminal.detach(named("talks"))
    process = await terminal.start("logs", "-f", job)
    assert await read_until(process.stdout, "one") == "one\n"
    assert (await deal_of(lily, job)).status is DealStatus.AGREED, "the module is still at work"
    out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    assert out == b"two\n"
    assert b"working\n" in err
    assert (await terminal("resume", job)).code == 0


async def test_logs__without_following__are_what_there_is_now(terminal: Terminal, named: Named) -> None:
    job = await terminal.detach(named("talks"))
    process = await terminal.start("logs", "-f", job, "--json")
    first = json.loads(await read_until(process.stdout, "one"))
    assert first == {"stream": "stdout", "text": "one\n"}
    now = await terminal("logs", job, "--json")
    assert now.code == 0, now.err
    assert (now.document["stdout"], now.document["end"]) == ("one\n", "running")
    out, _ = await process.communicate()
    assert json.loads(out.splitlines()[-1]) == {"end": "finished"}
    assert (await terminal("resume", job)).code == 0
    later = await terminal("logs", job)
    assert (later.code, later.out) == (0, "one\ntwo\n")


@pytest.mark.parametrize(
    ("who", "late", "says"),
    [("provider", 0, "only the creator"), ("creator", 120, "not of this minute"), (None, 0, "send the header")],
)
async def test_logs__asked_for_by_somebody_else__are_refused(
    network: LocalNetwork, lily: Lilypad, terminal: Terminal, who: str | None, late: int, says: str
) -> None:
    job = await terminal.detach("cowsay", "-i", "Message=private")
    assert (await terminal("resume", job)).code == 0
    deal, now = await deal_of(lily, job), int(time.time()) - late
    headers = {}
    if who is not None:
        signature = sign(getattr(network.accounts, who), lily.actor.domain, LogRequest(deal.id, now))
        headers["Authorization"] = authorization(signature, now)
    url = f"{await lily.actor.endpoint(deal.terms.provider)}/v1/deals/{show_id(deal.id)}/logs"
    async with aiohttp.ClientSession() as session, session.get(url, headers=headers) as answer:
        assert answer.status == 403
        assert says in (await answer.json())["error"]
