"""What creator and provider agree on for a running job's output: the header that opens it, and how the answer ends."""

from __future__ import annotations

from lilypad.errors import RejectedError
from lilypad.protocol.access import LogRequest
from lilypad.protocol.deal import Deal
from lilypad.protocol.offers import Domain
from lilypad.protocol.signing import signer_of

SCHEME = "Lilypad"
FRESH_SECONDS = 60
QUIET_SECONDS = 5.0
"""Then an empty line is sent: it finds out whether anybody still listens, and says that we do."""

FINISHED, RUNNING, WAITING = "finished", "running", "waiting"
"""Ends of the answer: the module has ended; it goes on; it has not begun."""


def authorization(signature: bytes, moment: int) -> str:
    return f"{SCHEME} {moment}:0x{signature.hex()}"


def authorize(header: str, domain: Domain, deal: Deal, now: int) -> None:
    """
    Raises:
        RejectedError: not signed by the deal's creator, or not just now.
    """
    scheme, _, value = header.partition(" ")
    moment, _, signature = value.partition(":")
    try:
        if scheme != SCHEME or not moment.isascii() or len(moment) > 12:
            raise ValueError(scheme)
        signed, request = bytes.fromhex(signature.removeprefix("0x")), LogRequest(deal.id, int(moment))
        signer = signer_of(domain, request, signed) if request.time >= 0 else None
    except ValueError:
        raise RejectedError(f"send the header Authorization: {SCHEME} <unix time>:<signature>") from None
    if signer != deal.terms.creator:
        raise RejectedError("only the creator of the deal may read its logs", creator=deal.terms.creator)
    if abs(now - request.time) > FRESH_SECONDS:
        message = f"the signature is not of this minute; do the clocks differ by {abs(now - request.time)} s?"
        raise RejectedError(message)
