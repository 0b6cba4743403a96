"""Whatever others do between two steps of a collection, nothing that is held or pinned is missing afterwards, and what
is neither is gone after the next one."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lilypad.errors import ContentUnavailableError
from lilypad.store import collecting
from lilypad.store.dag import Block
from lilypad.store.files import BlockFiles

from .helpers import leaf_link, node_link, pb_block, raw

Dag = list[tuple[Block, frozenset[int]]]
"""Blocks, each with the numbers of all that it leads to."""
Action = tuple[str, int]
STEPS = ("collect.begun", "collect.marked", "collect.removed")


@st.composite
def dags(draw: st.DrawFn) -> Dag:
    """Some leaves, and nodes that link to any of what came before."""
    dag: Dag = [(raw(bytes([n])), frozenset({n})) for n in range(draw(st.integers(1, 4)))]
    for n in range(len(dag), len(dag) + draw(st.integers(1, 6))):
        below = sorted(draw(st.sets(st.integers(0, n - 1), min_size=1, max_size=3)))
        links = [(leaf_link if dag[b][1] == {b} else node_link)(dag[b][0], str(b)) for b in below]
        dag.append((pb_block(links, b"node %d" % n), frozenset({n}.union(*(dag[b][1] for b in below)))))
    return dag


ACTIONS = st.tuples(st.sampled_from(["start", "finish", "pin", "drop", "unpin", "find"]), st.integers(0, 9))
PLANS = st.fixed_dictionaries({step: st.lists(ACTIONS, max_size=5) for step in ("before", *STEPS)})


class Users:
    """Of one store: each tree has at most one user at a time, who holds it."""

    def __init__(self, files: BlockFiles, dag: Dag) -> None:
        self._files = files
        self._dag = dag
        self._holds: dict[int, contextlib.ExitStack] = {}
        self.whole: set[int] = set()
        """Held, and all of it was there at a moment of the hold."""
        self.pinned: set[int] = set()

    def do(self, action: Action) -> None:
        name, number = action
        getattr(self, name)(number % len(self._dag))

    def _blocks(self, root: int) -> list[Block]:
        return [self._dag[n][0] for n in sorted(self._dag[root][1])]

    def _hold(self, root: int) -> None:
        self.drop(root)
        self._holds[root] = contextlib.ExitStack()
        self._holds[root].enter_context(self._files.holds.hold())

    def start(self, root: int) -> None:
        """The children first, as an importer does it."""
        self._hold(root)
        blocks = self._blocks(root)
        self._files.write(blocks[: len(blocks) // 2])

    def finish(self, root: int) -> None:
        if root in self._holds:
            blocks = self._blocks(root)
            self._files.write(blocks[len(blocks) // 2 :])
            if root not in self.whole:
                self._files.write(blocks[: len(blocks) // 2])
            self.whole.add(root)

    def find(self, root: int) -> None:
        """Somebody wants to read it."""
        self._hold(root)
        with self._files.holds.hold() as hold:
            if not self._files.find_below([self._dag[root][0].cid], hold):
                self.whole.add(root)

    def pin(self, root: int) -> None:
        try:
            self._files.pin(self._dag[root][0].cid)
        except ContentUnavailableError:
            assert root not in self.whole, "held and complete, so it can be pinned"
        else:
            self.pinned.add(root)
        self.drop(root)

    def unpin(self, root: int) -> None:
        self._files.unpin(self._dag[root][0].cid)
        self.pinned.discard(root)

    def drop(self, root: int) -> None:
        if (hold := self._holds.pop(root, None)) is not None:
            hold.close()
        self.whole.discard(root)

    def drop_all(self) -> None:
        for root in [*self._holds]:
            self.drop(root)

    def expected(self) -> set[int]:
        return set().union(*(self._dag[root][1] for root in self.whole | self.pinned))


@contextlib.contextmanager
def playing(monkeypatch: pytest.MonkeyPatch, users: Users, plan: dict[str, list[Action]]) -> Iterator[None]:
    """The others act at the steps that a collection passes, where it could also be interrupted."""

    def step(name: str) -> None:
        for action in plan.pop(name, []):
            users.do(action)

    with monkeypatch.context() as patch:
        patch.setattr(collecting, "crash_point", step)
        patch.setattr(collecting, "_AT_ONCE", 1)
        yield


@settings(max_examples=300, deadline=None)
@given(dag=dags(), plan=PLANS)
def test_collect__beside_others__takes_nothing_of_theirs(dag: Dag, plan: dict[str, list[Action]]) -> None:
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as monkeypatch:
        files = BlockFiles(Path(folder))
        users = Users(files, dag)
        numbers = {block.cid: number for number, (block, _) in enumerate(dag)}
        for action in plan["before"]:
            users.do(action)
        with playing(monkeypatch, users, dict(plan)):
            collecting.collect(files, list)
        here = {numbers[cid] for cid, _, _ in files.every_block()}
        assert users.expected() <= here
        users.drop_all()
        collecting.collect(files, list)
        assert {numbers[cid] for cid, _, _ in files.every_block()} == users.expected()
