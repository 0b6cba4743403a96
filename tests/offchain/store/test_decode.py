"""Nodes: one canonical encoding is read, everything else is refused."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lilypad.errors import ContentInvalidError
from lilypad.store import dagpb
from lilypad.store.cid import Codec
from lilypad.store.dag import Block
from lilypad.store.dagpb import Link
from lilypad.store.unixfs import NODE_BYTES, DirectoryNode, FileNode, decode

from .helpers import directory, file_header, leaf_link, pb_block, raw

A, B = raw(b"aaaa"), raw(b"bb")
GOOD = directory(leaf_link(A, "a"), leaf_link(B, "b"))
GOOD_FILE = pb_block([leaf_link(A), leaf_link(B)], file_header([4, 2]))


def refused(block: Block, why: str = ".") -> None:
    with pytest.raises(ContentInvalidError, match=why):
        decode(block)


def pb(data: bytes) -> Block:
    return Block.of(Codec.DAG_PB, data)


def test_decode__directory__gives_its_links() -> None:
    node = decode(GOOD)
    assert isinstance(node, DirectoryNode)
    assert [link.name for link in node.links] == ["a", "b"]


def test_decode__file_node__gives_its_sizes() -> None:
    node = decode(GOOD_FILE)
    assert isinstance(node, FileNode)
    assert (node.sizes, node.size, node.tsize) == ((4, 2), 6, len(GOOD_FILE.data) + 6)


def test_decode__data_before_links__is_refused() -> None:
    header, links = GOOD.data[-4:], GOOD.data[:-4]
    refused(pb(header + links), "canonical")


def test_decode__overlong_varint__is_refused() -> None:
    refused(pb(b"\x0a\x82\x00\x08\x01"), "canonical")


def test_decode__number_over_64_bits__is_refused() -> None:
    refused(pb(b"\x0a" + b"\xff" * 9 + b"\x7f"), "64 bits")


def test_decode__unknown_field__is_refused() -> None:
    refused(pb(b"\x1a\x00" + GOOD.data), "unknown field")


def test_decode__length_past_the_end__is_refused() -> None:
    refused(pb(GOOD.data[:-1]), "bad wire type or length")


def test_decode__header_twice__is_refused() -> None:
    refused(pb(GOOD.data + GOOD.data[-4:]), "canonical")


def test_decode__link_without_tsize__is_refused() -> None:
    link = dagpb.bytes_field(1, bytes(A.cid)) + dagpb.bytes_field(2, b"a")
    refused(pb(dagpb.bytes_field(2, link) + b"\x0a\x02\x08\x01"), "Hash, Name and Tsize")


def test_decode__name_not_utf8__is_refused() -> None:
    link = dagpb.bytes_field(1, bytes(A.cid)) + dagpb.bytes_field(2, b"\xff") + dagpb.int_field(3, 4)
    refused(pb(dagpb.bytes_field(2, link) + b"\x0a\x02\x08\x01"), "UTF-8")


def test_decode__no_header__is_refused() -> None:
    refused(pb(b""))


def test_decode__directory_with_mode_and_time__is_refused() -> None:
    refused(pb_block([leaf_link(A, "a")], b"\x08\x01\x38\xed\x03"), "Neither")


def test_decode__symlink_node__is_refused() -> None:
    refused(pb_block([], b"\x08\x04\x12\x0b/etc/passwd\x18\x0b"))


def test_decode__sharded_directory__is_refused() -> None:
    refused(pb_block([leaf_link(A, "00a")], b"\x08\x05\x28\x22\x30\x80\x02"))


def test_decode__file_with_inline_data__is_refused() -> None:
    refused(pb_block([], b"\x08\x02\x12\x02hi\x18\x02"))


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "/a", "a\0", "x" * 256])
def test_decode__dangerous_name__is_refused(name: str) -> None:
    refused(directory(leaf_link(A, name)), "name")


def test_decode__same_name_twice__is_refused() -> None:
    refused(directory(leaf_link(A, "a"), leaf_link(B, "a")), "sorted and different")


def test_decode__names_not_sorted__is_refused() -> None:
    refused(directory(leaf_link(B, "b"), leaf_link(A, "a")), "sorted and different")


def test_decode__names_sorted_by_utf8_bytes__is_accepted() -> None:
    names = ["Z", "a", "é", "\uffee", "\U00010000"]
    node = decode(directory(*(leaf_link(A, name) for name in names)))
    assert [link.name for link in node.links] == names


def test_decode__file_part_with_a_name__is_refused() -> None:
    refused(pb_block([leaf_link(A, "a")], file_header([4])), "Neither")


def test_decode__fewer_sizes_than_links__is_refused() -> None:
    refused(pb_block([leaf_link(A), leaf_link(B)], file_header([6])), "Neither")


def test_decode__total_is_not_the_sum__is_refused() -> None:
    refused(pb_block([leaf_link(A), leaf_link(B)], file_header([4, 2], total=7)), "wrong sizes")


def test_decode__part_of_no_bytes__is_refused() -> None:
    refused(pb_block([leaf_link(raw(b"")), leaf_link(B)], file_header([0, 2])), "wrong sizes")


def test_decode__node_that_would_be_sharded__is_refused() -> None:
    links = [Link(A.cid, f"{i:0200}", 4) for i in range(NODE_BYTES // 240)]
    refused(directory(*links), "too large")


@given(st.binary(max_size=300))
def test_decode__any_bytes__raises_nothing_else(data: bytes) -> None:
    with contextlib.suppress(ContentInvalidError):
        decode(pb(data))


@given(st.sampled_from([GOOD, GOOD_FILE]), st.data())
def test_decode__any_changed_node__is_refused_or_canonical(block: Block, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(block.data) - 1))
    new = data.draw(st.binary(max_size=3))
    changed = block.data[:at] + new + block.data[at + 1 :]
    try:
        decode(pb(changed))
    except ContentInvalidError:
        return
    assert dagpb.encode(dagpb.decode(changed)) == changed
