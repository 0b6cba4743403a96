"""A small web server beside each agent: `/metrics`, `/healthz`, `/readyz`. For this machine alone unless told else."""

from __future__ import annotations

import errno
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web
from prometheus_client.exposition import choose_encoder

from lilypad.errors import FaultError
from lilypad.ops.health import Health
from lilypad.ops.metrics import Metrics
from lilypad.settings import Settings

log = logging.getLogger(__name__)

PORTS = {"provider": 9551, "solver": 9552, "mediator": 9553, "watcher": 9554}
"""Where nothing is set. If it is taken, any free one; the log says which."""


@asynccontextmanager
async def serve(role: str, settings: Settings, metrics: Metrics, health: Health) -> AsyncIterator[str]:
    """Yields the base URL.

    Raises:
        FaultError: the port that was asked for cannot be used.
    """
    runner = web.AppRunner(operations_app(metrics, health), access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await _listen(runner, role, settings)
        host, port = runner.addresses[0][:2]
        url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
        log.info("operations_at", extra={"role": role, "url": url})
        yield url
    finally:
        await runner.cleanup()


async def _listen(runner: web.AppRunner, role: str, settings: Settings) -> None:
    wanted = settings.ops_port
    port = PORTS.get(role, 0) if wanted is None else wanted
    try:
        await web.TCPSite(runner, settings.ops_host, port).start()
    except OSError as error:
        is_asked_for = wanted is not None and role in PORTS  # a command that runs one job does not fail over this
        if is_asked_for or error.errno != errno.EADDRINUSE:
            message = "metrics and health cannot be served there; set LILYPAD_OPS_PORT (0: a free one)"
            raise FaultError(message, host=settings.ops_host, port=port, reason=error.strerror) from None
        await web.TCPSite(runner, settings.ops_host, 0).start()


def operations_app(metrics: Metrics, health: Health) -> web.Application:
    async def numbers(request: web.Request) -> web.Response:
        encode, kind = choose_encoder(request.headers.get("Accept", ""))
        return web.Response(body=encode(metrics.registry), headers={"Content-Type": kind})

    async def alive(_: web.Request) -> web.Response:
        """That this answers at all says that the agent's event loop turns."""
        return web.json_response({"alive": True})

    async def ready(_: web.Request) -> web.Response:
        checks = await health.checks()
        is_ready = all(check.ok for check in checks)
        document = {"ready": is_ready, "checks": [check.document() for check in checks]}
        return web.json_response(document, status=200 if is_ready else 503)

    app = web.Application()
    app.router.add_get("/metrics", numbers)
    app.router.add_get("/healthz", alive)
    app.router.add_get("/readyz", ready)
    return app
