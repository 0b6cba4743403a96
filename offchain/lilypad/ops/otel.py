"""`Tracer` with OpenTelemetry. Imported by `traces.open_tracer` alone, and only where an endpoint is set."""

from __future__ import annotations

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.id_generator import IdGenerator, RandomIdGenerator
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, set_span_in_context

from lilypad.ops.traces import Tracer, trace_of

EXPORT_SECONDS = 3
QUEUE, BATCH, PAUSE_MS = 4_096, 256, 1_000


class _ChosenIds(IdGenerator):
    """Random, but for the one root that is being begun. Spans are made in the event loop's thread alone."""

    def __init__(self) -> None:
        self._random = RandomIdGenerator()
        self.chosen: tuple[int, int] | None = None

    def generate_trace_id(self) -> int:
        return self.chosen[0] if self.chosen else self._random.generate_trace_id()

    def generate_span_id(self) -> int:
        return self.chosen[1] if self.chosen else self._random.generate_span_id()


class OtelTracer(Tracer):
    is_on = True

    def __init__(self, endpoint: str, role: str, account: str, exporter: SpanExporter | None = None) -> None:
        """`endpoint` takes OTLP over HTTP, with its whole path."""
        exporter = exporter or OTLPSpanExporter(endpoint=endpoint, timeout=EXPORT_SECONDS)
        resource = Resource.create({"service.name": f"lilypad-{role}", "lilypad.account": account})
        self._ids = _ChosenIds()
        # No global provider: several agents may live in one process.
        self._provider = TracerProvider(resource=resource, id_generator=self._ids, shutdown_on_exit=False)
        self._provider.add_span_processor(
            BatchSpanProcessor(
                exporter, max_queue_size=QUEUE, max_export_batch_size=BATCH, schedule_delay_millis=PAUSE_MS
            )
        )
        self._tracer = self._provider.get_tracer("lilypad")

    def span(self, deal: bytes, name: str, began: float, ended: float, **attributes: str | int | float) -> None:
        trace, root = trace_of(deal)
        parent = NonRecordingSpan(SpanContext(trace, root, is_remote=True, trace_flags=TraceFlags(TraceFlags.SAMPLED)))
        span = self._tracer.start_span(
            name, set_span_in_context(parent), start_time=_nanoseconds(began), attributes=_named(deal, attributes)
        )
        span.end(_nanoseconds(max(began, ended)))

    def root(self, deal: bytes, began: float, ended: float, **attributes: str | int | float) -> None:
        self._ids.chosen = trace_of(deal)
        try:
            span = self._tracer.start_span("deal", start_time=_nanoseconds(began), attributes=_named(deal, attributes))
        finally:
            self._ids.chosen = None
        span.end(_nanoseconds(max(began, ended)))

    def close(self) -> None:
        self._provider.shutdown()


def _nanoseconds(seconds: float) -> int:
    return int(seconds * 1e9)


def _named(deal: bytes, attributes: dict[str, str | int | float]) -> dict[str, str | int | float]:
    return {"lilypad.deal": "0x" + deal.hex(), **{f"lilypad.{name}": value for name, value in attributes.items()}}
