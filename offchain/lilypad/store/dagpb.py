"""The dag-pb codec: a block of named links and a header, in the one canonical encoding.

As protobuf:

    message PBLink { bytes Hash = 1; string Name = 2; uint64 Tsize = 3; }
    message PBNode { repeated PBLink Links = 2; bytes Data = 1; }      // links are written first

Protobuf allows many encodings of one message; here exactly one is read: what `encode` writes. So a
decoder only has to survive any input, and equality of the re-encoded bytes does the rest.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lilypad.errors import ContentInvalidError
from lilypad.store.cid import Cid

VARINT = 0
BYTES = 2
_UINT64 = 1 << 64


@dataclass(frozen=True, slots=True)
class Link:
    """A child: `tsize` is the size of all blocks below and including it, repeated ones repeatedly."""

    cid: Cid
    name: str
    tsize: int


@dataclass(frozen=True, slots=True)
class PbNode:
    links: tuple[Link, ...]
    data: bytes


def encode(node: PbNode) -> bytes:
    links = (bytes_field(2, _encode_link(link)) for link in node.links)
    return b"".join(links) + bytes_field(1, node.data)


def decode(block: bytes) -> PbNode:
    links: list[Link] = []
    data = b""
    for number, value in fields(block):
        if number == 2 and isinstance(value, bytes):
            links.append(_decode_link(value))
        elif number == 1 and isinstance(value, bytes):
            data = value
        else:
            raise ContentInvalidError("dag-pb node with an unknown field", field=number)
    node = PbNode(tuple(links), data)
    if encode(node) != block:
        raise ContentInvalidError("dag-pb node is not in canonical encoding")
    return node


def _encode_link(link: Link) -> bytes:
    return bytes_field(1, bytes(link.cid)) + bytes_field(2, link.name.encode()) + int_field(3, link.tsize)


def _decode_link(encoded: bytes) -> Link:
    found = dict(fields(encoded))
    match found:
        case {1: bytes(cid), 2: bytes(name), 3: int(tsize)}:
            return Link(Cid.from_bytes(cid), _decode_name(name), tsize)
        case _:
            raise ContentInvalidError("dag-pb link needs Hash, Name and Tsize")


def _decode_name(name: bytes) -> str:
    try:
        return name.decode()
    except UnicodeDecodeError:
        raise ContentInvalidError("A link's name is not UTF-8", name=name) from None


# Protobuf, as much of it as dag-pb and UnixFS need.


def encode_varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def int_field(number: int, value: int) -> bytes:
    return encode_varint(number << 3 | VARINT) + encode_varint(value)


def bytes_field(number: int, value: bytes) -> bytes:
    return encode_varint(number << 3 | BYTES) + encode_varint(len(value)) + value


def fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """The (number, value) pairs of a message, in order; raises ContentInvalidError on anything odd."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        value, at = _varint(message, at)
        if key & 7 == VARINT:
            yield key >> 3, value
        elif key & 7 == BYTES and value <= len(message) - at:
            yield key >> 3, message[at : at + value]
            at += value
        else:
            raise ContentInvalidError("Malformed protobuf: bad wire type or length", offset=at)


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(message):
            raise ContentInvalidError("Malformed protobuf: ends inside a number", offset=at)
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            if value >= _UINT64:
                break
            return value, at
    raise ContentInvalidError("Malformed protobuf: number over 64 bits", offset=at)
