"""The same block store, kept by an IPFS node, through its RPC interface (Kubo's `/api/v0`).

The RPC port rules the node: keep it on loopback. The node is believed no more than any other
server; what it returns is checked. Ask for `offline` to stop it from searching the whole network.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable

import aiohttp

from lilypad.errors import ContentInvalidError, ContentUnavailableError, FaultError
from lilypad.store.blocks import BlockStore
from lilypad.store.cid import Cid, Codec
from lilypad.store.dag import BLOCK_BYTES, Block

_ANSWER_BYTES = BLOCK_BYTES + 1
_CODEC_NAMES = {Codec.RAW: "raw", Codec.DAG_PB: "dag-pb"}


class IpfsBlockStore(BlockStore):
    """An IPFS node at `api_url` (`http://127.0.0.1:5001`)."""

    def __init__(
        self, api_url: str, session: aiohttp.ClientSession, *, seconds: float = 60.0, offline: bool = False
    ) -> None:
        self._api = api_url.rstrip("/") + "/api/v0"
        self._session = session
        self._timeout = aiohttp.ClientTimeout(total=seconds)
        self._offline = {"offline": "true"} if offline else {}

    async def get(self, cid: Cid) -> bytes:
        data = await self._ask("block/get", None, arg=str(cid), **self._offline)
        return Block.checked(cid, data).data

    async def has(self, cid: Cid) -> bool:
        """Whether the node itself has it; the network is not asked."""
        try:
            await self._ask("block/stat", arg=str(cid), offline="true")
        except _RefusedError:
            return False
        return True

    async def put_many(self, blocks: Iterable[Block]) -> None:
        for block in blocks:
            await self._put(block)

    async def _put(self, block: Block) -> None:
        form = aiohttp.FormData()
        form.add_field("data", io.BytesIO(block.data), filename="block", content_type="application/octet-stream")
        options = {
            "cid-codec": _CODEC_NAMES[block.cid.codec],
            "mhtype": "sha2-256",
            "allow-big-block": "true",
        }
        answer = await self._ask("block/put", form, **options)
        if (key := _json(answer).get("Key")) != str(block.cid):
            raise FaultError("The IPFS node filed a block under another CID", ours=block.cid, theirs=key)

    async def pin(self, cid: Cid) -> None:
        await self._ask("pin/add", None, arg=str(cid), **self._offline)

    async def unpin(self, cid: Cid) -> None:
        if cid in await self.pins():
            await self._ask("pin/rm", arg=str(cid))

    async def pins(self) -> list[Cid]:
        """The roots pinned here, of the kind that we use."""
        keys = _json(await self._ask("pin/ls", type="recursive")).get("Keys")
        found = []
        for text in sorted(keys if isinstance(keys, dict) else {}):
            try:
                found.append(Cid.parse(text))
            except ContentInvalidError:
                continue
        return found

    async def remove(self, cid: Cid) -> None:
        if cid in await self.pins():
            raise FaultError("This content is pinned; unpin it first", cid=cid)
        await self._ask("block/rm", arg=str(cid), force="true")

    async def _ask(self, command: str, body: aiohttp.FormData | None = None, **options: str) -> bytes:
        try:
            async with self._session.post(
                f"{self._api}/{command}",
                params=options,
                data=body,
                timeout=self._timeout,
                allow_redirects=False,
            ) as response:
                answer = await _read(response)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise ContentUnavailableError(
                "The IPFS node does not answer; is it running?",
                url=self._api,
                command=command,
                why=repr(error),
            ) from error
        if response.status != 200:
            raise _RefusedError("The IPFS node says no", command=command, why=answer[:500].decode(errors="replace"))
        return answer


class _RefusedError(ContentUnavailableError):
    """The node answers, with an error."""


async def _read(response: aiohttp.ClientResponse) -> bytes:
    data = bytearray()
    async for piece in response.content.iter_chunked(1 << 16):
        data += piece
        if len(data) > _ANSWER_BYTES:
            raise ContentInvalidError("The IPFS node's answer is too long", limit=_ANSWER_BYTES)
    return bytes(data)


def _json(answer: bytes) -> dict[str, object]:
    try:
        value = json.loads(answer)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise ContentUnavailableError("The IPFS node's answer is not understood; is this its RPC address?")
    return value
