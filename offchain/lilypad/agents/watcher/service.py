"""The watcher as a running service: its journal, the controller's log, its executors. It serves nothing to others."""

from __future__ import annotations

import asyncio

import aiohttp
from eth_account.signers.local import LocalAccount

from lilypad.agents.books.deals import DealBook
from lilypad.agents.defending import Defence
from lilypad.agents.sent import forgetting, is_about_a_final_deal
from lilypad.agents.service import base, namespace_of
from lilypad.agents.watcher.accusing import Accuser
from lilypad.agents.watcher.agent import Watcher
from lilypad.agents.watcher.looking import Looker
from lilypad.agents.watcher.memory import Memory
from lilypad.agents.watcher.policy import WatchPolicy, is_drawn, is_own_case, may_be_watched
from lilypad.agents.watching import watched
from lilypad.agents.work.packages import Catalogue, Packages
from lilypad.agents.work.rerunning import Servers, executors
from lilypad.chain.deployments import Deployment
from lilypad.ops.engine import EngineProbe
from lilypad.ops.ledger import DealObserver
from lilypad.protocol.deal import Agreed, Deal
from lilypad.settings import Settings
from lilypad.types import Address, Engine


async def run_watcher(
    settings: Settings,
    deployment: Deployment,
    account: LocalAccount,
    policy: WatchPolicy,
    *,
    trust_again: bool = False,
    ready: asyncio.Event | None = None,
) -> None:
    """Until cancelled. What is in hand goes on at the next start."""
    async with (
        base(settings, deployment, account, "watcher") as here,
        aiohttp.ClientSession() as session,
        executors(settings, namespace_of(here.folder), at_once=policy.places) as engines,
    ):
        actor, operations = here.actor, here.operations
        memory = Memory(here.journal)
        if trust_again:
            memory.trust_again()
        usual = actor.verification(Engine.WASM)

        def is_watched(event: Agreed) -> bool:
            chance = policy.chance(event.terms)
            return may_be_watched(event, actor.account, usual) and is_drawn(memory.secret, event.terms.id, chance)

        deals = DealBook(actor, here.journal, "watcher", is_watched, OwnCases(operations, actor.account))
        looker = Looker(
            settings,
            here.folder / "results",
            Catalogue(actor, Packages(settings.modules)),
            Servers(actor, settings.market, session),
            {kind: operations.observed(one, kind) for kind, one in engines.by_engine.items()},
            namespace_of(here.folder),
        )
        looker.folder.mkdir(parents=True, exist_ok=True)
        accuser = Accuser(actor, deals, policy)
        defence = Defence(actor, accuser.is_worth_an_appeal) if settings.appeal else None
        watcher = Watcher(actor, deals, policy, memory, looker, accuser, defence, operations.result_checked)
        subject = watched(actor, here.folder, 0, (EngineProbe(settings.docker).check, accuser.check))
        async with (
            operations.attending(subject),
            forgetting(actor.sender, lambda key: is_about_a_final_deal(key, deals)),
        ):
            if ready is not None:
                ready.set()
            await watcher.run(here.feed("LilypadController"))


class OwnCases(DealObserver):
    """Of all deals that a watcher follows, its numbers and alerts are about those that it has money in."""

    def __init__(self, inner: DealObserver, account: Address) -> None:
        self._inner = inner
        self._account = account

    def deal_known(self, deal: Deal) -> None:
        if self._is_own(deal):
            self._inner.deal_known(deal)

    def deal_moved(self, before: Deal | None, after: Deal | None) -> None:
        was, is_ = (deal if self._is_own(deal) else None for deal in (before, after))
        if was is not None or is_ is not None:
            self._inner.deal_moved(was, is_)

    def deal_left(self, deal: Deal) -> None:
        if self._is_own(deal):
            self._inner.deal_left(deal)

    def _is_own(self, deal: Deal | None) -> bool:
        return deal is not None and is_own_case(deal, self._account)
