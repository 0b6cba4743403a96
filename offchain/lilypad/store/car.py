"""CARv1: a DAG as one stream of blocks, to carry it in a single file or request.

    varint length | dag-cbor {"roots": [CID, ...], "version": 1}
    varint length | CID | block                                      repeated to the end

What is written is deterministic: one root, depth first, each block where it is met first. What is
read may have its blocks in any order; each is checked against its CID as it arrives.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Protocol

from lilypad.errors import ContentInvalidError
from lilypad.store.cid import Cid
from lilypad.store.dag import BLOCK_BYTES, Block, BlockSource, get_block
from lilypad.store.dagpb import encode_varint
from lilypad.store.unixfs import decode

MAX_ROOTS = 16
_CID_BYTES = 36
_DISK_BLOCK = 4096

_ROOTS = b"\xa2" + b"\x65roots"
_VERSION_1 = b"\x67version" + b"\x01"
_CBOR_LIST = 0x80
_CBOR_CID = b"\xd8\x2a\x58\x25\x00"
"""Tag 42, byte string of 37, and the zero that stands before every CID."""
_CBOR_CID_BYTES = len(_CBOR_CID) + _CID_BYTES


class ByteStream(Protocol):
    """asyncio's and aiohttp's stream readers."""

    async def readexactly(self, n: int, /) -> bytes:
        """Exactly n bytes, or asyncio.IncompleteReadError at the end."""
        ...


def header(*roots: Cid) -> bytes:
    listed = b"".join(_CBOR_CID + bytes(root) for root in roots)
    body = _ROOTS + bytes([_CBOR_LIST + len(roots)]) + listed + _VERSION_1
    return encode_varint(len(body)) + body


def section(block: Block) -> bytes:
    return encode_varint(_CID_BYTES + len(block.data)) + bytes(block.cid) + block.data


async def write_car(root: Cid, source: BlockSource) -> AsyncIterator[bytes]:
    """The CAR of everything below a root."""
    yield header(root)
    async for block in walk(root, source):
        yield section(block)


async def walk(root: Cid, source: BlockSource) -> AsyncIterator[Block]:
    """All blocks of a DAG, depth first, parents before children, each one once."""
    seen = {root}
    ahead = [iter([root])]
    while ahead:
        cid = next(ahead[-1], None)
        if cid is None:
            ahead.pop()
            continue
        block = await get_block(source, cid)
        yield block
        below = [link.cid for link in decode(block).links]
        ahead.append(iter([child for child in dict.fromkeys(below) if child not in seen]))
        seen.update(below)


class CarReader:
    """Reads a CAR from a stream that may be hostile; every error is a ContentInvalidError.

    `max_bytes` bounds all blocks together, and each counts as at least 4 KiB, as it does on disk.
    """

    def __init__(self, stream: ByteStream, max_bytes: int) -> None:
        self._stream = stream
        self._max_bytes = max_bytes
        self._left = max_bytes

    async def roots(self) -> list[Cid]:
        """Read the header; call this first."""
        length = await self._length(limit=len(header()) + MAX_ROOTS * _CBOR_CID_BYTES)
        if length is None:
            raise ContentInvalidError("Empty CAR")
        body = await self._exactly(length)
        roots = _decode_roots(body)
        if not roots:
            raise ContentInvalidError("A CAR must have a root")
        return roots

    async def blocks(self) -> AsyncIterator[Block]:
        while (length := await self._length(limit=_CID_BYTES + BLOCK_BYTES)) is not None:
            if length < _CID_BYTES:
                raise ContentInvalidError("CAR section is too short for a block", bytes=length)
            self._left -= max(length - _CID_BYTES, _DISK_BLOCK)
            if self._left < 0:
                raise ContentInvalidError("CAR is too large", limit=self._max_bytes)
            cid = Cid.from_bytes(await self._exactly(_CID_BYTES))
            yield Block.checked(cid, await self._exactly(length - _CID_BYTES))

    async def _length(self, limit: int) -> int | None:
        """The length before the next section, or None at the end of the stream."""
        value = 0
        for place in range(4):
            try:
                (byte,) = await self._stream.readexactly(1)
            except asyncio.IncompleteReadError:
                if place == 0:
                    return None
                raise ContentInvalidError("CAR ends inside a section") from None
            value |= (byte & 0x7F) << (7 * place)
            if byte < 0x80:
                if value > limit or (byte == 0 and place > 0):
                    break
                return value
        raise ContentInvalidError("CAR section is too long or its length badly written", limit=limit)

    async def _exactly(self, length: int) -> bytes:
        try:
            return await self._stream.readexactly(length)
        except asyncio.IncompleteReadError:
            raise ContentInvalidError("CAR ends inside a section") from None


def _decode_roots(body: bytes) -> list[Cid]:
    start = len(_ROOTS) + 1
    end = len(body) - len(_VERSION_1)
    starts = range(start + len(_CBOR_CID), end, _CBOR_CID_BYTES)
    roots = [Cid.from_bytes(body[at : at + _CID_BYTES]) for at in starts]
    if header(*roots) != encode_varint(len(body)) + body:
        raise ContentInvalidError("Not a CARv1 header in canonical encoding")
    return roots
