"""A creator's view of a running job's stdout and stderr, from the provider that runs it.

Nothing of it is proven: what counts is the result, which is checked byte for byte.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

import aiohttp
from eth_account.signers.local import LocalAccount

from lilypad.agents.log_access import QUIET_SECONDS, authorization
from lilypad.agents.network import Network, show_id
from lilypad.errors import ContentInvalidError, ContentUnavailableError, RejectedError
from lilypad.executors.base import LogChunk
from lilypad.protocol.access import LogRequest
from lilypad.protocol.deal import Deal
from lilypad.protocol.signing import sign

LINE_BYTES = 65_536


class LogStream:
    """One connection; `ended` is what its last line said, None while there was none."""

    def __init__(self, network: Network, account: LocalAccount, session: aiohttp.ClientSession) -> None:
        self._network = network
        self._account = account
        self._session = session
        self.ended: str | None = None

    async def read(self, deal: Deal, *, follow: bool) -> AsyncGenerator[LogChunk, None]:
        """From the first byte.

        Raises:
            ContentUnavailableError: the provider cannot be reached, or the connection broke.
            RejectedError: it refuses, and says why.
            ContentInvalidError: it does not speak our protocol.
        """
        self.ended = None
        url = await self._network.endpoint(deal.terms.provider)
        if not url:
            raise ContentUnavailableError("the provider has registered no endpoint", provider=deal.terms.provider)
        address = f"{url.rstrip('/')}/v1/deals/{show_id(deal.id)}/logs"
        now = int(time.time())
        signature = sign(self._account, self._network.domain, LogRequest(deal.id, now))
        headers = {"Authorization": authorization(signature, now)}
        timeout = aiohttp.ClientTimeout(sock_connect=10, sock_read=4 * QUIET_SECONDS)
        try:
            async with self._session.get(
                address, params={"follow": str(int(follow))}, headers=headers, timeout=timeout, allow_redirects=False
            ) as answer:
                if answer.status != 200:
                    raise await _refusal(answer)
                async with aclosing(self._chunks(answer.content)) as chunks:
                    async for chunk in chunks:
                        yield chunk
        except (TimeoutError, aiohttp.ClientError) as error:
            why = str(error) or type(error).__name__
            raise ContentUnavailableError(f"the provider cannot be reached: {why}", url=url) from error
        if self.ended is None:
            raise ContentUnavailableError("the connection to the provider broke", url=url)

    async def _chunks(self, content: aiohttp.StreamReader) -> AsyncGenerator[LogChunk, None]:
        async for line in _lines(content):
            if not line:
                continue
            try:
                plain = json.loads(line)
                if "end" in plain:
                    self.ended = str(plain["end"])
                    return
                chunk = LogChunk(plain["stream"], base64.b64decode(plain["data"], validate=True))
            except (ValueError, TypeError, KeyError):
                raise ContentInvalidError("the provider's logs are not what our protocol has") from None
            if chunk.stream not in ("stdout", "stderr"):
                raise ContentInvalidError("the provider's logs have a stream that there is not", stream=chunk.stream)
            yield chunk


async def _lines(content: aiohttp.StreamReader) -> AsyncIterator[bytes]:
    rest = b""
    async for piece in content.iter_any():
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            yield line
        if len(rest) > LINE_BYTES:
            raise ContentInvalidError("the provider's logs have a line that does not end", limit=LINE_BYTES)


async def _refusal(answer: aiohttp.ClientResponse) -> Exception:
    """404 of a provider that does not know the deal yet, or of one that is too old to show logs: try again."""
    body = (await answer.content.read(1_000)).decode(errors="replace")
    try:
        why = str(json.loads(body)["error"])
    except (ValueError, TypeError, KeyError):
        why = f"status {answer.status}"
    if answer.status in (401, 403):
        return RejectedError(f"the provider refuses: {why}")
    return ContentUnavailableError(f"the provider has no logs of this deal: {why}")
