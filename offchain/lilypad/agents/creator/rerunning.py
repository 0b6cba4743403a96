"""A creator runs a job itself, to see whether the provider did."""

from __future__ import annotations

from lilypad.agents.creator.desk import Desk
from lilypad.agents.network import Network
from lilypad.agents.work.packages import Catalogue, Packages
from lilypad.agents.work.rerunning import executors
from lilypad.agents.work.results import ResultRecord
from lilypad.agents.work.workshop import Workshop
from lilypad.protocol.deal import Deal
from lilypad.store.http import HttpBlockSource


async def run_here(network: Network, desk: Desk, deal: Deal) -> ResultRecord:
    """
    Raises:
        RejectedError, FaultError: this machine cannot run the job.
    """
    async with executors(desk.settings, f"{deal.terms.creator.lower()}-creator") as here:
        workshop = Workshop(
            folder=desk.jobs.path(deal.agreement.job_digest.hex()) / "rerun",
            store=desk.store,
            sources=HttpBlockSource([desk.settings.market], desk.session, rounds=1),
            catalogue=Catalogue(network, Packages(desk.settings.modules)),
            executors=here.by_engine,
        )
        try:
            return await workshop.run(deal)
        finally:
            await workshop.clean_up(deal.id)
