"""What `lilypad provider status` and `earnings` print: as documents, and as pages made of these documents."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from lilypad.agents.provider.capacity import show
from lilypad.cli import render
from lilypad.cli.amounts import GIGA, amount_document, format_bytes, format_lily
from lilypad.cli.documents import resources_document, time_document
from lilypad.cli.words import SHORT
from lilypad.protocol.deal import deadline
from lilypad.types import Resources

if TYPE_CHECKING:
    from lilypad.agents.network import Funds
    from lilypad.agents.provider.capacity import Booking
    from lilypad.agents.provider.ledger import Entry
    from lilypad.agents.provider.status import ProviderStatus
    from lilypad.chain.receipts import Receipt


def entry_document(entry: Entry) -> dict[str, Any]:
    deal = entry.deal
    return {
        "deal": "0x" + deal.id.hex(),
        "creator": deal.terms.creator,
        "state": deal.status.name.lower(),
        "until": time_document(deadline(deal)),
        "agreed": time_document(entry.agreed),
        "ended": time_document(entry.ended),
        "cost": amount_document(deal.cost) if deal.cost is not None else None,
        "gained": amount_document(entry.gained),
        "declined": entry.notes.get("declined"),
    }


def status_document(found: ProviderStatus) -> dict[str, Any]:
    running = found.running
    return {
        "account": found.account,
        "state": str(running.state) if running else "not running",
        "pid": running.pid if running else None,
        "since": time_document(running.started) if running else None,
        "url": running.url if running else None,
        "places": running.places if running else None,
        "capacity": capacity_document(running.booking) if running else None,
        "price": amount_document(running.price_per_instruction * GIGA) if running else None,
        "endpoint": found.endpoint or None,
        "endpointAnswers": found.endpoint_answers,
        "marketAnswers": found.market_answers,
        "free": amount_document(found.funds.free),
        "locked": amount_document(found.funds.locked),
        "wallet": amount_document(found.funds.wallet),
        "gas": {"wei": str(found.gas)},
        "kept": found.kept,
        "quota": found.quota or None,
        "deals": [entry_document(entry) for entry in found.open],
    }


def capacity_document(booking: Booking) -> dict[str, Any]:
    parts = {"total": booking.total, "deals": booking.deals, "offers": booking.offers, "free": booking.free}
    return {name: resources_document(part) for name, part in parts.items()}


def _capacity_rows(document: Mapping[str, Mapping[str, int]] | None) -> list[tuple[str, str]]:
    words = {"total": "for jobs", "deals": "in deals", "offers": "in offers", "free": "free"}
    return [] if document is None else [(text, _show(document[name])) for name, text in words.items()]


def _show(part: Mapping[str, int]) -> str:
    return show(Resources(part["cpuMilli"], part["gpu"], part["ramMib"], part["vramMib"], part["diskMib"]))


def status_page(document: Mapping[str, Any]) -> None:
    places, price, endpoint = document["places"], document["price"], document["endpoint"]
    reached = "answers" if document["endpointAnswers"] else "does not answer from here"
    render.pairs(
        [
            ("account", document["account"]),
            ("state", document["state"]),
            ("process", document["pid"]),
            ("since", render.local_time(document["since"])),
            ("offers", f"{places} places, {price['lily']} LILY for 10^9 instructions" if places else None),
            *_capacity_rows(document["capacity"]),
            ("endpoint", f"{endpoint}, {reached}" if endpoint else "none on chain: it never started"),
            ("market", "answers" if document["marketAnswers"] else "does not answer: it brings no deals"),
            ("vault, free", f"{document['free']['lily']} LILY"),
            ("vault, locked", f"{document['locked']['lily']} LILY"),
            ("gas", f"{format_lily(int(document['gas']['wei']))} of the chain's own coin"),
            ("disk", _disk(document["kept"], document["quota"])),
            ("deals in hand", len(document["deals"])),
        ]
    )
    if document["deals"]:
        click.echo()
        rows = [(d["deal"][: SHORT + 2], d["state"], render.local_time(d["until"]) or "") for d in document["deals"]]
        render.table(("deal", "state", "until"), rows)


def _disk(kept: int, quota: int | None) -> str:
    limit = f"of {format_bytes(quota)}" if quota else "and no quota"
    full = ": it takes no deal until there is room" if quota and kept > quota else ""
    return f"{format_bytes(kept)} kept {limit}{full}"


def earnings_document(
    account: str, entries: Sequence[Entry], funds: Funds, by: str, receipt: Receipt | None
) -> dict[str, Any]:
    ended = [entry for entry in entries if entry.ended is not None]
    return {
        "account": account,
        "deals": [entry_document(entry) for entry in ended] if by == "deal" else None,
        "days": _days(ended) if by == "day" else None,
        "total": amount_document(sum(entry.gained for entry in ended)),
        "open": len(entries) - len(ended),
        "free": amount_document(funds.free),
        "locked": amount_document(funds.locked),
        "wallet": amount_document(funds.wallet),
        "transaction": "0x" + receipt.tx_hash.hex() if receipt else None,
    }


def _days(ended: Iterable[Entry]) -> list[dict[str, Any]]:
    """By the day on which the deal ended, as this machine's calendar has it; the newest first."""
    by_end = sorted(ended, key=_day, reverse=True)
    return [
        {"day": day, "deals": len(group), "gained": amount_document(sum(entry.gained for entry in group))}
        for day, group in ((day, list(each)) for day, each in itertools.groupby(by_end, _day))
    ]


def _day(entry: Entry) -> str:
    return datetime.fromtimestamp(entry.ended or 0).strftime("%Y-%m-%d")


def earnings_page(document: Mapping[str, Any]) -> None:
    if document["days"]:
        rows = [(d["day"], str(d["deals"]), _signed(d["gained"])) for d in document["days"]]
        render.table(("day", "deals", "LILY"), rows)
        click.echo()
    elif document["deals"]:
        lines = [
            (d["deal"][: SHORT + 2], d["state"], render.local_time(d["ended"]) or "", _signed(d["gained"]))
            for d in document["deals"]
        ]
        render.table(("deal", "state", "ended", "LILY"), lines)
        click.echo()
    else:
        click.echo("No deal of this provider has ended yet.", err=True)
    render.pairs(
        [
            ("total", f"{_signed(document['total'])} LILY"),
            ("deals in hand", document["open"] or None),
            ("vault, free", f"{document['free']['lily']} LILY"),
            ("vault, locked", f"{document['locked']['lily']} LILY"),
            ("wallet", f"{document['wallet']['lily']} LILY"),
            ("transaction", document["transaction"]),
        ]
    )


def _signed(amount: Mapping[str, str]) -> str:
    return amount["lily"] if amount["lily"].startswith("-") or amount["wei"] == "0" else f"+{amount['lily']}"
