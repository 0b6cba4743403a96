from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lilypad.errors import ContentInvalidError
from lilypad.store.cid import Cid, Codec
from lilypad.types import Digest

from .helpers import EMPTY_DIRECTORY_CID, HELLO, HELLO_CID

cids = st.builds(Cid, st.sampled_from(Codec), st.binary(min_size=32, max_size=32).map(Digest))


def test_cid__of_hello_world__is_the_known_vector() -> None:
    assert str(Cid.of(Codec.RAW, HELLO)) == HELLO_CID


def test_cid__of_empty_directory__is_the_known_vector() -> None:
    assert str(Cid.of(Codec.DAG_PB, b"\x0a\x02\x08\x01")) == EMPTY_DIRECTORY_CID


@given(cids)
def test_cid__text__goes_there_and_back(cid: Cid) -> None:
    assert Cid.parse(str(cid)) == cid


@given(cids)
def test_cid__bytes__go_there_and_back(cid: Cid) -> None:
    assert Cid.from_bytes(bytes(cid)) == cid


def test_cid__directory_digest__goes_there_and_back() -> None:
    cid = Cid.parse(EMPTY_DIRECTORY_CID)
    assert Cid.of_directory(cid.digest) == cid


def test_cid__digest_of_wrong_length__is_refused() -> None:
    with pytest.raises(ContentInvalidError, match="32 bytes"):
        Cid.of_directory(Digest(bytes(31)))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("QmUNLLsPACCz1vLxQVkXqqLX5R1X345qqfHbsf67hvA3Nn", "CIDv0.*ipfs cid format"),
        ("zdj7WbTaiJT1fgatdet9Ei9iDB5hdCxkbVyhyh8YTUnXMiwYi", "base32.*ipfs cid format"),
        (HELLO_CID.upper(), "base32 in lower case"),
        ("b" + HELLO_CID[1:].upper(), "lower case"),
        ("/ipfs/" + HELLO_CID, "CID alone"),
        ("", "Not a CID"),
        (HELLO_CID[:-1], "Not a CID"),
        (HELLO_CID[:-1] + "1", "Not base32"),
        (HELLO_CID[:-1] + "5", "one spelling"),
        ("bafyrei" + HELLO_CID[7:], "codec must be raw or dag-pb"),
        ("b" + "é" * 58, "Not base32"),
    ],
)
def test_parse__any_other_form__is_refused_with_what_to_do(text: str, why: str) -> None:
    with pytest.raises(ContentInvalidError, match=why):
        Cid.parse(text)


@pytest.mark.parametrize("head", ["015513", "01551b", "015500", "0171", "0255", "12", ""])
def test_from_bytes__another_version_codec_or_hash__is_refused(head: str) -> None:
    prefix = bytes.fromhex(head)
    with pytest.raises(ContentInvalidError):
        Cid.from_bytes(prefix + b"\x20" + bytes(35 - len(prefix)))


def test_from_bytes__trailing_bytes__are_refused() -> None:
    with pytest.raises(ContentInvalidError, match="36 bytes"):
        Cid.from_bytes(bytes(Cid.parse(HELLO_CID)) + b"\0")


@given(st.text(max_size=80) | st.text("abcdefghijklmnopqrstuvwxyz234567", min_size=58, max_size=58).map("b".__add__))
def test_parse__any_text__raises_nothing_else(text: str) -> None:
    with contextlib.suppress(ContentInvalidError):
        assert str(Cid.parse(text)) == text


@given(st.binary(max_size=60) | st.binary(min_size=32, max_size=32).map(b"\x01\x55\x12\x20".__add__))
def test_from_bytes__any_bytes__raises_nothing_else(data: bytes) -> None:
    with contextlib.suppress(ContentInvalidError):
        assert bytes(Cid.from_bytes(data)) == data
