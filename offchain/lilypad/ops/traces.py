"""One trace for each deal, though creator, solver and provider never talk about it.

The trace's id is the first half of the deal's id, and the span that all others hang under is the third quarter: each
process computes both. So whoever knows a deal finds its trace, and the pieces fit whichever process sends them.
OpenTelemetry is imported when an endpoint is set and not before; without one every call here does nothing.
"""

from __future__ import annotations

from lilypad.errors import FaultError

PACKAGES = "opentelemetry-sdk opentelemetry-exporter-otlp-proto-http"


class Tracer:
    """Does nothing."""

    is_on = False

    def span(self, deal: bytes, name: str, began: float, ended: float, **attributes: str | int | float) -> None:
        """Something that one agent did for a deal; unix times."""

    def root(self, deal: bytes, began: float, ended: float, **attributes: str | int | float) -> None:
        """The deal's whole life, which one of its agents tells: the provider, who stays to the end."""

    def close(self) -> None:
        """Sends what is left. May take a few seconds; call it in a thread."""


def trace_of(deal: bytes) -> tuple[int, int]:
    """Trace id and root span id. Both must not be zero, which a hash is not."""
    return int.from_bytes(deal[:16]) or 1, int.from_bytes(deal[16:24]) or 1


def open_tracer(endpoint: str | None, role: str, account: str) -> Tracer:
    """
    Raises:
        FaultError: an endpoint is set, but the optional packages are not installed.
    """
    if endpoint is None:
        return Tracer()
    try:
        from lilypad.ops.otel import OtelTracer
    except ImportError as error:
        message = f"LILYPAD_TRACES_ENDPOINT is set, but OpenTelemetry is not installed: pip install {PACKAGES}"
        raise FaultError(message, missing_package=error.name) from error
    return OtelTracer(endpoint, role, account)
