"""The creator's side as a Python API.

    async with Lilypad(account) as lily:
        result = await lily.run("cowsay", {"Message": "hello"})
        print(result.stdout)

A job is signed, announced, agreed, run, submitted, fetched, checked and accepted. Everything that matters is on disk or
on chain, so `follow` takes a job up again wherever an earlier process left it.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, aclosing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self

import aiohttp
from eth_account.signers.local import LocalAccount

from lilypad.agents.books.deals import DealBook
from lilypad.agents.books.logbook import FOREVER
from lilypad.agents.challenging import challenge
from lilypad.agents.creator.cancelling import Cancellation, cancel_job
from lilypad.agents.creator.course import Course
from lilypad.agents.creator.desk import Desk
from lilypad.agents.creator.following import absorb, while_following
from lilypad.agents.creator.job_offers import JobOffers, JobOptions
from lilypad.agents.creator.jobs import Job, JobFolder, creator_folder
from lilypad.agents.creator.progress import Progress
from lilypad.agents.feeding import feed_options
from lilypad.agents.network import Actor
from lilypad.agents.watching import watched
from lilypad.agents.work.fetching import JobResult
from lilypad.agents.work.packages import Packages
from lilypad.chain.deployments import read_deployment
from lilypad.chain.feed import Feed
from lilypad.chain.receipts import Receipt
from lilypad.chain.rpc import Rpc
from lilypad.chain.sender import Sender
from lilypad.crashing import crash_point
from lilypad.errors import FaultError, OfferInvalidError
from lilypad.market.book import OfferStatus
from lilypad.market.client import MarketClient
from lilypad.ops.operations import Operations
from lilypad.protocol.deal import Deal
from lilypad.protocol.signing import sign
from lilypad.settings import Settings
from lilypad.store.blocks import LocalBlockStore
from lilypad.store.journal import Journal


class Lilypad:
    """A creator's account on one network; use it as an async context manager.

    Raises, on entering:
        FaultError: nothing is deployed on the settings' chain.
    """

    actor: Actor
    """What the account can do on chain."""
    operations_url: str | None
    """Where its numbers are, if any setting asks for them."""

    def __init__(self, account: LocalAccount, settings: Settings | None = None) -> None:
        """Without settings, those of the environment."""
        self._account = account
        self._settings = settings or Settings.from_environment()
        self._folder = creator_folder(self._settings, account.address)
        self.jobs = JobFolder(self._folder / "jobs")
        self.packages = Packages(self._settings.modules)
        self._store = LocalBlockStore(self._folder / "blocks")
        self._open = AsyncExitStack()

    async def __aenter__(self) -> Self:
        settings = self._settings
        async with AsyncExitStack() as stack:
            deployment = read_deployment(settings.deployments, settings.chain_id)
            self._operations = Operations("creator", self._account.address, deployment, settings)
            rpc = await stack.enter_async_context(
                Rpc(settings.rpc, chain_id=settings.chain_id, observer=self._operations)
            )
            self._session = await stack.enter_async_context(aiohttp.ClientSession())
            # The keys of this session's transactions; a job's own journal is in its folder.
            folder = stack.enter_context(TemporaryDirectory(prefix="lilypad-"))
            journal = stack.enter_context(Journal(Path(folder) / "session.sqlite"))
            self.actor = Actor(rpc, deployment, Sender(rpc, journal, self._account))
            self.operations_url = None
            if self._operations.is_wanted:
                attending = self._operations.attending(watched(self.actor, self._folder))
                self.operations_url = await stack.enter_async_context(attending)
            self._market = MarketClient(settings.market, self._session)
            self._offers = JobOffers(self.actor, settings, self._folder, self._store, self._session)
            self._desk = Desk(settings, self.jobs, self._offers, self._market, self._store, self._session)
            self._open = stack.pop_all()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._open.aclose()

    # ------------------------------------------------------------------ jobs

    async def run(self, module: str, inputs: Mapping[str, Any], options: JobOptions | None = None) -> JobResult:
        """One job from the wish to the checked result, paid for.

        Raises:
            ModuleInvalidError: the module is not known here, or the inputs are not what it takes.
            OfferInvalidError: the job can make no deal; the message says why.
            FaultError: the deal ended without a result; its state says how.
            ContentInvalidError: what the provider delivered is not what it committed to; nothing was accepted.
        """
        job = await self.submit(module, inputs, options)
        async with aclosing(self.follow(job)) as stages:
            async for progress in stages:
                if progress.result is not None:
                    return progress.result
        raise FaultError("the job ended without a result", job=job.id)

    async def submit(self, module: str, inputs: Mapping[str, Any], options: JobOptions | None = None) -> Job:
        """Signs an offer, with its inputs in the market's hands and its price in the vault. Nothing is spent yet."""
        options = options or JobOptions()
        package = self.packages.named(module)
        async with self._store.holding():  # until the job is saved, nobody else knows that its inputs are needed
            offer = await self._offers.make(package, inputs, options)
            async with self._offers.funded(offer):
                signature = sign(self._account, self.actor.domain, offer)
                job = Job(
                    id=self.actor.domain.digest(offer.struct_hash()).hex(),
                    module=module,
                    inputs={name: str(value) if isinstance(value, Path) else value for name, value in inputs.items()},
                    offer=offer.to_json(),
                    signature=signature.hex(),
                    created=time.time(),
                    block=int(await self.actor.rpc.call("eth_blockNumber"), 16),
                    check=options.policy.check,
                    probability=options.policy.probability,
                    lot=secrets.SystemRandom().random(),
                )
                self.jobs.save(job)
        crash_point("creator.saved")
        return job

    async def follow(self, job: Job) -> AsyncGenerator[Progress, None]:
        """Carries a job on from wherever it stands, one `Progress` for each stage it reaches.

        The last one has the result, or a deal that ended otherwise. Who leaves before it closes the iterator.
        """
        with self._journal(job) as journal:
            mine = DealBook(
                self.actor,
                journal,
                "creator",
                lambda e: e.agreement.job_digest.hex() == job.id,
                self._operations,
                FOREVER,
            )
            feed = Feed(
                self.actor.rpc,
                journal,
                [self.actor.controller.address],
                start_block=job.block,
                options=feed_options(self._settings),
            )
            actor = Actor(self.actor.rpc, self.actor.deployment, Sender(self.actor.rpc, journal, self._account))
            course = Course(job, self._desk, actor, mine, feed)
            try:
                async with aclosing(while_following(absorb(feed, mine), course.stages())) as stages:
                    async for progress in stages:
                        self._operations.stage(job.id, progress.stage, progress.deal.id if progress.deal else None)
                        yield progress
            finally:
                for deal in (deal for deal in mine if deal.status.is_end):
                    self._operations.deal_left(deal)

    def _journal(self, job: Job) -> Journal:
        try:
            return Journal(self.jobs.path(job.id) / "journal.sqlite")
        except FaultError as error:
            if "another process" not in error.message:
                raise
            message = "another command follows this job already; end it first, or look with `lilypad status`"
            raise FaultError(message, job=job.id) from None

    async def cancel(self, job: Job) -> Cancellation:
        """Calls a job back that no provider has taken yet, at the price of a transaction."""
        return await cancel_job(self.actor, self.jobs, self._market, job)

    async def announce(self, job: Job) -> None:
        """Brings the offer to the market once, which keeps it until it restarts; see lilypad.agents.keeping."""
        state = await self._market.announce(job.signed)
        if state.status is OfferStatus.REFUSED:
            raise OfferInvalidError(f"the job can make no deal: {state.reason}", job=job.id)

    async def challenge(self, deal: Deal) -> Receipt:
        """Disputes a result, at the price of the mediation's fee and bond if it was right."""
        return await challenge(self.actor, deal)
