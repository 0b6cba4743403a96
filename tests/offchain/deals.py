"""A deal that was just agreed, as the chain's log would tell of it, without a chain."""

from __future__ import annotations

from lilypad.protocol.deal import Agreed, Deal, Job, open_deal
from lilypad.protocol.offers import JobOffer, ResourceOffer
from lilypad.protocol.terms import agreement_of, derive_terms
from lilypad.protocol.typed_data import Domain
from lilypad.protocol.words import Shares
from lilypad.types import Address


def agreed(domain: Domain, job: JobOffer, resource: ResourceOffer, author: Address, shares: Shares, since: int) -> Deal:
    terms = derive_terms(domain, job, resource, author, shares)
    what = Job(job.module, job.inputs, job.resources)
    return open_deal(Agreed(terms, agreement_of(domain, job, resource), what, job.nonce, resource.nonce), since)
