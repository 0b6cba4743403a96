"""Which resting offers fit together. A plain search for now; the interface is what stays."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from lilypad.market.book import Entry, OrderBook, SignedJob, SignedResource
from lilypad.protocol.matching import ModuleListing, Parameters, mismatch
from lilypad.types import ModuleId

SILENCE_SECONDS = 30
"""A provider announces its offers every few seconds; one that has not for so long is not matched."""


def pairs(
    book: OrderBook, listing: Callable[[ModuleId], ModuleListing], parameters: Parameters, now: int
) -> Iterator[tuple[Entry, Entry]]:
    """Each resting job with the cheapest resource that takes it; an offer is in one pair at most."""
    taken: set[bytes] = set()
    resources = sorted(_awake(book, now), key=_price)
    for job in list(book.resting(SignedJob)):
        for resource in resources:
            if resource.digest not in taken and _fits(job, resource, listing, parameters, now):
                taken.add(resource.digest)
                yield job, resource
                break


def obstacles(
    book: OrderBook,
    job: Entry,
    listing: Callable[[ModuleId], ModuleListing],
    parameters: Parameters,
    now: int,
) -> set[str]:
    """Why a job rests: the rules that it breaks with each resource in the book, or that there is no resource."""
    resources = list(_awake(book, now))
    if not resources:
        return {"NoProvider"}
    found = (_mismatch(job, resource, listing, parameters, now) for resource in resources)
    return {name for name in found if name is not None}


def _awake(book: OrderBook, now: int) -> Iterator[Entry]:
    return (entry for entry in book.resting(SignedResource) if now - entry.heard <= SILENCE_SECONDS)


def _price(entry: Entry) -> int:
    assert isinstance(entry.signed, SignedResource)  # noqa: S101 - for the type checker
    return entry.signed.offer.price_per_instruction


def _mismatch(
    job: Entry,
    resource: Entry,
    listing: Callable[[ModuleId], ModuleListing],
    parameters: Parameters,
    now: int,
) -> str | None:
    wanted, offered = job.signed, resource.signed
    assert isinstance(wanted, SignedJob)  # noqa: S101 - for the type checker
    assert isinstance(offered, SignedResource)  # noqa: S101
    module = wanted.offer.module
    return mismatch(wanted.offer, offered.offer, listing(module), parameters, now, offered.allowed.proof(module))


def _fits(
    job: Entry,
    resource: Entry,
    listing: Callable[[ModuleId], ModuleListing],
    parameters: Parameters,
    now: int,
) -> bool:
    return _mismatch(job, resource, listing, parameters, now) is None
