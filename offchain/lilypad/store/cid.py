"""Content identifiers: the name of a block is the hash of its bytes.

Lilypad uses one form only, the one modern IPFS writes: CIDv1, codec `raw` or `dag-pb`, SHA-256,
base32 in lower case. Its 36 bytes are `01 <codec> 12 20 <digest>`, its text is `b` and 58 letters.
Everything else names the same kind of thing in another way and is refused, so that two different
texts never mean the same content.
"""

from __future__ import annotations

import base64
import binascii
import enum
import hashlib
from dataclasses import dataclass
from typing import ClassVar, Self

from lilypad.errors import ContentInvalidError
from lilypad.types import Digest

_MULTIBASE_BASE32 = "b"
_SHA2_256 = bytes([0x12, 32])
_BYTES = 36
_TEXT = 59
_SHOWN = 80
_CONVERT = "convert it with `ipfs cid format -v 1 -b base32 <cid>`"


class Codec(enum.IntEnum):
    """How to read a block."""

    RAW = 0x55
    """The bytes themselves: a leaf of a file."""
    DAG_PB = 0x70
    """Links and a UnixFS header: a directory, or the inner node of a large file."""


@dataclass(frozen=True, slots=True)
class Cid:
    """The name of one block, and of everything that hangs below it."""

    codec: Codec
    digest: Digest

    version: ClassVar[int] = 1

    @classmethod
    def of(cls, codec: Codec, data: bytes) -> Self:
        """The CID of a block's bytes."""
        return cls(codec, Digest(hashlib.sha256(data).digest()))

    @classmethod
    def of_directory(cls, root: Digest) -> Self:
        """The CID of a directory whose digest is on the chain; `cid.digest` goes back."""
        if len(root) != 32:
            raise ContentInvalidError("A content digest has 32 bytes", digest=root)
        return cls(Codec.DAG_PB, root)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the text form, exactly as `str(cid)` writes it."""
        if not isinstance(text, str) or len(text) != _TEXT or not text.startswith(_MULTIBASE_BASE32):
            raise ContentInvalidError(_why_not_base32(text), cid=str(text)[:_SHOWN])
        try:
            raw = base64.b32decode(text[1:].upper() + "======")
        except (binascii.Error, ValueError):
            raise ContentInvalidError("Not base32: a CID has the letters a-z and 2-7", cid=text) from None
        cid = cls.from_bytes(raw)
        if str(cid) != text:
            raise ContentInvalidError("Not the one spelling of this CID; it should be lower case", cid=text)
        return cid

    @classmethod
    def from_bytes(cls, raw: bytes) -> Self:
        """Read the binary form, as links and CAR files carry it."""
        if raw[:2] == _SHA2_256 and len(raw) == 34:
            raise ContentInvalidError(f"CIDv0 is not accepted; {_CONVERT}", cid=raw)
        if raw[:1] != b"\x01":
            raise ContentInvalidError(f"Only CIDv1 is accepted; {_CONVERT}", cid=raw[:_BYTES])
        if raw[1:2] not in (b"\x55", b"\x70"):
            raise ContentInvalidError("The CID's codec must be raw or dag-pb", cid=raw[:_BYTES])
        if raw[2:4] != _SHA2_256:
            raise ContentInvalidError("The CID's hash must be sha2-256", cid=raw[:_BYTES])
        if len(raw) != _BYTES:
            raise ContentInvalidError(f"The CID must have {_BYTES} bytes, not {len(raw)}", cid=raw[:_BYTES])
        return cls(Codec(raw[1]), Digest(bytes(raw[4:])))

    def __bytes__(self) -> bytes:
        return bytes([self.version, self.codec]) + _SHA2_256 + self.digest

    def __str__(self) -> str:
        return _MULTIBASE_BASE32 + base64.b32encode(bytes(self)).decode().lower().rstrip("=")

    def matches(self, data: bytes) -> bool:
        """Whether these bytes are the block of this name."""
        return hashlib.sha256(data).digest() == self.digest


def _why_not_base32(text: str) -> str:
    if not isinstance(text, str):
        return f"A CID is text, not {type(text).__name__}"
    if text.startswith("Qm") and len(text) == 46:
        return f"CIDv0 is not accepted; {_CONVERT}"
    if text.startswith(("/ipfs/", "ipfs://")):
        return "Give the CID alone, without path or scheme"
    if text[:1] in ("B", "z", "Z", "f", "F", "m", "u", "k", "9"):
        return f"Only base32 in lower case is accepted (it begins with b); {_CONVERT}"
    return f"Not a CID: expected b and {_TEXT - 1} letters (sha2-256, raw or dag-pb)"
