"""Files and directories that exist in memory alone. No clock, no owner, no link: names and bytes.

What a module can build is bounded (bytes, nodes, depth, names), so that it fits the memory of the host and
the file system that the outputs are written to, wherever that is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from lilypad.executors.wasi.errno import Errno, WasiError

MAX_NODES = 16_384
MAX_DEPTH = 16
MAX_NAME = 200
"""Bytes. With the depth this keeps every path below 4096 bytes."""
MAX_PATH = 4096


@dataclass(slots=True)
class Quota:
    """What may still be written to one tree. A file counts until it is unlinked and closed."""

    bytes_left: int
    nodes_left: int = MAX_NODES

    def take_bytes(self, count: int) -> None:
        """A negative count gives back."""
        if count > self.bytes_left:
            raise WasiError(Errno.NOSPC)
        self.bytes_left -= count

    def take_node(self) -> None:
        if self.nodes_left == 0:
            raise WasiError(Errno.NOSPC)
        self.nodes_left -= 1

    def give_back_node(self) -> None:
        self.nodes_left += 1


@dataclass(slots=True, eq=False)
class Tree:
    """One mounted directory tree: whether it can be written to, and the numbers of its nodes."""

    quota: Quota | None
    """None: read-only."""
    next_inode: int = 1

    def writable(self) -> Quota:
        if self.quota is None:
            raise WasiError(Errno.ROFS)
        return self.quota

    def new_inode(self) -> int:
        self.next_inode += 1
        return self.next_inode - 1


@dataclass(slots=True, eq=False)
class File:
    tree: Tree
    inode: int
    data: bytearray
    linked: bool = True
    handles: int = 0
    """Open descriptors."""

    def write(self, offset: int, chunk: bytes) -> None:
        self.resize(max(len(self.data), offset + len(chunk)))
        self.data[offset : offset + len(chunk)] = chunk

    def growth(self, size: int) -> int:
        """How many bytes the file would get longer, refused when there is no room for them."""
        more = max(0, size - len(self.data))
        if more > self.tree.writable().bytes_left:
            raise WasiError(Errno.NOSPC)
        return more

    def resize(self, size: int) -> None:
        self.tree.writable().take_bytes(size - len(self.data))
        if size < len(self.data):
            del self.data[size:]
        else:
            self.data.extend(bytes(size - len(self.data)))

    def release_if_unused(self) -> None:
        if not self.linked and self.handles == 0:
            self.resize(0)
            self.tree.writable().give_back_node()


@dataclass(slots=True, eq=False)
class Directory:
    tree: Tree
    inode: int
    depth: int = 0
    linked: bool = True
    entries: dict[bytes, Node] = field(default_factory=dict)

    def add_file(self, name: bytes) -> File:
        self._check_new(name)
        self.tree.writable().take_node()
        made = self.entries[name] = File(self.tree, self.tree.new_inode(), bytearray())
        return made

    def add_directory(self, name: bytes) -> Directory:
        self._check_new(name)
        if self.depth >= MAX_DEPTH:
            raise WasiError(Errno.NAMETOOLONG)
        self.tree.writable().take_node()
        made = self.entries[name] = Directory(self.tree, self.tree.new_inode(), self.depth + 1)
        return made

    def _check_new(self, name: bytes) -> None:
        check_name(name)
        if not self.linked:
            raise WasiError(Errno.NOENT)
        if name in self.entries:
            raise WasiError(Errno.EXIST)

    def unlink_file(self, name: bytes) -> None:
        file = self.entries.get(name)
        if file is None:
            raise WasiError(Errno.NOENT)
        if isinstance(file, Directory):
            raise WasiError(Errno.ISDIR)
        self.tree.writable()
        del self.entries[name]
        file.linked = False
        file.release_if_unused()

    def remove_directory(self, name: bytes) -> None:
        directory = self.entries.get(name)
        if directory is None:
            raise WasiError(Errno.NOENT)
        if isinstance(directory, File):
            raise WasiError(Errno.NOTDIR)
        self.tree.writable()
        if directory.entries:
            raise WasiError(Errno.NOTEMPTY)
        del self.entries[name]
        directory.linked = False
        self.tree.writable().give_back_node()

    def walk(self) -> Iterator[Node]:
        """This directory and everything below it."""
        yield self
        for node in self.entries.values():
            if isinstance(node, Directory):
                yield from node.walk()
            else:
                yield node


Node = File | Directory


def check_name(name: bytes) -> None:
    """Only names that every file system and every content format can hold."""
    if len(name) > MAX_NAME:
        raise WasiError(Errno.NAMETOOLONG)
    try:
        text = name.decode()
    except UnicodeDecodeError:
        raise WasiError(Errno.ILSEQ) from None
    if any(ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0 or c == "\\" for c in text):
        raise WasiError(Errno.ILSEQ)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a path leads: an entry of a directory, there or not; or, without a name, the directory itself."""

    directory: Directory
    name: bytes | None
    wants_directory: bool
    """The path ended in a slash."""

    @property
    def node(self) -> Node | None:
        found = self.directory if self.name is None else self.directory.entries.get(self.name)
        if self.wants_directory and isinstance(found, File):
            raise WasiError(Errno.NOTDIR)
        return found

    def existing(self) -> Node:
        found = self.node
        if found is None:
            raise WasiError(Errno.NOENT)
        return found


def resolve(base: Directory, path: bytes) -> Place:
    """Follows a path from a directory, never to anything above it."""
    if not path:
        raise WasiError(Errno.NOENT)
    if path.startswith(b"/"):
        raise WasiError(Errno.NOTCAPABLE)
    stripped = path.rstrip(b"/")
    *leading, last = stripped.split(b"/")
    above = [base]
    for part in leading:
        _enter(above, part)
    if last in (b".", b".."):
        _enter(above, last)
        return Place(above[-1], None, wants_directory=True)
    return Place(above[-1], last, wants_directory=stripped != path)


def _enter(above: list[Directory], part: bytes) -> None:
    if part in (b"", b"."):
        return
    if part == b"..":
        if len(above) == 1:
            raise WasiError(Errno.NOTCAPABLE)
        above.pop()
        return
    node = above[-1].entries.get(part)
    if node is None:
        raise WasiError(Errno.NOENT)
    if isinstance(node, File):
        raise WasiError(Errno.NOTDIR)
    above.append(node)


def move(old: Place, new: Place) -> None:
    """Renames within one tree, replacing a file or an empty directory of the same kind."""
    node = old.existing()
    if old.name is None or new.name is None:
        raise WasiError(Errno.INVAL)
    if old.directory.tree is not new.directory.tree:
        raise WasiError(Errno.XDEV)
    old.directory.tree.writable()
    target = new.directory.entries.get(new.name)
    if target is node:
        return
    check_name(new.name)
    if not new.directory.linked:
        raise WasiError(Errno.NOENT)
    if isinstance(node, Directory):
        _check_subtree_fits(node, new.directory)
    elif new.wants_directory:
        raise WasiError(Errno.NOTDIR)
    _make_way(node, new.directory, new.name)
    del old.directory.entries[old.name]
    new.directory.entries[new.name] = node
    if isinstance(node, Directory):
        _set_depth(node, new.directory.depth + 1)


def _check_subtree_fits(node: Directory, parent: Directory) -> None:
    below = [n for n in node.walk() if isinstance(n, Directory)]
    if parent in below:
        raise WasiError(Errno.INVAL)
    if parent.depth + 1 + max(n.depth for n in below) - node.depth > MAX_DEPTH:
        raise WasiError(Errno.NAMETOOLONG)


def _make_way(node: Node, directory: Directory, name: bytes) -> None:
    if name not in directory.entries:
        return
    if isinstance(node, Directory):
        directory.remove_directory(name)
    else:
        directory.unlink_file(name)


def _set_depth(directory: Directory, depth: int) -> None:
    directory.depth = depth
    for node in directory.entries.values():
        if isinstance(node, Directory):
            _set_depth(node, depth + 1)
