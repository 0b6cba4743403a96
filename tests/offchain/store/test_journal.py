"""The journal's promises: whole transactions, one writer, versions."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from lilypad.errors import FaultError
from lilypad.store.journal import Journal, look_at_deals
from lilypad.store.journal_schema import MIGRATIONS
from lilypad.types import DealId

DEAL = DealId(bytes(range(32)))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "agent" / "journal.sqlite"


@pytest.fixture
def journal(path: Path) -> Iterator[Journal]:
    with Journal(path, clock=iter(range(1, 100)).__next__) as journal:
        yield journal


def test_transaction__ends__is_there_after_reopening(journal: Journal, path: Path) -> None:
    with journal.transaction() as tx:
        tx.put("a", {"list": [1, None, "ü"]})
    journal.close()
    with Journal(path) as again:
        assert again.get("a") == {"list": [1, None, "ü"]}


def test_transaction__body_raises__leaves_nothing(journal: Journal) -> None:
    def fail() -> None:
        with journal.transaction() as tx:
            tx.put("a", 1)
            assert journal.get("a") == 1
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert journal.get("a") is None
    with journal.transaction() as tx:
        tx.put("a", 2)
    assert journal.get("a") == 2


def test_transaction__inside_another__is_a_fault(journal: Journal) -> None:
    with journal.transaction(), pytest.raises(FaultError, match="open already"), journal.transaction():
        pass


def test_transaction__used_after_its_end__is_a_fault(journal: Journal) -> None:
    with journal.transaction() as tx:
        pass
    with pytest.raises(FaultError, match="has ended"):
        tx.put("a", 1)


def test_put__not_json__is_refused(journal: Journal) -> None:
    with pytest.raises(ValueError, match="JSON"), journal.transaction() as tx:
        tx.put("a", float("nan"))


def test_delete__known_key__gives_the_default_again(journal: Journal) -> None:
    with journal.transaction() as tx:
        tx.put("a", 1)
        tx.delete("a")
    assert journal.get("a", "none") == "none"


def test_save_deal__twice__keeps_the_newer(journal: Journal) -> None:
    with journal.transaction() as tx:
        tx.save_deal(1, DEAL, "provider", "agreed", {"seen": 1})
        tx.save_deal(1, DEAL, "provider", "submitted", {"seen": 2})
        tx.save_deal(1, DEAL, "creator", "agreed", {})
    row = journal.deal(1, DEAL, "provider")
    assert row is not None
    assert (row.state, row.record, row.updated) == ("submitted", {"seen": 2}, 2.0)
    assert journal.deal(2, DEAL, "provider") is None


def test_deals__filtered__match_all_that_is_given(journal: Journal) -> None:
    with journal.transaction() as tx:
        for number, state in enumerate(("agreed", "submitted", "agreed")):
            tx.save_deal(number % 2, DealId(bytes([number]) * 32), "provider", state, {})
    assert [row.id[0] for row in journal.deals()] == [0, 1, 2]
    assert [row.id[0] for row in journal.deals(states=["agreed"])] == [0, 2]
    assert [row.id[0] for row in journal.deals(chain_id=1, role="provider")] == [1]
    assert journal.deals(role="creator") == []


def test_deals__that_are_final__stay_but_are_not_in_hand(journal: Journal) -> None:
    other = DealId(bytes([2]) * 32)
    with journal.transaction() as tx:
        for deal in (DEAL, other):
            tx.save_deal(1, deal, "provider", "accepted", {"seen": 1})
        tx.make_final(1, DEAL, "provider")
        tx.save_deal(1, DEAL, "provider", "accepted", {"seen": 2})
    assert [row.id for row in journal.deals(chain_id=1, role="provider", in_hand=True)] == [other]
    assert {row.id: row.record["seen"] for row in journal.deals(chain_id=1)} == {DEAL: 2, other: 1}


def test_open__journal_of_the_first_version__takes_it_over_with_all_in_hand(tmp_path: Path) -> None:
    path = tmp_path / "old.sqlite"
    with closing(sqlite3.connect(path)) as old:
        old.executescript(MIGRATIONS[0])
        old.executescript(f"PRAGMA application_id = {0x4C494C59}; PRAGMA user_version = 1;")
        old.execute("INSERT INTO deals VALUES (1, ?, 'provider', 'accepted', '{\"seen\": 7}', 2.0)", (DEAL,))
        old.commit()
    assert [row.record for row in look_at_deals(path, 1, "provider")] == [{"seen": 7}]
    with Journal(path) as journal:
        assert [row.record for row in journal.deals(in_hand=True)] == [{"seen": 7}]


def test_forget_deal__known__is_gone(journal: Journal) -> None:
    with journal.transaction() as tx:
        tx.save_deal(1, DEAL, "provider", "agreed", {})
        tx.forget_deal(1, DEAL, "provider")
    assert journal.deals() == []


def test_execute__row_without_its_parent__is_refused(journal: Journal) -> None:
    with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"), journal.transaction() as tx:
        tx.execute("INSERT INTO blocks VALUES (1, 'nobody', 1, ?)", (bytes(32),))


def test_execute__wrong_type__is_refused(journal: Journal) -> None:
    with pytest.raises(sqlite3.IntegrityError, match="INTEGER"), journal.transaction() as tx:
        tx.execute("INSERT INTO cursor VALUES (1, 'agent', 'ten')")


def test_open__second_time__says_that_it_is_in_use(journal: Journal, path: Path) -> None:
    with pytest.raises(FaultError, match="another process uses this journal"):
        Journal(path)


def test_open__in_another_process__says_that_it_is_in_use(journal: Journal, path: Path) -> None:
    code = "import sys, pathlib; from lilypad.store.journal import Journal; Journal(pathlib.Path(sys.argv[1]))"
    ended = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert "another process uses this journal" in ended.stderr


def test_open__after_its_process_was_killed__has_what_was_committed(path: Path) -> None:
    code = """
import os, pathlib, signal, sys
from lilypad.store.journal import Journal, look_at_deals
from lilypad.store.journal_schema import MIGRATIONS
journal = Journal(pathlib.Path(sys.argv[1]))
with journal.transaction() as tx:
    tx.put("committed", True)
with journal.transaction() as tx:
    tx.put("begun", True)
    os.kill(os.getpid(), signal.SIGKILL)
"""
    ended = subprocess.run([sys.executable, "-c", code, path], check=False)
    assert ended.returncode == -9
    with Journal(path) as journal:
        assert (journal.get("committed"), journal.get("begun")) == (True, None)


def test_close__twice__is_harmless_and_unlocks(journal: Journal, path: Path) -> None:
    journal.close()
    journal.close()
    Journal(path).close()


def test_query__by_another_process_meanwhile__sees_only_committed(journal: Journal, path: Path) -> None:
    reader = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    with journal.transaction() as tx:
        tx.put("a", 1)
        assert reader.execute("SELECT count(*) FROM kv").fetchone() == (0,)
    assert reader.execute("SELECT count(*) FROM kv").fetchone() == (1,)
    reader.close()


def test_open__written_by_a_newer_version__says_upgrade(journal: Journal, path: Path) -> None:
    with journal.transaction() as tx:
        tx.execute("PRAGMA user_version = 999")
    journal.close()
    with pytest.raises(FaultError, match="newer Lilypad"):
        Journal(path)


def test_open__some_other_file__says_so_and_leaves_it(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("not a database, but a long enough text that SQLite has a look at its first page" * 20)
    before = path.read_bytes()
    with pytest.raises(FaultError, match="not a journal"):
        Journal(path)
    assert path.read_bytes() == before


def test_open__somebody_else_s_database__is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.sqlite"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE theirs (a)")
    other.close()
    with pytest.raises(FaultError, match="not a journal"):
        Journal(path)


def test_open__new__is_readable_by_its_owner_alone(journal: Journal, path: Path) -> None:
    assert path.stat().st_mode & 0o077 == 0
