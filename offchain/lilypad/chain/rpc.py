"""JSON-RPC over HTTP to one or more nodes of the same chain, with failover, timeouts and bounded retries.

Plain aiohttp and not web3's provider: logs have to stay raw JSON until somebody decodes them, and a retry has to
know whether the node refused (`RpcError`, the answer is final) or did not answer (`ChainUnavailableError`).
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import logging
import re
import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import aiohttp

from lilypad.chain.observer import NOBODY, ChainObserver
from lilypad.errors import ChainUnavailableError, FaultError, RecoverableError

log = logging.getLogger(__name__)

_METHOD_NOT_FOUND = -32601
_TOO_MANY_REQUESTS = 429
_LIMIT_EXCEEDED = -32005
"""By EIP-1474 of any limit: nodes say it of too many requests, and of too many blocks or logs in one of them."""
_OF_A_RATE = re.compile(r"\brate\b|rate.?limit|per (second|minute|day)|\brps\b|too many requests|request count", re.I)


class RpcError(RecoverableError):
    """The node understood and refused. Another node, or the same one later, may see it differently."""

    def __init__(self, method: str, code: int, message: str, data: object = None, *, repeated: bool = False) -> None:
        super().__init__(f"the node refused {method}: {message}", code=code)
        self.code = code
        self.reason = message
        self.revert = _revert_data(code, message, data)
        """What the contract reverted with, possibly empty; None when this is no revert."""
        self.repeated = repeated
        """An earlier try had no answer and may have been carried out: this refusal may be of the repetition."""


class Rpc:
    """A chain, as seen through its endpoints. Stays with one that works and moves on when it fails."""

    def __init__(
        self,
        urls: Sequence[str],
        *,
        chain_id: int | None = None,
        timeout_seconds: float = 10.0,
        rounds: int = 3,
        backoff_seconds: float = 0.25,
        batch_size: int = 50,
        observer: ChainObserver = NOBODY,
    ) -> None:
        """`chain_id` None takes the chain of whichever endpoint answers first."""
        if not urls:
            raise FaultError("no endpoint is configured; give at least one JSON-RPC URL")
        self.urls = tuple(urls)
        self.observer = observer
        self._expected_chain = chain_id
        self._timeout = aiohttp.ClientTimeout(total=timeout_seconds)
        self._rounds = rounds
        self._backoff = backoff_seconds
        self._batch_size = batch_size
        self._preferred = 0
        self._verified: set[str] = set()
        self._ids = itertools.count(1)
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, e: BaseException | None, tb: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    @property
    def shown_urls(self) -> tuple[str, ...]:
        """For people: without what may be a secret."""
        return tuple(map(_host, self.urls))

    async def chain_id(self) -> int:
        if self._expected_chain is None:
            await self.call("eth_chainId")
        if self._expected_chain is None:
            raise FaultError("an endpoint was used before its chain was known")
        return self._expected_chain

    async def call(self, method: str, *params: Any) -> Any:
        """One request. Raises RpcError when the node refuses, ChainUnavailableError when none answers."""
        (answer,), repeated = await self._exchange([(method, params)])
        return _result(method, answer, repeated=repeated)

    async def batch(self, calls: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        """Several requests in one message to the same node; the first refusal is raised."""
        results: list[Any] = []
        for start in range(0, len(calls), self._batch_size):
            part = calls[start : start + self._batch_size]
            answers, _ = await self._exchange(part)
            results += [_result(method, answer) for (method, _), answer in zip(part, answers, strict=True)]
        return results

    async def _exchange(self, calls: Sequence[tuple[str, Sequence[Any]]]) -> tuple[list[dict[str, Any]], bool]:
        """The answers, and whether there was an earlier try without one."""
        last: Exception | None = None
        for attempt in range(self._rounds):
            if attempt:
                await asyncio.sleep(self._backoff * 2 ** (attempt - 1))
            for offset in range(len(self.urls)):
                index = (self._preferred + offset) % len(self.urls)
                url = self.urls[index]
                began = time.monotonic()
                try:
                    await self._verify(url)
                    answers = await self._post(url, calls)
                except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
                    last = error
                    self._verified.discard(url)
                    log.debug("endpoint_failed", extra={"endpoint": _host(url), "error": repr(error)})
                    self.observer.endpoint_failed(_host(url), type(error).__name__)
                    continue
                self.observer.endpoint_answered(_host(url), time.monotonic() - began)
                if index != self._preferred:
                    self.observer.endpoint_changed(_host(url))
                self._preferred = index
                return answers, last is not None
        self.observer.chain_unreachable()
        endpoints = ", ".join(map(_host, self.urls))
        raise ChainUnavailableError(
            "no endpoint of the chain answers; check the node and the network", endpoints=endpoints, last=repr(last)
        ) from last

    async def _verify(self, url: str) -> None:
        """The first use of an endpoint, and the first after a failure: is it still the chain that we mean?"""
        if url in self._verified:
            return
        (answer,) = await self._post(url, [("eth_chainId", ())])
        actual = int(_result("eth_chainId", answer), 16)
        if self._expected_chain is None:
            self._expected_chain = actual
        if actual != self._expected_chain:
            message = "an endpoint serves another chain; correct its URL or the chain id"
            raise FaultError(message, endpoint=_host(url), expected=self._expected_chain, actual=actual)
        self._verified.add(url)

    async def _post(self, url: str, calls: Sequence[tuple[str, Sequence[Any]]]) -> list[dict[str, Any]]:
        """Raises ValueError, TimeoutError or aiohttp's errors when this is not an answer."""
        requests = [{"jsonrpc": "2.0", "id": next(self._ids), "method": m, "params": list(p)} for m, p in calls]
        body = json.dumps(requests if len(requests) > 1 else requests[0])
        if self._session is None:
            self._session = aiohttp.ClientSession(headers={"content-type": "application/json"})
        async with self._session.post(url, data=body, timeout=self._timeout) as response:
            text = await response.read()
            if response.status == 429 or response.status >= 500:
                raise ValueError(f"HTTP status {response.status}")
        parsed = json.loads(text)
        answers = parsed if isinstance(parsed, list) else [parsed]
        if any(not isinstance(a, dict) or not ("result" in a or a.get("error")) for a in answers):
            raise ValueError("not a JSON-RPC answer")
        methods = {request["id"]: method for request, (method, _) in zip(requests, calls, strict=True)}
        if any(_is_busy(methods.get(a.get("id")), a.get("error") or {}) for a in answers):
            raise ValueError("the node is busy")
        if len(answers) != len(requests):
            if len(answers) == 1:  # a node without batches refuses the whole message
                return [(await self._post(url, [call]))[0] for call in calls]
            raise ValueError("an answer is missing")
        if len(answers) == 1:
            return answers
        by_id = {a.get("id"): a for a in answers}
        if any(r["id"] not in by_id for r in requests):
            raise ValueError("an answer is missing")
        return [by_id[r["id"]] for r in requests]


def _result(method: str, answer: dict[str, Any], *, repeated: bool = False) -> Any:
    error = answer.get("error")
    if error is None:
        return answer["result"]
    code, message = error.get("code", 0), str(error.get("message", error))
    if code == _METHOD_NOT_FOUND:
        raise FaultError("the node does not know a method that we need; use another endpoint", method=method)
    raise RpcError(method, code, message, error.get("data"), repeated=repeated)


def _is_busy(method: str | None, error: Mapping[str, Any]) -> bool:
    """Whether the node was asked too often, which is the same as no answer. If it was asked for too many logs at once,
    that is an answer: whoever asked has to ask for fewer."""
    code = error.get("code")
    is_rate = method != "eth_getLogs" or _OF_A_RATE.search(str(error.get("message"))) is not None
    return code == _TOO_MANY_REQUESTS or (code == _LIMIT_EXCEEDED and is_rate)


def _revert_data(code: int, message: str, data: object) -> bytes | None:
    """Nodes agree that a revert's data comes along, and on little else."""
    if isinstance(data, dict):
        data = data.get("data") or data.get("result")
    if isinstance(data, str):
        word = data.removeprefix("Reverted ").strip()
        with contextlib.suppress(ValueError):
            if word.startswith("0x") and len(word) > 2:
                return from_hex(word)
    return b"" if code == 3 or "revert" in message.lower() else None


def _host(url: str) -> str:
    """Without the path, which often holds the key of the account at the provider."""
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)


def to_hex(value: bytes) -> str:
    return "0x" + value.hex()


def from_hex(value: str) -> bytes:
    return bytes.fromhex(value.removeprefix("0x"))


def quantity(value: int) -> str:
    """A number as JSON-RPC wants it: hex without leading zeros."""
    return hex(value)
